//! 审核确认: the officer's decision, line by line, as the experts found it.

use super::domain::Refused;
use super::store;
use crate::application::domain::Accepted;
use crate::application::store::{self as applications, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Decides an application.
pub async fn confirm(work: &Work, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = applications::get(work, id).await?;
    let accepted = stored.application.into_accepted().and_then(Accepted::running).map_err(Refusal::from)?;
    let seated = store::seated(work, id).await?.ok_or(Refused::PanelMissing).map_err(Refusal::from)?;
    let officer = work.actor().operator()?;
    let materials = crate::material::store::get_all(work, &accepted.filed.form.materials).await?;
    let materials = materials.into_iter().map(|stored| stored.material);
    let papers = materials.map(|material| (material.id, material.label.title)).collect();
    let lines = seated
        .value
        .decide(officer, &papers)
        .map_err(|reasons| Error::Refused(reasons.into_iter().map(Refusal::from).collect()))?;
    applications::save(work, calendar, stored.version, accepted.decide(lines, officer, work.today())).await
}
