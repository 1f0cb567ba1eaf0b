//! What a panel finds, and what follows.

use super::*;
use crate::application::domain::LineState;
use crate::catalog::criteria::Criterion;
use crate::review::anonymous::Shown;
use crate::review::departure::{DeclineReason, Departure, Left};
use crate::review::domain::{Assigned, Open};
use crate::review::draw::Seed;
use crate::review::registry::{Card, Term};
use crate::review::said::{Said, SaidLeaf};
use time::macros::datetime;

const MET: Option<Finding> = Some(Finding::Met);
const NOT: Option<Finding> = Some(Finding::NotMet);
const UNKNOWN: Option<Finding> = Some(Finding::Unknown);

#[test]
fn two_who_agree_are_enough_and_a_third_tells_between_two_who_differ() {
    let found = Outcome::Found;
    for (votes, expected) in [
        (&[MET, MET][..], found(Finding::Met)),
        (&[NOT, NOT], found(Finding::NotMet)),
        (&[UNKNOWN, UNKNOWN], found(Finding::Unknown)),
        (&[MET, NOT], Outcome::Differ),
        (&[MET, UNKNOWN], Outcome::Differ),
        (&[UNKNOWN, NOT], Outcome::Differ),
        (&[NOT, None], Outcome::Open),
        (&[UNKNOWN, None], Outcome::Open),
        (&[None, None], Outcome::Open),
        (&[MET, NOT, None], Outcome::Open),
        (&[MET, UNKNOWN, None], Outcome::Open),
        (&[MET, NOT, NOT], found(Finding::NotMet)),
        (&[NOT, MET, MET], found(Finding::Met)),
        (&[MET, MET, NOT], found(Finding::Met)),
        (&[MET, UNKNOWN, MET], found(Finding::Met)),
        (&[MET, UNKNOWN, UNKNOWN], found(Finding::Unknown)),
        (&[NOT, UNKNOWN, NOT], found(Finding::NotMet)),
        (&[NOT, UNKNOWN, UNKNOWN], found(Finding::Unknown)),
        (&[MET, UNKNOWN, NOT], found(Finding::Unknown)),
        (&[MET, MET, None], found(Finding::Met)),
        (&[UNKNOWN, UNKNOWN, None], found(Finding::Unknown)),
        (&[MET], found(Finding::Met)),
        (&[], Outcome::Differ),
    ] {
        assert_eq!(outcome(votes), expected, "{votes:?}");
        let mut turned = votes.to_vec();
        turned.reverse();
        assert_eq!(outcome(&turned), expected, "whoever said it: {votes:?}");
    }
}

/// With an odd number of members nothing stays undecided once all have answered, and a vote for the applicant never
/// makes the outcome worse.
#[test]
fn a_panel_of_three_always_finds_something() {
    let all = [Finding::NotMet, Finding::Unknown, Finding::Met];
    let found = |votes: [Finding; 3]| match outcome(&votes.map(Some)) {
        Outcome::Found(found) => found,
        other => panic!("{other:?} of {votes:?}"),
    };
    for (a, b) in all.into_iter().flat_map(|a| all.map(|b| (a, b))) {
        let by_third = all.map(|third| found([a, b, third]));
        assert!(by_third.is_sorted(), "{a:?} {b:?}: {by_third:?}");
    }
}

fn number(of: usize) -> Id {
    Id(uuid::Uuid::from_u128(u128::try_from(of).unwrap()))
}

/// `a` and two of `b`, `c`, `d`.
fn line() -> Line {
    let fact = |name: &str| Criterion::Fact { fact: name.to_owned(), text: format!("{name}条文。") };
    let of = vec![fact("b"), fact("c"), fact("d")];
    Line {
        code: "A".to_owned(),
        name: "甲".to_owned(),
        group: "内分泌".to_owned(),
        criteria: Criterion::All { all: vec![fact("a"), Criterion::AtLeast { at_least: 2, of }] },
    }
}

fn open(id: usize) -> Open {
    Open::assign(Assigned {
        id: number(id),
        application: number(100),
        area: Region::find("620902").unwrap(),
        expert: number(id + 50),
        operator: format!("expert{id}"),
        lines: vec![line()],
        sample: true,
        cited: crate::catalog::published::Cited::default(),
        assigned_at: datetime!(2025-03-03 0:00 UTC),
        opinion_working_days: 10,
        purpose: Default::default(),
    })
    .state
}

