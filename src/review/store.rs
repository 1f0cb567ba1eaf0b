//! Panels and tasks in their tables. Findings and reasons are sealed; the columns beside them are for those who search.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Duration;

use super::departure::Closed;
use super::domain::{Assigned, Event, Open, Task, task_name};
use super::panel::{Member, Panel, Seated};
use super::quality;
use super::registry::Load;
use super::row::{claim, panel, task};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;

/// Something with its version.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// What was read.
    pub value: T,
    /// Its version.
    pub version: i64,
}

/// How long a task that ended counts as load.
const LOAD: Duration = Duration::days(365);

/// How much each of some experts has and had to do. One that has and had nothing is not in it.
pub async fn loads(view: &View, experts: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, Load>> {
    let experts: Vec<_> = experts.into_iter().map(|id| id.0).collect();
    let ended = |state: &str| {
        // What was closed before its end was kept is told by its beginning.
        let at = Func::coalesce([Expr::col(task::Column::AnsweredAt), Expr::col(task::Column::CreatedAt)]);
        let lately = Expr::expr(at).gte(micros(view.now() - LOAD));
        Condition::all().add(task::Column::State.eq(state)).add(lately)
    };
    let mut loads: HashMap<Id, Load> = HashMap::new();
    for (id, count) in count_tasks(view, &experts, waiting()).await? {
        loads.entry(id).or_default().open_tasks = count;
    }
    for (id, count) in count_tasks(view, &experts, ended("answered")).await? {
        loads.entry(id).or_default().answered_tasks = count;
    }
    for (id, count) in count_tasks(view, &experts, ended("closed")).await? {
        loads.entry(id).or_default().closed_tasks = count;
    }
    Ok(loads)
}

async fn count_tasks(view: &View, experts: &[uuid::Uuid], which: Condition) -> Result<Vec<(Id, u64)>> {
    let counts: Vec<(uuid::Uuid, i64)> = task::Entity::find()
        .select_only()
        .column(task::Column::ExpertId)
        .column_as(task::Column::Id.count(), "tasks")
        .filter(task::Column::ExpertId.is_in(experts.iter().copied()))
        .filter(which)
        .group_by(task::Column::ExpertId)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    Ok(counts.into_iter().map(|(id, count)| (Id(id), u64::try_from(count).unwrap_or(0))).collect())
}

/// How those sign in who gave back a task about this call's person because of a relation.
pub async fn avoided_by(view: &View) -> Result<Vec<String>> {
    let rows = task::Entity::find()
        .filter(task::Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(task::Column::State.eq("closed"))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let mut operators = Vec::new();
    for row in rows {
        let related =
            matches!(parse_task(view, row.clone())?.value, Task::Closed(closed) if closed.is_related());
        if related && !operators.contains(&row.operator) {
            operators.push(row.operator);
        }
    }
    Ok(operators)
}

/// Tasks that wait for their expert: open, and of an application that was not withdrawn under them. Those of a second panel
/// are closed when nobody needs them any more.
fn waiting() -> Condition {
    let name = Alias::new;
    let column = |column| Expr::col((name("application"), name(column)));
    let mut alive = Query::select();
    alive
        .expr(Expr::val(1))
        .from(name("application"))
        .and_where(column("psn_no").equals((task::Entity, task::Column::PsnNo)))
        .and_where(column("id").equals((task::Entity, task::Column::ApplicationId)))
        .and_where(column("state").is_in(["accepted", "awaiting_supplement"]));
    let needed = Condition::any().add(task::Column::QualityId.is_not_null()).add(Expr::exists(alive));
    Condition::all().add(task::Column::State.eq("open")).add(needed)
}

/// Tasks of an expert within this call's area, oldest first, after an id, each with its applicant, whom the expert must
/// not see.
pub async fn tasks(
    view: &View,
    operator: &str,
    answered_too: bool,
    after: Option<Id>,
    most: u64,
) -> Result<Vec<(PsnNo, Task)>> {
    let mut state = Condition::any().add(waiting());
    if answered_too {
        state = state.add(task::Column::State.eq("answered"));
    }
    let mut find = task::Entity::find()
        .filter(task::Column::Operator.eq(operator))
        .filter(task::Column::Area.starts_with(view.area()?.prefix()))
        .filter(state);
    if let Some(after) = after {
        find = find.filter(task::Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(task::Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| Ok((PsnNo::parse(&row.psn_no)?, parse_task(view, row)?.value))).collect()
}

/// Whose application a task is about.
pub async fn applicant(view: &View, task: Id) -> Result<Option<PsnNo>> {
    let row = claim::Entity::find_by_id(task.0).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| PsnNo::parse(&row.psn_no)).transpose()
}

/// A task about this call's person, of an expert. Another's looks like none.
pub async fn task(view: &View, id: Id, operator: &str) -> Result<Stored<Task>> {
    let row = task::Entity::find_by_id((view.person()?.psn_no.as_str().to_owned(), id.0))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    let row = row.filter(|row| row.operator == operator).ok_or_else(|| Error::NotFound(task_name(id)))?;
    parse_task(view, row)
}

/// A task about this call's person, whoever's it is.
pub async fn any_task(view: &View, id: Id) -> Result<Stored<Task>> {
    let key = (view.person()?.psn_no.as_str().to_owned(), id.0);
    let row = task::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse_task(view, row.ok_or_else(|| Error::NotFound(task_name(id)))?)
}

/// The panel on which the decision on an application of this call's person rests, with its tasks.
pub async fn seated(view: &View, application: Id) -> Result<Option<Stored<Seated>>> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), application.0);
    let Some(row) = panel::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)? else {
        return Ok(None);
    };
    let panel = view.open(&panel_name(person, application), &row.body)?;
    Ok(Some(Stored { value: with_tasks(view, panel).await?, version: row.version }))
}

