//! What an opinion must say to be taken.

use super::*;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::clock::Ground;
use crate::review::departure::{DeclineReason, Departure, Left};
use crate::review::said::SaidLeaf;
use Finding::{Met, NotMet, Unknown};
use time::macros::{date, datetime};

fn fact(name: &str) -> Criterion {
    Criterion::Fact { fact: name.to_owned(), text: format!("{name}。") }
}

fn task() -> Open {
    let line = |code: &str, criteria| Line {
        code: code.to_owned(),
        name: code.to_owned(),
        group: "内分泌".to_owned(),
        criteria,
    };
    let assigned = Assigned {
        id: Id(uuid::Uuid::from_u128(1)),
        application: Id(uuid::Uuid::from_u128(2)),
        area: Region::find("620902").unwrap(),
        expert: Id(uuid::Uuid::from_u128(3)),
        operator: "zhang".to_owned(),
        lines: vec![
            line("A", Criterion::All { all: vec![fact("a"), fact("b")] }),
            line("B", Criterion::Any { any: vec![fact("c"), fact("d")] }),
        ],
        sample: true,
        cited: Cited { catalog_version: "1".to_owned(), catalog_sha256: "abc".to_owned() },
        assigned_at: datetime!(2025-03-03 0:00 UTC),
        opinion_working_days: 10,
        purpose: Default::default(),
    };
    Open::assign(assigned).state
}

/// Three papers of which the second shows who it is.
fn shown() -> Vec<Shown> {
    let one = |number: usize| Shown {
        id: Id(uuid::Uuid::from_u128(u128::try_from(number).unwrap())),
        number,
        title: "其他".to_owned(),
        ready: true,
        opened: false,
    };
    vec![one(1), one(3)]
}

fn name(number: usize) -> String {
    format!("reviewTasks/{}/materials/{number}", Id(uuid::Uuid::from_u128(1)))
}

/// In the older way: only what is not met.
fn older(code: &str, finding: Finding, facts: &[&str]) -> Said {
    let facts_not_met = facts.iter().map(|fact| (*fact).to_owned()).collect();
    Said { code: code.to_owned(), finding, facts_not_met, leaves: Vec::new(), text: String::new() }
}

/// Leaf by leaf, each on these materials.
fn said(code: &str, finding: Finding, leaves: &[(&str, Finding, &[usize])]) -> Said {
    let leaf = |(fact, finding, materials): &(&str, Finding, &[usize])| SaidLeaf {
        fact: (*fact).to_owned(),
        finding: *finding,
        materials: materials.iter().map(|number| name(*number)).collect(),
        note: String::new(),
    };
    Said { leaves: leaves.iter().map(leaf).collect(), ..older(code, finding, &[]) }
}

/// What is wrong: fields, or reasons with their subjects; nothing when the opinion is taken.
fn check(said: &[Said], expected: &[&str]) {
    let wrong: Vec<_> = match task().answer(said, &shown(), datetime!(2025-03-04 0:00 UTC)) {
        Ok(step) => {
            let codes: Vec<_> = step.state.opinions.iter().map(|opinion| opinion.code.as_str()).collect();
            assert_eq!(codes, ["A", "B"], "in the order of the lines");
            let again = Task::Answered(step.state).into_open().unwrap_err();
            assert_eq!(Refusal::from(again).reason, "OPINION_GIVEN");
            Vec::new()
        }
        Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
        Err(Error::Refused(reasons)) => {
            reasons.iter().map(|reason| format!("{} {}", reason.reason, reason.subject)).collect()
        }
        Err(other) => panic!("{other}"),
    };
    assert_eq!(wrong, expected);
}

#[test]
fn every_line_has_exactly_one_opinion() {
    let met = |code| older(code, Met, &[]);
    check(&[met("B"), met("A")], &[]);
    check(&[met("A")], &["opinions"]);
    check(&[met("A"), met("B"), met("B")], &["opinions"]);
    check(&[met("A"), met("C")], &["opinions[1].opsp_dise_code", "opinions"]);
}

/// An opinion on A, with one on B that is in order.
fn check_a(a: Said, expected: &[&str]) {
    check(&[a, said("B", Met, &[("c", Met, &[1]), ("d", Unknown, &[])])], expected);
}

