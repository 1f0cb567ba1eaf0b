//! Re-qualifications in their table. The body is sealed; the columns beside it are for those who search.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Date;

use super::domain::{Advance, Event, Requalification};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::benefit::store as benefits;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::keys::Keys;
use crate::db::source::{Random, micros};
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::calendar::{Calendar, parse_date};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;

/// States in which a round is not over.
pub const RUNNING: [&str; 2] = ["open", "answered"];

/// A re-qualification as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Whose.
    pub psn_no: PsnNo,
    /// The re-qualification.
    pub round: Requalification,
    /// Its version.
    pub version: i64,
}

/// Which re-qualifications of an area are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Words of the states; those that are not over where it is empty.
    pub states: Vec<&'static str>,
    /// Due on this day at the latest.
    pub due_until: Option<Date>,
    /// Only those whose notice nobody has told to be delivered.
    pub undelivered: bool,
    /// 病种代码; empty for all.
    pub code: String,
}

/// `insured/{psn_no}/requalifications/{id}`.
pub fn name(psn_no: &PsnNo, id: Id) -> String {
    format!("insured/{psn_no}/requalifications/{id}")
}

/// One of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let psn_no = &view.person()?.psn_no;
    let row =
        Entity::find_by_id((psn_no.as_str().to_owned(), id.0)).one(&view.conn()).await.map_err(failed)?;
    parse(view.keys(), row.ok_or_else(|| Error::NotFound(name(psn_no, id)))?)
}

/// Those of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view.keys(), row)).collect()
}

/// Those of this call's area and of what lies in it, the earliest due first, after a key.
pub async fn of_area(view: &View, wanted: &Wanted, after: Option<&str>, most: u64) -> Result<Vec<Stored>> {
    let states = if wanted.states.is_empty() { &RUNNING[..] } else { &wanted.states[..] };
    let mut find = Entity::find()
        .filter(Column::Area.starts_with(view.area()?.prefix()))
        .filter(Column::State.is_in(states.iter().copied()));
    if let Some(day) = wanted.due_until {
        find = find.filter(Column::DueOn.lte(day.to_string()));
    }
    if wanted.undelivered {
        find = find.filter(Column::DeliveredOn.is_null());
    }
    if !wanted.code.is_empty() {
        find = find.filter(Column::OpspDiseCode.eq(&wanted.code));
    }
    if let Some(after) = after {
        find = find.filter(behind(after)?);
    }
    let order = [Column::DueOn, Column::PsnNo, Column::Id];
    let find = order.into_iter().fold(find, |find, column| find.order_by_asc(column));
    let rows = find.limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view.keys(), row)).collect()
}

impl Stored {
    /// Its place in the order of due days, for `of_area`.
    pub fn key(&self) -> String {
        let head = self.round.head();
        format!("{}/{}/{}", head.due_on, self.psn_no, head.id)
    }
}

/// Rows behind a key in the order of due days.
fn behind(key: &str) -> Result<Expr> {
    let broken = || Error::internal("a key of re-qualifications that is none");
    let parts: Vec<&str> = key.split('/').collect();
    let [due_on, psn_no, id] = parts.as_slice() else { return Err(broken()) };
    let id = Id::parse(id).map_err(|_| broken())?;
    let columns = [Column::DueOn, Column::PsnNo, Column::Id].map(Expr::col);
    let key = [Expr::value(*due_on), Expr::value(*psn_no), Expr::value(id.0)];
    Ok(Expr::tuple(columns).gt(Expr::tuple(key)))
}

/// Saves a step of a re-qualification that was read in `version`, and what it does to its benefit, in one: the benefit
/// first, as it was read.
pub async fn advance(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    benefit: benefits::Stored,
    advance: Advance,
) -> Result<Stored> {
    let benefit = match advance.benefit {
        Some(step) => benefits::save(work, benefit.version, step).await?,
        None => benefit,
    };
    save(work, calendar, version, advance.round, benefit.benefit.end.map(|(last, _)| last)).await
}

