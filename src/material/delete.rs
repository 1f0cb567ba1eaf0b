//! Deleting: the row first, then what it was the last to name.

use super::objects::path;
use super::store;
use crate::app::App;
use crate::db::work::{Owner, Work};
use crate::kernel::access::Actor;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::{Id, PsnNo};

/// Deletes the row of a material that nothing was submitted with.
pub async fn delete(work: &Work, id: Id) -> Result<()> {
    let stored = store::get(work, id).await?;
    let event = stored.material.delete().map_err(Refusal::from)?;
    store::delete(work, &stored, &event).await
}

/// Deletes content that no material of the person has, and says whether it did. The person is locked meanwhile, so that
/// no upload counts on what is about to go.
pub async fn sweep(app: &App, psn_no: &PsnNo, sha256: &str) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no.clone())).await?;
    let is_needed = store::has_content(&work, sha256).await?;
    if !is_needed {
        app.objects.delete(&path(psn_no, sha256)).await?;
    }
    work.rollback().await?;
    Ok(!is_needed)
}

/// The same, where nobody waits for it: what cannot be deleted now is collected later.
pub async fn sweep_or_leave(app: &App, psn_no: &PsnNo, sha256: &str) {
    if let Err(error) = sweep(app, psn_no, sha256).await {
        tracing::warn!(%error, object.sha256 = sha256, "content that no material has was left to be collected");
    }
}
