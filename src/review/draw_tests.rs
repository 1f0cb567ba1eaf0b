//! Who is left out of a draw, and in which order the others are drawn.

use super::*;
use crate::kernel::region::Region;
use crate::review::registry::{Card, Relation, Term};
use time::macros::date;

const SEED: Seed = Seed([7; 16]);

fn candidate(number: u128, open_tasks: u64) -> Candidate {
    let expert = Expert {
        id: Id(uuid::Uuid::from_u128(number)),
        area: Region::find("620900").unwrap(),
        operator: format!("expert{number}"),
        card: Card {
            name: "李四".to_owned(),
            fixmedins_code: format!("H6209000000{number}"),
            specialties: Vec::new(),
            diag_dr_codg: String::new(),
            term: Term::default(),
            relations: Vec::new(),
        },
    };
    Candidate { expert, elsewhere: Vec::new(), load: Load { open_tasks, ..Load::default() } }
}

fn matter() -> Matter {
    let concern = |code: &str, group: &str| Concern {
        code: code.to_owned(),
        ide_fixmedins_no: "H62090000001".to_owned(),
        diag_dr_codg: "D1".to_owned(),
        group: group.to_owned(),
    };
    let lines = vec![concern("A", "内分泌"), concern("B", "心脑血管")];
    Matter {
        day: date!(2025 - 03 - 03),
        psn_no: PsnNo::parse("620900001").unwrap(),
        avoided_by: vec!["related".to_owned()],
        lines,
        issuers: vec!["H62090000002".to_owned()],
        officers: vec!["officer".to_owned()],
        names: vec!["王 五".to_owned()],
    }
}

fn numbers(drawn: &Drawn) -> Vec<u128> {
    drawn.experts.iter().map(|expert| expert.id.0.as_u128()).collect()
}

/// Reasons against an expert who was changed, and that each names the expert.
fn check(change: impl Fn(&mut Expert), expected: &[&str]) {
    let mut changed = candidate(5, 0);
    change(&mut changed.expert);
    let name = changed.expert.resource();
    let drawn = draw(vec![changed], &matter(), &[], 1, SEED);
    let reasons = drawn.map_or_else(|reasons| reasons, |drawn| drawn.excluded);
    assert!(reasons.iter().skip(1).all(|reason| reason.subject == name));
    let words: Vec<_> = reasons.iter().map(|reason| reason.reason.as_ref()).collect();
    assert_eq!(words, expected);
}

#[test]
fn each_conflict_is_told() {
    check(|_| {}, &[]);
    check(
        |expert| expert.card.fixmedins_code = "H62090000001".to_owned(),
        &["NOT_ENOUGH_EXPERTS", "CONFLICT_SAME_INSTITUTION"],
    );
    check(
        |expert| expert.card.fixmedins_code = "H62090000002".to_owned(),
        &["NOT_ENOUGH_EXPERTS", "CONFLICT_ISSUER"],
    );
    check(
        |expert| expert.card.diag_dr_codg = "D1".to_owned(),
        &["NOT_ENOUGH_EXPERTS", "CONFLICT_DIAGNOSING_DOCTOR"],
    );
    check(|expert| expert.operator = "officer".to_owned(), &["NOT_ENOUGH_EXPERTS", "CONFLICT_OFFICER"]);
    check(|expert| expert.card.name = " 王五".to_owned(), &["NOT_ENOUGH_EXPERTS", "CONFLICT_SAME_NAME"]);
    check(
        |expert| expert.card.specialties = vec!["内分泌".to_owned()],
        &["NOT_ENOUGH_EXPERTS", "SPECIALTY_DOES_NOT_FIT"],
    );
    check(|expert| expert.card.specialties = vec!["内分泌".to_owned(), "心脑血管".to_owned()], &[]);
    for (from, until, reasons) in [
        (None, Some(date!(2025 - 03 - 02)), &["NOT_ENOUGH_EXPERTS", "NOT_ACTIVE"][..]),
        (Some(date!(2025 - 03 - 04)), None, &["NOT_ENOUGH_EXPERTS", "NOT_ACTIVE"]),
        (Some(date!(2025 - 03 - 03)), Some(date!(2025 - 03 - 03)), &[]),
    ] {
        check(|expert| expert.card.term = Term { from, until }, reasons);
    }
    let related = ["NOT_ENOUGH_EXPERTS", "CONFLICT_DECLARED_RELATION"];
    let institution = |code: &str| Party::Institution(code.to_owned());
    for (party, reasons) in [
        (Party::Person(PsnNo::parse("620900001").unwrap()), &related[..]),
        (Party::Person(PsnNo::parse("620900002").unwrap()), &[]),
        (Party::Doctor("D1".to_owned()), &related),
        (Party::Doctor("D2".to_owned()), &[]),
        (institution("H62090000001"), &related),
        (institution("H62090000002"), &related),
        (institution("H62090000003"), &[]),
    ] {
        let relation = Relation { party, reason: "亲属".to_owned() };
        check(|expert| expert.card.relations = vec![relation.clone(), relation.clone()], reasons);
    }
    check(|expert| expert.operator = "related".to_owned(), &related);
    let all = |expert: &mut Expert| {
        expert.card.fixmedins_code = "H62090000001".to_owned();
        expert.card.diag_dr_codg = "D1".to_owned();
        expert.card.specialties = vec!["骨科".to_owned()];
    };
    let told = [
        "NOT_ENOUGH_EXPERTS",
        "CONFLICT_SAME_INSTITUTION",
        "CONFLICT_DIAGNOSING_DOCTOR",
        "SPECIALTY_DOES_NOT_FIT",
    ];
    check(all, &told);
}

