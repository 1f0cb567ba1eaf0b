//! Experts, panels and tasks in their tables. Names, findings and reasons are sealed; the columns beside them are for
//! those who search.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::domain::{Event, Expert, Open, Task, resource, task_name};
use super::panel::{Panel, Seated};
use super::row::{claim, expert, panel, task};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// Something with its version.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// What was read.
    pub value: T,
    /// Its version.
    pub version: i64,
}

/// What of an expert is sealed.
#[derive(Serialize, Deserialize)]
struct Card {
    name: String,
    specialties: Vec<String>,
    diag_dr_codg: String,
}

/// Whether an expert of this call's area signs in under a name.
pub async fn operator_taken(view: &View, operator: &str) -> Result<bool> {
    let same = expert::Entity::find()
        .filter(expert::Column::Area.eq(view.area()?.as_str()))
        .filter(expert::Column::Operator.eq(operator));
    same.count(&view.conn()).await.map(|count| count > 0).map_err(failed)
}

/// Saves a new expert with its event.
pub async fn create_expert(work: &Work, step: Step<Expert, Event>) -> Result<Expert> {
    let expert = step.state;
    let card = Card {
        name: expert.name.clone(),
        specialties: expert.specialties.clone(),
        diag_dr_codg: expert.diag_dr_codg.clone(),
    };
    let row = expert::ActiveModel {
        area: Set(expert.area.as_str().to_owned()),
        id: Set(expert.id.0),
        operator: Set(expert.operator.clone()),
        fixmedins_code: Set(expert.fixmedins_code.clone()),
        body: Set(work.seal(&expert.resource(), &card)?),
        version: Set(1),
        created_at: Set(micros(work.now())),
    };
    work.insert(row, Entry::new(expert.resource(), 1, &step.event)?).await?;
    Ok(expert)
}

/// Experts in the registry of this call's area, oldest first, after an id.
pub async fn experts(view: &View, after: Option<Id>, most: u64) -> Result<Vec<Expert>> {
    let mut find = expert::Entity::find().filter(expert::Column::Area.eq(view.area()?.as_str()));
    if let Some(after) = after {
        find = find.filter(expert::Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(expert::Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse_expert(view, row)).collect()
}

/// Experts in the registries of some areas, and of everything within one.
pub async fn experts_of(view: &View, areas: &[Region], within: &Region) -> Result<Vec<Expert>> {
    let named = expert::Column::Area.is_in(areas.iter().map(Region::as_str));
    let rows = expert::Entity::find()
        .filter(Condition::any().add(named).add(expert::Column::Area.starts_with(within.prefix())))
        .order_by_asc(expert::Column::Id)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| parse_expert(view, row)).collect()
}

fn parse_expert(view: &View, row: expert::Model) -> Result<Expert> {
    let id = Id(row.id);
    let area = Region::find(&row.area)
        .ok_or_else(|| Error::internal(format!("expert {id}: impossible row in area {}", row.area)))?;
    let card: Card = view.open(&resource(&area, id), &row.body)?;
    Ok(Expert {
        id,
        area,
        name: card.name,
        operator: row.operator,
        fixmedins_code: row.fixmedins_code,
        specialties: card.specialties,
        diag_dr_codg: card.diag_dr_codg,
    })
}

/// How many tasks wait for each of some experts. One that has none is not in it.
pub async fn open_tasks(view: &View, experts: &[Expert]) -> Result<HashMap<Id, u64>> {
    let counts: Vec<(uuid::Uuid, i64)> = task::Entity::find()
        .select_only()
        .column(task::Column::ExpertId)
        .column_as(task::Column::Id.count(), "open_tasks")
        .filter(task::Column::ExpertId.is_in(experts.iter().map(|expert| expert.id.0)))
        .filter(waiting())
        .group_by(task::Column::ExpertId)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    Ok(counts.into_iter().map(|(id, count)| (Id(id), u64::try_from(count).unwrap_or(0))).collect())
}

/// Tasks that wait for their expert: open, and of an application that was not withdrawn under them.
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
    Condition::all().add(task::Column::State.eq("open")).add(Expr::exists(alive))
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

/// The panel of an application of this call's person, with its tasks.
pub async fn seated(view: &View, application: Id) -> Result<Option<Stored<Seated>>> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), application.0);
    let Some(row) = panel::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)? else {
        return Ok(None);
    };
    let panel: Panel = view.open(&panel_name(person, application), &row.body)?;
    let rows = task::Entity::find()
        .filter(task::Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(task::Column::ApplicationId.eq(application.0))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let found =
        rows.into_iter().map(|row| Ok(parse_task(view, row)?.value)).collect::<Result<Vec<Task>>>()?;
    let tasks = panel
        .members
        .iter()
        .map(|member| {
            let own = found.iter().find(|task| task.assigned().id == member.task).cloned();
            own.ok_or_else(|| Error::internal(format!("panel of {application}: a member without task")))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(Stored { value: Seated { panel, tasks }, version: row.version }))
}

/// Saves a panel with its event: a new one, or a step of one that was read in `version`.
pub async fn save_panel(work: &Work, version: Option<i64>, step: Step<Panel, Event>) -> Result<Panel> {
    use panel::Column;
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
pub async fn create_task(work: &Work, step: Step<Open, Event>) -> Result<Task> {
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
    };
    work.insert(row, Entry::new(task_place(person.psn_no.as_str(), assigned.id), 1, &step.event)?).await?;
    let claim = claim::ActiveModel { id: Set(assigned.id.0), psn_no: Set(person.psn_no.as_str().to_owned()) };
    work.insert_part(claim).await?;
    Ok(task)
}

/// Saves a step of a task that was read in `version`.
pub async fn save_task(work: &Work, version: i64, step: Step<impl Into<Task>, Event>) -> Result<Task> {
    use task::Column;
    let person = work.person()?;
    let task = step.state.into();
    let id = task.assigned().id;
    let place = task_place(person.psn_no.as_str(), id);
    let update = task::Entity::update_many()
        .col_expr(Column::State, Expr::value(task.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&place, &task)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(place, version + 1, &step.event)?).await?;
    Ok(task)
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
