use time::macros::{date, datetime};
use uuid::Uuid;

use super::*;
use crate::benefit::domain::{Standing, Suspension, SuspensionGround};
use crate::insured::domain::{History, Payment, Stated};
use crate::insured::sample;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

const BEGIN: Date = date!(2025 - 03 - 06);
const TODAY: Date = date!(2025 - 06 - 16);
/// The kinds that there are.
pub(super) const BOTH: [Insutype; 2] = [Insutype::Employee, Insutype::Resident];
const BORN: Date = date!(1960 - 01 - 01);

/// An employee's of 肃州 since 2025-03-06.
pub(super) fn benefit() -> Benefit {
    let id = Id(Uuid::from_u128(1));
    Benefit {
        id,
        area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        begndate: BEGIN,
        end: None,
        requalify_on: None,
        suspensions: Vec::new(),
        lapses: Vec::new(),
        application: id,
        entry: id,
        notice_entry: String::new(),
        certificate: None,
        following: Following::default(),
        created_at: datetime!(2025-03-06 1:00 UTC),
        replacement: Default::default(),
    }
}

fn events(step: &Event) -> String {
    serde_json::to_value(step).unwrap()["type"].as_str().unwrap().trim_start_matches("benefit.").to_owned()
}

/// Follows until there is nothing more to take over; what was told.
pub(super) fn follow(benefit: &mut Benefit, insured: &Insured, today: Date) -> Vec<String> {
    follow_beside(benefit, insured, &[], today)
}

fn follow_beside(benefit: &mut Benefit, insured: &Insured, others: &[Benefit], today: Date) -> Vec<String> {
    let open = BOTH;
    let mut told = Vec::new();
    while let Some(step) = benefit.follow(&Facts { insured, others, open: &open, today }) {
        told.push(events(&step.event));
        *benefit = step.state;
        assert!(told.len() < 20, "{told:?}");
    }
    told
}

fn person() -> Insured {
    Insured { stated: Stated::since(date!(2025 - 01 - 01)), ..sample::person() }
}

fn with(spells: Vec<Spell>, payments: Vec<Payment>) -> Insured {
    let last = spells.last().unwrap().clone();
    let history = History::read(spells, payments, BORN, date!(2030 - 01 - 01)).unwrap();
    let Spell { insutype, psn_type, insu_admdvs, .. } = last;
    Insured { history, insutype, psn_type, insu_admdvs, ..person() }
}

fn paid_until(last: Date) -> Insured {
    with(
        vec![sample::spell("620902", date!(2010 - 01 - 01), None)],
        vec![sample::paid(date!(2010 - 01 - 01), last)],
    )
}

fn days(from: Date, to: Option<Date>) -> Period {
    Period { from, to }
}

fn look(benefit: &Benefit, insured: &Insured, today: Date) -> Option<Date> {
    benefit.look_on(&Facts { insured, others: &[], open: &BOTH, today })
}

#[test]
fn the_insurance_stops_and_returns_and_nothing_is_told_twice() {
    let mut benefit = benefit();
    let unpaid = paid_until(date!(2025 - 04 - 30));
    assert_eq!(follow(&mut benefit, &unpaid, date!(2025 - 04 - 30)), [""; 0]);
    assert_eq!(look(&benefit, &unpaid, date!(2025 - 04 - 30)), Some(date!(2025 - 05 - 01)));
    assert_eq!(follow(&mut benefit, &unpaid, TODAY), ["insurance_stopped"]);
    assert_eq!(benefit.uninsured(), [days(date!(2025 - 05 - 01), None)]);
    assert_eq!(benefit.standing(TODAY), Standing::Suspended);
    assert_eq!(benefit.standing(date!(2025 - 04 - 30)), Standing::Active);
    assert_eq!(follow(&mut benefit, &unpaid, TODAY), [""; 0]);
    assert_eq!(look(&benefit, &unpaid, TODAY), None, "nothing that is known lies ahead");

    // Paid again from the middle of June, and what was left out for good.
    let mut payments = unpaid.history.payments().to_vec();
    payments.push(sample::paid(date!(2025 - 06 - 10), date!(2025 - 12 - 31)));
    let again = with(unpaid.history.spells().to_vec(), payments.clone());
    assert_eq!(follow(&mut benefit, &again, TODAY), ["insurance_returned"]);
    assert_eq!(benefit.uninsured(), [days(date!(2025 - 05 - 01), Some(date!(2025 - 06 - 09)))]);
    assert_eq!(benefit.standing(TODAY), Standing::Active);
    // A late payment for the gap.
    payments.push(sample::paid(date!(2025 - 05 - 01), date!(2025 - 06 - 09)));
    let healed = with(unpaid.history.spells().to_vec(), payments);
    assert_eq!(follow(&mut benefit, &healed, TODAY), ["insurance_returned"]);
    assert_eq!((benefit.uninsured(), benefit.insutype), (Vec::new(), Insutype::Employee));
}

