//! The life of some cases through the API, by chance: calls of every verb by every role, allowed or not, against the
//! model that the pure test holds the domain against. What is refused changes nothing and says why; whatever happens,
//! all that can be read agrees.
//!
//! `LIFE_STEPS` is how many calls, `LIFE_SEED` from which number on they are drawn.

mod calls;
#[path = "../../../src/benefit/life/model.rs"]
mod model;
mod reads;
#[path = "../../../src/benefit/life/rules.rs"]
mod rules;

use std::collections::BTreeMap;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use rstest::rstest;
use time::Date;
use tonic::{Code, Status};

use self::calls::{CALLS, Who, form, panel};
use self::model::{Choice, Found, LINE_EDGES, Model, STAFF, STATE_EDGES, Saw, Seat};
use self::reads::{events, versions_follow};
use self::rules::{RULES, Rule};
use crate::world::chance::{chance, size};
use crate::world::scenario::row;
use crate::world::{Caller, Engine, World, reason};

pub const LINES: [&str; 2] = ["M01600", "M03900"];
const PEOPLE: usize = 4;

/// An application, with what is known of it from answers.
pub struct Case {
    pub psn_no: String,
    pub name: String,
    pub materials: Vec<String>,
    pub model: Model,
    /// Expert and task of each seat.
    pub seats: Vec<(String, String)>,
    pub entries: [Option<String>; 2],
    pub objections: Vec<String>,
    pub benefits: [Option<String>; 2],
}

struct Town {
    world: World,
    experts: BTreeMap<String, String>,
    cases: Vec<Case>,
}

fn choice(chance: &mut TestRng) -> Choice {
    let found = |chance: &mut TestRng| match chance.random_range(0..6) {
        0..=3 => Found::Met,
        4 => Found::Unknown,
        _ => Found::NotMet,
    };
    Choice {
        // Mostly the officers.
        who: if chance.random_ratio(1, 10) {
            chance.random_range(0..STAFF.len())
        } else {
            chance.random_range(0..2)
        },
        line: chance.random_range(0..2),
        any: chance.random_range(0..60_000),
        found: [found(chance), found(chance)],
        contradicts: chance.random_ratio(1, 12),
        papers: chance.random_bool(0.5),
        upheld: chance.random_ratio(1, 3),
        from: chance.random_range(-1..=10),
        length: chance.random_ratio(2, 3).then(|| chance.random_range(0..=10)),
    }
}

/// Mostly something that may happen.
fn rule<'a>(chance: &mut TestRng, model: &Model, choice: &Choice) -> &'a Rule {
    let any = chance.random_ratio(1, 4);
    let called = |rule: &&Rule| rule.name == "wait" || CALLS.iter().any(|(name, ..)| *name == rule.name);
    let may: Vec<_> = RULES.iter().filter(called).filter(|rule| any || (rule.may)(model, choice)).collect();
    let mut left = chance.random_range(0..may.iter().map(|rule| rule.weight).sum());
    for rule in &may {
        match left.checked_sub(rule.weight) {
            Some(less) => left = less,
            None => return rule,
        }
    }
    may[0]
}

impl Town {
    async fn build(engine: Engine) -> Self {
        let world = World::start(engine).await;
        let experts = world.experts().await.into_iter().collect();
        let mut town = Self { world, experts, cases: Vec::new() };
        for _ in 0..PEOPLE {
            let psn_no = town.world.person(row()).await;
            let materials = town.world.upload_checklists(&psn_no, &LINES).await;
            let case = town.begin(psn_no, materials).await;
            town.cases.push(case);
        }
        town
    }

    /// A new application of somebody.
    async fn begin(&self, psn_no: String, materials: Vec<String>) -> Case {
        let name = self.world.draft(&psn_no, form(&self.world, materials.clone())).await.unwrap();
        let model = Model { materials: materials.len(), ..Model::new(self.world.today()) };
        let (seats, objections) = (Vec::new(), Vec::new());
        Case {
            psn_no,
            name,
            materials,
            model,
            seats,
            entries: [None, None],
            objections,
            benefits: [None, None],
        }
    }

    /// The caller who is meant, and whether it is one who may; now and then it is not.
    fn caller(&self, who: Who, place: usize, choice: &Choice, chance: &mut TestRng) -> (Caller, bool) {
        let (world, case) = (&self.world, &self.cases[place]);
        if who != Who::Anybody && chance.random_ratio(1, 8) {
            let other = &self.cases[(place + 1) % PEOPLE].psn_no;
            let wrong = [world.stranger(), world.ops(), world.platform(), world.elsewhere(), world.public()];
            let pick = chance.random_range(0..=wrong.len());
            return (wrong.into_iter().nth(pick).unwrap_or_else(|| world.portal(other)), false);
        }
        match who {
            Who::Applicant => (world.portal(&case.psn_no), true),
            Who::Officer => (world.bureau(STAFF[choice.who]), choice.who < 2),
            Who::Expert => {
                let seat = case.model.seat(choice).map(|seat| case.seats[seat].0.as_str());
                let other = chance.random_ratio(1, 10);
                let expert = if other { STAFF[2 + choice.any % 4] } else { seat.unwrap_or(STAFF[2]) };
                (world.bureau(expert), Some(expert) == seat)
            }
            Who::Anybody => (world.public(), true),
        }
    }

