use super::*;
use crate::catalog::domain::Insutype;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::day_start;
use crate::kernel::region::Region;
use crate::notice::domain::{Head, Notice, Opening};
use crate::notice::entry::domain::{APPEALABLE, LISTED, OBJECTED, REMOVED, UNDISPUTED, WITHDRAWN};
use time::macros::date;
use uuid::Uuid;

const TODAY: Date = date!(2025 - 09 - 30);
const OVER_SINCE: Date = date!(2025 - 10 - 12);
const LATER: Date = date!(2025 - 11 - 03);

fn id(number: u128) -> Id {
    Id(Uuid::from_u128(number))
}

fn calendar() -> Calendar {
    Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
}

fn notice(number: u128) -> Notice {
    let head = Head {
        sample: true,
        cited: crate::catalog::published::Cited::default(),
        disease_basis: String::new(),
        id: id(number),
        area: Region::find("620900").unwrap(),
        number: "2025-001".to_owned(),
        insutype: Insutype::Employee,
        created_at: day_start(TODAY),
    };
    Opening::begin(head).state.open(1, 5, day_start(date!(2025 - 09 - 28))).state.into()
}

fn running(number: u128) -> Running {
    notice(number).running(&calendar(), TODAY).unwrap()
}

fn over(number: u128) -> Over {
    let closed = notice(number).into_open().unwrap().close(&calendar(), day_start(LATER)).unwrap();
    Notice::from(closed.state).over().unwrap()
}

fn recall(number: u128) -> Recall {
    notice(number).recall(&calendar(), TODAY).unwrap()
}

fn withdrawal() -> Withdrawal {
    let (reason, officer) = ("名单有误".to_owned(), "officer".to_owned());
    Withdrawal { reason, officer, at: day_start(TODAY) }
}

fn listed() -> Entry {
    let listing = Listing {
        id: id(7),
        notice: id(1),
        name: "areas/620900/notices/1/entries/2025-001-ABCDEF".to_owned(),
        reference: "2025-001-ABCDEF".to_owned(),
        insured_area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        application: id(8),
        approved_on: date!(2025 - 09 - 26),
        masked_name: "张*".to_owned(),
        masked_certno: "620902********0011".to_owned(),
        opsp_dise_name: String::new(),
    };
    Entry::list(listing).state
}

fn objected() -> Entry {
    listed().object(&running(1), id(11)).unwrap().state
}

/// Dismissed with no further step open to whoever objected.
fn finally(on: Date) -> Dismissal {
    Dismissal { on, appeal: None }
}

fn appealably(on: Date) -> Dismissal {
    Dismissal { on, appeal: Some(Clock::start(on, 5)) }
}

/// Dismissed on the last day of the notice; five working days later is 17 October.
fn appealable() -> Entry {
    let relisted = objected().dismiss(id(11), None, appealably(date!(2025 - 10 - 11))).unwrap().state;
    relisted.close(&over(1)).unwrap().state
}

fn twice() -> Entry {
    objected().object(&running(1), id(12)).unwrap().state
}

/// Listed, objected, objected twice, undisputed, concluded, removed, removed while another objection stands,
/// withdrawn, to be appealed about.
fn all() -> [Entry; 9] {
    let undisputed = listed().close(&over(1)).unwrap().state;
    let concluded = undisputed.clone().conclude().unwrap().state;
    let removed = objected().uphold(id(11), false).unwrap().state;
    let half = twice().uphold(id(12), false).unwrap().state;
    let withdrawn = objected().withdraw(&recall(1), withdrawal()).unwrap().state;
    [listed(), objected(), twice(), undisputed, concluded, removed, half, withdrawn, appealable()]
}

fn check(step: impl Fn(Entry) -> Result<Step<Entry, Event>, Refused>, expected: [Result<&str, Refused>; 9]) {
    for (entry, expected) in all().into_iter().zip(expected) {
        let before = entry.clone();
        let done = step(entry).map(|step| step.state);
        assert_eq!(done.as_ref().map(Entry::word).map_err(Clone::clone), expected, "from {before:?}");
        assert!(done.is_err() || done.unwrap().listing() == before.listing(), "the listing never changes");
    }
}

