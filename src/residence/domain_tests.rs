//! Every step from every state, and what a filing covers.

use time::macros::{date, datetime};

use super::*;

const TODAY: Date = date!(2025 - 03 - 03);

fn region(code: &str) -> Region {
    Region::find(code).unwrap()
}

fn facts(to: Option<Date>) -> Facts {
    Facts {
        id: Id(uuid::Uuid::from_u128(1)),
        area: region("620902"),
        kind: Kind::Resident,
        basis: Basis::Proof,
        places: vec![region("620100"), region("110000")],
        period: Period { from: date!(2025 - 03 - 01), to },
        materials: Vec::new(),
        contact: Contact { addr: "x".to_owned(), tel: "13800000000".to_owned(), agent: None },
        created_at: datetime!(2025-03-01 4:00 UTC),
    }
}

fn valid(to: Option<Date>, cancellable_on: Option<Date>) -> Filing {
    Filing::Valid(Valid { facts: facts(to), cancellable_on, approved_by: None })
}

/// One filing in each state.
fn each() -> Vec<(Standing, Filing)> {
    let (reason, rejected_by) = ("x".to_owned(), "o".to_owned());
    vec![
        (Standing::Pending, Filing::Pending(Pending { facts: facts(None), clock: Clock::start(TODAY, 1) })),
        (Standing::Valid, valid(None, None)),
        (Standing::Expired, valid(Some(date!(2025 - 03 - 02)), None)),
        (Standing::Rejected, Filing::Rejected(Rejected { facts: facts(None), reason, rejected_by })),
        (
            Standing::Cancelled,
            Filing::Cancelled(Cancelled { facts: facts(None), cancelled_on: TODAY, was_valid: true }),
        ),
    ]
}

#[test]
fn every_step_meets_every_state() {
    for (standing, filing) in each() {
        let area = region("620981");
        assert_eq!(filing.standing(TODAY, &area), standing);
        let wrong = StepRefused::WrongState { is: standing };
        let decided = filing.clone().into_pending(TODAY, &area);
        match standing {
            Standing::Pending => {
                let pending = decided.unwrap();
                let approved = pending.clone().approve("o").state;
                assert!(approved.covers(&region("620102"), TODAY, &area));
                let rejected = pending.reject("x".to_owned(), "o").state;
                assert_eq!(rejected.standing(TODAY, &area), Standing::Rejected);
            }
            _ => assert_eq!(decided.unwrap_err(), wrong),
        }
        let cancelled = filing.cancel(TODAY, &area);
        match standing {
            Standing::Pending | Standing::Valid => {
                assert_eq!(cancelled.unwrap().state.standing(TODAY, &area), Standing::Cancelled);
            }
            _ => assert_eq!(cancelled.unwrap_err(), wrong),
        }
    }
}

#[test]
fn a_commitment_binds_until_its_day() {
    let area = region("620902");
    let until = date!(2025 - 09 - 01);
    let filing = || valid(None, Some(until));
    let refused = filing().cancel(date!(2025 - 08 - 31), &area).unwrap_err();
    assert_eq!(refused, StepRefused::Locked { until });
    assert_eq!(Refusal::from(refused).met_on, Some(until));
    assert!(filing().cancel(until, &area).is_ok());
}

fn check(filing: &Filing, place: &str, day: Date, covered: bool) {
    assert_eq!(filing.covers(&region(place), day, &region("620902")), covered, "{place} {day}");
}

#[test]
fn a_filing_covers_what_lies_in_its_places_on_its_days() {
    let filing = valid(Some(date!(2025 - 08 - 31)), None);
    for place in ["620100", "620102", "110105", "110000"] {
        check(&filing, place, TODAY, true);
    }
    for place in ["620702", "620000", "620902"] {
        check(&filing, place, TODAY, false);
    }
    check(&filing, "620102", date!(2025 - 02 - 28), false);
    check(&filing, "620102", date!(2025 - 08 - 31), true);
    check(&filing, "620102", date!(2025 - 09 - 01), false);
    assert!(!filing.covers(&region("620102"), TODAY, &region("620702")), "insured elsewhere now");
}

#[test]
fn a_cancelled_filing_keeps_the_days_up_to_its_cancellation() {
    let area = region("620902");
    let cancelled = valid(None, None).cancel(TODAY, &area).unwrap().state;
    check(&cancelled, "620102", date!(2025 - 03 - 02), true);
    check(&cancelled, "620102", TODAY, true);
    check(&cancelled, "620102", date!(2025 - 03 - 04), false);
    let pending = Pending { facts: facts(None), clock: Clock::start(TODAY, 1) };
    let cancelled = Filing::Pending(pending).cancel(TODAY, &area).unwrap().state;
    check(&cancelled, "620102", date!(2025 - 03 - 02), false);
    check(&cancelled, "620102", TODAY, false);
}

#[test]
fn the_contact_does_not_print() {
    let text = format!("{:?}", each());
    assert!(!text.contains("138") && text.contains("Contact(…)"));
}
