//! 结算撤销, 冲正.

use super::domain::{BillKey, Settlement, Unseen};
use super::quote::key;
use super::store::{self, Stored};
use crate::benefit::accumulator;
use crate::db::work::Work;
use crate::kernel::error::Result;
use crate::kernel::money::Money;

/// Takes a settlement of this call's person back, whole. One that is reversed already stays so; one that was never seen
/// is remembered.
pub async fn reverse(work: &Work, bill: BillKey) -> Result<Stored> {
    let Some(Stored { settlement, version }) = store::find(work, &bill).await? else {
        return store::create(work, Unseen::new(work.new_id(), bill, work.now())).await;
    };
    let Settlement::Settled(settled) = settlement else {
        return Ok(Stored { settlement, version });
    };
    let (fund, deductible) = (settled.calculated.fund, settled.calculated.deductible);
    if fund > Money::ZERO || deductible > Money::ZERO {
        let key = key(settled.insutype, &settled.bill);
        let before = accumulator::read(work, key.year, &key.code).await?;
        accumulator::give_back(work, &key, &before, fund, deductible).await?;
    }
    store::save(work, version, settled.reverse(work.now())).await
}
