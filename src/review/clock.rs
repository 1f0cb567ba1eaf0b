//! 审核时限: more days, and the time of others.

use super::domain::Refused;
use crate::application::domain::{Accepted, Application, Awaiting, Filed};
use crate::application::ledger::Outside;
use crate::application::store::{self, Stored};
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Extension;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// 延长.
pub async fn extend(
    work: &Work,
    catalogs: &Catalogs,
    calendar: &Calendar,
    id: Id,
    extension: Extension,
) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let published = crate::application::query::published(catalogs, &stored.application, work.today())?;
    let step = stored.application.extend(&published.catalog.rules, calendar, extension);
    store::save(work, calendar, stored.version, step.map_err(Refusal::from)?).await
}

/// 暂停.
pub async fn pause(
    work: &Work,
    catalogs: &Catalogs,
    calendar: &Calendar,
    id: Id,
    (outside, words): (Outside, &str),
) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let published = crate::application::query::published(catalogs, &stored.application, work.today())?;
    let accepted = stored.application.into_accepted().map_err(Refusal::from)?;
    let officer = work.actor().operator()?;
    let step = accepted.pause(&published.catalog.rules, outside, words, officer, work.today());
    store::save(work, calendar, stored.version, step.map_err(Refusal::from)?).await
}

/// 恢复.
pub async fn resume(work: &Work, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let accepted = stored.application.into_accepted().map_err(Refusal::from)?;
    let step = accepted.resume(work.today()).map_err(Refusal::from)?;
    store::save(work, calendar, stored.version, step).await
}

/// An application whose panel can change, with the officer who accepted it: it is accepted, or was before it began to
/// wait for its applicant.
pub fn with_experts(application: Application) -> Result<(Filed, String), Refused> {
    match application {
        Application::Accepted(Accepted { filed, accepted_by })
        | Application::AwaitingSupplement(Awaiting { filed, accepted_by: Some(accepted_by), .. }) => {
            Ok((filed, accepted_by))
        }
        _ => Err(Refused::NotUnderReview),
    }
}

/// That an expert may judge an application now, or why not.
pub fn under_review(application: &Application) -> Result<(), Refused> {
    match application {
        Application::Accepted(accepted) if accepted.filed.clock.paused().is_none() => Ok(()),
        Application::Accepted(_) | Application::AwaitingSupplement(_) => Err(Refused::ReviewWaits),
        _ => Err(Refused::NotUnderReview),
    }
}