#[test]
fn a_conflict_in_one_registration_bars_the_other() {
    let with = |change: &dyn Fn(&mut Expert)| {
        let (mut one, mut other) = (candidate(5, 0), candidate(6, 0).expert);
        other.operator.clone_from(&one.expert.operator);
        change(&mut other);
        one.elsewhere = vec![other];
        draw(vec![one], &matter(), &[], 1, SEED)
            .map_or_else(|reasons| reasons, |drawn| drawn.excluded)
            .into_iter()
            .map(|reason| reason.reason.into_owned())
            .collect::<Vec<_>>()
    };
    let barred = ["NOT_ENOUGH_EXPERTS", "CONFLICT_OTHER_REGISTRATION"];
    assert_eq!(with(&|other| other.card.fixmedins_code = "H62090000001".to_owned()), barred);
    assert_eq!(with(&|other| other.card.diag_dr_codg = "D1".to_owned()), barred);
    let relation = Relation { party: Party::Doctor("D1".to_owned()), reason: "配偶".to_owned() };
    assert_eq!(with(&|other| other.card.relations = vec![relation.clone()]), barred);
    // Neither a term that is over nor what does not fit is a conflict: the other registration may judge.
    let over = Term { from: None, until: Some(date!(2024 - 12 - 31)) };
    assert!(with(&|other| other.card.term = over).is_empty());
    assert!(with(&|other| other.card.specialties = vec!["骨科".to_owned()]).is_empty());
    assert!(with(&|_| ()).is_empty());
}

#[test]
fn those_with_the_fewest_open_tasks_are_drawn() {
    let drawn =
        draw(vec![candidate(3, 4), candidate(4, 0), candidate(5, 2)], &matter(), &[], 2, SEED).unwrap();
    assert_eq!(numbers(&drawn), [4, 5]);
    assert_eq!(drawn.order.iter().map(|place| place.open_tasks).collect::<Vec<_>>(), [0, 2, 4]);
}

#[test]
fn of_those_the_ones_who_answered_less_in_the_year_are_drawn() {
    let with = |number, open_tasks, answered_tasks| Candidate {
        load: Load { open_tasks, answered_tasks, closed_tasks: 0 },
        ..candidate(number, 0)
    };
    let all = vec![with(3, 0, 30), with(4, 1, 0), with(5, 0, 10), with(6, 0, 29)];
    let drawn = draw(all, &matter(), &[], 2, SEED).unwrap();
    assert_eq!(drawn.order.iter().map(|place| place.answered_tasks).collect::<Vec<_>>(), [10, 29, 30, 0]);
    // Within ten it is chance.
    let close = || vec![with(3, 0, 10), with(4, 0, 19)];
    let first: std::collections::BTreeSet<_> =
        (0..20).map(|byte| numbers(&draw(close(), &matter(), &[], 1, Seed([byte; 16])).unwrap())).collect();
    assert_eq!(first.len(), 2);
}