#[test]
fn the_public_may_object_to_what_is_listed() {
    use Refused::{EntryCleared, EntryGone};
    check(
        |entry| entry.object(&running(1), id(13)),
        [
            Ok(OBJECTED),
            Ok(OBJECTED),
            Ok(OBJECTED),
            Err(EntryCleared),
            Err(EntryCleared),
            Err(EntryGone),
            Err(EntryGone),
            Err(EntryGone),
            Err(EntryCleared),
        ],
    );
    check(|entry| entry.object(&running(2), id(13)), [const { Err(Refused::Mismatch) }; 9]);
}

#[test]
fn one_objection_upheld_removes_the_entry() {
    use Refused::Mismatch;
    check(
        |entry| entry.uphold(id(11), false),
        [
            Err(Mismatch),
            Ok(REMOVED),
            Ok(REMOVED),
            Err(Mismatch),
            Err(Mismatch),
            Err(Mismatch),
            Ok(REMOVED),
            Err(Mismatch),
            Err(Mismatch),
        ],
    );
    check(|entry| entry.uphold(id(99), false), [const { Err(Refused::Mismatch) }; 9]);
}

#[test]
fn dismissed_while_the_notice_runs_it_is_listed_again() {
    use Refused::Mismatch;
    check(
        |entry| entry.dismiss(id(11), None, finally(TODAY)),
        [
            Err(Mismatch),
            Ok(LISTED),
            Ok(OBJECTED),
            Err(Mismatch),
            Err(Mismatch),
            Err(Mismatch),
            Ok(REMOVED),
            Err(Mismatch),
            Err(Mismatch),
        ],
    );
    check(|entry| entry.dismiss(id(99), None, finally(TODAY)), [const { Err(Refused::Mismatch) }; 9]);
}

#[test]
fn dismissed_after_the_notice_it_is_undisputed_unless_another_stands() {
    use Refused::Mismatch;
    check(
        |entry| entry.dismiss(id(11), Some(&over(1)), finally(LATER)),
        [
            Err(Mismatch),
            Ok(UNDISPUTED),
            Ok(OBJECTED),
            Err(Mismatch),
            Err(Mismatch),
            Err(Mismatch),
            Ok(REMOVED),
            Err(Mismatch),
            Err(Mismatch),
        ],
    );
    check(
        |entry| entry.dismiss(id(11), Some(&over(2)), finally(LATER)),
        [const { Err(Refused::Mismatch) }; 9],
    );
}

#[test]
fn only_what_is_listed_is_cleared_by_the_end_of_the_notice() {
    use Refused::{EntryCleared, EntryHeld, EntryRemoved};
    check(
        |entry| entry.close(&over(1)),
        [
            Ok(UNDISPUTED),
            Err(EntryHeld),
            Err(EntryHeld),
            Err(EntryCleared),
            Err(EntryCleared),
            Err(EntryRemoved),
            Err(EntryRemoved),
            Err(Refused::EntryWithdrawn),
            Err(EntryCleared),
        ],
    );
    check(|entry| entry.close(&over(2)), [const { Err(Refused::Mismatch) }; 9]);
}

#[test]
fn an_appeal_holds_the_entry_again_unless_its_fate_is_sealed() {
    use Refused::{AppealOver, EntryRemoved, EntryWithdrawn};
    check(
        |entry| entry.appeal(id(20)),
        [
            Ok(OBJECTED),
            Ok(OBJECTED),
            Ok(OBJECTED),
            Err(AppealOver),
            Err(AppealOver),
            Err(EntryRemoved),
            Err(EntryRemoved),
            Err(EntryWithdrawn),
            Ok(OBJECTED),
        ],
    );
    assert_eq!(appealable().appeal(id(20)).unwrap().state.standing(), [id(20)]);
}

