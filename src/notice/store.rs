//! Notices in their table. Bodies are sealed; the columns beside them are for those who search.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::domain::{self, Notice};
use super::row;
use crate::db::failed;
use crate::db::journal;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
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

/// `areas/{admdvs}/notices/{id}`.
pub fn name(area: &Region, id: Id) -> String {
    format!("areas/{area}/notices/{id}")
}

/// One notice of an area.
pub async fn get(view: &View, area: &Region, id: Id) -> Result<Stored> {
    let key = (area.as_str().to_owned(), id.0);
    let row = row::notice::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(area, id)))?)
}

/// Notices of an area, newest first, before an id; those in a state, or all.
pub async fn list(
    view: &View,
    area: &Region,
    state: Option<&str>,
    before: Option<Id>,
    most: u64,
) -> Result<Vec<Stored>> {
    use row::notice::{Column, Entity};
    let mut find = Entity::find().filter(Column::Area.eq(area.as_str()));
    if let Some(state) = state {
        find = find.filter(Column::State.eq(state));
    }
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// Some notices, each by its area and id.
pub async fn of_names(view: &View, names: &[(Region, Id)]) -> Result<Vec<Stored>> {
    use row::notice::{Column, Entity};
    let find = Entity::find()
        .filter(Column::Area.is_in(names.iter().map(|(area, _)| area.as_str())))
        .filter(Column::Id.is_in(names.iter().map(|(_, id)| id.0)));
    let rows = find.all(&view.conn()).await.map_err(failed)?;
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

impl From<domain::Opening> for Notice {
    fn from(state: domain::Opening) -> Self {
        Self::Opening(state)
    }
}

impl From<domain::Open> for Notice {
    fn from(state: domain::Open) -> Self {
        Self::Open(state)
    }
}

impl From<domain::Closed> for Notice {
    fn from(state: domain::Closed) -> Self {
        Self::Closed(state)
    }
}

impl From<domain::Settled> for Notice {
    fn from(state: domain::Settled) -> Self {
        Self::Settled(state)
    }
}

impl From<domain::Void> for Notice {
    fn from(state: domain::Void) -> Self {
        Self::Void(state)
    }
}

impl From<domain::Withdrawing> for Notice {
    fn from(state: domain::Withdrawing) -> Self {
        Self::Withdrawing(state)
    }
}

impl From<domain::Withdrawn> for Notice {
    fn from(state: domain::Withdrawn) -> Self {
        Self::Withdrawn(state)
    }
}
