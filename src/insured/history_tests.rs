//! What may be told of a person's insurance, as a table.

use time::macros::date;

use super::*;
use crate::insured::sample::{paid, spell};

const BORN: Date = date!(1960 - 01 - 01);
const TODAY: Date = date!(2025 - 03 - 03);

fn check(spells: Vec<Spell>, payments: Vec<Payment>, expected: &[&str]) {
    let found = History::read(spells, payments, BORN, TODAY);
    let fields: Vec<_> = found.err().unwrap_or_default().into_iter().map(|refusal| refusal.subject).collect();
    assert_eq!(fields, expected);
}

#[test]
fn spells_stand_apart_and_payments_within_them() {
    let (from, to) = (date!(2024 - 01 - 01), date!(2024 - 12 - 31));
    let first = || spell("620902", from, Some(to));
    let second = || spell("620981", date!(2025 - 01 - 01), None);
    check(vec![first()], vec![], &[]);
    check(vec![second(), first()], vec![paid(from, date!(2025 - 06 - 30))], &[]);
    check(vec![first(), spell("620902", to, None)], vec![], &["spells[1].begndate"]);
    check(vec![spell("620902", to, Some(from))], vec![], &["spells[0].enddate"]);
    check(vec![first()], vec![paid(from, date!(2025 - 01 - 01))], &["payments[0].begndate"]);
    check(vec![first()], vec![paid(from, to), paid(to, to)], &["payments[1].begndate"]);
    check(vec![second()], vec![paid(date!(2025 - 02 - 01), date!(2025 - 01 - 31))], &["payments[0].enddate"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let from = date!(1950 - 01 - 01);
    let wrong = Spell { psn_type: "1501".to_owned(), ..spell("620902", from, Some(date!(2024 - 12 - 31))) };
    let tomorrow = TODAY.next_day();
    let payment = |owed, paid_on| Payment { owed, paid_on, ..paid(TODAY, TODAY) };
    check(
        vec![wrong, spell("620902", date!(2024 - 12 - 31), None)],
        vec![payment(true, Some(TODAY)), payment(false, tomorrow)],
        &[
            "spells[0].begndate",
            "spells[0].psn_type",
            "spells[1].begndate",
            "payments[0].paid_on",
            "payments[1].begndate",
            "payments[1].paid_on",
        ],
    );
}

#[test]
fn two_dates_are_one_spell_and_one_payment() {
    let (since, until) = (date!(2010 - 01 - 01), date!(2025 - 12 - 31));
    let history = History::since(spell("620902", since, None), until);
    assert_eq!(
        history,
        History::read(vec![spell("620902", since, None)], vec![paid(since, until)], BORN, TODAY).unwrap()
    );
    let home = Region::find("620999").unwrap();
    assert_eq!(
        (history.continuous_since(TODAY, &home), history.paid_until(TODAY)),
        (Some(since), Some(until))
    );
    let unpaid = History::since(spell("620902", until, None), since);
    assert_eq!(unpaid.paid_until(TODAY), None);
    assert!(unpaid.on(TODAY).is_none() && !unpaid.is_empty());
}