#[test]
fn every_fact_of_a_line_is_judged_once() {
    check_a(said("A", Met, &[("a", Met, &[1]), ("b", Met, &[1, 3])]), &[]);
    check_a(said("A", Met, &[("a", Met, &[1])]), &["opinions[0].leaves"]);
    check_a(
        said("A", Met, &[("a", Met, &[1]), ("a", Met, &[1])]),
        &["opinions[0].leaves[1].fact", "opinions[0].leaves"],
    );
    check_a(
        said("A", Met, &[("a", Met, &[1]), ("b", Met, &[1]), ("c", Met, &[1])]),
        &["opinions[0].leaves[2].fact"],
    );
}

#[test]
fn what_is_met_stands_on_a_material_of_the_task() {
    let with = |finding: Finding, a: Finding, materials: &[usize]| {
        said("A", finding, &[("a", a, materials), ("b", Met, &[3])])
    };
    check_a(with(Met, Met, &[]), &["opinions[0].leaves[0].materials"]);
    check_a(with(Met, Met, &[2]), &["opinions[0].leaves[0].materials"]);
    check_a(with(NotMet, NotMet, &[4]), &["opinions[0].leaves[0].materials"]);
    check_a(with(NotMet, NotMet, &[]), &[]);
    check_a(with(Unknown, Unknown, &[]), &[]);
    check_a(with(Unknown, Unknown, &[1]), &[]);
    let mut foreign = with(Met, Met, &[1]);
    foreign.leaves[0].materials = vec!["reviewTasks/2/materials/1".to_owned()];
    check_a(foreign, &["opinions[0].leaves[0].materials"]);
}

#[test]
fn a_finding_follows_from_the_leaves() {
    for (a, b, follows) in [
        (Met, Met, Met),
        (Met, Unknown, Unknown),
        (Unknown, Unknown, Unknown),
        (NotMet, Unknown, NotMet),
        (NotMet, Met, NotMet),
    ] {
        for finding in [Met, NotMet, Unknown] {
            let expected: &[_] = if finding == follows { &[] } else { &["OPINION_CONTRADICTS_CRITERIA A"] };
            check_a(said("A", finding, &[("a", a, &[1]), ("b", b, &[1])]), expected);
        }
    }
}

#[test]
fn both_ways_at_once_must_say_the_same() {
    let both = |facts: &[&str]| Said {
        facts_not_met: facts.iter().map(|fact| (*fact).to_owned()).collect(),
        ..said("A", NotMet, &[("a", NotMet, &[1]), ("b", Unknown, &[])])
    };
    check_a(both(&[]), &[]);
    check_a(both(&["a"]), &[]);
    check_a(both(&["a", "b"]), &["opinions[0].facts_not_met"]);
    check_a(both(&["b"]), &["opinions[0].facts_not_met"]);
    let all_met = said("B", Met, &[("c", Met, &[1]), ("d", Met, &[1])]);
    let step = task().answer(&[both(&[]), all_met], &shown(), datetime!(2025-03-04 0:00 UTC)).unwrap();
    assert_eq!(step.state.opinions[0].facts_not_met, BTreeSet::from(["a".to_owned()]));
}

#[test]
fn in_the_older_way_what_is_not_met_is_named_from_the_lines_own_facts() {
    let not = |facts| [older("A", NotMet, facts), older("B", Met, &[])];
    check(&not(&["a"]), &[]);
    check(&not(&[]), &["opinions[0].facts_not_met"]);
    check(&not(&["c"]), &["opinions[0].facts_not_met"]);
    check(&[older("A", Met, &[]), older("B", Met, &["c"])], &[]);
    check(&[older("A", Met, &[]), older("B", NotMet, &["c", "d"])], &[]);
    check(&[older("A", Unknown, &["a"]), older("B", Met, &[])], &["opinions[0].leaves"]);
    check(
        &[older("A", Met, &["b"]), older("B", NotMet, &["c"])],
        &["OPINION_CONTRADICTS_CRITERIA A", "OPINION_CONTRADICTS_CRITERIA B"],
    );
}

