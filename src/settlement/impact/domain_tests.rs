//! Random histories of one person, calculated again.

use std::sync::LazyLock;

use proptest::prelude::*;
use time::macros::{date, datetime};
use time::{Date, Duration};
use uuid::Uuid;

use super::*;
use crate::catalog::domain::{Insutype, SAMPLE};
use crate::kernel::id::Id;
use crate::kernel::money::Ratio;
use crate::settlement::domain::{BillKey, Source};

const CODE: &str = "M01600";
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse(SAMPLE).unwrap());

/// 比例, 限额, 起付线 of the test's disease.
type Terms = (i32, i64, i64);

fn catalog((ratio, limit, deductible): Terms) -> Catalog {
    let mut catalog = CATALOG.clone();
    let own = |row: &&mut Policy| row.disease == CODE && row.insutype == Insutype::Employee;
    for row in catalog.policies.iter_mut().filter(own) {
        (row.ratio_bp, row.limit_fen, row.deductible_fen) = (Ratio(ratio), Money(limit), Money(deductible));
    }
    catalog
}

fn bill(number: u32, service_day: Date, (total, out_of_scope): (i64, i64)) -> Bill {
    Bill {
        code: CODE.to_owned(),
        key: BillKey { fixmedins_code: "H62098100001".to_owned(), medins_setl_id: number.to_string() },
        mdtrt_id: String::new(),
        service_day,
        total: Money(total),
        in_scope: Money((total - out_of_scope).max(0)),
    }
}

fn nothing() -> Calculated {
    let zero = Money::ZERO;
    Calculated {
        deductible: zero,
        ratio: Ratio(0),
        fund: zero,
        person: zero,
        left: zero,
        explanation: Vec::new(),
    }
}

/// What happens in a history: a bill of one of two years, or the reversal of one that was settled.
#[derive(Clone, Debug)]
enum Step {
    Bill { next_year: bool, amounts: (i64, i64) },
    Reverse(prop::sample::Index),
}

/// What a catalogue paid, step by step, each bill with what the year had used by then.
fn history(paid_by: &Catalog, steps: &[Step]) -> Vec<Past> {
    let (mut past, mut years): (Vec<Past>, HashMap<(i32, String), Before>) = (Vec::new(), HashMap::new());
    for (step, number) in steps.iter().zip(1_u32..) {
        let at = datetime!(2026-06-01 0:00 UTC) + Duration::microseconds(i64::from(number));
        match step {
            Step::Bill { next_year, amounts } => {
                let day = if *next_year { date!(2026 - 01 - 31) } else { date!(2025 - 12 - 31) };
                let bill = bill(number, day, *amounts);
                let year = years.entry(year_of(&bill)).or_default();
                let id = Id(Uuid::from_u128(u128::from(number)));
                let mut one = Past {
                    settled: Settled {
                        id,
                        benefit: id,
                        insutype: Insutype::Employee,
                        calculated: nothing(),
                        bill,
                        place: Place::Home,
                        source: Source {
                            catalog_version: String::new(),
                            catalog_sha256: String::new(),
                            institutions_version: String::new(),
                            institutions_sha256: String::new(),
                            sample: true,
                        },
                        settled_at: at,
                    },
                    reversed_at: None,
                    retired: false,
                    paid_by: None,
                    tried: true,
                };
                one.settled.calculated = split(&one.settled.bill, policy(paid_by, &one).unwrap(), year);
                year.used = year.used.plus(one.settled.calculated.fund);
                year.deductible_used = year.deductible_used.plus(one.settled.calculated.deductible);
                past.push(one);
            }
            Step::Reverse(which) => {
                let standing = past.iter_mut().filter(|one| one.reversed_at.is_none()).collect::<Vec<_>>();
                if standing.is_empty() {
                    continue;
                }
                let which = which.index(standing.len());
                let Some(one) = standing.into_iter().nth(which) else { continue };
                one.reversed_at = Some(at);
                let year = years.entry(year_of(&one.settled.bill)).or_default();
                year.used = year.used.less(one.settled.calculated.fund);
                year.deductible_used = year.deductible_used.less(one.settled.calculated.deductible);
            }
        }
    }
    past
}