#[test]
fn an_officers_suspension_and_an_insurance_stop_lift_nothing_of_each_other() {
    let ground = SuspensionGround::Audit;
    let suspended = benefit().suspend(days(TODAY, None), ground, TODAY).unwrap().state;
    let mut both = suspended.clone();
    follow(&mut both, &paid_until(date!(2025 - 06 - 01)), TODAY);
    let mut resumed = both.clone().resume(TODAY, TODAY).unwrap().state;
    assert_eq!((resumed.suspensions.len(), resumed.standing(TODAY)), (0, Standing::Suspended));
    follow(&mut resumed, &person(), TODAY);
    assert_eq!(resumed.standing(TODAY), Standing::Active);
    follow(&mut both, &person(), TODAY);
    assert_eq!(both.suspensions, [Suspension { period: days(TODAY, None), ground }]);
    assert_eq!(both.standing(TODAY), Standing::Suspended);
}

#[test]
fn a_death_ends_it_and_one_told_by_mistake_does_not() {
    let died = date!(2025 - 06 - 01);
    let dead = |day| Insured { death_date: Some(day), ..person() };
    let mut benefit = benefit();
    assert_eq!(follow(&mut benefit, &dead(died), TODAY), ["ended"]);
    assert_eq!(benefit.end, Some((died, EndGround::Death)));
    assert_eq!(look(&benefit, &dead(died), TODAY), None);
    assert!(!benefit.is_settled(TODAY), "the platform may correct it");
    assert_eq!(follow(&mut benefit, &dead(date!(2025 - 05 - 20)), TODAY), ["ended"]);
    assert_eq!(follow(&mut benefit, &dead(died), TODAY), ["reinstated"]);
    assert_eq!(benefit.end, Some((died, EndGround::Death)));
    assert_eq!(follow(&mut benefit, &person(), TODAY), ["reinstated"]);
    assert_eq!((benefit.end, benefit.standing(TODAY)), (None, Standing::Active));
}

#[test]
fn an_officers_end_is_never_taken_back() {
    let last = date!(2025 - 12 - 31);
    let dead = Insured { death_date: Some(date!(2025 - 06 - 10)), ..person() };
    let mut benefit = benefit().end(last, EndGround::Recovered, TODAY).unwrap().state;
    assert_eq!(follow(&mut benefit, &dead, TODAY), ["ended"]);
    assert_eq!(follow(&mut benefit, &person(), TODAY), ["reinstated"]);
    assert_eq!(benefit.end, Some((last, EndGround::Recovered)));
    // An earlier one stands whatever is told, and so does one that an officer set before the platform's.
    let early = benefit.clone().end(TODAY, EndGround::GivenUp, TODAY).unwrap().state;
    for insured in [person(), Insured { death_date: Some(TODAY), ..person() }] {
        let mut same = early.clone();
        assert_eq!(follow(&mut same, &insured, TODAY), [""; 0]);
        assert_eq!(same.end, Some((TODAY, EndGround::GivenUp)));
        let tomorrow = TODAY.next_day().unwrap();
        assert!(same.is_settled(tomorrow) && !same.is_settled(TODAY));
    }
    let mut died = early;
    follow(&mut died, &dead, TODAY);
    let before = died.clone().end(date!(2025 - 06 - 09), EndGround::Death, TODAY).unwrap().state;
    let mut kept = before.clone();
    assert_eq!(follow(&mut kept, &person(), TODAY), [""; 0]);
    assert_eq!(kept.end, before.end);
}

fn moves(away: Option<Date>, back: Option<Date>) -> Insured {
    let until = |next: Option<Date>| next.and_then(Date::previous_day);
    let mut spells = vec![sample::spell("620902", date!(2010 - 01 - 01), until(away))];
    spells.extend(away.map(|from| sample::spell("620702", from, until(back))));
    spells.extend(back.map(|from| sample::spell("620902", from, None)));
    with(spells, vec![sample::paid(date!(2010 - 01 - 01), date!(2025 - 12 - 31))])
}

#[test]
fn a_move_ends_it_and_one_that_never_was_does_not() {
    let (away, back) = (date!(2025 - 05 - 01), date!(2025 - 06 - 01));
    let mut benefit = benefit();
    assert_eq!(look(&benefit, &moves(Some(away), None), BEGIN), Some(away));
    assert_eq!(follow(&mut benefit, &moves(Some(away), None), date!(2025 - 04 - 30)), [""; 0]);
    assert_eq!(follow(&mut benefit, &moves(Some(away), None), TODAY), ["ended"]);
    assert_eq!(benefit.end, Some((date!(2025 - 04 - 30), EndGround::Moved)));
    assert_eq!(benefit.uninsured(), []);
    assert_eq!(follow(&mut benefit, &moves(Some(away), Some(back)), TODAY), [""; 0], "a real move stays one");
    assert_eq!(follow(&mut benefit, &moves(None, None), TODAY), ["reinstated"]);
    assert_eq!(benefit.end, None);
}

