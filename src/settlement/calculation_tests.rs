//! Nothing is lost, nothing is made, and the limit holds.

use proptest::{prop_assert, prop_assert_eq};
use time::macros::{date, datetime};

use super::*;
use crate::benefit::accumulator::Used;
use crate::benefit::domain::{Benefit, Replacement};
use crate::catalog::domain::{HospitalRule, Insutype, PersonRule, PlaceRule};
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::settlement::domain::BillKey;

fn in_force() -> InForce {
    let id = Id(uuid::Uuid::from_u128(1));
    let benefit = Benefit {
        id,
        area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        begndate: date!(2025 - 01 - 01),
        end: None,
        requalify_on: None,
        lapses: Vec::new(),
        suspensions: Vec::new(),
        application: id,
        entry: id,
        notice_entry: String::new(),
        certificate: None,
        following: crate::benefit::domain::Following::default(),
        created_at: datetime!(2025-01-01 0:00 UTC),
        replacement: Replacement::default(),
    };
    benefit.in_force(date!(2025 - 03 - 03), &benefit.area).unwrap()
}

fn policy(ratio: i32, limit: i64, deductible: i64) -> Policy {
    Policy {
        insutype: Insutype::Employee,
        disease: "M01600".to_owned(),
        group: String::new(),
        person: PersonRule::Any,
        hospital: HospitalRule::Any,
        place: PlaceRule::Any,
        ratio_bp: Ratio(ratio),
        limit_fen: Money(limit),
        deductible_fen: Money(deductible),
        ways: Vec::new(),
    }
}

fn bill(total: i64, in_scope: i64) -> Bill {
    Bill {
        code: "M01600".to_owned(),
        key: BillKey { fixmedins_code: "H62090200001".to_owned(), medins_setl_id: "1".to_owned() },
        mdtrt_id: String::new(),
        service_day: date!(2025 - 03 - 03),
        total: Money(total),
        in_scope: Money(in_scope),
    }
}

fn before(used: i64, deductible_used: i64) -> Before {
    Before { used: Money(used), deductible_used: Money(deductible_used) }
}

/// (deductible, fund, person, left) of one bill; the conservation laws each time.
fn check(bill: &Bill, policy: &Policy, before: &Before, expected: (i64, i64, i64, i64)) {
    let result = settle(bill, &in_force(), policy, before);
    assert_eq!(result.fund.plus(result.person), bill.total, "nothing is lost");
    let left_before = policy.limit_fen.less(before.used);
    assert_eq!(result.left.plus(result.fund), left_before, "nothing is made");
    let found = (result.deductible.0, result.fund.0, result.person.0, result.left.0);
    assert_eq!(found, expected);
    let words: Vec<_> = result.explanation.iter().map(|line| line.step.word()).collect();
    assert_eq!(words, ["total", "in_scope", "deductible", "ratio", "limit", "result"]);
    let amounts: Vec<_> = result.explanation.iter().map(|line| line.amount).collect();
    assert_eq!((amounts[0], amounts[1], amounts[5]), (bill.total, bill.in_scope, result.fund));
    assert!(result.explanation.iter().all(|line| line.zh.ends_with('。') && line.en.ends_with('.')));
}

#[test]
fn the_ratio_is_of_what_is_in_scope() {
    check(&bill(10_000, 10_000), &policy(8000, 100_000, 0), &before(0, 0), (0, 8_000, 2_000, 92_000));
    check(&bill(10_000, 6_000), &policy(8000, 100_000, 0), &before(0, 0), (0, 4_800, 5_200, 95_200));
    check(&bill(10_000, 0), &policy(8000, 100_000, 0), &before(0, 0), (0, 0, 10_000, 100_000));
    check(&bill(0, 0), &policy(8000, 100_000, 0), &before(0, 0), (0, 0, 0, 100_000));
}

#[test]
fn the_person_keeps_the_odd_fen() {
    check(&bill(101, 101), &policy(8000, 100_000, 0), &before(0, 0), (0, 80, 21, 99_920));
    check(&bill(1, 1), &policy(9999, 100_000, 0), &before(0, 0), (0, 0, 1, 100_000));
}

#[test]
fn the_deductible_comes_first_and_once_a_year() {
    let policy = policy(5000, 100_000, 3_000);
    check(&bill(10_000, 10_000), &policy, &before(0, 0), (3_000, 3_500, 6_500, 96_500));
    check(&bill(10_000, 10_000), &policy, &before(0, 2_000), (1_000, 4_500, 5_500, 95_500));
    check(&bill(10_000, 10_000), &policy, &before(0, 3_000), (0, 5_000, 5_000, 95_000));
    check(&bill(2_000, 2_000), &policy, &before(0, 0), (2_000, 0, 2_000, 100_000));
    check(&bill(2_000, 2_000), &policy, &before(0, 4_000), (0, 1_000, 1_000, 99_000));
}

#[test]
fn the_fund_stops_at_what_is_left() {
    let policy = policy(8000, 100_000, 0);
    check(&bill(10_000, 10_000), &policy, &before(92_000, 0), (0, 8_000, 2_000, 0));
    check(&bill(10_000, 10_000), &policy, &before(92_001, 0), (0, 7_999, 2_001, 0));
    check(&bill(10_000, 10_000), &policy, &before(100_000, 0), (0, 0, 10_000, 0));
    check(&bill(10_000, 10_000), &policy, &before(150_000, 0), (0, 0, 10_000, 0));
}

