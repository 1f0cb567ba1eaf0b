//! Objections in their table.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::domain::{Event, Filed, Objection};
use crate::db::failed;
use crate::db::journal;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;
use crate::notice::entry::domain::Listing;
use crate::notice::name::entry_parts;
use crate::notice::row;

/// An objection as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The objection.
    pub objection: Objection,
    /// Its version.
    pub version: i64,
}

/// `areas/{admdvs}/notices/{id}/entries/{reference}/objections/{id}`.
pub fn name(objection: &Objection) -> String {
    let filed = objection.filed();
    format!("{}/objections/{}", filed.entry_name, filed.id)
}

/// One objection about this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    about(view, &view.person()?.psn_no, id).await
}

/// One objection about a person, for those who know its name.
pub async fn about(view: &View, psn_no: &PsnNo, id: Id) -> Result<Stored> {
    let key = (psn_no.as_str().to_owned(), id.0);
    let row = row::objection::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, &row.ok_or_else(|| Error::not_found(&format!("objections/{id}")))?)
}

/// Objections to a notice's entries, oldest first, after an id.
pub async fn list(view: &View, notice: Id, after: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    use row::objection::{Column, Entity};
    let mut find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.iter().map(|row| parse(view, row)).collect()
}

/// Objections about this call's person, newest first, before an id.
pub async fn own(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    use row::objection::{Column, Entity};
    let mut find = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.iter().map(|row| parse(view, row)).collect()
}

/// What was said in some objections about this call's person.
pub async fn standing(view: &View, ids: &[Id]) -> Result<Vec<Filed>> {
    use row::objection::{Column, Entity};
    let find = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)));
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.iter().map(|row| Ok(parse(view, row)?.objection.filed().clone())).collect()
}

/// Objections about this call's person that stand, oldest first.
pub async fn waiting(view: &View, most: u64) -> Result<Vec<Stored>> {
    use row::objection::{Column, Entity};
    let find = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::State.is_in(["standing", "appealed"]));
    let rows = find.order_by_asc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.iter().map(|row| parse(view, row)).collect()
}

/// What an objection is about, and the calendar by which its days are counted.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The calendar.
    pub calendar: &'a Calendar,
    /// What never changes of its entry.
    pub listing: &'a Listing,
}

/// Saves a new objection with its event.
pub async fn create(work: &Work, about: About<'_>, step: Step<Objection, Event>) -> Result<Stored> {
    let filed = step.state.filed();
    let row = row::objection::ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        id: Set(filed.id.0),
        entry_id: Set(filed.entry.0),
        notice_id: Set(about.listing.notice.0),
        state: Set(step.state.word().to_owned()),
        body: Set(work.seal(&place(filed.id.0), &step.state)?),
        version: Set(1),
        created_at: Set(micros(filed.filed_at)),
    };
    work.insert(row, journal::Entry::new(name(&step.state), 1, &step.event)?).await?;
    keep_deadline(work, about, &step.state).await?;
    Ok(Stored { objection: step.state, version: 1 })
}

/// Saves a step of an objection that was read in `version`.
pub async fn save(
    work: &Work,
    about: About<'_>,
    version: i64,
    step: Step<Objection, Event>,
) -> Result<Stored> {
    use row::objection::{Column, Entity};
    let (person, objection) = (work.person()?, step.state);
    let id = objection.filed().id;
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(objection.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&place(id.0), &objection)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    let journalled = journal::Entry::new(name(&objection), version + 1, &step.event)?;
    work.update(update, journalled).await?;
    keep_deadline(work, about, &objection).await?;
    Ok(Stored { objection, version: version + 1 })
}

/// Copies the clock of an objection among the deadlines.
async fn keep_deadline(work: &Work, about: About<'_>, objection: &Objection) -> Result<()> {
    let (area, _, _) = entry_parts(&about.listing.name)?;
    let subject = Subject {
        name: name(objection),
        id: objection.filed().id,
        kind: Kind::Objection,
        area,
        officer: String::new(),
        codes: vec![about.listing.code.clone()],
        state: objection.word().to_owned(),
        within: None,
    };
    deadline::keep(work, about.calendar, &subject, objection.clock()).await
}

fn parse(view: &View, row: &row::objection::Model) -> Result<Stored> {
    let objection: Objection = view.open(&place(row.id), &row.body)?;
    let filed = objection.filed();
    if objection.word() != row.state || filed.id.0 != row.id || filed.entry.0 != row.entry_id {
        return Err(Error::internal(format!("{}: impossible row in state {}", place(row.id), row.state)));
    }
    Ok(Stored { objection, version: row.version })
}

/// Where an objection's body is sealed: its row does not know the reference that its name begins with.
fn place(id: Uuid) -> String {
    format!("objections/{id}")
}
