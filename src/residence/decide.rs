//! The bureau's decision on proof.

use super::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Approves or, with a reason, rejects a filing that came with proof.
pub async fn decide(
    work: &Work,
    calendar: &Calendar,
    id: Id,
    approved: bool,
    reason: &str,
) -> Result<Stored> {
    if !approved && reason.trim().is_empty() {
        return Err(Error::invalid("reason", "不通过时必填", "is required when the filing is rejected"));
    }
    let stored = store::get(work, id).await?;
    let pending = stored.filing.into_pending(work.today(), &work.person()?.area).map_err(Refusal::from)?;
    let officer = work.actor().operator()?;
    let step = if approved { pending.approve(officer) } else { pending.reject(reason.to_owned(), officer) };
    store::save(work, calendar, stored.version, step).await
}
