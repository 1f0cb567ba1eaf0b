//! 审核确认: the officer's decision, line by line, as the experts found it.

use super::agreement;
use super::agreement::domain::judgements;
use super::domain::Refused;
use super::quality::sample::{Confirmed, sample};
use super::reasons::Papers;
use super::receipt::facts::{decided, make};
use super::replace::related;
use super::store;
use crate::application::domain::Accepted;
use crate::application::store::{self as applications, Stored};
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Decides an application. Some of what was decided may be drawn for a second panel.
pub async fn confirm(work: &Work, catalogs: &Catalogs, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = applications::get(work, id).await?;
    let accepted = stored.application.into_accepted().and_then(Accepted::running).map_err(Refusal::from)?;
    let seated = store::seated(work, id).await?.ok_or(Refused::PanelMissing).map_err(Refusal::from)?.value;
    let officer = work.actor().operator()?;
    let related = related(work, &seated).await?;
    if !related.is_empty() {
        let others = seated.decide(officer, &Papers::new()).err().unwrap_or_default();
        return Err(Error::Refused(others.into_iter().chain(related).map(Refusal::from).collect()));
    }
    let accepted_by = accepted.accepted_by.clone();
    let basis = decided(work, &accepted.filed, &accepted_by, &seated).await?;
    let made = make(work, &accepted.filed, basis).await?;
    let mut step = accepted.decide(made.conclusion.lines, officer, work.today());
    step.event = step.event.sealed_by(&made.sha256);
    let decided = step.state.clone();
    let saved = applications::save(work, calendar, stored.version, step).await?;
    agreement::store::keep(work, &(&decided).into(), &judgements(&seated)).await?;
    sample(work, catalogs, calendar, Confirmed { decided, accepted_by, first: &seated }).await?;
    Ok(saved)
}
