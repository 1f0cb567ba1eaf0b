//! 分配、更换专家 in the contract's words. What is only tried out names nobody whom it drew: whoever could look at draws before
//! making one could look for an expert.

use super::convert::{application_id, task_id};
use super::domain::task_name;
use super::message::panel;
use super::panel::Seated;
use super::{assign, replace, store};
use crate::app::App;
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::proto::opsp::review::v1 as pb;

/// `ReviewService.AssignExperts`.
pub async fn assign(app: &App, work: &Work, input: &pb::AssignExpertsRequest) -> Result<pb::Panel> {
    let id = application_id(&input.name)?;
    let before = tasks(work, id).await?;
    let seated = assign::assign(work, &app.catalogs, &app.calendar.now(), id).await?;
    told(work, &seated, &before, input.validate_only)
}

/// `ReviewService.ReassignTask`.
pub async fn reassign(app: &App, work: &Work, input: &pb::ReassignTaskRequest) -> Result<pb::Panel> {
    let (id, task) = (application_id(&input.name)?, task_id(&input.review_task)?);
    let before = tasks(work, id).await?;
    let seated = replace::reassign(app, work, id, task, &input.reason).await?;
    told(work, &seated, &before, input.validate_only)
}

/// The names of all tasks about an application, on whichever panel.
async fn tasks(view: &View, application: Id) -> Result<Vec<String>> {
    let tasks = store::tasks_of(view, application).await?;
    Ok(tasks.iter().map(|task| task_name(task.assigned().id)).collect())
}

/// A panel after a draw, without those whose task was not there `before` where it was only tried out: they are missing
/// then.
fn told(view: &View, seated: &Seated, before: &[String], only_tried: bool) -> Result<pb::Panel> {
    let mut told = panel(view.person()?, seated.panel.application, seated);
    if only_tried {
        let all = told.members.len();
        told.members.retain(|member| before.contains(&member.review_task));
        told.missing_members += i32::try_from(all - told.members.len()).unwrap_or(i32::MAX);
        told.seed = String::new();
    }
    Ok(told)
}
