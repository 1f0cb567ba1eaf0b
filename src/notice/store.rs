//! Notices, entries and objections in their tables. Bodies are sealed; the columns beside them are for those who
//! search.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::domain::{self, Notice, Objection, ObjectionEvent};
use super::entry::{self, Entry};
use super::row;
use crate::db::failed;
use crate::db::journal;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A notice as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The notice.
    pub notice: Notice,
    /// Its version.
    pub version: i64,
}

/// An entry as it was read.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// The entry.
    pub entry: Entry,
    /// Its version.
    pub version: i64,
}

/// An objection as it was read.
#[derive(Clone, Debug)]
pub struct StoredObjection {
    /// The objection.
    pub objection: Objection,
    /// Its version.
    pub version: i64,
}

/// Where an entry is, for those who go from person to person.
#[derive(Clone, Debug)]
pub struct Place {
    /// The person.
    pub psn_no: PsnNo,
    /// The notice.
    pub notice: Id,
    /// The entry.
    pub entry: Id,
    /// Its reference, for logs.
    pub reference: String,
}

/// `areas/{admdvs}/notices/{id}`.
pub fn name(area: &Region, id: Id) -> String {
    format!("areas/{area}/notices/{id}")
}

/// `areas/{admdvs}/notices/{id}/entries/{reference}/objections/{id}`.
pub fn objection_name(objection: &Objection) -> String {
    let filed = objection.filed();
    format!("{}/objections/{}", filed.entry_name, filed.id)
}

/// One notice of an area.
pub async fn get(view: &View, area: &Region, id: Id) -> Result<Stored> {
    let key = (area.as_str().to_owned(), id.0);
    let row = row::notice::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(area, id)))?)
}