#[test]
fn of_a_move_without_a_day_the_day_before_it_was_told_is_the_last() {
    let elsewhere = sample::spell("620702", date!(2010 - 01 - 01), None);
    let moved = with(vec![elsewhere], vec![sample::paid(date!(2010 - 01 - 01), date!(2025 - 12 - 31))]);
    let mut benefit = benefit();
    assert_eq!(follow(&mut benefit, &moved, TODAY), ["ended"]);
    assert_eq!(benefit.end, Some((date!(2025 - 06 - 15), EndGround::Moved)));
    assert_eq!(follow(&mut benefit, &moved, date!(2025 - 07 - 15)), [""; 0], "the day stays");
    assert_eq!(follow(&mut benefit, &person(), date!(2025 - 07 - 15)), ["reinstated"]);
}

#[test]
fn it_does_not_return_beside_another_for_the_same_disease() {
    let mut ended = benefit();
    follow(&mut ended, &Insured { death_date: Some(date!(2025 - 05 - 01)), ..person() }, TODAY);
    let other = Benefit { id: Id(Uuid::from_u128(2)), begndate: date!(2025 - 06 - 01), ..benefit() };
    let before = ended.clone();
    assert_eq!(follow_beside(&mut ended, &person(), std::slice::from_ref(&other), TODAY), [""; 0]);
    assert_eq!(ended, before);
    let over = other.end(TODAY, EndGround::GivenUp, TODAY).unwrap().state;
    let before_it = Benefit { begndate: date!(2025 - 02 - 01), end: Some((BEGIN, EndGround::Moved)), ..over };
    assert_eq!(follow_beside(&mut ended, &person(), &[before_it], TODAY), [""; 0], "they share a day");
    assert_eq!(follow_beside(&mut ended, &person(), &[], TODAY), ["reinstated"]);
}

/// Resident until the end of May, employee from June on.
fn hired(on: Date) -> Insured {
    let first = sample::spell("620902", date!(2010 - 01 - 01), on.previous_day());
    let resident = Spell { insutype: Insutype::Resident, psn_type: "1501".to_owned(), ..first };
    with(
        vec![resident, sample::spell("620981", on, None)],
        vec![sample::paid(date!(2010 - 01 - 01), date!(2025 - 12 - 31))],
    )
}

#[test]
fn it_goes_over_to_the_kind_that_the_person_has() {
    let mut benefit = Benefit { insutype: Insutype::Resident, ..benefit() };
    let june = date!(2025 - 06 - 01);
    assert_eq!(look(&benefit, &hired(june), date!(2025 - 05 - 31)), Some(june));
    assert_eq!(follow(&mut benefit, &hired(june), date!(2025 - 05 - 31)), [""; 0]);
    assert_eq!(follow(&mut benefit, &hired(june), TODAY), ["transferred"]);
    let transfer = Transfer { from: Insutype::Resident, to: Insutype::Employee, on: june };
    assert_eq!((benefit.insutype, benefit.transfers()), (Insutype::Employee, &[transfer][..]));
    assert_eq!(benefit.standing(TODAY), Standing::Active);
    // The first day of work was another one: taken back and made anew.
    let may = date!(2025 - 05 - 20);
    assert_eq!(follow(&mut benefit, &hired(may), TODAY), ["transferred", "transferred"]);
    assert_eq!(benefit.transfers(), [Transfer { on: may, ..transfer }]);
    // Before the first day it counts from that.
    assert_eq!(follow(&mut benefit, &hired(date!(2025 - 02 - 01)), TODAY), ["transferred", "transferred"]);
    assert_eq!(benefit.transfers(), [Transfer { on: BEGIN, ..transfer }]);
}

#[test]
fn where_the_disease_is_not_open_it_stays_and_says_so_once() {
    let mut benefit = Benefit { insutype: Insutype::Resident, ..benefit() };
    let hired = hired(date!(2025 - 06 - 01));
    let closed = [Insutype::Resident];
    let facts = Facts { insured: &hired, others: &[], open: &closed, today: TODAY };
    let step = benefit.follow(&facts).unwrap();
    assert_eq!(events(&step.event), "not_transferred");
    benefit = step.state;
    assert!(benefit.follow(&facts).is_none());
    assert_eq!((benefit.insutype, benefit.transfers().len()), (Insutype::Resident, 0));
    assert_eq!(benefit.look_on(&facts), TODAY.next_day(), "a catalogue may open it");
    assert_eq!(follow(&mut benefit, &hired, TODAY), ["transferred"]);
    // Closed again later, what was transferred stays.
    assert!(benefit.follow(&facts).is_none());
    assert_eq!(benefit.look_on(&facts), Some(date!(2026 - 01 - 01)));
}

#[test]
fn what_was_stored_reads_as_it_was_and_a_row_of_before_has_taken_over_nothing() {
    let mut benefit = benefit();
    follow(&mut benefit, &Insured { death_date: Some(TODAY), ..paid_until(BEGIN) }, TODAY);
    let text = serde_json::to_string(&benefit.following).unwrap();
    assert_eq!(serde_json::from_str::<Following>(&text).unwrap(), benefit.following);
    assert_eq!(serde_json::from_str::<Following>("{}").unwrap(), Following::default());
}
