//! 年度累计: what a year has used of a disease's limit. A part of the settlement that draws or gives back, which writes
//! the journal entry.

use super::store;
use crate::catalog::domain::Insutype;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::money::Money;

/// Which accumulator of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// 险种.
    pub insutype: Insutype,
    /// 年度: of the service day.
    pub year: i32,
    /// 病种代码.
    pub code: String,
}

/// What was used, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// 已支付 by the fund.
    pub used: Money,
    /// 已扣起付线.
    pub deductible_used: Money,
    /// Its version; 0 when nothing was ever drawn.
    pub version: i64,
}

/// What this call's person has used in a year; nothing when there is no row.
pub async fn read(view: &View, insutype: Insutype, year: i32, code: &str) -> Result<Used> {
    let key = Key { insutype, year, code: code.to_owned() };
    Ok(store::used(view, &key).await?.unwrap_or_default())
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
) -> Result<Used> {
    let after = before.drawn(fund, deductible, limit)?;
    if after.version == before.version {
        return Ok(after);
    }
    if before.version == 0 {
        store::insert_used(work, key, &after).await?;
    } else {
        let limit = (fund > Money::ZERO).then_some(limit);
        store::add_used(work, key, before.version, (fund.0, deductible.0), limit).await?;
    }
    Ok(after)
}

/// Gives back what a reversed settlement had drawn.
pub async fn give_back(
    work: &Work,
    key: &Key,
    before: &Used,
    fund: Money,
    deductible: Money,
) -> Result<Used> {
    let after = before.given_back(fund, deductible)?;
    if after.version != before.version {
        store::add_used(work, key, before.version, (-fund.0, -deductible.0), None).await?;
    }
    Ok(after)
}

impl Used {
    /// With a payment and a deductible more. Nothing drawn is nothing changed.
    fn drawn(&self, fund: Money, deductible: Money, limit: Money) -> Result<Self> {
        amounts(fund, deductible)?;
        if fund > limit.less(self.used) {
            return Err(Error::internal("a payment beyond the year's limit"));
        }
        Ok(self.moved(self.used.plus(fund), self.deductible_used.plus(deductible)))
    }

    /// With a payment and a deductible less. More than was drawn cannot be given back.
    fn given_back(&self, fund: Money, deductible: Money) -> Result<Self> {
        amounts(fund, deductible)?;
        if fund > self.used || deductible > self.deductible_used {
            return Err(Error::internal("more is given back than the year has used"));
        }
        Ok(self.moved(self.used.less(fund), self.deductible_used.less(deductible)))
    }

    fn moved(&self, used: Money, deductible_used: Money) -> Self {
        let changed = (used, deductible_used) != (self.used, self.deductible_used);
        Self { used, deductible_used, version: self.version + i64::from(changed) }
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

    fn used(used: i64, deductible_used: i64, version: i64) -> Used {
        Used { used: Money(used), deductible_used: Money(deductible_used), version }
    }

    /// Draws, and when that is possible gives the same back: nothing is lost and nothing is made.
    fn check(before: Used, fund: i64, deductible: i64, after: Option<(i64, i64, i64)>) {
        let drawn = before.drawn(Money(fund), Money(deductible), LIMIT).ok();
        assert_eq!(drawn, after.map(|(sum, deductibles, version)| used(sum, deductibles, version)));
        if let Some(drawn) = drawn {
            let back = drawn.given_back(Money(fund), Money(deductible)).unwrap();
            assert_eq!((back.used, back.deductible_used), (before.used, before.deductible_used));
            assert!(drawn.given_back(Money(drawn.used.0 + 1), Money(0)).is_err());
            assert!(drawn.given_back(Money(0), Money(drawn.deductible_used.0 + 1)).is_err());
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
        assert!(used(500, 500, 2).given_back(Money(-1), Money(0)).is_err());
    }
}
