//! Who may apply, as a table.

use std::sync::LazyLock;

use super::*;
use crate::catalog::domain::SAMPLE;
use crate::insured::sample::{self, person};
use time::macros::date;

const TODAY: Date = date!(2025 - 03 - 03);
/// Read once: reading it takes longer than all that is asked of it.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse(SAMPLE).unwrap());

fn check(person: Insured, codes: &[&str], held: &Held, expected: &[&str]) {
    let codes: Vec<_> = codes.iter().map(|code| (*code).to_owned()).collect();
    let reasons = person.eligible(&CATALOG, &codes, held, TODAY).err().unwrap_or_default();
    let reasons: Vec<_> =
        reasons.into_iter().map(|reason| Refusal::from(reason).reason.to_string()).collect();
    assert_eq!(reasons, expected);
}

#[test]
fn an_insured_person_who_paid_may_apply() {
    check(person(), &["M01600"], &Held::default(), &[]);
}

#[test]
fn every_reason_is_told_at_once() {
    let mut unpaid = person();
    unpaid.psn_insu_stas = "2".to_owned();
    unpaid.history = sample::dates(date!(2025 - 04 - 01), date!(2025 - 03 - 02));
    check(
        unpaid,
        &["NONE"],
        &Held::default(),
        &["NOT_INSURED", "NOT_YET_INSURED", "NOT_PAID_UP", "DISEASE_UNKNOWN"],
    );
}

#[test]
fn what_is_held_or_applied_for_counts() {
    let diabetes = HeldBenefit { code: "M01600".to_owned(), last: None, sources: Vec::new() };
    let held = Held { benefits: vec![diabetes], applications: vec!["M03900".to_owned()] };
    check(person(), &["M01600"], &held, &["BENEFIT_ALREADY_HELD"]);
    check(person(), &["M03900"], &held, &["APPLICATION_UNDER_WAY"]);
    check(person(), &["M01603"], &held, &["DISEASES_EXCLUDE_EACH_OTHER"]);
    check(person(), &["M04600", "M05300"], &held, &["TOO_MANY_DISEASES"]);
    check(person(), &["M01600", "M01603"], &Held::default(), &["DISEASES_EXCLUDE_EACH_OTHER"; 2]);
}

#[test]
fn paid_until_today_is_paid() {
    let last_day = sample::insured(date!(2010 - 01 - 01), TODAY);
    check(last_day, &["M01600"], &Held::default(), &[]);
}

#[test]
fn the_insurance_is_that_of_the_day() {
    use NotEligible::{NotInsured, NotPaidUp, NotYetInsured};
    let heard = date!(2025 - 02 - 01);
    let mut stopped = person();
    stopped.psn_insu_stas = "2".to_owned();
    stopped.psn_clct_stas = "2".to_owned();
    stopped.stated = Stated::since(heard);
    let begun = date!(2025 - 01 - 01);
    stopped.history = sample::dates(begun, date!(2025 - 02 - 15));
    let unpaid = || NotPaidUp { paid_until: Some(date!(2025 - 02 - 15)), met_on: None };
    let not_yet = NotPaidUp { paid_until: None, met_on: Some(begun) };
    for (day, expected) in [
        (date!(2024 - 12 - 31), vec![NotYetInsured { from: begun }, not_yet]),
        (date!(2025 - 01 - 31), vec![]),
        (heard, vec![NotInsured { elsewhere: None }, unpaid()]),
        (date!(2025 - 02 - 16), vec![NotInsured { elsewhere: None }, unpaid()]),
    ] {
        assert_eq!(stopped.standing_on(day), expected, "{day}");
    }
    // The day on which it was paid until tells of every day, whenever it was heard.
    stopped.stated = Stated::since(TODAY);
    assert_eq!(stopped.standing_on(date!(2025 - 02 - 16)), [unpaid()]);
}

