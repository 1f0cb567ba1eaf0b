use super::*;
use crate::kernel::calendar::EMBEDDED;
use crate::kernel::day_start;
use time::macros::date;
use uuid::Uuid;

const FILED: Date = date!(2025 - 09 - 28);
const RESOLVED: Date = date!(2025 - 10 - 09);
/// Five working days later: 11 October is a make-up workday.
const LAST: Date = date!(2025 - 10 - 15);

fn calendar() -> Calendar {
    Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
}

fn filed() -> Filed {
    Filed {
        id: Id(Uuid::from_u128(2)),
        entry: Id(Uuid::from_u128(3)),
        entry_name: "areas/620900/notices/1/entries/X".to_owned(),
        ground: "不符合认定标准，材料有误。".to_owned(),
        objector_name: "李四".to_owned(),
        objector_tel: "13800000000".to_owned(),
        filed_by: String::new(),
        clock: Some(Clock::start(FILED, 10)),
        filed_at: day_start(FILED),
    }
}

fn found(officer: &str) -> Resolution {
    Resolution { text: "核实".to_owned(), officer: officer.to_owned(), at: day_start(RESOLVED) }
}

fn window() -> Option<Clock> {
    Some(Clock::start(RESOLVED, 5))
}

fn standing() -> Objection {
    Objection::file(filed()).state
}

fn appeal(objection: Objection, today: Date) -> Result<Objection, Refused> {
    let appeal = Appeal { ground: "证据未被采纳。".to_owned(), at: day_start(today) };
    objection.appeal(appeal, Clock::start(today, 10), &calendar(), today).map(|step| step.state)
}

fn dismissed() -> Objection {
    standing().dismiss(found("first"), window()).unwrap().state
}

fn appealed() -> Objection {
    appeal(dismissed(), LAST).unwrap()
}

#[test]
fn an_objection_is_resolved_once() {
    assert_eq!(
        (standing().word(), standing().resolution(), standing().clock().is_some()),
        ("standing", None, true)
    );
    let upheld = standing().uphold(found("first"), false, "").unwrap().state;
    let final_dismissal = standing().dismiss(found("first"), None).unwrap().state;
    let moot = standing().moot(found("first")).unwrap().state;
    assert_eq!((upheld.word(), final_dismissal.word(), moot.word()), ("upheld", "dismissed", "moot"));
    for resolved in [upheld, final_dismissal, moot, dismissed()] {
        assert_eq!((resolved.filed(), resolved.clock()), (&filed(), None), "the original is immutable");
        assert_eq!(resolved.clone().uphold(found("other"), false, "").err(), Some(Refused::Resolved));
        assert_eq!(resolved.clone().dismiss(found("other"), None).err(), Some(Refused::Resolved));
        assert_eq!(resolved.clone().moot(found("other")).err(), Some(Refused::Resolved));
        assert!(!format!("{resolved:?}").contains("李四"));
    }
}

#[test]
fn a_dismissal_is_appealed_against_once_within_its_days() {
    assert_eq!(dismissed().appeal_until(&calendar(), LAST), Some(LAST));
    assert_eq!(dismissed().appeal_until(&calendar(), LAST.next_day().unwrap()), None);
    assert_eq!(appeal(dismissed(), LAST.next_day().unwrap()), Err(Refused::AppealTooLate));
    let upheld = standing().uphold(found("first"), true, "").unwrap().state;
    let without = standing().dismiss(found("first"), None).unwrap().state;
    for none in [standing(), upheld, without, standing().moot(found("first")).unwrap().state, appealed()] {
        assert_eq!(none.appeal_until(&calendar(), RESOLVED), None);
        assert_eq!(appeal(none, RESOLVED), Err(Refused::NoAppeal));
    }
    let again = appealed().dismiss(found("second"), window()).unwrap().state;
    assert_eq!((again.appeal_until(&calendar(), RESOLVED), again.heard()), (None, appealed().heard()));
    assert_eq!(appeal(again, RESOLVED), Err(Refused::NoAppeal), "once");
}

#[test]
fn an_appeal_is_decided_by_another_officer_and_nothing_of_it_is_lost() {
    let objection = appealed();
    assert_eq!((objection.word(), objection.filed(), objection.resolution()), ("appealed", &filed(), None));
    assert_eq!(objection.clock(), Some(&Clock::start(LAST, 10)), "with the whole time anew");
    assert_eq!(
        objection.clone().uphold(found("first"), false, "").err(),
        Some(Refused::AppealNeedsSecondPerson)
    );
    assert_eq!(objection.clone().dismiss(found("first"), None).err(), Some(Refused::AppealNeedsSecondPerson));
    let upheld = objection.clone().uphold(found("second"), true, "").unwrap().state;
    assert!(upheld.resolved().is_some_and(|resolved| resolved.to_review));
    // Withdrawn by the bureau: whoever does it decides nothing of the appeal.
    let moot = objection.moot(found("first")).unwrap().state;
    for resolved in [upheld, moot] {
        let heard = resolved.heard().unwrap();
        assert_eq!((&heard.first, heard.appeal.ground.as_str()), (&found("first"), "证据未被采纳。"));
    }
}

#[test]
fn an_objection_of_an_earlier_version_is_read() {
    let stored = serde_json::to_value(Objection::file(filed()).state).unwrap();
    let mut earlier = stored.clone();
    earlier.as_object_mut().unwrap().remove("clock");
    let read: Objection = serde_json::from_value(earlier).unwrap();
    assert_eq!(read, Objection::Standing(Filed { clock: None, ..filed() }));
    let mut dismissed = serde_json::to_value(dismissed()).unwrap();
    for later in ["to_review", "window", "heard"] {
        dismissed.as_object_mut().unwrap().remove(later).unwrap();
    }
    assert_eq!(serde_json::from_value::<Objection>(dismissed).unwrap().word(), "dismissed");
}