/// A task with what its expert says of a, b, c, d: `+` met, `-` not met, `?` unknown. Empty while it is open.
fn task(id: usize, leaves: &str) -> Task {
    if leaves.is_empty() {
        return Task::Open(open(id));
    }
    let shown = [Shown { id: number(7), number: 7, title: "其他".to_owned(), ready: true, opened: false }];
    let leaf = |(fact, sign): (char, char)| SaidLeaf {
        fact: fact.to_string(),
        finding: match sign {
            '+' => Finding::Met,
            '-' => Finding::NotMet,
            _ => Finding::Unknown,
        },
        materials: if sign == '?' { Vec::new() } else { vec![shown[0].name(number(id))] },
        note: if sign == '-' { format!("{id}说{fact}。") } else { String::new() },
    };
    let leaves: Vec<_> = "abcd".chars().zip(leaves.chars()).map(leaf).collect();
    let finding =
        line().criteria.finding(&|fact| leaves.iter().find(|leaf| leaf.fact == fact).unwrap().finding);
    let facts_not_met = Default::default();
    let said = Said { code: "A".to_owned(), finding, facts_not_met, leaves, text: String::new() };
    Task::Answered(open(id).answer(&[said], &shown, datetime!(2025-03-04 0:00 UTC)).unwrap().state)
}

fn seated(tasks: Vec<Task>) -> Seated {
    let member = |task: &Task| Member {
        expert: task.assigned().expert,
        area: Region::find("620900").unwrap(),
        operator: task.assigned().operator.clone(),
        task: task.assigned().id,
    };
    let members: Vec<_> = tasks.iter().map(member).collect();
    let (seed, seats) = ("0".repeat(32), members.len());
    let (excluded, former) = (Vec::new(), Vec::new());
    let panel = Panel { application: number(100), seed, members, excluded, seats, former, quality: None };
    Seated { panel, tasks, former: Vec::new() }
}

/// What drawing a further expert and what confirming by an officer says; empty when it is done.
fn check(tasks: Vec<Task>, officer: &str, third: &str, confirm: &[&str]) {
    let seated = seated(tasks);
    let said = seated.needs_third().err().map(|refused| Refusal::from(refused).reason);
    assert_eq!(said.unwrap_or_default(), third);
    let reasons = seated.decide(officer, &papers()).err().unwrap_or_default();
    let reasons: Vec<_> = reasons.into_iter().map(|refused| Refusal::from(refused).reason).collect();
    assert_eq!(reasons, confirm);
}

