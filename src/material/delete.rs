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

/// Deletes content that no material of the person has. The person is locked meanwhile, so that no upload counts on what
/// is about to go. What cannot be deleted now stays, sealed and unnamed.
pub async fn sweep(app: &App, psn_no: &PsnNo, sha256: &str) {
    if let Err(error) = try_sweep(app, psn_no, sha256).await {
        tracing::error!(error = %error, object.sha256 = sha256, "content that no material has was left behind");
    }
}

async fn try_sweep(app: &App, psn_no: &PsnNo, sha256: &str) -> Result<()> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no.clone())).await?;
    if !store::has_content(&work, sha256).await? {
        app.objects.delete(&path(psn_no, sha256)).await?;
    }
    work.rollback().await
}