#[test]
fn the_limit_says_whether_it_is_enough() {
    let says = |in_scope, used, word: &str| {
        let result =
            settle(&bill(10_000, in_scope), &in_force(), &policy(8000, 100_000, 3_000), &before(used, 0));
        let limit = result.explanation.iter().find(|line| line.step == Stage::Limit).unwrap();
        assert!(limit.zh.contains(word), "{}", limit.zh);
    };
    says(10_000, 0, "足够支付");
    says(10_000, 99_999, "不足支付");
    says(3_000, 100_000, "无需基金支付");
    says(3_000, 0, "无需基金支付");
}

proptest::proptest! {
    #[test]
    fn fund_and_person_are_the_bill_and_the_limit_holds(
        total in 0i64..=1_000_000_000,
        part in 0i64..=10_000,
        ratio in 0i32..=10_000,
        limit in 0i64..=20_000_000,
        deductible in 0i64..=1_000_000,
        used in 0i64..=30_000_000,
        deductible_used in 0i64..=1_500_000,
    ) {
        let bill = bill(total, total / 10_000 * part);
        let policy = policy(ratio, limit, deductible);
        let before = before(used, deductible_used);
        let result = settle(&bill, &in_force(), &policy, &before);
        prop_assert_eq!(result.fund.plus(result.person), bill.total);
        prop_assert!(result.fund.0 >= 0 && result.person.0 >= 0 && result.left.0 >= 0);
        prop_assert!(result.fund <= Ratio(ratio).of(bill.in_scope));
        prop_assert!(result.fund == Money::ZERO || used + result.fund.0 <= limit);
        prop_assert!(result.deductible <= policy.deductible_fen.less(before.deductible_used));
        prop_assert_eq!(result.left.plus(result.fund), policy.limit_fen.less(before.used));
    }

    #[test]
    fn a_greater_bill_never_gets_less(
        small in 0i64..=10_000_000,
        more in 0i64..=10_000_000,
        ratio in 0i32..=10_000,
        limit in 0i64..=5_000_000,
        deductible in 0i64..=1_000_000,
        used in 0i64..=5_000_000,
    ) {
        let policy = policy(ratio, limit, deductible);
        let paid = |amount| settle(&bill(amount, amount), &in_force(), &policy, &before(used, 0));
        let (less, greater) = (paid(small), paid(small + more));
        prop_assert!(less.fund <= greater.fund && less.person <= greater.person);
        prop_assert!(less.left >= greater.left);
    }

    /// A row of bills in one year: the sum stops at the limit and the deductible is borne once.
    #[test]
    fn a_year_never_exceeds_its_limit(
        bills in proptest::collection::vec(0i64..=3_000_000, 1..20),
        ratio in 0i32..=10_000,
        limit in 0i64..=2_000_000,
        deductible in 0i64..=500_000,
    ) {
        let policy = policy(ratio, limit, deductible);
        let mut year = Before::default();
        for amount in bills {
            let result = settle(&bill(amount, amount), &in_force(), &policy, &year);
            year.used = year.used.plus(result.fund);
            year.deductible_used = year.deductible_used.plus(result.deductible);
            prop_assert!(year.used.0 <= limit && year.deductible_used.0 <= deductible);
            prop_assert_eq!(result.left, policy.limit_fen.less(year.used));
        }
    }

    /// Bills and reversals in any order while the insured kind changes: what the year has used is what stands as paid,
    /// kind by kind, and no payment goes beyond the limit of the kind that it is paid as.
    #[test]
    fn a_year_of_changing_kinds_is_what_was_paid_and_keeps_each_limit(
        steps in proptest::collection::vec((0u8..8, 0i64..=3_000_000, proptest::prelude::any::<bool>()), 1..40),
        terms in proptest::array::uniform2((0i32..=10_000, 0i64..=2_000_000, 0i64..=500_000)),
    ) {
        let (mut year, mut paid) = (Used::default(), Vec::new());
        for (what, amount, late) in steps {
            if what == 0 && !paid.is_empty() {
                let place = usize::try_from(amount).unwrap() % paid.len();
                let (kind, fund, deductible) = paid.swap_remove(place);
                year = year.given_back(kind, fund, deductible).unwrap();
            } else {
                // A late bill is still of the kind that the person had before.
                let kind = if late { Insutype::Resident } else { Insutype::Employee };
                let (ratio, limit, deductible) = terms[usize::from(late)];
                let policy = policy(ratio, limit, deductible);
                let before = Before { used: year.fund(), deductible_used: year.deductible() };
                let result = settle(&bill(amount, amount), &in_force(), &policy, &before);
                let most = policy.limit_fen.max(year.fund());
                year = year.drawn(kind, result.fund, result.deductible, most).unwrap();
                prop_assert!(result.fund == Money::ZERO || year.fund().0 <= limit);
                prop_assert!(result.deductible == Money::ZERO || year.deductible().0 <= deductible);
                paid.push((kind, result.fund, result.deductible));
            }
            for used in &year.kinds {
                let own = paid.iter().filter(|(kind, ..)| *kind == used.insutype);
                let (funds, deductibles) = own.fold((0, 0), |(fund, own), (_, more, deductible)| {
                    (fund + more.0, own + deductible.0)
                });
                prop_assert_eq!((used.used.0, used.deductible_used.0), (funds, deductibles));
            }
            prop_assert_eq!(year.fund().0, paid.iter().map(|(_, fund, _)| fund.0).sum::<i64>());
        }
    }
}