/// Saves a step of a re-qualification that was read in `version`, whose benefit ends on a day.
pub async fn save(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    step: Step<Requalification, Event>,
    benefit_ends: Option<Date>,
) -> Result<Stored> {
    let (psn_no, round) = (work.person()?.psn_no.clone(), step.state);
    let (id, place) = (round.head().id, name(&psn_no, round.head().id));
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(round.word()))
        .col_expr(Column::DeliveredOn, Expr::value(delivered_on(&round)))
        .col_expr(Column::NextOn, Expr::value(round.next_on(benefit_ends).map(|day| day.to_string())))
        .col_expr(Column::Body, Expr::value(work.seal(&place, &round)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(place, version + 1, &step.event)?).await?;
    keep_deadline(work, calendar, &psn_no, &round).await?;
    Ok(Stored { psn_no, round, version: version + 1 })
}

/// Has the job look at what is not over of a benefit once it has ended: said in the step that ends it.
pub async fn look_after_end(work: &Work, benefit: Id, last: Date) -> Result<()> {
    let Some(day) = last.next_day().map(|day| day.to_string()) else { return Ok(()) };
    let later = Condition::any().add(Column::NextOn.is_null()).add(Column::NextOn.gt(&day));
    let update = Entity::update_many()
        .col_expr(Column::NextOn, Expr::value(&day))
        .filter(Column::PsnNo.eq(work.person()?.psn_no.as_str()))
        .filter(Column::BenefitId.eq(benefit.0))
        .filter(Column::State.is_in(RUNNING.into_iter().chain(["lapsed"])))
        .filter(later);
    work.update_parts(update).await
}

/// Copies the clock of what was answered among the deadlines.
async fn keep_deadline(
    work: &Work,
    calendar: &Calendar,
    psn_no: &PsnNo,
    round: &Requalification,
) -> Result<()> {
    let head = round.head();
    let subject = Subject {
        name: name(psn_no, head.id),
        id: head.id,
        kind: Kind::Requalification,
        area: head.area.clone(),
        officer: String::new(),
        codes: vec![head.code.clone()],
        state: round.word().to_owned(),
        within: None,
    };
    deadline::keep(work, calendar, &subject, round.clock()).await
}

/// The row of a re-qualification whose benefit ends on a day.
pub fn row(
    (keys, random): (&Keys, &Random),
    psn_no: &PsnNo,
    round: &Requalification,
    version: i64,
    benefit_ends: Option<Date>,
) -> Result<ActiveModel> {
    let head = round.head();
    Ok(ActiveModel {
        psn_no: Set(psn_no.as_str().to_owned()),
        id: Set(head.id.0),
        benefit_id: Set(head.benefit.0),
        area: Set(head.area.as_str().to_owned()),
        opsp_dise_code: Set(head.code.clone()),
        due_on: Set(head.due_on.to_string()),
        state: Set(round.word().to_owned()),
        delivered_on: Set(delivered_on(round)),
        next_on: Set(round.next_on(benefit_ends).map(|day| day.to_string())),
        body: Set(keys.seal_value(random, &name(psn_no, head.id), round)?),
        version: Set(version),
        created_at: Set(micros(head.created_at)),
    })
}

fn delivered_on(round: &Requalification) -> Option<String> {
    round.dossier().delivered.as_ref().map(|delivery| delivery.on.to_string())
}

/// The columns must say what the sealed body says: a row that was changed behind its back is an error. Only the next day
/// may be another one: it is brought forward when the benefit ends.
pub fn parse(keys: &Keys, row: Model) -> Result<Stored> {
    let psn_no = PsnNo::parse(&row.psn_no)?;
    let round: Requalification = keys.open_value(&name(&psn_no, Id(row.id)), &row.body)?;
    let head = round.head();
    let agrees = (head.id.0, head.benefit.0) == (row.id, row.benefit_id)
        && round.word() == row.state
        && head.area.as_str() == row.area
        && head.code == row.opsp_dise_code
        && Some(head.due_on) == parse_date(&row.due_on)
        && delivered_on(&round) == row.delivered_on
        && micros(head.created_at) == row.created_at;
    if agrees {
        Ok(Stored { psn_no, round, version: row.version })
    } else {
        let broken = format!("requalification {}: impossible row in state {}", row.id, row.state);
        Err(Error::internal(broken).of_row())
    }
}
