//! Any insurance: following day by day, following when there is a day to look, and following once come to the same.

use proptest::prelude::*;
use time::Duration;
use time::macros::date;

use super::tests::{BOTH, benefit, follow};
use super::*;
use crate::insured::domain::{History, Payment, Stated};
use crate::insured::sample;

const FIRST: Date = date!(2025 - 02 - 20);
const LENGTH: i64 = 400;

/// What the platform tells of somebody: insurance, states after so many days each, a death on a day of these.
#[derive(Clone, Debug)]
struct Told {
    history: History,
    states: Vec<(i64, bool)>,
    death: Option<i64>,
}

impl Told {
    fn person(&self) -> Insured {
        let last = self.history.spells().last().unwrap();
        let told = Insured {
            history: self.history.clone(),
            insutype: last.insutype,
            insu_admdvs: last.insu_admdvs.clone(),
            death_date: self.death.map(|days| FIRST + Duration::days(days)),
            ..sample::person()
        };
        let mut heard = Insured { stated: Stated::since(FIRST), ..told.clone() };
        let mut day = FIRST;
        for (wait, insured) in &self.states {
            day += Duration::days(*wait);
            let psn_insu_stas = if *insured { "1" } else { "2" }.to_owned();
            let row = Insured { psn_insu_stas, ..told.clone() };
            heard = row.take_over(Some(&heard), day).map_or(heard, |step| step.state);
        }
        heard
    }
}

/// Spells with gaps, some as another kind, one perhaps elsewhere; payments with gaps, states that change, a death.
fn people() -> impl Strategy<Value = Told> {
    let spell = (0_i64..40, 1_i64..150, 0..10_u8, 0..5_u8, 0_i64..30);
    let states = proptest::collection::vec((1_i64..60, any::<bool>()), 0..4);
    let death = proptest::option::weighted(0.3, 30_i64..LENGTH);
    (proptest::collection::vec(spell, 1..5), states, death).prop_map(|(steps, states, death)| {
        let mut at = FIRST - Duration::days(60);
        let (mut spells, mut payments) = (Vec::new(), Vec::new());
        for (index, (gap, length, place, pay, late)) in steps.into_iter().enumerate() {
            let from = at + Duration::days(gap);
            let to = from + Duration::days(length);
            // The first one is at home: a benefit is granted to somebody who is insured here.
            let area = if place == 0 && index > 0 { "620702" } else { "620902" };
            let mut spell = sample::spell(area, from, Some(to));
            if place % 2 == 1 {
                (spell.insutype, spell.psn_type) = (Insutype::Resident, "1501".to_owned());
            }
            spells.push(spell);
            if pay > 0 {
                let paid = sample::paid((from + Duration::days(late)).min(to), to);
                payments.push(Payment { owed: pay == 1, ..paid });
            }
            at = to + Duration::days(1);
        }
        let history = History::read(spells, payments, date!(1960 - 01 - 01), date!(2030 - 01 - 01)).unwrap();
        Told { history, states, death }
    })
}

/// All that a benefit has taken over.
fn taken(benefit: &Benefit) -> impl std::fmt::Debug + PartialEq + use<> {
    (benefit.end, benefit.insutype, benefit.uninsured(), benefit.transfers().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn day_by_day_and_once_come_to_the_same(told in people()) {
        let insured = told.person();
        let (mut daily, mut looked) = (benefit(), benefit());
        let mut look_on = Some(FIRST);
        for number in 0..LENGTH {
            let today = FIRST + Duration::days(number);
            follow(&mut daily, &insured, today);
            if look_on.is_some_and(|day| day <= today) {
                follow(&mut looked, &insured, today);
                let facts = Facts { insured: &insured, others: &[], open: &BOTH, today };
                look_on = looked.look_on(&facts);
                prop_assert!(look_on.is_none_or(|day| day > today));
            }
            let mut once = benefit();
            follow(&mut once, &insured, today);
            prop_assert_eq!(taken(&looked), taken(&daily), "{}", today);
            prop_assert_eq!(taken(&once), taken(&daily), "{}", today);
            let again = once.clone();
            follow(&mut once, &insured, today);
            prop_assert_eq!(&again, &once);
        }
    }

    /// What is stopped is what a bill of the day would be refused for.
    #[test]
    fn each_day_is_as_its_insurance(told in people()) {
        let insured = told.person();
        let mut once = benefit();
        let today = FIRST + Duration::days(LENGTH);
        follow(&mut once, &insured, today);
        let stopped = once.uninsured();
        let last = once.end.map_or(today, |(last, _)| last);
        for number in 0..LENGTH {
            let day = FIRST + Duration::days(number);
            let within = once.begndate <= day && day <= last;
            let against = within && !insured.standing_in(day, &once.area).is_empty();
            prop_assert_eq!(stopped.iter().any(|period| period.contains(day)), against, "{}", day);
            let kind = insured.history.of_home(day, &once.area).map(|spell| spell.insutype);
            let transfer = once.transfers().iter().rev().find(|transfer| transfer.on <= day);
            if let Some(transfer) = transfer.filter(|_| within) {
                prop_assert_eq!(Some(transfer.to), kind, "{}", day);
            }
        }
    }
}