fn terms() -> impl Strategy<Value = Terms> {
    (0..=10_000, 0..=1_000_000_i64, 0..=200_000_i64)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bill = (any::<bool>(), (1..=400_000_i64, 0..=50_000_i64))
        .prop_map(|(next_year, amounts)| Step::Bill { next_year, amounts });
    let reverse = any::<prop::sample::Index>().prop_map(Step::Reverse);
    prop::collection::vec(prop_oneof![4 => bill, 1 => reverse], 0..20)
}

proptest! {
    #[test]
    fn the_catalogue_that_paid_changes_nothing(terms in terms(), steps in steps()) {
        let paid_by = catalog(terms);
        let past = history(&paid_by, &steps);
        let standing = past.iter().filter(|one| one.reversed_at.is_none()).count();
        let compared = rerun(&paid_by, past);
        prop_assert_eq!(compared.len(), standing);
        for one in compared {
            prop_assert_eq!(one.after.as_ref(), Ok(&one.settled.calculated));
            prop_assert!(one.why().is_empty());
        }
    }

    #[test]
    fn a_draft_keeps_its_own_limit_and_says_why_it_differs(
        paid in terms(), tried in terms(), steps in steps()
    ) {
        let past = history(&catalog(paid), &steps);
        let compared = rerun(&catalog(tried), past);
        for year in [2025, 2026] {
            let of_year = compared.iter().filter(|one| one.settled.bill.service_day.year() == year);
            let (fund, deductible) = of_year.fold((0, 0), |(fund, deductible), one| {
                let after = one.after.as_ref().unwrap();
                (fund + after.fund.0, deductible + after.deductible.0)
            });
            prop_assert!(fund <= tried.1 && deductible <= tried.2, "{} {}", fund, deductible);
        }
        for one in compared {
            let (before, after) = one.funds();
            prop_assert!(before == after || !one.why().is_empty());
        }
    }

    #[test]
    fn what_is_not_tried_stays_as_it_was(paid in terms(), tried in terms(), steps in steps()) {
        let mut past = history(&catalog(paid), &steps);
        for one in &mut past {
            one.tried = one.settled.bill.service_day.year() == 2026;
        }
        let expected: Vec<_> = past.iter().filter(|one| one.tried && one.reversed_at.is_none()).cloned().collect();
        // The years do not touch each other: alone, the tried ones come out the same.
        let alone: Vec<_> = past.iter().filter(|one| one.tried).cloned().collect();
        let (draft, ids) = (catalog(tried), |compared: &[Compared]| {
            compared.iter().map(|one| (one.settled.id, one.funds())).collect::<Vec<_>>()
        });
        let compared = rerun(&draft, past);
        prop_assert_eq!(compared.len(), expected.len());
        prop_assert_eq!(ids(&compared), ids(&rerun(&draft, alone)));
    }
}

#[test]
fn what_the_draft_does_not_have_is_paid_nothing_and_draws_nothing() {
    let steps = vec![Step::Bill { next_year: false, amounts: (100_000, 0) }];
    let past = history(&CATALOG, &steps);
    let check = |change: fn(&mut Catalog), expected: Unpaid| {
        let mut draft = CATALOG.clone();
        change(&mut draft);
        let compared = rerun(&draft, past.clone());
        assert_eq!(compared[0].after, Err(expected));
        assert_eq!(
            (compared[0].funds(), compared[0].why()),
            ((Money(80_000), Money::ZERO), vec![expected.word()])
        );
    };
    check(|draft| draft.institutions.clear(), Unpaid::Institution);
    check(|draft| draft.diseases.retain(|disease| disease.code != CODE), Unpaid::Disease);
    let close = |draft: &mut Catalog| {
        let disease = draft.diseases.iter_mut().find(|disease| disease.code == CODE).unwrap();
        disease.insutypes = vec![Insutype::Resident];
    };
    check(close, Unpaid::Kind);
}
