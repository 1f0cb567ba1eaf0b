//! The life of some cases through the API, by chance: calls of every verb by every role, allowed or not, against the
//! model that the pure test holds the domain against. What is refused changes nothing and says why; whatever happens,
//! all that can be read agrees.
//!
//! `LIFE_STEPS` is how many calls, `LIFE_SEED` from which number on they are drawn.

mod beside;
mod calls;
mod follow;
#[path = "../../../src/benefit/life/model.rs"]
mod model;
#[path = "../../../src/benefit/life/panel_rules.rs"]
mod panel_rules;
mod reads;
mod review_calls;
#[path = "../../../src/benefit/life/rules.rs"]
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use opsp::kernel::calendar::{Calendar, EMBEDDED};
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as material;
use opsp::proto::opsp::material::v1::material_service_client::MaterialServiceClient;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use rstest::rstest;
use tonic::{Code, Status};

use self::beside::{BESIDE, BESIDE_CALLS};
use self::calls::{CALLS, Row, Who, form};
use self::model::{Choice, Found, Model, STAFF};
use self::panel_rules::PANEL_RULES;
use self::reads::versions_follow;
use self::review_calls::REVIEW_CALLS;
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
    /// Which of those show who it is.
    pub identity: BTreeSet<usize>,
    pub redacted: BTreeSet<usize>,
    pub model: Model,
    /// The application before this one.
    pub former: Option<String>,
    /// Expert and task of each seat.
    pub seats: Vec<(String, String)>,
    pub entries: [Option<String>; 2],
    pub objections: Vec<String>,
    pub benefits: [Option<String>; 2],
    /// Bills that are settled.
    pub bills: Vec<String>,
}

impl Case {
    /// The material that a choice means.
    pub fn paper(&self, choice: &Choice) -> usize {
        choice.any % self.materials.len()
    }

    /// Experts see it; and what was redacted before is cited by nobody. Opinions cite the first that experts see.
    fn may_redact(&self, choice: &Choice) -> bool {
        let paper = self.paper(choice);
        let first = (0..self.materials.len()).find(|paper| !self.identity.contains(paper));
        let given = self.model.seats.iter().any(|seat| !seat.open || !seat.earlier.is_empty());
        let cited = given && first == Some(paper) && self.redacted.contains(&paper);
        self.model.is(&["submitted", "accepted", "awaiting_supplement"])
            && !self.identity.contains(&paper)
            && !cited
    }
}

struct Town {
    world: World,
    calendar: Calendar,
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

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(&PANEL_RULES).chain(&BESIDE)
}

fn calls() -> impl Iterator<Item = &'static Row> {
    CALLS.iter().chain(&REVIEW_CALLS).chain(&BESIDE_CALLS)
}

fn named(name: &str) -> &'static Rule {
    rules().find(|rule| rule.name == name).unwrap()
}

/// Mostly something that may happen.
fn rule(chance: &mut TestRng, model: &Model, choice: &Choice) -> &'static Rule {
    let any = chance.random_ratio(1, 4);
    let called = |rule: &&Rule| rule.name == "wait" || calls().any(|(name, ..)| *name == rule.name);
    let may: Vec<_> = rules().filter(called).filter(|rule| any || (rule.may)(model, choice)).collect();
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
        let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        let mut town = Self { world, calendar, experts, cases: Vec::new() };
        for _ in 0..PEOPLE {
            let psn_no = town.world.person(row()).await;
            let materials = town.world.upload_checklists(&psn_no, &LINES).await;
            let identity = identity(&town.world, &psn_no, &materials).await;
            let name = town.world.draft(&psn_no, form(&town.world, materials.clone())).await.unwrap();
            town.cases.push(town.begun(name, psn_no, materials, identity));
        }
        town
    }

    /// A new application of somebody.
    fn begun(&self, name: String, psn_no: String, materials: Vec<String>, identity: BTreeSet<usize>) -> Case {
        let model = Model { materials: materials.len(), ..Model::new(self.world.today()) };
        let (seats, objections, bills) = (Vec::new(), Vec::new(), Vec::new());
        Case {
            psn_no,
            name,
            materials,
            identity,
            redacted: BTreeSet::new(),
            model,
            former: None,
            seats,
            entries: [None, None],
            objections,
            benefits: [None, None],
            bills,
        }
    }

    /// The next application of the same person.
    fn next(&mut self, place: usize, name: String) {
        let case = &self.cases[place];
        let (psn_no, materials, identity) =
            (case.psn_no.clone(), case.materials.clone(), case.identity.clone());
        let mut new = self.begun(name, psn_no, materials, identity);
        new.model.avoided.clone_from(&case.model.avoided);
        (new.former, new.bills) = (Some(case.name.clone()), case.bills.clone());
        self.cases[place] = new;
    }

    /// The caller who is meant, and whether it is one who may; now and then it is not.
    fn caller(&self, who: Who, place: usize, choice: &Choice, chance: &mut TestRng) -> (Caller, bool) {
        let (world, case) = (&self.world, &self.cases[place]);
        if who != Who::Anybody && chance.random_ratio(1, 8) {
            let other = &self.cases[(place + 1) % PEOPLE].psn_no;
            let mut wrong = vec![world.stranger(), world.ops(), world.elsewhere(), world.public()];
            if who != Who::Platform {
                wrong.push(world.platform());
            }
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
            Who::Platform => (world.platform(), true),
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
        let (_, _, who, call) = calls().find(|(name, ..)| *name == rule.name).unwrap();
        let (caller, right) = self.caller(*who, place, &choice, chance);
        let case = &self.cases[place];
        let may = match rule.name {
            "open_notice" => right && self.cases.iter().any(|case| case.model.lines.contains(&"approved")),
            "redact" => right && case.may_redact(&choice),
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
}

/// Which materials show who it is: experts never see them.
async fn identity(world: &World, psn_no: &str, materials: &[String]) -> BTreeSet<usize> {
    let request = material::ListMaterialsRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 200,
        ..Default::default()
    };
    let list = MaterialServiceClient::new(world.portal(psn_no)).list_materials(request).await.unwrap();
    let shows = |material: &&material::Material| {
        let kinds = [
            MaterialKind::IdCardFront,
            MaterialKind::IdCardBack,
            MaterialKind::InsuranceCard,
            MaterialKind::ApplicationForm,
        ];
        kinds.contains(&material.kind())
    };
    let list = list.into_inner().materials;
    let place = |shown: &material::Material| materials.iter().position(|name| *name == shown.name);
    list.iter().filter(shows).filter_map(place).collect()
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

/// What may be asked of an applicant hangs on all that was asked before, and papers grow old: the model knows neither.
fn excused(verb: &str, status: &Status) -> bool {
    let known: &[&str] = match verb {
        "ask" => &["ASKED_TOO_LATE", "NOTHING_TO_ADD", "ASK_ALL_AT_ONCE"],
        "submit" => &["MATERIAL_TOO_OLD"],
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