/// The panel on which the expert of a task about this call's person sits, or sat, with its tasks.
pub async fn seated_of(view: &View, assigned: &Assigned) -> Result<Stored<Seated>> {
    let application = assigned.application;
    let found = match assigned.purpose.quality() {
        Some(second) => quality::store::seated(view, second.review).await?,
        None => seated(view, application).await?,
    };
    found.ok_or_else(|| Error::internal(format!("task of {application}: there is no panel")))
}

/// Who sits or sat on any panel of an application of this call's person.
pub async fn sat(view: &View, application: Id) -> Result<Vec<Member>> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), application.0);
    let first = panel::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    let first: Option<Panel> =
        first.map(|row| view.open(&panel_name(person, application), &row.body)).transpose()?;
    let second = quality::store::of(view, application).await?;
    let second = second.into_iter().filter_map(|stored| stored.value.panel);
    Ok(first.into_iter().chain(second).flat_map(|panel| panel.seen()).collect())
}

/// Every task about an application of this call's person, whosever it is and on whichever panel.
pub async fn tasks_of(view: &View, application: Id) -> Result<Vec<Task>> {
    let rows = task::Entity::find()
        .filter(task::Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(task::Column::ApplicationId.eq(application.0))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| Ok(parse_task(view, row)?.value)).collect()
}

/// A panel with the tasks of its members and of those who left it.
pub(super) async fn with_tasks(view: &View, panel: Panel) -> Result<Seated> {
    let application = panel.application;
    let found = tasks_of(view, application).await?;
    let task = |member: &Member| {
        let own = found.iter().find(|task| task.assigned().id == member.task).cloned();
        own.ok_or_else(|| Error::internal(format!("panel of {application}: a member without task")))
    };
    let closed = |member: &Member| match task(member)? {
        Task::Closed(closed) => Ok(closed),
        _ => Err(Error::internal(format!("panel of {application}: a former member has a task"))),
    };
    let tasks = panel.members.iter().map(task).collect::<Result<Vec<Task>>>()?;
    let former = panel.former.iter().map(closed).collect::<Result<Vec<Closed>>>()?;
    Ok(Seated { panel, tasks, former })
}

