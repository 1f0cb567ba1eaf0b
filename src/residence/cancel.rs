//! 取消备案.

use super::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// Cancels a filing from today on.
pub async fn cancel(work: &Work, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let step = stored.filing.cancel(work.today(), &work.person()?.area).map_err(Refusal::from)?;
    store::save(work, calendar, stored.version, step).await
}
