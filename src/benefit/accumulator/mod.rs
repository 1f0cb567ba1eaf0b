//! 年度累计: what a year has used of a disease's limit. Rows are kept by insured kind (险种), for the fund of each is
//! reconciled apart; limit and deductible are held against all of them together, so that what was used goes along when
//! the kind changes. A part of the settlement that draws or gives back, which writes the journal entry.

pub mod store;

use crate::catalog::domain::Insutype;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::money::Money;

/// Which row of a person's accumulators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// 险种 of the service day.
    pub insutype: Insutype,
    /// 年度: of the service day.
    pub year: i32,
    /// 病种代码.
    pub code: String,
}

/// What was used in a year of a disease, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// By insured kind, each once.
    pub kinds: Vec<KindUsed>,
}

/// What was used of it as one insured kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindUsed {
    /// 险种.
    pub insutype: Insutype,
    /// 已支付 by the fund.
    pub used: Money,
    /// 已扣起付线.
    pub deductible_used: Money,
    /// Its version; 0 when nothing was ever drawn.
    pub version: i64,
}

/// What this call's person has used in a year, whatever the insured kind; nothing when there is no row.
pub async fn read(view: &View, year: i32, code: &str) -> Result<Used> {
    Ok(Used { kinds: store::used(view, year, code).await? })
}

/// Draws a payment and a deductible. A payment that would go beyond the limit is refused here and by the database; a
/// limit that fell below what was used stops payments and nothing else.
pub async fn draw(
    work: &Work,
    key: &Key,
    before: &Used,
    fund: Money,
    deductible: Money,
    limit: Money,
) -> Result<()> {
    if before.drawn(key.insutype, fund, deductible, limit)? == *before {
        return Ok(());
    }
    let version = before.kind(key.insutype).version;
    if version == 0 {
        store::insert_used(work, key).await?;
    }
    let limit = (fund > Money::ZERO).then_some(limit);
    store::add_used(work, key, version, (fund.0, deductible.0), limit).await
}

/// Gives back what a reversed settlement had drawn, to the row of the kind that had paid.
pub async fn give_back(work: &Work, key: &Key, before: &Used, fund: Money, deductible: Money) -> Result<()> {
    if before.given_back(key.insutype, fund, deductible)? == *before {
        return Ok(());
    }
    let version = before.kind(key.insutype).version;
    store::add_used(work, key, version, (-fund.0, -deductible.0), None).await
}

impl Used {
    /// 已支付 by the fund, of all kinds together.
    pub fn fund(&self) -> Money {
        self.kinds.iter().fold(Money::ZERO, |sum, kind| sum.plus(kind.used))
    }

    /// 已扣起付线, of all kinds together.
    pub fn deductible(&self) -> Money {
        self.kinds.iter().fold(Money::ZERO, |sum, kind| sum.plus(kind.deductible_used))
    }

    /// With a payment and a deductible more. Nothing drawn is nothing changed.
    pub fn drawn(&self, insutype: Insutype, fund: Money, deductible: Money, limit: Money) -> Result<Self> {
        amounts(fund, deductible)?;
        if fund > limit.less(self.fund()) {
            return Err(Error::internal("a payment beyond the year's limit"));
        }
        let kind = self.kind(insutype);
        Ok(self.moved(kind, kind.used.plus(fund), kind.deductible_used.plus(deductible)))
    }

    /// With a payment and a deductible less. More than a kind had drawn cannot be given back to it.
    pub fn given_back(&self, insutype: Insutype, fund: Money, deductible: Money) -> Result<Self> {
        amounts(fund, deductible)?;
        let kind = self.kind(insutype);
        if fund > kind.used || deductible > kind.deductible_used {
            return Err(Error::internal("more is given back than the year has used"));
        }
        Ok(self.moved(kind, kind.used.less(fund), kind.deductible_used.less(deductible)))
    }

    /// The row of a kind; one that holds nothing where there is none.
    fn kind(&self, insutype: Insutype) -> KindUsed {
        let none = KindUsed { insutype, used: Money::ZERO, deductible_used: Money::ZERO, version: 0 };
        self.kinds.iter().copied().find(|kind| kind.insutype == insutype).unwrap_or(none)
    }