/// Saves a panel with its event: a new one, or a step of one that was read in `version`.
pub async fn save_panel(work: &Work, version: Option<i64>, step: Step<Panel, Event>) -> Result<Panel> {
    use panel::Column;
    if step.state.quality.is_some() {
        return quality::store::save_panel(work, version, step).await;
    }
    let (person, panel) = (work.person()?, step.state);
    let name = panel_name(person, panel.application);
    let body = work.seal(&name, &panel)?;
    let next = version.unwrap_or(0) + 1;
    let entry = Entry::new(name, next, &step.event)?;
    match version {
        None => {
            let row = panel::ActiveModel {
                psn_no: Set(person.psn_no.as_str().to_owned()),
                application_id: Set(panel.application.0),
                body: Set(body),
                version: Set(next),
            };
            work.insert(row, entry).await?;
        }
        Some(version) => {
            let update = panel::Entity::update_many()
                .col_expr(Column::Body, Expr::value(body))
                .col_expr(Column::Version, Expr::value(next))
                .filter(Column::PsnNo.eq(person.psn_no.as_str()))
                .filter(Column::ApplicationId.eq(panel.application.0))
                .filter(Column::Version.eq(version));
            work.update(update, entry).await?;
        }
    }
    Ok(panel)
}

/// Saves a new task with its event, and whose application it is about.
pub async fn create_task(work: &Work, calendar: &Calendar, step: Step<Open, Event>) -> Result<Task> {
    let person = work.person()?;
    let task = Task::Open(step.state);
    let assigned = task.assigned();
    let row = task::ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(assigned.id.0),
        application_id: Set(assigned.application.0),
        area: Set(assigned.area.as_str().to_owned()),
        expert_id: Set(assigned.expert.0),
        operator: Set(assigned.operator.clone()),
        state: Set(task.word().to_owned()),
        body: Set(work.seal(&task_place(person.psn_no.as_str(), assigned.id), &task)?),
        version: Set(1),
        created_at: Set(micros(assigned.assigned_at)),
        answered_at: Set(None),
        quality_id: Set(assigned.purpose.quality().map(|second| second.review.0)),
    };
    work.insert(row, Entry::new(task_place(person.psn_no.as_str(), assigned.id), 1, &step.event)?).await?;
    let claim = claim::ActiveModel { id: Set(assigned.id.0), psn_no: Set(person.psn_no.as_str().to_owned()) };
    work.insert_part(claim).await?;
    keep_deadline(work, calendar, &task).await?;
    Ok(task)
}

/// Saves a step of a task that was read in `version`.
pub async fn save_task(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    step: Step<impl Into<Task>, Event>,
) -> Result<Task> {
    use task::Column;
    let person = work.person()?;
    let task = step.state.into();
    let id = task.assigned().id;
    let place = task_place(person.psn_no.as_str(), id);
    let ended_at = task.ended_at().map(micros);
    let update = task::Entity::update_many()
        .col_expr(Column::State, Expr::value(task.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&place, &task)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .col_expr(Column::AnsweredAt, Expr::value(ended_at))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(place, version + 1, &step.event)?).await?;
    keep_deadline(work, calendar, &task).await?;
    Ok(task)
}

/// 评审时限 of a task: it stands still and ends with its application, but on a second panel.
async fn keep_deadline(work: &Work, calendar: &Calendar, task: &Task) -> Result<()> {
    let assigned = task.assigned();
    let application = crate::application::store::get(work, assigned.application).await?.application;
    let subject = Subject {
        name: task_name(assigned.id),
        id: assigned.id,
        kind: Kind::Opinion,
        area: assigned.area.clone(),
        officer: assigned.operator.clone(),
        codes: assigned.lines.iter().map(|line| line.code.clone()).collect(),
        state: task.word().to_owned(),
        within: assigned.purpose.quality().is_none().then_some(assigned.application),
    };
    deadline::keep(work, calendar, &subject, task.clock(application.clock()).as_ref()).await
}

fn panel_name(person: &Person, application: Id) -> String {
    format!("{}/applications/{application}/panel", person.name())
}

/// Under which name a task is sealed and stands in the journal. An expert knows it as `reviewTasks/{id}` only.
fn task_place(psn_no: &str, id: Id) -> String {
    format!("insured/{psn_no}/reviewTasks/{id}")
}

fn parse_task(view: &View, row: task::Model) -> Result<Stored<Task>> {
    let value: Task = view.open(&task_place(&row.psn_no, Id(row.id)), &row.body)?;
    let assigned = value.assigned();
    if value.word() != row.state || assigned.id.0 != row.id || assigned.operator != row.operator {
        return Err(Error::internal(format!("task {}: impossible row in state {}", row.id, row.state)));
    }
    Ok(Stored { value, version: row.version })
}
