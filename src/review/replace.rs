//! 退回、更换: an expert leaves a panel, and somebody else is drawn instead.

use super::assign::{Reviewed, ids};
use super::departure::{DeclineReason, Departure, Left};
use super::domain::{Open, Refused, Task, task_name};
use super::draw::Drawn;
use super::opinion::{own_task, without_name};
use super::panel::Seated;
use super::store::{self, Stored};
use crate::app::App;
use crate::catalog::store::Catalogs;
use crate::db::work::{View, Work};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Experts that are drawn instead of one.
const ONE: usize = 1;

/// 退回: the calling expert gives a task back, whether or not somebody can be drawn instead.
pub async fn decline(app: &App, work: &Work, id: Id, reason: DeclineReason, text: &str) -> Result<Left> {
    if reason == DeclineReason::Other && text.trim().is_empty() {
        return Err(Error::invalid("text", "退回原因为其他时必填", "is required when the reason is OTHER"));
    }
    let left = Left {
        how: Departure::Declined(reason),
        text: text.to_owned(),
        at: work.now(),
        by: work.actor().operator()?.to_owned(),
    };
    let stored = own_task(work, id).await?;
    let calendar = app.calendar.now();
    let leaving = Leaving::of(work, &app.catalogs, &calendar, stored).await;
    let leaving = leaving.map_err(|error| without_name(error, id))?;
    let drawn = leaving.instead().await.map_err(|error| without_name(error, id))?.ok();
    leaving.leave(left.clone(), drawn).await.map_err(|error| without_name(error, id))?;
    Ok(left)
}

/// 更换: the officer takes a task from an expert who has given no opinion, who is late with another one, or who is related
/// to the applicant. Nothing changes where nobody can be drawn.
pub async fn reassign(app: &App, work: &Work, application: Id, task: Id, reason: &str) -> Result<Seated> {
    store::seated(work, application).await?.ok_or(Refused::PanelMissing).map_err(Refusal::from)?;
    let stored = store::any_task(work, task).await?;
    if stored.value.assigned().application != application {
        return Err(Error::NotFound(task_name(task)));
    }
    let left = Left {
        how: Departure::Reassigned,
        text: reason.to_owned(),
        at: work.now(),
        by: work.actor().operator()?.to_owned(),
    };
    let (calendar, version) = (app.calendar.now(), stored.version);
    let is_related = store::avoided_by(work).await?.contains(&stored.value.assigned().operator);
    let stored = match stored.value {
        Task::Answered(answered) if is_related => {
            Stored { value: answered.take_back(work.today()).into(), version }
        }
        value => Stored { value, version },
    };
    let leaving = Leaving::of(work, &app.catalogs, &calendar, stored).await?;
    if let Some(refused) = leaving.open.not_reassigned(leaving.is_overdue(), is_related) {
        return Err(Refusal::from(refused).into());
    }
    let drawn = leaving.instead().await??;
    leaving.leave(left, Some(drawn)).await
}

/// 回避: members of a panel who are related to this call's person, as they said when they gave another task back.
pub(super) async fn related(view: &View, seated: &Seated) -> Result<Vec<Refused>> {
    let avoided = store::avoided_by(view).await?;
    let members = seated.panel.members.iter().filter(|member| avoided.contains(&member.operator));
    Ok(members.map(|member| Refused::MemberRelated { expert: member.resource() }).collect())
}

/// An open task whose expert leaves.
pub(super) struct Leaving<'a> {
    work: &'a Work,
    calendar: &'a Calendar,
    reviewed: Reviewed<'a>,
    seated: Stored<Seated>,
    open: Open,
    version: i64,
}

impl<'a> Leaving<'a> {
    /// A task about this call's person, when it is open and its application with the experts of its panel.
    pub async fn of(
        work: &'a Work,
        catalogs: &Catalogs,
        calendar: &'a Calendar,
        stored: Stored<Task>,
    ) -> Result<Self> {
        let open = stored.value.into_open().map_err(Refusal::from)?;
        let reviewed = Reviewed::of_task(work, catalogs, calendar, &open.assigned).await?;
        let seated = store::seated_of(work, &open.assigned).await?;
        Ok(Self { work, calendar, reviewed, seated, open, version: stored.version })
    }

    /// Whether its expert's time is over.
    pub fn is_overdue(&self) -> bool {
        self.open.is_overdue(&self.reviewed.filed.clock, self.calendar, self.work.today())
    }

    /// Draws somebody instead, or tells why nobody can be.
    pub async fn instead(&self) -> Result<Result<Drawn, Vec<Refusal>>> {
        self.reviewed.draw_further(&self.seated.value, ONE).await
    }

    /// Its expert leaves; who was drawn instead gets a task.
    pub async fn leave(self, left: Left, drawn: Option<Drawn>) -> Result<Seated> {
        let Self { work, calendar, reviewed, seated, open, version } = self;
        let task = open.assigned.id;
        let step = open.close(left);
        let closed = step.state.clone();
        store::save_task(work, calendar, version, step).await?;
        let new = match &drawn {
            Some(drawn) => reviewed.hand_out(seated.value.lines(), drawn).await?,
            None => Vec::new(),
        };
        let Seated { panel, mut tasks, mut former } = seated.value;
        let step = match &drawn {
            Some(drawn) => panel.replace(task, drawn, &ids(&new)),
            None => panel.leave(task),
        };
        let step = step.ok_or_else(|| Error::internal(format!("task {task}: its expert is no member")))?;
        let panel = store::save_panel(work, Some(seated.version), step).await?;
        tasks.retain(|other| other.assigned().id != task);
        tasks.extend(new);
        former.push(closed);
        Ok(Seated { panel, tasks, former })
    }

    /// Tells, once, that nobody can be drawn instead. False when it was told before.
    pub async fn stay(self) -> Result<bool> {
        match self.open.irreplaceable() {
            Some(step) => store::save_task(self.work, self.calendar, self.version, step).await.map(|_| true),
            None => Ok(false),
        }
    }
}
