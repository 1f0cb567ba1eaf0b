//! 受理: takes an application into review, or refuses to take it.

use super::receipt::domain::Basis;
use super::receipt::facts::make;
use crate::application::domain::Application;
use crate::application::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// 受理.
pub async fn accept(work: &Work, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let submitted = stored.application.into_submitted().map_err(Refusal::from)?;
    let step = submitted.accept(work.actor().operator()?);
    store::save(work, calendar, stored.version, step).await
}

/// 不予受理: of what was submitted, or of what waits for its applicant and was never accepted.
pub async fn refuse(work: &Work, calendar: &Calendar, id: Id, reason: &str) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let step = match stored.application {
        Application::AwaitingSupplement(awaiting) => awaiting.refuse(Vec::new()),
        other => other.into_submitted().map(|submitted| submitted.refuse(Vec::new())),
    };
    let mut step = step.map_err(Refusal::from)?;
    let made = make(work, &step.state.filed, Basis::Refused { words: reason.to_owned() }).await?;
    step.state.reasons = made.conclusion.refusals;
    step.event = step.event.sealed_by(&made.sha256);
    store::save(work, calendar, stored.version, step).await
}
