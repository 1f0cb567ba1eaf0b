//! 撤回.

use super::store::{self, Stored};
use crate::app::App;
use crate::db::work::Work;
use crate::kernel::error::{Refusal, Result};

/// Withdraws an application that is not decided. Its diseases can be applied for again.
pub async fn withdraw(app: &App, work: &Work, stored: Stored) -> Result<Stored> {
    let step = stored.application.withdraw().map_err(Refusal::from)?;
    store::save(work, &app.calendar.now(), stored.version, step).await
}
