//! Entries in their table, and whose they are by their references.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::domain::{APPEALABLE, Entry, Event, LISTED, OBJECTED, REMOVED, UNDISPUTED, WITHDRAWN};
use crate::db::failed;
use crate::db::journal;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::notice::row;

/// An entry as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
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

/// States that the public does not see.
const HIDDEN: [&str; 2] = [REMOVED, WITHDRAWN];

/// Whose entry a reference names.
pub async fn claim(view: &View, reference: &str) -> Result<Option<Place>> {
    let row = row::claim::Entity::find_by_id(reference.to_owned()).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| place(&row.psn_no, row.notice_id, row.entry_id, row.reference)).transpose()
}

/// One entry of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let key = (view.person()?.psn_no.as_str().to_owned(), id.0);
    let row = row::entry::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::not_found(&format!("entries/{id}")))?)
}

/// Entries of a notice in the order of their references, after one of them. The public does not see
/// those that were removed or withdrawn.
pub async fn list(
    view: &View,
    notice: Id,
    after: Option<&str>,
    with_hidden: bool,
    most: u64,
) -> Result<Vec<Stored>> {
    use row::entry::{Column, Entity};
    let mut find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    if let Some(after) = after {
        find = find.filter(Column::Reference.gt(after));
    }
    if !with_hidden {
        find = find.filter(Column::State.is_not_in(HIDDEN));
    }
    let rows = find.order_by_asc(Column::Reference).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// Entries of this call's person whose lines wait for their benefit, newest first.
pub async fn own_running(view: &View, most: u64) -> Result<Vec<Stored>> {
    use row::entry::{Column, Entity};
    let find = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::State.is_in([LISTED, OBJECTED, APPEALABLE, UNDISPUTED]));
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// How many entries a notice has.
pub async fn count(view: &View, notice: Id) -> Result<u32> {
    use row::entry::{Column, Entity};
    let find = Entity::find().filter(Column::NoticeId.eq(notice.0));
    let count = find.count(&view.conn()).await.map_err(failed)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many entries of a notice the public sees in its days.
pub async fn count_shown(view: &View, notice: Id) -> Result<u32> {
    use row::entry::{Column, Entity};
    let find = Entity::find().filter(Column::NoticeId.eq(notice.0)).filter(Column::State.is_not_in(HIDDEN));
    let count = find.count(&view.conn()).await.map_err(failed)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Entries of a notice that have no outcome yet, person by person.
pub async fn unsettled(view: &View, notice: Id) -> Result<Vec<Place>> {
    use row::entry::{Column, Entity};
    let of = Entity::find().filter(Column::NoticeId.eq(notice.0));
    places(view, of.filter(Column::State.is_in([LISTED, OBJECTED]))).await
}

/// Undisputed entries of all notices whose benefit is still due, person by person.
pub async fn undisputed(view: &View) -> Result<Vec<Place>> {
    use row::entry::{Column, Entity};
    places(view, Entity::find().filter(Column::State.eq(UNDISPUTED))).await
}

/// Entries of all notices about which somebody may still appeal, or might until yesterday.
pub async fn appealable(view: &View) -> Result<Vec<(Place, Entry)>> {
    use row::entry::{Column, Entity};
    let find = Entity::find().filter(Column::State.eq(APPEALABLE)).order_by_asc(Column::PsnNo);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    let found = |row: row::entry::Model| {
        let place = place(&row.psn_no, row.notice_id, row.id, row.reference.clone())?;
        Ok((place, parse(view, row)?.entry))
    };
    rows.into_iter().map(found).collect()
}

/// Where entries are, person by person, without what is sealed in them.
async fn places(view: &View, find: Select<row::entry::Entity>) -> Result<Vec<Place>> {
    use row::entry::Column;
    let columns = [Column::PsnNo, Column::NoticeId, Column::Id, Column::Reference];
    let rows: Vec<(String, Uuid, Uuid, String)> = find
        .select_only()
        .columns(columns)
        .order_by_asc(Column::PsnNo)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|(psn_no, notice, id, reference)| place(&psn_no, notice, id, reference)).collect()
}

/// Saves a new entry with its event, and claims its reference.
pub async fn create(work: &Work, area: &Region, step: Step<Entry, Event>) -> Result<()> {
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
pub async fn save(work: &Work, version: i64, step: Step<Entry, Event>) -> Result<Stored> {
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
    Ok(Stored { entry, version: version + 1 })
}

fn parse(view: &View, row: row::entry::Model) -> Result<Stored> {
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
    Ok(Stored { entry, version: row.version })
}

fn place(psn_no: &str, notice: Uuid, entry: Uuid, reference: String) -> Result<Place> {
    Ok(Place { psn_no: PsnNo::parse(psn_no)?, notice: Id(notice), entry: Id(entry), reference })
}