#[test]
fn a_task_that_is_opened_again_keeps_what_was_given() {
    let give =
        |open: Open, day| open.answer(&[older("A", Met, &[]), older("B", Met, &[])], &shown(), day).unwrap();
    let first = give(task(), datetime!(2025-03-04 0:00 UTC)).state;
    let both = ["A", "B"].map(str::to_owned).into();
    let again = first.clone().reopen(&both, 3, date!(2025 - 03 - 10)).state;
    assert_eq!(again.assigned, first.assigned);
    let second = Task::from(give(again, datetime!(2025-03-14 0:00 UTC)).state);
    let days: Vec<_> = second.earlier().iter().map(|given| given.answered_at).collect();
    assert_eq!(days, [datetime!(2025-03-04 0:00 UTC)]);
    assert!(second.earlier()[0].opinions == first.opinions && second.opinion("A").is_some());
    let text = serde_json::to_string(&second).unwrap();
    assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), second);
}

#[test]
fn opinions_on_the_lines_that_are_not_opened_again_stand() {
    let now = datetime!(2025-03-04 0:00 UTC);
    let a = |finding, of| said("A", finding, &[("a", Met, &[1]), ("b", of, &[1])]);
    let b = || said("B", Met, &[("c", Met, &[1]), ("d", NotMet, &[3])]);
    let first = task().answer(&[a(Unknown, Unknown), b()], &shown(), now).unwrap().state;
    let again = || first.clone().reopen(&BTreeSet::from(["A".to_owned()]), 3, date!(2025 - 03 - 10)).state;
    let open = Task::from(again());
    assert!(open.opinion("A").is_none() && open.opinion("B") == Some(&first.opinions[1]));
    for sent in [vec![a(Met, Met)], vec![b(), a(Met, Met)]] {
        let second = again().answer(&sent, &shown(), now).unwrap().state;
        assert_eq!(second.opinions[0].finding, Met);
        assert!(second.opinions.len() == 2 && second.opinions[1] == first.opinions[1]);
    }
    let mut other = b();
    other.leaves[1].finding = Unknown;
    for (sent, expected) in [
        (vec![a(Met, Met), other], &["opinions[1]"][..]),
        (vec![older("B", NotMet, &["c", "d"]), a(Met, Met)], &["opinions[0]"]),
        (vec![b()], &["opinions"]),
        (vec![a(Met, Met), a(Met, Met)], &["opinions"]),
    ] {
        let Err(Error::Invalid(faults)) = again().answer(&sent, &shown(), now) else { panic!("taken") };
        assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), expected);
        // It may have been opened for a supplement, or because the officer sent it back.
        assert!(faults.iter().all(|fault| !fault.zh.contains("补正") && !fault.en.contains("supplement")));
    }
}

#[test]
fn what_was_given_stands_again_when_nothing_came_in() {
    let now = datetime!(2025-03-04 0:00 UTC);
    let first = task().answer(&[older("A", Met, &[]), older("B", Met, &[])], &shown(), now).unwrap().state;
    let again = || first.clone().reopen(&BTreeSet::from(["A".to_owned()]), 3, date!(2025 - 03 - 10)).state;
    assert_eq!(again().stand(3).map(|step| step.state), Some(first.clone()));
    assert!(again().stand(4).is_none(), "something came in");
    assert!(task().stand(0).is_none(), "nothing was given before");
}

#[test]
fn a_fact_that_stands_twice_is_judged_once() {
    let mut twice = task();
    let pair = |one: &str, other: &str| Criterion::All { all: vec![fact(one), fact(other)] };
    twice.assigned.lines[0].criteria = Criterion::Any { any: vec![pair("a", "b"), pair("a", "b")] };
    let sent = [said("A", Met, &[("a", Met, &[1]), ("b", Met, &[1])]), older("B", Met, &[])];
    assert!(twice.answer(&sent, &shown(), datetime!(2025-03-04 0:00 UTC)).is_ok());
}