#[test]
fn insurance_in_another_pooling_area_is_none_here() {
    use NotEligible::{NotInsured, NotYetInsured};
    let spell = sample::spell;
    let (back, away) = (date!(2025 - 01 - 01), date!(2025 - 07 - 01));
    let spells = vec![
        spell("620702", date!(2024 - 01 - 01), Some(date!(2024 - 12 - 31))),
        spell("620981", back, Some(date!(2025 - 02 - 28))),
        spell("620902", date!(2025 - 03 - 01), Some(date!(2025 - 06 - 30))),
        spell("620702", away, None),
    ];
    let history = history(spells, vec![sample::paid(date!(2024 - 01 - 01), date!(2025 - 12 - 31))]);
    let person = Insured { history, ..person() };
    let elsewhere = Region::find("620702");
    for (day, expected) in [
        // A late bill of the year elsewhere is not paid here.
        (date!(2024 - 12 - 31), vec![NotYetInsured { from: back }]),
        (back, vec![]),
        (TODAY, vec![]),
        (date!(2025 - 06 - 30), vec![]),
        (away, vec![NotInsured { elsewhere: elsewhere.clone() }]),
    ] {
        assert_eq!(person.standing_on(day), expected, "{day}");
    }
    let told = refusals(&person, &strict(0, 0, 0), away);
    assert!(told[0].reason == "NOT_INSURED" && told[0].zh.contains("620702"), "{told:?}");
}

#[test]
fn only_a_row_that_says_something_new_is_taken_over() {
    let known = person();
    let mut moved = person();
    moved.tel = "13800000000".to_owned();
    for (row, known, event) in [
        (person(), None, Some("insured.imported")),
        (person(), Some(&known), None),
        (moved, Some(&known), Some("insured.updated")),
    ] {
        let step = row.take_over(known, TODAY);
        let told = step.map(|step| serde_json::to_value(step.event).unwrap()["type"].clone());
        assert_eq!(told.as_ref().and_then(|told| told.as_str()), event);
    }
}

#[test]
fn a_row_that_contradicts_itself_names_the_field() {
    let mut wrong = person();
    wrong.male = false;
    wrong.psn_type = "1501".to_owned();
    wrong.history = History::since(wrong.spell(Period::since(TODAY)), TODAY);
    let fields: Vec<_> = wrong.faults(TODAY).into_iter().map(|fault| fault.subject).collect();
    assert_eq!(fields, ["gend", "psn_type"]);
    let mut other = person();
    other.psn_type = "1201".to_owned();
    let fields: Vec<_> = other.faults(TODAY).into_iter().map(|fault| fault.subject).collect();
    assert_eq!(fields, ["spells"], "the row says another thing than its spell");
    assert_eq!(person().faults(TODAY), []);
}

/// The sample catalogue with a rule for the insurance, and ages for one disease.
fn strict(months: i32, gap_days_max: i32, grace_days: i32) -> Catalog {
    let first = CATALOG.diseases[..1].to_vec();
    let mut catalog = Catalog { diseases: first, ..CATALOG.clone() };
    catalog.rules.insurance = InsuranceRule { continuous_months: months, gap_days_max, grace_days };
    catalog.diseases[0].age_min = 18;
    catalog.diseases[0].age_max = 60;
    catalog
}

fn refusals(person: &Insured, catalog: &Catalog, day: Date) -> Vec<Refusal> {
    let codes = [catalog.diseases[0].code.clone()];
    let found = person.clone().eligible(catalog, &codes, &Held::default(), day);
    found.err().unwrap_or_default().into_iter().map(Refusal::from).collect()
}

fn told(person: &Insured, catalog: &Catalog) -> Vec<(String, Option<Date>)> {
    let told = refusals(person, catalog, TODAY);
    told.into_iter().map(|refusal| (refusal.reason.to_string(), refusal.met_on)).collect()
}

fn history(spells: Vec<Spell>, payments: Vec<Payment>) -> History {
    History::read(spells, payments, date!(1960 - 01 - 01), TODAY).unwrap()
}