    fn moved(&self, kind: KindUsed, used: Money, deductible_used: Money) -> Self {
        if (used, deductible_used) == (kind.used, kind.deductible_used) {
            return self.clone();
        }
        let after = KindUsed { used, deductible_used, version: kind.version + 1, ..kind };
        let others = self.kinds.iter().copied().filter(|other| other.insutype != kind.insutype);
        let mut kinds: Vec<_> = others.chain([after]).collect();
        kinds.sort_by_key(|kind| kind.insutype.code());
        Self { kinds }
    }
}

fn amounts(fund: Money, deductible: Money) -> Result<()> {
    if fund < Money::ZERO || deductible < Money::ZERO {
        return Err(Error::internal("an accumulator moves by amounts, not by their opposites"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Money = Money(10_000);
    const KIND: Insutype = Insutype::Employee;

    fn kind(insutype: Insutype, used: i64, deductible_used: i64, version: i64) -> KindUsed {
        KindUsed { insutype, used: Money(used), deductible_used: Money(deductible_used), version }
    }

    fn used(used: i64, deductible_used: i64, version: i64) -> Used {
        Used { kinds: vec![kind(KIND, used, deductible_used, version)] }
    }

    /// Draws, and when that is possible gives the same back: nothing is lost and nothing is made.
    fn check(before: Used, fund: i64, deductible: i64, after: Option<(i64, i64, i64)>) {
        let drawn = before.drawn(KIND, Money(fund), Money(deductible), LIMIT).ok();
        assert_eq!(drawn, after.map(|(sum, deductibles, version)| used(sum, deductibles, version)));
        if let Some(drawn) = drawn {
            let back = drawn.given_back(KIND, Money(fund), Money(deductible)).unwrap();
            assert_eq!((back.fund(), back.deductible()), (before.fund(), before.deductible()));
            assert!(drawn.given_back(KIND, Money(drawn.fund().0 + 1), Money(0)).is_err());
            assert!(drawn.given_back(KIND, Money(0), Money(drawn.deductible().0 + 1)).is_err());
        }
    }

    #[test]
    fn the_limit_can_be_reached_and_not_passed() {
        check(Used::default(), 10_000, 0, Some((10_000, 0, 1)));
        check(Used::default(), 10_001, 0, None);
        check(used(9_999, 50, 3), 1, 20, Some((10_000, 70, 4)));
        check(used(9_999, 50, 3), 2, 0, None);
    }

    #[test]
    fn a_limit_below_what_was_used_stops_payments_only() {
        check(used(12_000, 0, 7), 0, 100, Some((12_000, 100, 8)));
        check(used(12_000, 0, 7), 1, 0, None);
    }

    #[test]
    fn nothing_drawn_is_nothing_changed() {
        check(used(500, 0, 2), 0, 0, Some((500, 0, 2)));
    }

    #[test]
    fn an_opposite_amount_is_refused() {
        check(used(500, 500, 2), -1, 0, None);
        check(used(500, 500, 2), 0, -1, None);
        assert!(used(500, 500, 2).given_back(KIND, Money(-1), Money(0)).is_err());
    }

    #[test]
    fn what_was_used_as_another_kind_counts_and_is_given_back_to_that_kind() {
        let other = Insutype::Resident;
        let year = used(9_000, 300, 2).drawn(other, Money(1_000), Money(10), LIMIT).unwrap();
        assert_eq!(year.kinds, [kind(KIND, 9_000, 300, 2), kind(other, 1_000, 10, 1)]);
        assert_eq!((year.fund(), year.deductible()), (LIMIT, Money(310)));
        assert!(year.drawn(KIND, Money(1), Money(0), LIMIT).is_err());
        assert!(year.given_back(other, Money(1_001), Money(0)).is_err(), "the other kind paid the rest");
        let back = year.given_back(KIND, Money(9_000), Money(300)).unwrap();
        assert_eq!(back.kinds, [kind(KIND, 0, 0, 3), kind(other, 1_000, 10, 1)]);
    }
}
