//! 评审意见: an expert's opinion on every line of a task, once.

use super::clock::under_review;
use super::domain::{Task, task_name};
use super::quality;
use super::query::{Described, describe, materials};
use super::redaction;
use super::said::Said;
use super::store::{self, Stored};
use crate::catalog::store::Catalogs;
use crate::db::work::{Owner, View, Work};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, PsnNo};

/// Whom a task of the caller is about, wherever that person is insured by now. Whatever the caller may not reach looks
/// like no task, and no answer names the applicant.
pub async fn find(view: &View, id: Id) -> Result<PsnNo> {
    let psn_no = store::applicant(view, id).await?.ok_or_else(|| Error::NotFound(task_name(id)))?;
    let through = view.db().view(view.actor(), Owner::Through(psn_no.clone())).await?;
    own_task(&through, id).await?;
    Ok(psn_no)
}

/// A task about this call's person, when it is the caller's own and in an area that the caller holds.
pub(super) async fn own_task(view: &View, id: Id) -> Result<Stored<Task>> {
    let stored = store::task(view, id, view.actor().operator()?).await?;
    let held = view.actor().holds(&stored.value.assigned().area);
    if held { Ok(stored) } else { Err(Error::NotFound(task_name(id))) }
}

/// Takes the opinion.
pub async fn submit(
    work: &Work,
    catalogs: &Catalogs,
    calendar: &Calendar,
    id: Id,
    said: &[Said],
) -> Result<Described> {
    let stored = own_task(work, id).await?;
    let open = stored.value.into_open().map_err(Refusal::from)?;
    let application = crate::application::store::get(work, open.assigned.application).await;
    let application = application.map_err(|error| without_name(error, id))?.application;
    let second = open.assigned.purpose.quality().map(|second| second.review);
    if second.is_none() {
        under_review(&application).map_err(Refusal::from)?;
    }
    let shown = materials(work, catalogs, &application, &open.assigned).await;
    let mut shown = shown.map_err(|error| without_name(error, id))?;
    let opened = redaction::store::opened(work, id, open.assigned.application).await?;
    shown.iter_mut().for_each(|shown| shown.opened = opened.contains(&shown.id));
    let step = open.answer(said, &shown, work.now())?;
    let task = store::save_task(work, calendar, stored.version, step).await?;
    if let Some(review) = second {
        let advanced = quality::advance::advance(work, catalogs, calendar, review).await;
        advanced.map_err(|error| without_name(error, id))?;
    }
    describe(work, catalogs, calendar, task).await
}

/// An error as an expert may read it: names of the applicant's things are names of people to them.
pub(super) fn without_name(error: Error, task: Id) -> Error {
    match error {
        Error::NotFound(_) => Error::NotFound(task_name(task)),
        other => other,
    }
}