    /// One call, and what follows in the model.
    async fn step(&mut self, chance: &mut TestRng) -> String {
        let (place, choice) = (chance.random_range(0..PEOPLE), choice(chance));
        let rule = rule(chance, &self.cases[place].model, &choice);
        if rule.name == "wait" {
            let days = chance.random_range(0..=5);
            self.world.wait_days(days);
            self.settle().await;
            return format!("all wait {days}: Ok(())");
        }
        let (_, who, call) = CALLS.iter().find(|(name, ..)| *name == rule.name).unwrap();
        let (caller, right) = self.caller(*who, place, &choice, chance);
        let case = &self.cases[place];
        let may = match rule.name {
            "open_notice" => right && self.cases.iter().any(|case| case.model.lines.contains(&"approved")),
            _ => right && (rule.may)(&case.model, &choice),
        };
        let before = self.read(case).await;
        let answer = call(&self.world, case, &choice, caller).await;
        let told = format!("{place} {} {choice:?}: {:?}", rule.name, answer.as_ref().map_err(told));
        match answer {
            Ok(made) => {
                assert!(may, "it may not: {told} of {:?}", case.model);
                self.done(rule, place, &choice, made).await;
            }
            Err(status) => {
                assert!(!may || excused(rule.name, &status), "it may: {told} of {:?}", case.model);
                assert!(documented(&status), "{told}");
                assert_eq!(self.read(case).await, before, "it was refused and changed all the same: {told}");
            }
        }
        self.settle().await;
        self.check(place).await.unwrap_or_else(|wrong| panic!("{wrong} after {told}"));
        told
    }

    async fn done(&mut self, rule: &Rule, place: usize, choice: &Choice, made: String) {
        if rule.name == "open_notice" {
            return self.listed(&made).await;
        }
        if rule.name == "assign" {
            let panel = panel(&self.world, &self.cases[place].name).await.unwrap();
            let seat = |member: &review::PanelMember| {
                (self.experts[&member.expert].clone(), member.review_task.clone())
            };
            self.cases[place].seats = panel.members.iter().map(seat).collect();
        }
        if rule.name == "object" {
            self.cases[place].objections.push(made);
        }
        let saw = self.saw(place, None);
        let before = self.cases[place].model.clone();
        (rule.then)(&mut self.cases[place].model, choice, &saw);
        edges(&before, &self.cases[place].model);
        if self.cases[place].model.is(&["withdrawn", "refused"]) {
            let (psn_no, materials) = (self.cases[place].psn_no.clone(), self.cases[place].materials.clone());
            self.check(place).await.unwrap();
            self.cases[place] = self.begin(psn_no, materials).await;
        }
    }

    fn saw(&self, place: usize, notice_due: Option<Date>) -> Saw {
        let members = self.cases[place].seats.iter().map(|(operator, _)| operator.clone()).collect();
        Saw { today: self.world.today(), members, notice_due, begins: [None, None] }
    }

