//! What an expert sees of a task, and what the bureau sees of a panel.

use time::Date;

use super::anonymous::{Shown, checklist, shown};
use super::domain::{Assigned, Task};
use super::opinion::without_name;
use super::panel::Seated;
use super::store;
use crate::application::domain::Application;
use crate::application::query::published;
use crate::catalog::store::Catalogs;
use crate::db::page::{Page, Paged};
use crate::db::work::{Owner, View};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;

/// A task with what its expert may know of the application.
#[derive(Clone, Debug)]
pub struct Described {
    /// The task.
    pub task: Task,
    /// The materials.
    pub materials: Vec<Shown>,
    /// 审核时限; none while the clock stands still.
    pub due: Option<Date>,
    /// 评审时限; none while the clock stands still, and once the opinion is there.
    pub opinion_due: Option<Date>,
}

/// Describes a task about this call's person. Nothing in it tells who the person is.
pub async fn describe(
    view: &View,
    catalogs: &Catalogs,
    calendar: &Calendar,
    task: Task,
) -> Result<Described> {
    let id = task.assigned().id;
    let described = async {
        let stored = crate::application::store::get(view, task.assigned().application).await?;
        let materials = materials(view, catalogs, &stored.application, task.assigned()).await?;
        let clock = match task.assigned().purpose.quality() {
            Some(second) => Some(&second.shown),
            None => stored.application.filed().map(|filed| &filed.clock),
        };
        let due = clock.and_then(|clock| clock.due(calendar));
        let own = task.clock(stored.application.clock()).and_then(|clock| clock.due(calendar));
        Ok((materials, due.map(|due| due.date), own.map(|due| due.date)))
    };
    let (materials, due, opinion_due) = described.await.map_err(|error| without_name(error, id))?;
    Ok(Described { task, materials, due, opinion_due })
}

/// The materials of an application as the expert of a task sees them.
pub async fn materials(
    view: &View,
    catalogs: &Catalogs,
    application: &Application,
    assigned: &Assigned,
) -> Result<Vec<Shown>> {
    let form = application.form();
    let stored = crate::material::store::get_all(view, &form.materials).await?;
    let materials: Vec<_> = stored.into_iter().map(|stored| stored.material).collect();
    let redactions = crate::material::redaction::store::of(view, application.case().id).await?;
    let ready: Vec<_> = redactions.iter().map(|redaction| redaction.material).collect();
    let published = published(catalogs, application, view.today())?;
    let codes: Vec<_> = assigned.lines.iter().map(|line| line.code.as_str()).collect();
    Ok(shown(&materials, &checklist(&published.catalog, &codes), &ready))
}

/// One page of the calling expert's tasks within this call's area. Each is looked at through its own person, wherever
/// that one is insured by now: the task stays where the application was made.
pub async fn tasks(
    view: &View,
    catalogs: &Catalogs,
    calendar: &Calendar,
    page: Page,
    answered_too: bool,
) -> Result<Paged<Described>> {
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let operator = view.actor().operator()?;
    let rows = store::tasks(view, operator, answered_too, after, page.limit()).await?;
    let paged = page.close(view, rows, |(_, task)| task.assigned().id.to_string())?;
    let mut items = Vec::new();
    for (psn_no, task) in paged.items {
        let own = view.db().view(view.actor(), Owner::Through(psn_no)).await?;
        items.push(describe(&own, catalogs, calendar, task).await?);
    }
    Ok(Paged { items, next_page_token: paged.next_page_token })
}

/// The panel of an application of this call's person.
pub async fn panel(view: &View, application: Id) -> Result<Seated> {
    let name = crate::application::store::name(view.person()?, application);
    let seated = store::seated(view, application).await?;
    seated.map(|stored| stored.value).ok_or_else(|| Error::NotFound(format!("{name}/panel")))
}