/// Born in 1980, with a history, asked with six months, gaps of 30 days and 10 days of grace.
fn check_history(history: History, expected: &[(&str, Option<Date>)]) {
    let person = Insured { history, brdy: date!(1980 - 01 - 01), ..person() };
    let expected: Vec<_> = expected.iter().map(|(reason, day)| ((*reason).to_owned(), *day)).collect();
    assert_eq!(told(&person, &strict(6, 30, 10)), expected);
}

#[test]
fn insurance_must_have_lasted_in_the_pooling_area() {
    let spell = sample::spell;
    let since = |day| History::since(spell("620902", day, None), date!(2025 - 12 - 31));
    check_history(since(date!(2024 - 09 - 03)), &[]);
    check_history(since(date!(2024 - 09 - 04)), &[("INSURED_TOO_SHORT", Some(date!(2025 - 03 - 04)))]);
    // A county of the same city, after a gap that is short enough: 30 days are, 31 are not.
    let two = |area, from| {
        let first = spell(area, date!(2024 - 01 - 01), Some(date!(2024 - 11 - 30)));
        history(vec![first, spell("620902", from, None)], vec![sample::paid(from, date!(2025 - 12 - 31))])
    };
    check_history(two("620981", date!(2024 - 12 - 31)), &[]);
    let anew = date!(2025 - 01 - 01);
    check_history(two("620981", anew), &[("INSURED_TOO_SHORT", Some(date!(2025 - 07 - 01)))]);
    // From another city what was before does not count.
    check_history(
        two("620702", date!(2024 - 12 - 01)),
        &[("INSURED_TOO_SHORT", Some(date!(2025 - 06 - 01)))],
    );
    // One that ends before the months are full will never be long enough.
    let ends = vec![spell("620902", date!(2025 - 01 - 01), Some(date!(2025 - 04 - 30)))];
    let paid = vec![sample::paid(date!(2025 - 01 - 01), date!(2025 - 04 - 30))];
    check_history(history(ends, paid), &[("INSURED_TOO_SHORT", None)]);
    let long = vec![spell("620902", date!(2024 - 01 - 01), Some(date!(2025 - 02 - 28)))];
    check_history(history(long, Vec::new()), &[("NOT_INSURED", None), ("NOT_PAID_UP", None)]);
    // One that ended longer ago than a gap may be lasts no more: 31 days ago it may have, 32 not.
    let ended = |to| history(vec![spell("620902", date!(2024 - 01 - 01), Some(to))], Vec::new());
    let none = [("NOT_INSURED", None), ("NOT_PAID_UP", None)];
    check_history(ended(date!(2025 - 01 - 31)), &none);
    let short = [none[0], none[1], ("INSURED_TOO_SHORT", None)];
    check_history(ended(date!(2025 - 01 - 30)), &short);
}

#[test]
fn what_is_owed_stands_against_it_after_the_days_of_grace() {
    let spells = || vec![sample::spell("620902", date!(2024 - 01 - 01), None)];
    let paid = |to| history(spells(), vec![sample::paid(date!(2024 - 01 - 01), to)]);
    check_history(paid(date!(2025 - 02 - 21)), &[]);
    check_history(paid(date!(2025 - 02 - 20)), &[("NOT_PAID_UP", None)]);
    let owed = |from, to| Payment { owed: true, ..sample::paid(from, to) };
    let gap = vec![
        sample::paid(date!(2024 - 01 - 01), date!(2024 - 06 - 30)),
        owed(date!(2024 - 07 - 01), date!(2024 - 07 - 31)),
        sample::paid(date!(2024 - 08 - 01), date!(2025 - 12 - 31)),
    ];
    check_history(history(spells(), gap), &[("CONTRIBUTION_OWED", None)]);
    let just_due = vec![
        sample::paid(date!(2024 - 01 - 01), date!(2025 - 02 - 28)),
        owed(date!(2025 - 03 - 01), date!(2025 - 03 - 31)),
        sample::paid(date!(2025 - 04 - 01), date!(2025 - 04 - 30)),
    ];
    check_history(history(spells(), just_due), &[]);
}