#[test]
fn after_the_notice_the_entry_waits_for_an_appeal_as_long_as_there_may_be_one() {
    let last = date!(2025 - 10 - 17);
    let mature = |entry: Entry, on: Date| entry.mature(&calendar(), on).map(|step| step.state);
    assert_eq!(appealable().word(), APPEALABLE);
    assert_eq!(mature(appealable(), last), None);
    let over_since = mature(appealable(), last.next_day().unwrap()).unwrap();
    assert_eq!(
        over_since.undisputed().map(|proof| proof.closed_on()),
        Some(OVER_SINCE),
        "it counts from then"
    );
    assert!(all().into_iter().all(|entry| mature(entry, last).is_none()));
    let later = all().map(|entry| mature(entry, LATER).is_some());
    assert_eq!(later, [false, false, false, false, false, false, false, false, true]);

    // After the notice it counts from the day of the dismissal, and days that ran for one objection run on for another.
    let late = twice().dismiss(id(11), Some(&over(1)), appealably(LATER)).unwrap().state;
    let both = late.dismiss(id(12), Some(&over(1)), finally(LATER)).unwrap().state;
    assert_eq!(both.word(), APPEALABLE);
    let matured = mature(both, date!(2025 - 11 - 11)).unwrap();
    assert_eq!(matured.undisputed().map(|proof| proof.closed_on()), Some(LATER));
    // What an appeal was heard about is undisputed when its days are over, too.
    let heard = appealable().appeal(id(11)).unwrap().state;
    let again = heard.dismiss(id(11), Some(&over(1)), finally(LATER)).unwrap().state;
    assert_eq!(mature(again, LATER).unwrap().undisputed().map(|proof| proof.closed_on()), Some(LATER));
}

#[test]
fn what_has_no_outcome_can_be_withdrawn_and_then_nothing_happens_to_it() {
    use Refused::{EntryRemoved, EntryWithdrawn, TooLateToWithdraw};
    check(
        |entry| entry.withdraw(&recall(1), withdrawal()),
        [
            Ok(WITHDRAWN),
            Ok(WITHDRAWN),
            Ok(WITHDRAWN),
            Err(TooLateToWithdraw),
            Err(TooLateToWithdraw),
            Err(EntryRemoved),
            Err(EntryRemoved),
            Err(EntryWithdrawn),
            Err(TooLateToWithdraw),
        ],
    );
    check(|entry| entry.withdraw(&recall(2), withdrawal()), [const { Err(Refused::Mismatch) }; 9]);
    assert_eq!(twice().standing(), [id(11), id(12)], "whoever objected is to be told");
}

#[test]
fn only_what_is_undisputed_is_concluded() {
    let no = || Err(Refused::EntryNotCleared);
    check(Entry::conclude, [no(), no(), no(), Ok("concluded"), no(), no(), no(), no(), no()]);
}

#[test]
fn the_proof_comes_from_an_undisputed_entry_and_from_no_other() {
    let proofs = all().map(|entry| entry.undisputed().is_some());
    assert_eq!(proofs, [false, false, false, true, false, false, false, false, false]);
}

#[test]
fn the_proof_names_the_first_day_on_which_nothing_stood_against_it() {
    let day = |step: Result<Step<Entry, Event>, Refused>| {
        step.unwrap().state.undisputed().map(|proof| proof.closed_on())
    };
    assert_eq!(day(listed().close(&over(1))), Some(OVER_SINCE));
    assert_eq!(day(objected().dismiss(id(11), Some(&over(1)), finally(LATER))), Some(LATER));
    let relisted = |on| objected().dismiss(id(11), None, finally(on)).unwrap().state;
    assert_eq!(day(relisted(TODAY).close(&over(1))), Some(OVER_SINCE));
    // Dismissed after the last day, before the job came to close the notice.
    assert_eq!(day(relisted(date!(2025 - 10 - 14)).close(&over(1))), Some(date!(2025 - 10 - 14)));
    let both = twice().dismiss(id(12), None, finally(TODAY)).unwrap().state;
    assert_eq!(day(Ok(Step::new(both.clone(), Event::Relisted {}))), None);
    assert_eq!(day(both.dismiss(id(11), Some(&over(1)), finally(LATER))), Some(LATER));
}

#[test]
fn objections_to_one_entry_are_bounded() {
    let mut entry = listed();
    let most = u128::try_from(STANDING_MAX).unwrap();
    for number in 0..most {
        entry = entry.object(&running(1), id(1_000 + number)).unwrap().state;
    }
    let more = entry.object(&running(1), id(5_000)).unwrap_err();
    assert_eq!(more, Refused::ObjectionsTooMany);
}
