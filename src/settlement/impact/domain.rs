//! One person's settlements, calculated again under a draft. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::catalog::domain::{Case, Catalog, Policy};
use crate::catalog::store::Published;
use crate::kernel::money::Money;
use crate::settlement::admission::institution;
use crate::settlement::calculation::{Before, Calculated, split};
use crate::settlement::domain::{Bill, Place, Settled};

/// A settlement as it was made, and what else it takes to calculate it again.
#[derive(Clone, Debug)]
pub struct Past {
    /// The settlement.
    pub settled: Settled,
    /// When it was reversed; none when it stands.
    pub reversed_at: Option<OffsetDateTime>,
    /// Whether the person was 退休.
    pub retired: bool,
    /// What it was paid by: its institutions are asked where the draft names none of its own.
    pub paid_by: Option<Arc<Published>>,
    /// Whether it is one that the draft is tried on; others draw what they drew.
    pub tried: bool,
}

/// A settlement that stands, as it was and as it would have been.
#[derive(Clone, Debug)]
pub struct Compared {
    /// As it was.
    pub settled: Settled,
    /// As it would have been.
    pub after: Result<Calculated, Unpaid>,
}

/// Why nothing would be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpaid {
    /// The draft's institution is not a designated one on the service day.
    Institution,
    /// The institution is not designated for the disease and the insured kind.
    NotDesignated,
    /// The draft does not have the disease.
    Disease,
    /// It does not open the disease for the insured kind.
    Kind,
}

impl Unpaid {
    /// Its word: the reason with which the bill would be refused.
    pub fn word(self) -> &'static str {
        match self {
            Self::Institution => "INSTITUTION_UNKNOWN",
            Self::NotDesignated => "INSTITUTION_NOT_DESIGNATED",
            Self::Disease => "DISEASE_UNKNOWN",
            Self::Kind => "KIND_NOT_OPEN",
        }
    }
}

impl Compared {
    /// 基金支付 before and after.
    pub fn funds(&self) -> (Money, Money) {
        let after = self.after.as_ref().map_or(Money::ZERO, |calculated| calculated.fund);
        (self.settled.calculated.fund, after)
    }

    /// Where the two calculations part.
    pub fn why(&self) -> Vec<&'static str> {
        let (before, after) = match &self.after {
            Err(unpaid) => return vec![unpaid.word()],
            Ok(after) => (&self.settled.calculated, after),
        };
        let in_scope = self.settled.bill.in_scope;
        let limited = |found: &Calculated| found.fund < found.ratio.of(in_scope.less(found.deductible));
        let parts = [
            ("deductible", before.deductible != after.deductible),
            ("ratio", before.ratio != after.ratio),
            ("limit", before.fund != after.fund && (limited(before) || limited(after))),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(word, _)| word).collect()
    }
}

/// Calculates the tried settlements of one person again, in the order in which settlements and reversals were made.
/// What comes in are all settlements of the years that the tried ones fall in.
pub fn rerun(draft: &Catalog, past: Vec<Past>) -> Vec<Compared> {
    let mut years: HashMap<(i32, String), Before> = HashMap::new();
    let mut made: Vec<Option<Result<Calculated, Unpaid>>> = vec![None; past.len()];
    for (index, is_reversal) in timeline(&past) {
        let one = &past[index];
        let bill = &one.settled.bill;
        let year = years.entry(year_of(bill)).or_default();
        if is_reversal {
            let (fund, deductible) = drawn(made[index].as_ref());
            *year =
                Before { used: year.used.less(fund), deductible_used: year.deductible_used.less(deductible) };
            continue;
        }
        let outcome = if one.tried {
            policy(draft, one).map(|policy| split(bill, policy, year))
        } else {
            Ok(one.settled.calculated.clone())
        };
        let (fund, deductible) = drawn(Some(&outcome));
        *year = Before { used: year.used.plus(fund), deductible_used: year.deductible_used.plus(deductible) };
        made[index] = Some(outcome);
    }
    let compared = past.into_iter().zip(made).filter(|(one, _)| one.tried && one.reversed_at.is_none());
    compared.filter_map(|(one, after)| Some(Compared { settled: one.settled, after: after? })).collect()
}

/// Limit and deductible are of a year and a disease, whatever the insured kind.
fn year_of(bill: &Bill) -> (i32, String) {
    (bill.service_day.year(), bill.code.clone())
}

/// Indexes of what was made and of what was reversed, in the order in which it happened.
fn timeline(past: &[Past]) -> Vec<(usize, bool)> {
    let mut steps: Vec<_> = past
        .iter()
        .enumerate()
        .flat_map(|(index, one)| {
            let made = Some((one.settled.settled_at, false, one.settled.id, index));
            let reversed = one.reversed_at.map(|at| (at, true, one.settled.id, index));
            made.into_iter().chain(reversed)
        })
        .collect();
    steps.sort_unstable();
    steps.into_iter().map(|(_, is_reversal, _, index)| (index, is_reversal)).collect()
}

fn drawn(outcome: Option<&Result<Calculated, Unpaid>>) -> (Money, Money) {
    match outcome {
        Some(Ok(calculated)) => (calculated.fund, calculated.deductible),
        Some(Err(_)) | None => (Money::ZERO, Money::ZERO),
    }
}

/// The draft's row for a settlement. The level of the hospital is the draft's, the place is that of the settlement.
fn policy<'a>(draft: &'a Catalog, past: &Past) -> Result<&'a Policy, Unpaid> {
    let Settled { bill, insutype, place, .. } = &past.settled;
    let own = !draft.institutions.is_empty();
    let listed = past.paid_by.as_ref().filter(|_| !own).map_or(draft, |published| &published.catalog);
    let (institution, _) = institution(listed, bill).ok_or(Unpaid::Institution)?;
    if !institution.serves(&bill.code, *insutype) {
        return Err(Unpaid::NotDesignated);
    }
    let disease = draft.disease(&bill.code).ok_or(Unpaid::Disease)?;
    let case = Case {
        insutype: *insutype,
        retired: past.retired,
        hospital: institution.level(),
        remote: *place == Place::Remote,
    };
    draft.policy(disease, &case).ok_or(Unpaid::Kind)
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
