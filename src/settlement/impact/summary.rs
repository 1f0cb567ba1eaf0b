//! What a draft would have changed, added up.

use std::collections::BTreeMap;

use time::Date;

use super::domain::Compared;
use crate::catalog::domain::{Catalog, Insutype};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::money::Money;

/// Everything together. Grows with diseases and catalogues, not with settlements.
#[derive(Debug, Default)]
pub struct Summary {
    /// People with a settlement in the period.
    pub persons: i64,
    /// People for whom the fund would have paid more.
    pub persons_gaining: i64,
    /// People for whom it would have paid less.
    pub persons_losing: i64,
    /// All settlements.
    pub total: Tally,
    /// By disease and insured kind.
    pub rows: BTreeMap<(String, Insutype), Tally>,
    /// Settlements by version and hash of the catalogue by which they were paid.
    pub paid_under: BTreeMap<(String, String), i64>,
    /// Running benefits that the draft leaves without a policy.
    pub lost: Vec<Lost>,
    /// The largest differences first.
    pub examples: Vec<Example>,
    /// How many of those are wanted.
    pub examples_most: usize,
}

/// Settlements, and what the fund paid and would have paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub settlements: i64,
    /// 基金支付.
    pub before: Money,
    /// What the draft would have paid.
    pub after: Money,
    /// How many would have been paid more, and by how much together.
    pub gain: (i64, Money),
    /// How many would have been paid less, and by how much together.
    pub loss: (i64, Money),
}

/// Running benefits that the draft leaves without a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// 病种代码.
    pub code: String,
    /// 险种.
    pub insutype: Insutype,
    /// How many.
    pub benefits: i64,
    /// Why.
    pub reason: &'static str,
}

/// One settlement with a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The person.
    pub psn_no: PsnNo,
    /// The settlement.
    pub id: Id,
    /// 病种代码.
    pub code: String,
    /// 费用发生日.
    pub service_day: Date,
    /// 基金支付 before and after.
    pub funds: (Money, Money),
    /// Where the calculations part.
    pub why: Vec<&'static str>,
}

impl Summary {
    /// A summary of nothing yet, with so many examples at most.
    pub fn with_examples(most: usize) -> Self {
        Self { examples_most: most, ..Self::default() }
    }

    /// Adds what the draft would have changed for one person.
    pub fn add(&mut self, psn_no: &PsnNo, compared: &[Compared]) {
        if compared.is_empty() {
            return;
        }
        let mut own = Tally::default();
        for one in compared {
            let (bill, source) = (&one.settled.bill, &one.settled.source);
            own.add(one.funds());
            self.total.add(one.funds());
            self.rows.entry((bill.code.clone(), one.settled.insutype)).or_default().add(one.funds());
            let paid_under = (source.catalog_version.clone(), source.catalog_sha256.clone());
            *self.paid_under.entry(paid_under).or_default() += 1;
            self.example(psn_no, one);
        }
        self.persons += 1;
        self.persons_gaining += i64::from(own.after > own.before);
        self.persons_losing += i64::from(own.after < own.before);
    }

    /// Adds the running benefits of a disease and insured kind, when the draft has no policy for them.
    pub fn benefits(&mut self, draft: &Catalog, (code, insutype, benefits): (String, Insutype, i64)) {
        let reason = match draft.disease(&code) {
            None => "DISEASE_UNKNOWN",
            Some(disease) if !disease.insutypes.contains(&insutype) => "KIND_NOT_OPEN",
            Some(_) => return,
        };
        self.lost.push(Lost { code, insutype, benefits, reason });
    }

    fn example(&mut self, psn_no: &PsnNo, one: &Compared) {
        let funds = one.funds();
        if funds.0 == funds.1 {
            return;
        }
        let size = |example: &Example| {
            example.funds.0.less(example.funds.1).max(example.funds.1.less(example.funds.0))
        };
        self.examples.push(Example {
            psn_no: psn_no.clone(),
            id: one.settled.id,
            code: one.settled.bill.code.clone(),
            service_day: one.settled.bill.service_day,
            funds,
            why: one.why(),
        });
        self.examples.sort_by_key(|example| std::cmp::Reverse(size(example)));
        self.examples.truncate(self.examples_most);
    }
}

impl Tally {
    fn add(&mut self, (before, after): (Money, Money)) {
        self.settlements += 1;
        self.before = self.before.plus(before);
        self.after = self.after.plus(after);
        if after > before {
            self.gain = (self.gain.0 + 1, self.gain.1.plus(after.less(before)));
        } else if after < before {
            self.loss = (self.loss.0 + 1, self.loss.1.plus(before.less(after)));
        }
    }

    /// How many would have been paid the same.
    pub fn same(&self) -> i64 {
        self.settlements - self.gain.0 - self.loss.0
    }
}