#[test]
fn a_kind_that_comes_later_opens_the_disease_on_its_first_day() {
    let mut catalog = strict(0, 0, 0);
    catalog.diseases[0].insutypes = vec![Insutype::Employee];
    let resident = Spell {
        insutype: Insutype::Resident,
        psn_type: "1501".to_owned(),
        ..sample::spell("620902", date!(2024 - 01 - 01), Some(date!(2025 - 03 - 31)))
    };
    let employee = sample::spell("620902", date!(2025 - 04 - 01), None);
    let paid = vec![sample::paid(date!(2024 - 01 - 01), date!(2025 - 12 - 31))];
    let history = history(vec![resident, employee], paid);
    let person = Insured { history, brdy: date!(1980 - 01 - 01), ..person() };
    assert_eq!(told(&person, &catalog), [("KIND_NOT_OPEN".to_owned(), Some(date!(2025 - 04 - 01)))]);
    assert_eq!(person.insutype_on(date!(2025 - 03 - 31)), Insutype::Resident);
    assert_eq!(person.insutype_on(date!(2025 - 04 - 01)), Insutype::Employee);
}

#[test]
fn a_kind_elsewhere_opens_no_disease_here() {
    let mut catalog = strict(0, 0, 0);
    catalog.diseases[0].insutypes = vec![Insutype::Employee];
    let resident = |from, to| Spell {
        insutype: Insutype::Resident,
        psn_type: "1501".to_owned(),
        ..sample::spell("620902", from, Some(to))
    };
    let first = resident(date!(2024 - 01 - 01), date!(2025 - 03 - 31));
    let away = sample::spell("620702", date!(2025 - 04 - 01), Some(date!(2025 - 04 - 30)));
    let back = resident(date!(2025 - 05 - 01), date!(2025 - 05 - 31));
    let employee = sample::spell("620981", date!(2025 - 06 - 01), None);
    let paid = vec![sample::paid(date!(2024 - 01 - 01), date!(2025 - 05 - 31))];
    let with =
        |spells| Insured { history: history(spells, paid.clone()), brdy: date!(1980 - 01 - 01), ..person() };
    let until = with(vec![first.clone(), away.clone(), back.clone(), employee]);
    assert_eq!(told(&until, &catalog), [("KIND_NOT_OPEN".to_owned(), Some(date!(2025 - 06 - 01)))]);
    let never = with(vec![first, away, back]);
    assert_eq!(told(&never, &catalog), [("KIND_NOT_OPEN".to_owned(), None)]);
}

#[test]
fn the_birthday_opens_and_closes() {
    let born = |brdy| Insured { brdy, ..person() };
    let catalog = strict(0, 0, 0);
    for (brdy, expected) in [
        (date!(2007 - 03 - 03), None),
        (date!(2007 - 03 - 04), Some(("TOO_YOUNG", Some(date!(2025 - 03 - 04))))),
        (date!(1964 - 03 - 04), None),
        (date!(1964 - 03 - 03), Some(("TOO_OLD", None))),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(reason, day)| (reason.to_owned(), day)).collect();
        assert_eq!(told(&born(brdy), &catalog), expected, "{brdy}");
    }
}

#[test]
fn the_dead_do_not_apply() {
    let dead = |day| Insured { death_date: Some(day), ..person() };
    check(dead(date!(2025 - 03 - 02)), &["M01600"], &Held::default(), &["PERSON_DIED"]);
    // Of the last day a bill may still come.
    assert_eq!(dead(TODAY).standing(TODAY), []);
}

