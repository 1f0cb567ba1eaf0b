//! 办理: the bureau decides about what the person answered.

use super::domain::Decision;
use super::store::{self, Stored};
use crate::app::App;
use crate::benefit::store as benefits;
use crate::db::work::Work;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// Renews what was answered, or has it lapse, with the reasons for that.
pub async fn decide(work: &Work, app: &App, id: Id, renewed: bool, reason: &str) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let benefit = benefits::get(work, stored.round.head().benefit).await?;
    let decision = Decision {
        reason: reason.to_owned(),
        officer: work.actor().operator()?.to_owned(),
        on: work.today(),
    };
    let advance = stored.round.decide(renewed, decision, &benefit.benefit).map_err(Refusal::from)?;
    store::advance(work, &app.calendar.now(), stored.version, benefit, advance).await
}
