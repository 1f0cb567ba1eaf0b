//! The life of a case, by chance: verbs of every role in any order, legal or not, against a second, small description of
//! what may happen. After each one both say the same, and all invariants hold.
//!
//! `LIFE_SEQUENCES` is how many cases; one is had again from its number.

mod explore;
mod explored;
mod explored_jobs;
mod explored_rules;
mod made;
mod model;
mod panel_rules;
mod real;
mod real_panel;
mod rules;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sha2::{Digest, Sha256};

use self::made::{CODES, Fixed};
use self::model::{ACCEPTANCE_DAYS, Choice, Found, LINE_EDGES, Model, STAFF, STATE_EDGES};
use self::panel_rules::PANEL_RULES;
use self::real::{Real, VERBS};
use self::rules::{RULES, Rule};
use super::domain::Standing;
use crate::application::domain::{Application, LineState};
use crate::catalog::criteria::Finding;
use crate::kernel::clock::Clock;
use crate::review::domain::Task;

/// Steps of one case.
const STEPS: usize = 60;

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(&PANEL_RULES)
}

fn choice(chance: &mut TestRng) -> Choice {
    let found = |chance: &mut TestRng| match chance.random_range(0..6) {
        0..=2 => Found::Met,
        3..=4 => Found::Unknown,
        _ => Found::NotMet,
    };
    Choice {
        who: chance.random_range(0..STAFF.len()),
        line: chance.random_range(0..2),
        any: chance.random_range(0..60_000),
        found: [found(chance), found(chance)],
        contradicts: chance.random_ratio(1, 10),
        papers: chance.random_bool(0.5),
        upheld: chance.random_ratio(1, 3),
        from: chance.random_range(-3..=40),
        length: chance.random_ratio(2, 3).then(|| chance.random_range(0..=30)),
    }
}

/// Mostly something that may happen, so that cases come to their end; sometimes anything.
fn verb(chance: &mut TestRng, model: &Model, choice: &Choice) -> &'static Rule {
    let any = chance.random_ratio(1, 5);
    // A case that is withdrawn has no more to tell.
    let goes_on = !choice.any.is_multiple_of(8);
    let tried = rules().filter(|verb| !goes_on || verb.name != "withdraw");
    let open: Vec<_> = tried.filter(|verb| any || (verb.may)(model, choice)).collect();
    let mut left = chance.random_range(0..open.iter().map(|verb| verb.weight).sum());
    for verb in &open {
        match left.checked_sub(verb.weight) {
            Some(less) => left = less,
            None => return verb,
        }
    }
    open[0]
}

/// How often each verb was done and refused, and each state reached.
type Tally = BTreeMap<&'static str, [u64; 2]>;

fn live(number: u64, fixed: &Fixed, tally: &mut Tally) {
    let seed = Sha256::digest(number.to_be_bytes());
    let mut chance = TestRng::from_seed(RngAlgorithm::XorShift, &seed[..16]);
    let mut real = Real::new(fixed);
    let mut model = Model::new(real.today);
    let mut told = Vec::new();
    for _ in 0..STEPS {
        let choice = choice(&mut chance);
        let verb = verb(&mut chance, &model, &choice);
        let before = model.clone();
        let may = (verb.may)(&model, &choice);
        let (_, act) = VERBS.iter().find(|(name, _)| *name == verb.name).unwrap();
        let done = act(&mut real, &choice, fixed);
        let is_done = done.is_ok();
        told.push((verb.name, choice.clone(), done));
        let place = || {
            let told: Vec<_> = told.iter().map(|step| format!("{step:?}")).collect();
            format!("case {number}, {before:?}:\n{}", told.join("\n"))
        };
        assert_eq!(is_done, may, "{}", place());
        if may {
            (verb.then)(&mut model, &choice, &real.saw());
        }
        tally.entry(verb.name).or_default()[usize::from(!may)] += 1;
        tally.entry(model.state).or_default()[0] += 1;
        model.lines.iter().for_each(|word| tally.entry(word).or_default()[0] += 1);
        let wrong = differences(&before, &model, &real, fixed);
        assert!(wrong.is_empty(), "{wrong:?} in {}", place());
    }
    let stored = serde_json::to_string(&real.application).unwrap();
    assert_eq!(serde_json::from_str::<Application>(&stored).unwrap(), real.application, "case {number}");
}