/// Notices of an area, newest first, before an id.
pub async fn list(view: &View, area: &Region, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    use row::notice::{Column, Entity};
    let mut find = Entity::find().filter(Column::Area.eq(area.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// All notices in a state, oldest first.
pub async fn in_state(view: &View, state: &str) -> Result<Vec<Stored>> {
    use row::notice::{Column, Entity};
    let find = Entity::find().filter(Column::State.eq(state)).order_by_asc(Column::Id);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// How many notices an area has in a year. None is ever deleted, so the next one's number follows.
pub async fn count_of_year(view: &View, area: &Region, year: i32) -> Result<u64> {
    use row::notice::{Column, Entity};
    Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Number.starts_with(format!("{year}-")))
        .count(&view.conn())
        .await
        .map_err(failed)
}

/// Saves a new notice with its event.
pub async fn create(work: &Work, step: Step<impl Into<Notice>, domain::Event>) -> Result<Stored> {
    let notice = step.state.into();
    let head = notice.head();
    let name = name(&head.area, head.id);
    let row = row::notice::ActiveModel {
        area: Set(head.area.as_str().to_owned()),
        id: Set(head.id.0),
        number: Set(head.number.clone()),
        insutype: Set(head.insutype.code()),
        state: Set(notice.word().to_owned()),
        entry_count: Set(0),
        body: Set(work.seal(&name, &notice)?),
        version: Set(1),
        created_at: Set(micros(head.created_at)),
    };
    work.insert(row, journal::Entry::new(name, 1, &step.event)?).await?;
    Ok(Stored { notice, version: 1 })
}

/// Saves a step of a notice that was read in `version`.
pub async fn save(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    step: Step<impl Into<Notice>, domain::Event>,
) -> Result<Stored> {
    use row::notice::{Column, Entity};
    let notice = step.state.into();
    let (head, opened) = (notice.head(), notice.opened());
    let name = name(&head.area, head.id);
    let entries = opened.map_or(0, |open| i32::try_from(open.entries).unwrap_or(i32::MAX));
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(notice.word()))
        .col_expr(Column::EntryCount, Expr::value(entries))
        .col_expr(Column::Body, Expr::value(work.seal(&name, &notice)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::Area.eq(head.area.as_str()))
        .filter(Column::Id.eq(head.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, journal::Entry::new(name, version + 1, &step.event)?).await?;
    keep_deadline(work, calendar, &notice).await?;
    Ok(Stored { notice, version: version + 1 })
}

/// Copies the clock of a notice among the deadlines.
pub async fn keep_deadline(work: &Work, calendar: &Calendar, notice: &Notice) -> Result<()> {
    let head = notice.head();
    let subject = Subject {
        name: name(&head.area, head.id),
        id: head.id,
        kind: Kind::Notice,
        area: head.area.clone(),
        officer: String::new(),
        codes: Vec::new(),
        state: notice.word().to_owned(),
        within: None,
    };
    deadline::keep(work, calendar, &subject, notice.clock()).await
}

/// Holds a notice in a state until this work ends: of one that is being prepared, no entry is written while it becomes
/// open or void, nor after. Lost when it is not in that state any more.
pub async fn hold(work: &Work, area: &Region, id: Id, state: &str) -> Result<()> {
    use row::notice::{Column, Entity};
    let touch = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(state));
    work.update_part(touch).await
}

fn parse(view: &View, row: row::notice::Model) -> Result<Stored> {
    let place = format!("areas/{}/notices/{}", row.area, row.id);
    let notice: Notice = view.open(&place, &row.body)?;
    let head = notice.head();
    if notice.word() != row.state || head.id.0 != row.id || head.number != row.number {
        return Err(Error::internal(format!("{place}: impossible row in state {}", row.state)));
    }
    Ok(Stored { notice, version: row.version })
}

/// Whose entry a reference names.
pub async fn claim(view: &View, reference: &str) -> Result<Option<Place>> {
    let row = row::claim::Entity::find_by_id(reference.to_owned()).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| place(&row.psn_no, row.notice_id, row.entry_id, row.reference)).transpose()
}

/// One entry of this call's person.
pub async fn entry(view: &View, id: Id) -> Result<StoredEntry> {
    let key = (view.person()?.psn_no.as_str().to_owned(), id.0);
    let row = row::entry::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse_entry(view, row.ok_or_else(|| Error::not_found(&format!("entries/{id}")))?)
}

/// Entries of a notice in the order of their references, after one of them. The public does not see removed ones.
pub async fn entries(
    view: &View,
    notice: Id,
    after: Option<&str>,
    with_removed: bool,
    most: u64,
) -> Result<Vec<StoredEntry>> {
    use row::entry::{Column, Entity};
    let mut find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    if let Some(after) = after {
        find = find.filter(Column::Reference.gt(after));
    }
    if !with_removed {
        find = find.filter(Column::State.ne(entry::REMOVED));
    }
    let rows = find.order_by_asc(Column::Reference).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse_entry(view, row)).collect()
}

/// How many entries a notice has.
pub async fn count_entries(view: &View, notice: Id) -> Result<u32> {
    use row::entry::{Column, Entity};
    let find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    let count = find.count(&view.conn()).await.map_err(failed)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Entries of a notice that have no outcome yet, person by person.
pub async fn unsettled(view: &View, notice: Id) -> Result<Vec<Place>> {
    use row::entry::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::NoticeId.eq(notice.0))
        .filter(Column::State.is_in([entry::LISTED, entry::OBJECTED]))
        .order_by_asc(Column::PsnNo)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| place(&row.psn_no, row.notice_id, row.id, row.reference)).collect()
}

/// Undisputed entries of all notices whose benefit is still due, person by person.
pub async fn undisputed(view: &View) -> Result<Vec<Place>> {
    use row::entry::{Column, Entity};
    let find = Entity::find().filter(Column::State.eq(entry::UNDISPUTED)).order_by_asc(Column::PsnNo);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| place(&row.psn_no, row.notice_id, row.id, row.reference)).collect()
}

/// Saves a new entry with its event, and claims its reference.
pub async fn create_entry(work: &Work, area: &Region, step: Step<Entry, entry::Event>) -> Result<()> {
    let psn_no = work.person()?.psn_no.as_str().to_owned();
    let listing = step.state.listing();
    work.insert_part(row::claim::ActiveModel {
        reference: Set(listing.reference.clone()),
        psn_no: Set(psn_no.clone()),
        entry_id: Set(listing.id.0),
        notice_id: Set(listing.notice.0),
    })
    .await?;
    let row = row::entry::ActiveModel {
        psn_no: Set(psn_no),
        id: Set(listing.id.0),
        notice_id: Set(listing.notice.0),
        area: Set(area.as_str().to_owned()),
        reference: Set(listing.reference.clone()),
        application_id: Set(listing.application.0),
        opsp_dise_code: Set(listing.code.clone()),
        state: Set(step.state.word().to_owned()),
        body: Set(work.seal(&listing.name, &step.state)?),
        version: Set(1),
    };
    work.insert(row, journal::Entry::new(listing.name.clone(), 1, &step.event)?).await
}