#[test]
fn a_task_of_before_any_was_opened_again_still_opens() {
    let mut stored = serde_json::to_value(Task::from(task())).unwrap();
    stored.as_object_mut().unwrap().remove("earlier").unwrap();
    stored.as_object_mut().unwrap().remove("standing").unwrap();
    for field in ["seen", "irreplaceable", "since"] {
        stored.as_object_mut().unwrap().remove(field).unwrap();
    }
    stored["assigned"].as_object_mut().unwrap().remove("opinion_working_days").unwrap();
    let mut expected = task();
    expected.assigned.opinion_working_days = 0;
    expected.since = None;
    assert_eq!(serde_json::from_value::<Task>(stored).unwrap(), Task::from(expected));
}

#[test]
fn a_task_of_before_it_named_its_catalogue_still_opens() {
    let mut stored = serde_json::to_value(Task::from(task())).unwrap();
    stored["assigned"].as_object_mut().unwrap().remove("cited").unwrap();
    let opened = serde_json::from_value::<Task>(stored).unwrap();
    assert_eq!(opened.assigned().cited, Cited::default());
    assert_eq!(opened.assigned().lines, task().assigned.lines);
}

#[test]
fn an_opinion_of_before_there_were_leaves_still_opens() {
    let text = r#"{"code":"A","finding":"not_met","facts_not_met":["a"],"text":"x"}"#;
    let opinion: Opinion = serde_json::from_str(text).unwrap();
    assert_eq!(["a", "b"].map(|fact| opinion.of(fact)), [NotMet, Met]);
    let back: Opinion = serde_json::from_str(&serde_json::to_string(&opinion).unwrap()).unwrap();
    assert!(back == opinion);
}

#[test]
fn a_task_that_was_taken_is_out_of_reach() {
    let (at, by) = (datetime!(2025-03-04 0:00 UTC), "zhang".to_owned());
    let left = |how| Left { how, text: "是申请人的亲属".to_owned(), at, by: by.clone() };
    let first = task().answer(&[older("A", Met, &[]), older("B", Met, &[])], &shown(), at).unwrap().state;
    let again = first.reopen(&BTreeSet::from(["A".to_owned()]), 3, date!(2025 - 03 - 10)).state;
    let closed = again.close(left(Departure::Declined(DeclineReason::Relation))).state;
    assert!(closed.is_related() && !task().close(left(Departure::Overdue)).state.is_related());
    let task = Task::from(closed);
    assert!(task.opinion("B").is_none() && task.answered().is_none() && task.earlier().len() == 1);
    assert!(!format!("{task:?}").contains("亲属"));
    let stored: Task = serde_json::from_value(serde_json::to_value(&task).unwrap()).unwrap();
    assert_eq!(stored, task);
    assert_eq!(Refusal::from(stored.into_open().unwrap_err()).reason, "TASK_CLOSED");
}

#[test]
fn an_expert_has_the_time_of_the_catalogue_and_all_of_it_again_when_the_task_is_opened_again() {
    let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
    let review = Clock::start(date!(2025 - 02 - 24), 20);
    let due = |open: &Open, review: &Clock| {
        let due = open.clock(Some(review)).and_then(|clock| clock.due(&calendar));
        due.map(|due| due.date)
    };
    assert_eq!(due(&task(), &review), Some(date!(2025 - 03 - 17)));
    assert_eq!(task().clock(None), None, "nothing runs once the application is decided");
    let now = datetime!(2025-03-05 0:00 UTC);
    let first = task().answer(&[older("A", Met, &[]), older("B", Met, &[])], &shown(), now).unwrap().state;
    assert_eq!(Task::from(first.clone()).clock(Some(&review)), None);
    let asked = review.pause(date!(2025 - 03 - 10), Ground::Supplement, "", "officer");
    let again = first.reopen(&BTreeSet::from(["A".to_owned()]), 3, date!(2025 - 03 - 10)).state;
    assert_eq!(due(&again, &asked), None, "it stands still while the applicant is asked");
    assert_eq!(due(&again, &asked.resume(date!(2025 - 03 - 12))), Some(date!(2025 - 03 - 26)));
    let mut older = task();
    older.since = None;
    assert_eq!(due(&older, &Clock::start(date!(2025 - 02 - 24), 20)), None);
}

#[test]
fn that_nobody_can_be_drawn_instead_is_told_once() {
    let told = task().irreplaceable().unwrap().state;
    assert!(told.irreplaceable().is_none());
}
