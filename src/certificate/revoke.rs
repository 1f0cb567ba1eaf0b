//! 撤销 by an officer.

use super::domain::{Certificate, is_running};
use super::{issue, store};
use crate::app::App;
use crate::benefit::store as benefits;
use crate::db::work::Work;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// Revokes a certificate. Where a new one is wanted and the benefit is running, it is issued in the same step.
pub async fn revoke(app: &App, work: &Work, id: Id, reason: &str, reissue: bool) -> Result<Certificate> {
    let stored = store::get(work, id).await?;
    let revocable = stored.certificate.revocable().map_err(Refusal::from)?;
    let benefit = benefits::get(work, revocable.certificate().benefit).await?;
    let new = if reissue && is_running(benefit.benefit.standing(work.today())) {
        Some(issue::make(app, work, benefit).await?.id)
    } else {
        None
    };
    let step = revocable.revoke(work.today(), reason, new);
    Ok(store::save(work, stored.version, step).await?.certificate)
}
