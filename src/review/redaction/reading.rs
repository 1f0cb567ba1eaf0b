//! Reading what was redacted: by an expert, for a task; by the officer, to look at it. Each read is recorded.

use super::super::anonymous::Shown;
use super::super::domain::{Assigned, Refused as TaskRefused, Task};
use super::super::opinion::{find, own_task, without_name};
use super::super::quality;
use super::super::query::materials;
use super::query::{Paper, case};
use super::refused::Refused;
use super::store;
use crate::app::App;
use crate::application::domain::Application;
use crate::application::store as applications;
use crate::db::work::{Owner, View};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::material;
use crate::material::objects::{Reading, path};
use crate::material::redaction::domain::Served;
use crate::material::redaction::store as redactions;

/// A file of a task, as its expert gets it once the reading is recorded.
pub struct Opened {
    psn_no: PsnNo,
    task: Id,
    material: Id,
    /// `reviewTasks/{id}/materials/{number}`.
    pub name: String,
    /// What the expert reads.
    pub title: String,
    /// What it is.
    pub served: Served,
}

impl Opened {
    /// Records that it was given out. Not before it can be: what an expert never saw was not looked at.
    pub async fn record(&self, view: &View) -> Result<()> {
        let work = view.db().work(view.actor(), Owner::Through(self.psn_no.clone())).await?;
        // The journal is the bureau's: it names the material, and the expert beside it.
        work.record_read(&material::store::name(work.person()?, self.material)).await?;
        store::keep(&work, self.task, self.material, &self.served.sha256).await?;
        work.commit().await
    }
}

/// The material of a task of the caller with a number, for the caller to be recorded with it. Whatever the caller may not
/// reach looks like no material.
pub async fn open(view: &View, app: &App, task: Id, number: usize) -> Result<(Opened, Reading)> {
    let psn_no = find(view, task).await?;
    let own = view.db().view(view.actor(), Owner::Through(psn_no.clone())).await?;
    let stored = own_task(&own, task).await?.value;
    if matches!(stored, Task::Closed(_)) {
        return Err(Refusal::from(TaskRefused::TaskClosed).into());
    }
    let assigned = stored.assigned().clone();
    let looked = async {
        let application = applications::get(&own, assigned.application).await?.application;
        if !is_judged(&own, &application, &assigned).await? {
            return Err(Refusal::from(TaskRefused::NotUnderReview).into());
        }
        materials(&own, &app.catalogs, &application, &assigned).await
    };
    let shown = looked.await.map_err(|error| without_name(error, task))?;
    let shown = shown.into_iter().find(|shown| shown.number == number);
    let Shown { id, title, number, .. } =
        shown.ok_or_else(|| Error::NotFound(Shown::name_of(task, number)))?;
    let name = Shown::name_of(task, number);
    let found = redactions::find(&own, assigned.application, id).await?;
    let found = found.ok_or_else(|| Refusal::from(Refused::NotRedacted).about(name.clone()))?;
    let served = found.redaction.served;
    let content = content(app, &psn_no, &served).await?;
    Ok((Opened { psn_no, task, material: id, name, title, served }, content))
}

/// Whether the panel of a task still judges: until the decision is made, or the second panel has found everything.
async fn is_judged(view: &View, application: &Application, assigned: &Assigned) -> Result<bool> {
    match assigned.purpose.quality() {
        Some(second) => Ok(quality::store::get(view, second.review).await?.value.is_open()),
        None => Ok(matches!(application, Application::Accepted(_) | Application::AwaitingSupplement(_))),
    }
}

/// What experts get of a material of an application of this call's person.
pub async fn look(view: &View, app: &App, application: Id, material: Id) -> Result<(Paper, Reading)> {
    let person = view.person()?;
    let name = redactions::name(person, application, material);
    let mut papers = case(view, application).await?.papers.into_iter();
    let paper = papers.find(|paper| paper.material.id == material);
    let paper = paper.ok_or_else(|| Error::NotFound(name.clone()))?;
    let redaction = paper.redaction.as_ref().ok_or_else(|| Error::NotFound(name.clone()))?;
    let content = content(app, &person.psn_no, &redaction.served).await?;
    let work = view.db().work(view.actor(), Owner::Person(person.psn_no.clone())).await?;
    work.record_read(&name).await?;
    work.commit().await?;
    Ok((paper, content))
}

/// It may have been redacted anew between the two looks: then it is there under another hash, for who asks again.
async fn content(app: &App, psn_no: &PsnNo, served: &Served) -> Result<Reading> {
    app.objects.get(&app.db, &path(psn_no, &served.sha256)).await?.ok_or(Error::Conflict)
}