/// Everything that is not as it must be.
fn differences(before: &Model, model: &Model, real: &Real, fixed: &Fixed) -> Vec<&'static str> {
    let application = &real.application;
    let lines = application.lines();
    let edge = |from: &&'static str, to: &&'static str, edges: &[(&str, &str)]| {
        from == to || edges.contains(&(*from, *to))
    };
    let decided = model.state == "decided";
    let mut held = vec![
        ("the state", application.word() == model.state),
        ("an edge of the state", edge(&before.state, &model.state, &STATE_EDGES)),
        ("the lines", lines.iter().map(|line| line.state.word()).eq(model.lines)),
        (
            "lines are decided with the application",
            lines.iter().all(|l| (l.state != LineState::Pending) == decided),
        ),
        (
            "a rejected line has its reasons",
            lines.iter().all(|line| {
                let told = [LineState::Rejected, LineState::Objected].contains(&line.state);
                told != line.reasons.is_empty()
            }),
        ),
        ("what is fixed stays", application.filed().is_some() || model.is(&["draft", "withdrawn"])),
        (
            "a clock runs while somebody has to act",
            application.clock().is_some() == model.is(&["submitted", "accepted", "awaiting_supplement"]),
        ),
        (
            "acceptance is due until it is accepted",
            application.acceptance_clock().is_some()
                == (model.is(&["submitted", "awaiting_supplement"]) && model.accepted.is_none()),
        ),
        ("the materials", application.form().materials.len() == model.materials),
    ];
    held.extend(application.clock().into_iter().flat_map(|clock| clock_holds(clock, model, fixed)));
    let acceptance = application.acceptance_clock();
    let acceptance = acceptance.map(|clock| i64::from(clock.read(&fixed.calendar, model.today).left));
    let expected = ACCEPTANCE_DAYS - model.time.used;
    held.push(("days left for acceptance", acceptance.is_none_or(|left| left == expected)));
    held.extend(panel_holds(model, real, fixed));
    for (line, code) in CODES.iter().enumerate() {
        held.push(("an edge of a line", edge(&before.lines[line], &model.lines[line], &LINE_EDGES)));
        held.push(("the code of a line", lines[line].code == *code));
        held.extend(benefit_holds(line, model, real));
    }
    held.into_iter().filter(|(_, holds)| !holds).map(|(what, _)| what).collect()
}

