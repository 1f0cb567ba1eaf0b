//! 暂停, 恢复, 终止.

use time::Date;

use super::domain::{EndGround, SuspensionGround};
use super::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::period::Period;

/// 暂停 for a stretch of days.
pub async fn suspend(
    work: &Work,
    id: Id,
    period: Period,
    ground: SuspensionGround,
    remark: &str,
) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let step = stored.benefit.suspend(period, ground, work.today()).map_err(Refusal::from)?;
    store::save_with(work, stored.version, step, Some(remark)).await
}

/// 恢复 from a day on.
pub async fn resume(work: &Work, id: Id, day: Date, remark: &str) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let step = stored.benefit.resume(day, work.today()).map_err(Refusal::from)?;
    store::save_with(work, stored.version, step, Some(remark)).await
}

/// 终止 with a last day.
pub async fn end(work: &Work, id: Id, enddate: Date, ground: EndGround) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let step = stored.benefit.end(enddate, ground, work.today()).map_err(Refusal::from)?;
    store::save(work, stored.version, step).await
}
