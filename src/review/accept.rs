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
    let basis = Basis::Refused { words: reason.to_owned() };
    let (mut step, sha256) = match stored.application {
        Application::AwaitingSupplement(awaiting) => {
            let made = make(work, &awaiting.filed, basis).await?;
            (awaiting.refuse(made.conclusion.refusals).map_err(Refusal::from)?, made.sha256)
        }
        other => {
            let submitted = other.into_submitted().map_err(Refusal::from)?;
            let made = make(work, &submitted.filed, basis).await?;
            (submitted.refuse(made.conclusion.refusals), made.sha256)
        }
    };
    step.event = step.event.sealed_by(&sha256);
    store::save(work, calendar, stored.version, step).await
}
