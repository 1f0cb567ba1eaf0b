//! 结算.

use super::domain::Bill;
use super::quote::{Quote, quote};
use super::store::{self, Stored};
use crate::benefit::accumulator;
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::error::Result;
use crate::kernel::money::Money;

/// Settles a bill of this call's person, once.
pub async fn settle(work: &Work, catalogs: &Catalogs, bill: Bill) -> Result<Stored> {
    let new = match quote(work, catalogs, bill).await? {
        Quote::Again(earlier) => return Ok(earlier),
        Quote::New(new) => new,
    };
    let paid = &new.step.state.calculated;
    if paid.fund > Money::ZERO || paid.deductible > Money::ZERO {
        // A limit that fell below what was used is no bar to the deductible: the fund pays nothing then.
        let limit = new.limit.max(new.before.fund());
        accumulator::draw(work, &new.key, &new.before, paid.fund, paid.deductible, limit).await?;
    }
    store::create(work, new.step).await
}