fn clock_holds(clock: &Clock, model: &Model, fixed: &Fixed) -> [(&'static str, bool); 7] {
    let pauses = clock.pauses();
    let ordered = pauses.windows(2).all(|two| two[0].to.is_some_and(|to| to <= two[1].from));
    let forward = pauses.iter().all(|pause| pause.to.is_none_or(|to| pause.from <= to));
    let stands = model.stands;
    let due = clock.due(&fixed.calendar);
    let left = due.map(|due| clock.read(&fixed.calendar, due.date).left);
    let reached = due.is_none_or(|due| match model.time.last {
        Some(last) => due.date == last,
        None => model.today < due.date,
    });
    [
        ("pauses are in order, and only the last is open", ordered && forward),
        ("the clock stands while the applicant has to act", clock.paused().is_some() == stands),
        ("a clock that runs is due", due.is_some() != stands),
        ("nothing is left on the last day", left.is_none_or(|left| left == 0)),
        ("days left", i64::from(clock.read(&fixed.calendar, model.today).left) == model.time.left()),
        ("the last day is the one on which none was left", reached),
        ("it is extended once", clock.extension().is_some() == model.extended),
    ]
}

fn panel_holds(model: &Model, real: &Real, fixed: &Fixed) -> Vec<(&'static str, bool)> {
    let Some(seated) = &real.seated else { return vec![("no panel", model.seats.is_empty())] };
    let found = |of: Option<Finding>| {
        of.map(|finding| match finding {
            Finding::Met => Found::Met,
            Finding::NotMet => Found::NotMet,
            Finding::Unknown => Found::Unknown,
        })
    };
    let says = |task: &Task| CODES.map(|code| found(task.opinion(code).map(|opinion| opinion.finding)));
    let same = seated.tasks.iter().map(says).eq(model.seats.iter().map(|seat| seat.says));
    let open = seated.tasks.iter().map(|task| task.answered().is_none());
    let decided_by = model.ended_by.filter(|_| model.state == "decided");
    let members = &seated.panel.members;
    let mut names: Vec<_> = members.iter().map(|member| &member.operator).collect();
    names.sort();
    names.dedup();
    let decider = match &real.application {
        Application::Decided(decided) => Some(&decided.decided_by),
        _ => None,
    };
    vec![
        ("what the seats say", same),
        ("which seats are open", open.eq(model.seats.iter().map(|seat| seat.open))),
        ("nobody sits twice", names.len() == members.len() && members.len() == seated.tasks.len()),
        ("who is missing", seated.panel.missing() == model.missing()),
        ("who left does not come back", !model.former.iter().any(|former| real.sits(former))),
        ("what was asked of whom is kept", seated.former.len() == model.former.len()),
        ("days left to the experts", time_holds(model, real, fixed)),
        ("who accepted it is no expert of it", !real.sits(real.application.officer())),
        ("who sits on the panel decides nothing", decider.is_none_or(|decider| !real.sits(decider))),
        ("nothing is decided while opinions are out", decider.is_none() || !model.any_open()),
        ("nothing is decided while seats are empty", decider.is_none() || model.is_whole()),
        ("a decision is its officer's", decider.map(String::as_str) == decided_by),
    ]
}

/// The experts' own clocks run and stand still with the review's.
fn time_holds(model: &Model, real: &Real, fixed: &Fixed) -> bool {
    let Some(review) = real.application.clock() else { return true };
    let tasks = real.seated.iter().flat_map(|seated| &seated.tasks);
    tasks.zip(&model.seats).all(|(task, seat)| match task.clock(Some(review)) {
        None => !seat.open,
        Some(clock) => {
            let left = i64::from(clock.read(&fixed.calendar, model.today).left);
            let stands = clock.paused().is_some();
            seat.open && left == seat.time.left() && stands == model.stands
        }
    })
}

fn benefit_holds(line: usize, model: &Model, real: &Real) -> Vec<(&'static str, bool)> {
    let (entry, benefit) = (&real.entries[line], &real.benefits[line]);
    let granted = model.lines[line] == "granted";
    let word = entry.as_ref().map(|entry| entry.word());
    let closed = real.notice.as_ref().is_some_and(|notice| notice.over().is_some());
    let of = |id| real.entries[line].as_ref().is_some_and(|entry| entry.listing().id == id);
    let stands = real
        .objections
        .iter()
        .any(|objection| objection.resolution().is_none() && of(objection.filed().entry));
    let standing = model.benefits[line].as_ref().map(|held| match () {
        () if held.last.is_some_and(|last| last < held.begins) || held.is_over(model.today) => {
            Standing::Ended
        }
        () if model.today < held.begins => Standing::NotBegun,
        () if held.rests_on(model.today).is_some() => Standing::Suspended,
        () => Standing::Active,
    });
    vec![
        ("the entry", word == model.entries[line].as_ref().map(|entry| entry.word)),
        ("a benefit is what a granted line has", benefit.is_some() == granted),
        ("no benefit without a closed notice", benefit.is_none() || (closed && word == Some("concluded"))),
        ("no benefit while an objection stands", benefit.is_none() || !stands),
        (
            "no benefit before its notice was over",
            benefit
                .as_ref()
                .is_none_or(|benefit| real.saw().notice_due.is_some_and(|due| due < benefit.begndate)),
        ),
        ("how a benefit stands", benefit.as_ref().map(|benefit| benefit.standing(model.today)) == standing),
    ]
}

#[test]
fn whatever_is_tried_a_case_stays_legal() {
    let cases =
        std::env::var_os("LIFE_SEQUENCES").map_or(2_000, |text| text.to_str().unwrap().parse().unwrap());
    let fixed = Fixed::new();
    let (next, all, begun) = (AtomicU64::new(0), Mutex::new(Tally::new()), std::time::Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                let mut tally = Tally::new();
                let mut case = next.fetch_add(1, Ordering::Relaxed);
                while case < cases {
                    live(case, &fixed, &mut tally);
                    case = next.fetch_add(1, Ordering::Relaxed);
                }
                let mut all = all.lock().unwrap();
                for (what, [done, refused]) in tally {
                    let sum = all.entry(what).or_default();
                    *sum = [sum[0] + done, sum[1] + refused];
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    println!("{cases} sequences of {STEPS} steps in {:?}: {all:?}", begun.elapsed());
    // So that what is said of every verb and state is said of something.
    for verb in rules().filter(|verb| verb.name != "wait") {
        assert!(
            all[verb.name].iter().all(|times| *times > 0),
            "{} was not tried both ways: {all:?}",
            verb.name
        );
    }
    let words = STATE_EDGES.iter().chain(&LINE_EDGES).map(|(_, to)| to);
    assert!(words.clone().all(|word| all.contains_key(word)), "a state was not reached: {all:?}");
}
