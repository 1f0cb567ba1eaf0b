//! 撤销: what a second panel was to check is taken back, and nobody is asked for an opinion on it any more.

use super::domain::open;
use super::store;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::review::departure::{Departure, Left};
use crate::review::domain::Task;
use crate::review::store::{self as reviews, with_tasks};

/// Closes the quality review of the decision on an application of this call's person, if there is one.
pub async fn undo(work: &Work, calendar: &Calendar, application: Id) -> Result<()> {
    let of = store::of(work, application).await?.into_iter().find(|stored| !stored.value.undone);
    let Some(stored) = of else { return Ok(()) };
    let left = Left {
        how: Departure::Undone,
        text: String::new(),
        at: work.now(),
        by: work.actor().operator()?.to_owned(),
    };
    let mut closed = Vec::new();
    if let Some(panel) = stored.value.panel.clone() {
        for id in open(&with_tasks(work, panel).await?.tasks) {
            let task = reviews::any_task(work, id).await?;
            let step = task.value.into_open().map_err(Refusal::from)?.close(left.clone());
            match reviews::save_task(work, calendar, task.version, step).await? {
                Task::Closed(done) => closed.push(done),
                _ => return Err(Error::internal(format!("task {id} was closed and is open"))),
            }
        }
    }
    store::save(work, stored.version, stored.value.undo(&closed)).await?;
    Ok(())
}