#[test]
fn the_event_says_what_changed_and_nothing_of_the_person() {
    let mut moved = person();
    moved.insu_admdvs = Region::find("620702").unwrap();
    moved.history = History::since(sample::spell("620702", TODAY, None), date!(2025 - 12 - 31));
    moved.death_date = Some(TODAY);
    moved.tel = "13800000000".to_owned();
    let event = serde_json::to_value(moved.take_over(Some(&person()), TODAY).unwrap().event).unwrap();
    assert_eq!(event["changes"], serde_json::json!(["contact", "move", "spells", "payments", "death"]));
    assert_eq!(event["moved_from"], "620902");
    assert!(!event.to_string().contains("138") && !event.to_string().contains("2025"));
}

mod property {
    use proptest::prelude::*;

    use super::*;

    /// Stretches of insurance with gaps, some elsewhere, some of another kind, some of the time paid for, some owed.
    fn histories() -> impl Strategy<Value = History> {
        let step = (0_i64..70, 1_i64..300, 0..4_u8, 0..4_u8, 0_i64..40);
        (proptest::collection::vec(step, 1..6), -500_i64..100, any::<bool>()).prop_map(
            |(steps, begin, open)| {
                let mut at = TODAY + Duration::days(begin);
                let (mut spells, mut payments) = (Vec::new(), Vec::new());
                let last = steps.len() - 1;
                for (index, (gap, length, place, pay, late)) in steps.into_iter().enumerate() {
                    let from = at + Duration::days(gap);
                    let to = from + Duration::days(length);
                    let end = if index == last && open { None } else { Some(to) };
                    let mut spell = sample::spell(if place == 0 { "620702" } else { "620902" }, from, end);
                    if place == 1 {
                        (spell.insutype, spell.psn_type) = (Insutype::Resident, "1501".to_owned());
                    }
                    spells.push(spell);
                    if pay > 0 {
                        let paid = sample::paid((from + Duration::days(late)).min(to), to);
                        payments.push(Payment { owed: pay == 1, ..paid });
                    }
                    at = to + Duration::days(1);
                }
                History::read(spells, payments, date!(1960 - 01 - 01), TODAY).unwrap()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn the_day_named_is_the_first_on_which_the_reason_is_gone(
            history in histories(),
            age_days in 0_i64..25_000,
            months in 0..12_i32,
            gap in 0..60_i32,
            grace in 0..40_i32,
        ) {
            let mut catalog = strict(months, gap, grace);
            catalog.diseases[0].insutypes = vec![Insutype::Employee];
            let person = Insured { history, brdy: TODAY - Duration::days(age_days), ..person() };
            for refusal in refusals(&person, &catalog, TODAY) {
                let Some(met_on) = refusal.met_on else { continue };
                prop_assert!(met_on > TODAY);
                let stands = |day| {
                    refusals(&person, &catalog, day).iter().any(|other| other.reason == refusal.reason)
                };
                prop_assert!(!stands(met_on), "{} still stands on {}", refusal.reason, met_on);
                let before = met_on.previous_day().unwrap();
                prop_assert!(stands(before), "{} is gone before {}", refusal.reason, met_on);
            }
        }

        #[test]
        fn a_reason_without_a_day_is_not_cured_by_waiting(
            history in histories(),
            months in 1..12_i32,
            gap in 0..60_i32,
            wait in 1_i64..1_500,
        ) {
            let catalog = strict(months, gap, 0);
            let person = Insured { history, brdy: date!(1980 - 01 - 01), ..person() };
            let later = TODAY + Duration::days(wait);
            for reason in ["INSURED_TOO_SHORT", "NOT_PAID_UP", "NOT_INSURED", "CONTRIBUTION_OWED"] {
                let today = refusals(&person, &catalog, TODAY);
                let hopeless = today.iter().any(|told| told.reason == reason && told.met_on.is_none());
                let still = refusals(&person, &catalog, later).iter().any(|told| told.reason == reason);
                prop_assert!(!hopeless || still, "{} was cured by {}", reason, later);
            }
        }
    }
}