#[test]
fn whoever_never_answers_comes_no_sooner_than_who_does() {
    let with = |number, answered_tasks, closed_tasks| Candidate {
        load: Load { open_tasks: 0, answered_tasks, closed_tasks },
        ..candidate(number, 0)
    };
    let drawn = draw(vec![with(3, 0, 20), with(4, 10, 0), with(5, 6, 6)], &matter(), &[], 3, SEED).unwrap();
    assert_eq!(*numbers(&drawn).last().unwrap(), 3);
    let told = drawn.order.iter().map(|place| (place.answered_tasks, place.closed_tasks));
    assert_eq!(told.collect::<std::collections::BTreeSet<_>>(), [(0, 20), (10, 0), (6, 6)].into());
}

#[test]
fn an_operator_has_one_chance_and_the_tasks_of_all_registrations() {
    let registry: Vec<_> = [(3, "a"), (4, "b"), (5, "a"), (6, "c")]
        .map(|(number, operator)| Expert { operator: operator.to_owned(), ..candidate(number, 0).expert })
        .into();
    let load = |open_tasks| Load { open_tasks, ..Load::default() };
    let id = |number| Id(uuid::Uuid::from_u128(number));
    let loads = HashMap::from([(id(3), load(1)), (id(5), load(2)), (id(4), load(2))]);
    let areas = [Region::find("620900").unwrap()];
    let all = || Candidate::all(&registry, &areas, &loads);
    let drawn = draw(all(), &matter(), &[], 3, SEED).unwrap();
    assert_eq!(numbers(&drawn), [6, 4, 3], "the load of 3 and 5 is the same operator's");
    assert_eq!(drawn.order.iter().map(|place| place.open_tasks).collect::<Vec<_>>(), [0, 2, 3]);
    // Of two registrations one is drawn from, whatever the seed: the smaller id, unless that one may not judge.
    for byte in 0..20 {
        let drawn = draw(all(), &matter(), &[], 3, Seed([byte; 16])).unwrap();
        assert!(!numbers(&drawn).contains(&5));
    }
    let mut over = all();
    over[0].expert.card.term.until = Some(date!(2024 - 12 - 31));
    assert!(numbers(&draw(over, &matter(), &[], 3, SEED).unwrap()).contains(&5));
    assert!(Candidate::all(&registry, &[], &loads).is_empty());
}

#[test]
fn a_tie_is_broken_by_the_seed_and_not_by_the_order_of_the_registry() {
    let all = || (3..9).map(|number| candidate(number, 0)).collect::<Vec<_>>();
    let first = draw(all(), &matter(), &[], 2, SEED).unwrap();
    let again = draw(all().into_iter().rev().collect(), &matter(), &[], 2, SEED).unwrap();
    assert_eq!(numbers(&first), numbers(&again));
    let mut by_key: Vec<_> = all().into_iter().map(|one| one.expert.id).collect();
    by_key.sort_by_key(|id| {
        let mut bytes = SEED.0.to_vec();
        bytes.extend(id.0.as_bytes());
        Sha256::digest(&bytes).to_vec()
    });
    assert_eq!(first.order.iter().map(|place| place.expert).collect::<Vec<_>>(), by_key);
    let seeds: Vec<_> =
        (0..20).map(|byte| numbers(&draw(all(), &matter(), &[], 2, Seed([byte; 16])).unwrap())).collect();
    assert!(seeds.iter().any(|drawn| *drawn != seeds[0]));
}

#[test]
fn nobody_sits_on_a_panel_twice() {
    let member = |expert: &Expert| Member {
        expert: expert.id,
        area: expert.area.clone(),
        operator: expert.operator.clone(),
        task: Id(uuid::Uuid::nil()),
    };
    let panel = [member(&candidate(3, 0).expert)];
    let mut twin = candidate(4, 0);
    twin.expert.operator = "expert3".to_owned();
    let mut double = candidate(6, 0);
    double.expert.operator = "expert5".to_owned();
    let candidates = vec![candidate(3, 0), twin, candidate(5, 1), double];
    let drawn = draw(candidates.clone(), &matter(), &panel, 1, SEED).unwrap();
    assert_eq!(numbers(&drawn), [5]);
    assert_eq!(drawn.order.len(), 1);
    assert!(drawn.excluded.is_empty());
    let reasons = draw(candidates, &matter(), &panel, 3, SEED).unwrap_err();
    assert_eq!(reasons[0], Refusal::from(Refused::NotEnoughExperts { missing: 2 }));
}

#[test]
fn a_seed_is_written_in_hexadecimal() {
    assert_eq!(SEED.hex(), "07".repeat(16));
}