/// Saves a step of an entry that was read in `version`.
pub async fn save_entry(work: &Work, version: i64, step: Step<Entry, entry::Event>) -> Result<StoredEntry> {
    use row::entry::{Column, Entity};
    let (person, entry) = (work.person()?, step.state);
    let listing = entry.listing();
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(entry.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&listing.name, &entry)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(listing.id.0))
        .filter(Column::Version.eq(version));
    let journalled = journal::Entry::new(listing.name.clone(), version + 1, &step.event)?;
    work.update(update, journalled).await?;
    Ok(StoredEntry { entry, version: version + 1 })
}

fn parse_entry(view: &View, row: row::entry::Model) -> Result<StoredEntry> {
    let place = format!("areas/{}/notices/{}/entries/{}", row.area, row.notice_id, row.reference);
    let entry: Entry = view.open(&place, &row.body)?;
    let listing = entry.listing();
    let same = listing.id.0 == row.id
        && listing.name == place
        && listing.application.0 == row.application_id
        && listing.code == row.opsp_dise_code;
    if entry.word() != row.state || !same {
        return Err(Error::internal(format!("{place}: impossible row in state {}", row.state)));
    }
    Ok(StoredEntry { entry, version: row.version })
}

fn place(psn_no: &str, notice: Uuid, entry: Uuid, reference: String) -> Result<Place> {
    Ok(Place { psn_no: PsnNo::parse(psn_no)?, notice: Id(notice), entry: Id(entry), reference })
}

/// One objection about this call's person.
pub async fn objection(view: &View, id: Id) -> Result<StoredObjection> {
    objection_about(view, &view.person()?.psn_no, id).await
}

/// One objection about a person, for those who know its name.
pub async fn objection_about(view: &View, psn_no: &PsnNo, id: Id) -> Result<StoredObjection> {
    let key = (psn_no.as_str().to_owned(), id.0);
    let row = row::objection::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse_objection(view, &row.ok_or_else(|| Error::not_found(&format!("objections/{id}")))?)
}

/// Objections to a notice's entries, oldest first, after an id.
pub async fn objections(
    view: &View,
    notice: Id,
    after: Option<Id>,
    most: u64,
) -> Result<Vec<StoredObjection>> {
    use row::objection::{Column, Entity};
    let mut find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.iter().map(|row| parse_objection(view, row)).collect()
}

/// Saves a new objection with its event.
pub async fn create_objection(
    work: &Work,
    notice: Id,
    step: Step<Objection, ObjectionEvent>,
) -> Result<StoredObjection> {
    let filed = step.state.filed();
    let row = row::objection::ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        id: Set(filed.id.0),
        entry_id: Set(filed.entry.0),
        notice_id: Set(notice.0),
        state: Set(step.state.word().to_owned()),
        body: Set(work.seal(&objection_place(filed.id.0), &step.state)?),
        version: Set(1),
        created_at: Set(micros(filed.filed_at)),
    };
    let name = objection_name(&step.state);
    work.insert(row, journal::Entry::new(name, 1, &step.event)?).await?;
    Ok(StoredObjection { objection: step.state, version: 1 })
}

/// Saves a step of an objection that was read in `version`.
pub async fn save_objection(
    work: &Work,
    version: i64,
    step: Step<Objection, ObjectionEvent>,
) -> Result<StoredObjection> {
    use row::objection::{Column, Entity};
    let (person, objection) = (work.person()?, step.state);
    let id = objection.filed().id;
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(objection.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&objection_place(id.0), &objection)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    let journalled = journal::Entry::new(objection_name(&objection), version + 1, &step.event)?;
    work.update(update, journalled).await?;
    Ok(StoredObjection { objection, version: version + 1 })
}

fn parse_objection(view: &View, row: &row::objection::Model) -> Result<StoredObjection> {
    let place = objection_place(row.id);
    let objection: Objection = view.open(&place, &row.body)?;
    let filed = objection.filed();
    if objection.word() != row.state || filed.id.0 != row.id || filed.entry.0 != row.entry_id {
        return Err(Error::internal(format!("{place}: impossible row in state {}", row.state)));
    }
    Ok(StoredObjection { objection, version: row.version })
}

/// Where an objection's body is sealed: its row does not know the reference that its name begins with.
fn objection_place(id: Uuid) -> String {
    format!("objections/{id}")
}