    /// All approved lines went into a notice.
    async fn listed(&mut self, notice: &str) {
        self.world.job("open-notices").await;
        let due = self.world.get_notice(notice).await.deadline.and_then(|due| due.due_date);
        let due = due.as_ref().and_then(to_date);
        let listed =
            events(&self.world).await.into_iter().filter(|event| event.r#type == "notice.entry_listed");
        let mut names = BTreeMap::new();
        for event in listed.filter(|event| event.resource.starts_with(notice)) {
            let data: serde_json::Value = serde_json::from_str(&event.data_json).unwrap();
            let [application, code] =
                ["application", "opsp_dise_code"].map(|field| data[field].as_str().unwrap().to_owned());
            names.insert((application, code), event.resource);
        }
        let rule = RULES.iter().find(|rule| rule.name == "open_notice").unwrap();
        for place in 0..PEOPLE {
            let case = &self.cases[place];
            let id = case.name.rsplit('/').next().unwrap().to_owned();
            if case.model.lines.contains(&"approved") {
                let entries = LINES.map(|code| names.remove(&(id.clone(), code.to_owned())));
                let saw = self.saw(place, due);
                self.cases[place].entries = entries;
                (rule.then)(&mut self.cases[place].model, &choice(&mut chance(0)), &saw);
            }
        }
        assert!(names.is_empty(), "entered without being approved: {names:?}");
    }

    /// What is due is done by jobs: notices are closed, benefits granted.
    async fn settle(&mut self) {
        for job in ["replace-overdue-experts", "close-notices", "grant-benefits"] {
            self.world.job(job).await;
        }
        for place in 0..PEOPLE {
            self.replaced(place).await;
            let wait = self.saw(place, None);
            for name in ["wait", "close_notice"] {
                let rule = RULES.iter().find(|rule| rule.name == name).unwrap();
                let any = choice(&mut chance(0));
                if (rule.may)(&self.cases[place].model, &any) {
                    (rule.then)(&mut self.cases[place].model, &any, &wait);
                }
            }
            for line in 0..2 {
                self.granted(place, line).await;
            }
        }
    }

    /// 评审时限: the server itself puts another expert in the place of one who was asked too long ago.
    async fn replaced(&mut self, place: usize) {
        if self.cases[place].model.seats.is_empty() {
            return;
        }
        let panel = panel(&self.world, &self.cases[place].name).await.unwrap();
        let case = &mut self.cases[place];
        let sits = |task: &str| panel.members.iter().any(|member| member.review_task == task);
        while let Some(left) = case.seats.iter().position(|(_, task)| !sits(task)) {
            let seat = case.model.seats.remove(left);
            assert!(seat.open, "who has answered is not replaced");
            case.seats.remove(left);
        }
        for member in &panel.members[case.seats.len()..] {
            case.seats.push((self.experts[&member.expert].clone(), member.review_task.clone()));
            case.model.seats.push(Seat { open: true, ..Seat::default() });
        }
        case.model.members = case.seats.iter().map(|(operator, _)| operator.clone()).collect();
    }

    async fn granted(&mut self, place: usize, line: usize) {
        let rule = RULES.iter().find(|rule| rule.name == "grant").unwrap();
        let at = Choice { line, ..choice(&mut chance(0)) };
        if !(rule.may)(&self.cases[place].model, &at) {
            return;
        }
        let held = self.world.benefits(&self.cases[place].psn_no).await;
        let benefit = held.into_iter().find(|benefit| benefit.opsp_dise_code == LINES[line]);
        let benefit = benefit
            .unwrap_or_else(|| panic!("an undisputed line has no benefit: {:?}", self.cases[place].model));
        let mut saw = self.saw(place, None);
        saw.begins[line] = benefit.begndate.as_ref().and_then(to_date);
        self.cases[place].benefits[line] = Some(benefit.name);
        (rule.then)(&mut self.cases[place].model, &at, &saw);
    }
}

fn edges(before: &Model, after: &Model) {
    let state = (before.state, after.state);
    assert!(state.0 == state.1 || STATE_EDGES.contains(&state), "{state:?}");
    for line in before.lines.into_iter().zip(after.lines) {
        assert!(line.0 == line.1 || LINE_EDGES.contains(&line), "{line:?}");
    }
}

fn told(status: &Status) -> String {
    format!("{:?} {} {}", status.code(), reason(status), status.message())
}

/// The contract's codes for what cannot be, each with a reason that programs can read.
fn documented(status: &Status) -> bool {
    let codes = [
        Code::InvalidArgument,
        Code::FailedPrecondition,
        Code::NotFound,
        Code::PermissionDenied,
        Code::Unauthenticated,
        Code::Aborted,
    ];
    codes.contains(&status.code()) && !reason(status).is_empty()
}

/// What may be asked of an applicant hangs on all that was asked before, papers grow old, and
/// experts who were replaced do not come back: the model knows none of it.
fn excused(verb: &str, status: &Status) -> bool {
    let known: &[&str] = match verb {
        "ask" => &["ASKED_TOO_LATE", "NOTHING_TO_ADD", "ASK_ALL_AT_ONCE"],
        "submit" => &["MATERIAL_TOO_OLD"],
        "assign" => &["NOT_ENOUGH_EXPERTS"],
        _ => &[],
    };
    known.contains(&reason(status).as_str())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_called_the_cases_stay_legal(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (seed, steps) = (size("LIFE_SEED", 2), size("LIFE_STEPS", 150));
    let mut chance = chance(seed);
    let mut town = Town::build(engine).await;
    let mut tally: BTreeMap<(String, &str), u64> = BTreeMap::new();
    println!("LIFE_SEED={seed} LIFE_STEPS={steps} {engine:?}");
    for step in 0..steps {
        let told = town.step(&mut chance).await;
        println!("{step}: {told}");
        let verb = told.split(' ').nth(1).unwrap_or_default().to_owned();
        *tally.entry((verb, if told.contains(": Ok(") { "done" } else { "refused" })).or_default() += 1;
    }
    for place in 0..PEOPLE {
        town.check(place).await.unwrap();
    }
    versions_follow(&town.world).await;
    println!("{tally:?}");
    assert!(tally.len() > 12, "too little was tried: {tally:?}");
}