#[test]
fn a_third_is_drawn_and_a_decision_confirmed_only_when_it_is_time() {
    let (met, not, open) = (|id| task(id, "++++"), |id| task(id, "-+++"), |id| task(id, ""));
    let unknown = |id| task(id, "?+++");
    check(vec![open(1), open(2)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
    check(vec![met(1), open(2)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
    check(vec![met(1), met(2)], "wang", "PANEL_COMPLETE", &[]);
    check(vec![met(1), met(2)], "expert2", "PANEL_COMPLETE", &["OFFICER_IS_EXPERT"]);
    check(vec![met(1), not(2)], "wang", "", &["THIRD_EXPERT_NEEDED"]);
    check(vec![met(1), unknown(2)], "wang", "", &["THIRD_EXPERT_NEEDED"]);
    check(vec![not(1), unknown(2)], "wang", "", &["THIRD_EXPERT_NEEDED"]);
    check(vec![unknown(1), unknown(2)], "wang", "PANEL_COMPLETE", &[]);
    check(vec![met(1), not(2), unknown(3)], "wang", "PANEL_COMPLETE", &[]);
    check(vec![met(1), not(2), open(3)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
    check(vec![met(1), not(2), not(3)], "wang", "PANEL_COMPLETE", &[]);
    check(vec![open(1), met(2)], "expert1", "THIRD_NOT_NEEDED", &["OFFICER_IS_EXPERT", "OPINIONS_MISSING"]);
}

fn papers() -> Papers {
    Papers::from([(number(7), "化验单".to_owned())])
}

/// What is told of a rejected line: reason, what is said, what would help, each in Chinese.
fn rejected(leaves: &[&str], expected: &[(&str, &str, &str)]) {
    let tasks = leaves.iter().enumerate().map(|(place, leaves)| task(place + 1, leaves)).collect();
    let decisions = seated(tasks).decide("wang", &papers()).unwrap();
    let [line] = &decisions[..] else { panic!("one line") };
    assert_eq!(line.state, LineState::Rejected);
    let told: Vec<_> = line
        .reasons
        .iter()
        .map(|reason| {
            assert!(reason.subject == "A" && reason.help_zh.ends_with("或向经办机构申请复核。"));
            assert!(!reason.en.is_empty() && !reason.help_en.is_empty());
            let help = reason.help_zh.split(['：', '。']).next().unwrap();
            (reason.reason.as_ref(), reason.zh.as_str(), help)
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_rejection_tells_what_decided_it_on_which_papers_and_what_would_change_it() {
    let alone = "证明该项标准即可改变结果";
    let jointly = "该项须与下列标准一并证明，结果才会改变";
    rejected(
        &["-+++", "-++-"],
        &[(
            "CRITERION_NOT_MET",
            "未满足认定标准：a条文。评审所看材料：化验单。评审说明：1说a；2说a。",
            alone,
        )],
    );
    // Of b, c and d two are enough: either of those that fail would do.
    rejected(
        &["++--", "++++", "++--"],
        &[
            (
                "CRITERION_NOT_MET",
                "未满足认定标准：c条文。评审所看材料：化验单。评审说明：1说c；3说c。",
                alone,
            ),
            (
                "CRITERION_NOT_MET",
                "未满足认定标准：d条文。评审所看材料：化验单。评审说明：1说d；3说d。",
                alone,
            ),
        ],
    );
    rejected(
        &["?+++", "?+++"],
        &[("CRITERION_UNKNOWN", "现有材料不足以认定该项标准：a条文。评审未列出可证明该项的材料。", alone)],
    );
    // Each of the three says something else: it rests on the one in the middle.
    rejected(
        &["-++-", "?++-", "++++"],
        &[("CRITERION_UNKNOWN", "现有材料不足以认定该项标准：a条文。评审未列出可证明该项的材料。", alone)],
    );
    rejected(
        &["-+--", "-+--"],
        &[
            (
                "CRITERION_NOT_MET",
                "未满足认定标准：a条文。评审所看材料：化验单。评审说明：1说a；2说a。",
                jointly,
            ),
            (
                "CRITERION_NOT_MET",
                "未满足认定标准：c条文。评审所看材料：化验单。评审说明：1说c；2说c。",
                jointly,
            ),
            (
                "CRITERION_NOT_MET",
                "未满足认定标准：d条文。评审所看材料：化验单。评审说明：1说d；2说d。",
                jointly,
            ),
        ],
    );
}

#[test]
fn what_is_wanted_together_is_named() {
    let seated = seated(vec![task(1, "-+--"), task(2, "-+--")]);
    let decisions = seated.decide("wang", &papers()).unwrap();
    let helps: Vec<_> = decisions[0].reasons.iter().map(|reason| reason.help_zh.clone()).collect();
    assert!(
        helps[0].contains("：c条文。") && helps[1].contains("：a条文。") && helps[2].contains("：a条文。")
    );
    assert!(decisions[0].reasons[0].help_en.contains("together with c would"));
}

#[test]
fn more_evidence_is_wanted_only_when_everybody_has_answered() {
    assert_eq!(seated(vec![task(1, "?+++"), task(2, "?+++"), task(3, "")]).wanting(), None);
    assert_eq!(
        seated(vec![task(1, "?+++"), task(2, "?+++"), task(3, "++++")]).wanting().map(|facts| facts.len()),
        Some(1)
    );
}

#[test]
fn a_line_that_is_met_is_approved_and_one_found_unknown_says_what_it_hangs_on() {
    let approved = seated(vec![task(1, "++++"), task(2, "+++?")]).decide("wang", &papers()).unwrap();
    assert_eq!((approved[0].state, approved[0].reasons.len()), (LineState::Approved, 0));
    for (leaves, expected) in [
        (&["?+++", "?+++"][..], &["a"][..]),
        (&["++??", "+?+?"], &["b", "c", "d"]),
        (&["++++", "-+++", "++?-"], &["c"]),
        (&["++++", "++++"], &[]),
        (&["-???", "-???"], &[]),
        (&["????", "++++"], &[]),
    ] {
        let tasks = leaves.iter().enumerate().map(|(place, leaves)| task(place + 1, leaves)).collect();
        let seated = seated(tasks);
        let outcomes = seated.outcomes();
        let (line, outcome) = outcomes[0];
        assert_eq!(seated.facts_unknown(line, outcome), expected, "{leaves:?}");
        let wanting = seated.wanting().unwrap_or_default();
        assert!(wanting.iter().all(|(code, _)| code == "A"));
        assert_eq!(wanting.into_iter().map(|(_, fact)| fact).collect::<Vec<_>>(), expected, "{leaves:?}");
    }
}

/// A panel of which the member with this task left.
fn short(tasks: Vec<Task>, gone: usize) -> (Seated, Event) {
    let Seated { panel, mut tasks, .. } = seated(tasks);
    let step = panel.leave(number(gone)).unwrap();
    let place = tasks.iter().position(|task| task.assigned().id == number(gone)).unwrap();
    let Task::Open(open) = tasks.remove(place) else { panic!("who has answered does not leave") };
    let (at, by) = (datetime!(2025-03-05 0:00 UTC), "expert".to_owned());
    let left = Left { how: Departure::Declined(DeclineReason::Absent), text: String::new(), at, by };
    (Seated { panel: step.state, tasks, former: vec![open.close(left).state] }, step.event)
}

#[test]
fn a_short_panel_finds_nothing_until_it_is_filled() {
    let (seated, event) = short(vec![task(1, "++++"), task(2, "")], 2);
    assert!(matches!(event, Event::ExpertLeft { left } if left == number(52)));
    assert_eq!((seated.panel.missing(), seated.panel.former.len()), (1, 1));
    assert_eq!(seated.outcomes()[0].1, Outcome::Open);
    assert_eq!(seated.needs_third().unwrap_err(), Refused::PanelShort { missing: 1 });
    assert_eq!(seated.decide("wang", &papers()).unwrap_err(), [Refused::PanelShort { missing: 1 }]);
    // Nobody sits on it any more: nobody differs either.
    let (deserted, _) = short(vec![task(1, ""), task(2, "")], 2);
    let Seated { panel, former, .. } = deserted;
    let (tasks, panel) = (Vec::new(), panel.leave(number(1)).unwrap().state);
    let deserted = Seated { panel, tasks, former };
    assert_eq!(deserted.outcomes()[0].1, Outcome::Open);
    assert_eq!(deserted.decide("wang", &papers()).unwrap_err(), [Refused::PanelShort { missing: 2 }]);
    let expert = Expert {
        id: number(60),
        area: Region::find("620900").unwrap(),
        operator: "new".to_owned(),
        card: Card {
            name: "新".to_owned(),
            fixmedins_code: "H62090000009".to_owned(),
            specialties: Vec::new(),
            diag_dr_codg: String::new(),
            term: Term::default(),
            relations: Vec::new(),
        },
    };
    let seed = Seed([9; 16]);
    let drawn = Drawn { seed, experts: vec![expert], order: Vec::new(), excluded: Vec::new() };
    let filled = seated.panel.clone().fill(&drawn, &[number(3)]).state;
    assert_eq!((filled.missing(), filled.members[1].operator.as_str()), (0, "new"));
    assert_eq!(filled.seed, seed.hex(), "each draw has its own");
    let seen: Vec<_> = filled.seen().into_iter().map(|member| member.operator).collect();
    assert_eq!(seen, ["expert1", "new", "expert2"]);
    // One who leaves a panel of three leaves it with three seats.
    let third = seated.panel.fill(&drawn, &[number(3)]).state.join(&drawn, &[number(4)]).state;
    assert_eq!(third.leave(number(4)).unwrap().state.missing(), 1);
}

#[test]
fn the_lines_are_known_when_everybody_has_left() {
    let (seated, _) = short(vec![task(1, "")], 1);
    assert_eq!(seated.outcomes().len(), 1);
    assert!(seated.panel.clone().leave(number(1)).is_none(), "nobody leaves twice");
}

#[test]
fn a_panel_of_before_anybody_could_leave_still_opens() {
    let mut stored = serde_json::to_value(seated(vec![task(1, ""), task(2, "")]).panel).unwrap();
    for field in ["seats", "former"] {
        stored.as_object_mut().unwrap().remove(field).unwrap();
    }
    let opened: Panel = serde_json::from_value(stored).unwrap();
    assert_eq!(opened.missing(), 0);
    assert_eq!(opened.leave(number(1)).unwrap().state.missing(), 1);
}
