use super::*;
use crate::kernel::calendar::EMBEDDED;
use crate::kernel::day_start;
use time::macros::date;
use uuid::Uuid;

const OPENED: Date = date!(2025 - 09 - 28);
/// Five working days later, over the National Day holidays.
const LAST_DAY: Date = date!(2025 - 10 - 11);

fn calendar() -> Calendar {
    Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
}

fn opening() -> Opening {
    let head = Head {
        id: Id(Uuid::from_u128(1)),
        area: Region::find("620900").unwrap(),
        number: "2025-001".to_owned(),
        insutype: Insutype::Employee,
        sample: true,
        cited: Cited::default(),
        disease_basis: String::new(),
        created_at: day_start(OPENED),
    };
    Opening::begin(head).state
}

/// A notice in each state.
fn all() -> Vec<Notice> {
    let open = opening().open(3, 5, day_start(OPENED)).state;
    let closed = open.clone().close(&calendar(), day_start(date!(2025 - 10 - 12))).unwrap().state;
    let settled = closed.clone().settle().state;
    let void = opening().void(day_start(OPENED)).state;
    let withdrawing = withdrawing();
    let withdrawn = withdrawing.clone().complete().state;
    vec![
        opening().into(),
        open.into(),
        closed.into(),
        settled.into(),
        void.into(),
        withdrawing.into(),
        withdrawn.into(),
    ]
}

fn withdrawal() -> Withdrawal {
    let (reason, officer) = ("名单有误".to_owned(), "officer".to_owned());
    Withdrawal { reason, officer, at: day_start(LAST_DAY) }
}

fn withdrawing() -> Withdrawing {
    let open = opening().open(3, 5, day_start(OPENED)).state;
    let recall = Notice::from(open.clone()).recall(&calendar(), LAST_DAY).unwrap();
    open.withdraw(&recall, withdrawal()).unwrap().state
}

fn check(step: impl Fn(Notice) -> Result<Notice, Refused>, expected: [Option<&str>; 7]) {
    for (notice, expected) in all().into_iter().zip(expected) {
        let from = notice.word();
        let head = notice.head().clone();
        let done = step(notice);
        assert_eq!(done.as_ref().ok().map(Notice::word), expected, "from {from}");
        assert!(done.is_err() || done.unwrap().head() == &head, "the head never changes");
    }
}

#[test]
fn only_the_next_step_is_allowed() {
    let late = day_start(date!(2025 - 10 - 12));
    check(
        |notice| notice.into_opening().map(|opening| opening.open(1, 5, late).state.into()),
        [Some("open"), None, None, None, None, None, None],
    );
    check(
        |notice| notice.into_opening().map(|opening| opening.void(late).state.into()),
        [Some("void"), None, None, None, None, None, None],
    );
    check(
        |notice| notice.into_open()?.close(&calendar(), late).map(|step| step.state.into()),
        [None, Some("closed"), None, None, None, None, None],
    );
    check(
        |notice| notice.into_closed().map(|closed| closed.settle().state.into()),
        [None, None, Some("settled"), None, None, None, None],
    );
    check(
        |notice| {
            let recall = notice.recall(&calendar(), LAST_DAY)?;
            notice.into_open()?.withdraw(&recall, withdrawal()).map(|step| step.state.into())
        },
        [None, Some("withdrawing"), None, None, None, None, None],
    );
    check(
        |notice| notice.into_withdrawing().map(|withdrawing| withdrawing.complete().state.into()),
        [None, None, None, None, None, Some("withdrawn"), None],
    );
}

#[test]
fn it_closes_after_its_last_day_and_not_on_it() {
    let open = || opening().open(1, 5, day_start(OPENED)).state;
    let last_moment = day_start(date!(2025 - 10 - 12)) - time::Duration::microseconds(1);
    assert_eq!(open().close(&calendar(), last_moment).err(), Some(Refused::NotDue));
    let closed = open().close(&calendar(), day_start(date!(2025 - 10 - 20))).unwrap().state;
    assert_eq!(closed.last_day, LAST_DAY);
    assert_eq!(Notice::from(closed).over().unwrap().since(), date!(2025 - 10 - 12));
}

#[test]
fn the_public_has_all_days_of_an_open_notice_and_no_other() {
    for (notice, open) in all().into_iter().zip([false, true, false, false, false, false, false]) {
        for (day, within) in [(OPENED, true), (LAST_DAY, true), (date!(2025 - 10 - 12), false)] {
            let running = notice.running(&calendar(), day);
            assert_eq!(running.is_ok(), open && within, "{} on {day}", notice.word());
        }
    }
    let over: Vec<_> = all().iter().map(|notice| notice.over().is_some()).collect();
    assert_eq!(
        over,
        [false, false, true, true, false, false, false],
        "of what was withdrawn nothing is ever over"
    );
    let recalled =
        |day| all().iter().map(|notice| notice.recall(&calendar(), day).is_ok()).collect::<Vec<_>>();
    assert_eq!(recalled(LAST_DAY), [false, true, false, false, false, true, false]);
    assert_eq!(recalled(date!(2025 - 10 - 12)), [false, false, false, false, false, true, false]);
}

#[test]
fn nothing_is_over_while_its_last_day_is_provisional() {
    // No calendar of 2027 is known yet: 1 January would count as a working day.
    let opened = date!(2026 - 12 - 29);
    let open = opening().open(3, 5, day_start(opened)).state;
    let due = open.clock.due(&calendar()).unwrap();
    assert!(due.provisional && due.date.year() == 2027);
    let late = date!(2027 - 02 - 01);
    assert_eq!(open.clone().close(&calendar(), day_start(late)).err(), Some(Refused::NotDue));
    assert!(Notice::from(open).running(&calendar(), late).is_ok(), "the public may still object");
}
