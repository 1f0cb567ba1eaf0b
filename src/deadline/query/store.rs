//! Deadlines that are looked for.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use time::Date;

use crate::db::failed;
use crate::db::work::View;
use crate::deadline::domain::Kind;
use crate::deadline::row::{Column, Entity};
use crate::deadline::store::{Stored, parse, read};
use crate::kernel::calendar::parse_date;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;

/// Which deadlines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Whose; empty for all.
    pub officer: String,
    /// 病种代码; empty for all.
    pub code: String,
    /// What for; none for all.
    pub kind: Option<Kind>,
    /// Only those due before this day.
    pub due_before: Option<Date>,
}

/// Running deadlines of this call's area and of what lies in it, the earliest due first, those whose clock stands still
/// last; after a key.
pub async fn running(view: &View, wanted: &Wanted, after: Option<&str>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find()
        .filter(Column::Area.starts_with(view.area()?.prefix()))
        .filter(Column::Ended.eq(false));
    if !wanted.officer.is_empty() {
        find = find.filter(Column::Officer.eq(&wanted.officer));
    }
    if !wanted.code.is_empty() {
        find = find.filter(Column::Codes.contains(format!(" {} ", wanted.code)));
    }
    if let Some(kind) = wanted.kind {
        find = find.filter(Column::Kind.eq(kind.word()));
    }
    if let Some(day) = wanted.due_before {
        find = find.filter(Column::DueOn.lt(day.to_string()));
    }
    if let Some(after) = after {
        find = find.filter(behind(after)?);
    }
    let order = [Column::DueOn, Column::Owner, Column::Id, Column::Kind];
    let find = order.into_iter().fold(find, |find, column| find.order_by_asc(column));
    let rows = find.limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

/// Rows behind a key in the order of due dates.
fn behind(key: &str) -> Result<Condition> {
    let broken = || Error::internal("a key of deadlines that is none");
    let parts: Vec<&str> = key.split('/').collect();
    let [due_on, owner, id, kind] = parts.as_slice() else { return Err(broken()) };
    let id = Id::parse(id).map_err(|_| broken())?;
    let equal = |condition: Condition| condition.add(Column::DueOn.eq(*due_on));
    let same_owner = |condition: Condition| equal(condition).add(Column::Owner.eq(*owner));
    Ok(Condition::any()
        .add(Column::DueOn.gt(*due_on))
        .add(equal(Condition::all()).add(Column::Owner.gt(*owner)))
        .add(same_owner(Condition::all()).add(Column::Id.gt(id.0)))
        .add(same_owner(Condition::all()).add(Column::Id.eq(id.0)).add(Column::Kind.gt(*kind))))
}

/// Running deadlines of a kind that were due before a day, whatever their area, behind a key of owner and id, in that
/// order.
pub async fn overdue(
    view: &View,
    kind: Kind,
    today: Date,
    after: Option<&Stored>,
    most: u64,
) -> Result<Vec<Stored>> {
    let mut find = Entity::find()
        .filter(Column::Ended.eq(false))
        .filter(Column::Kind.eq(kind.word()))
        .filter(Column::DueOn.lt(today.to_string()));
    if let Some(Stored { owner, subject, .. }) = after {
        let same = Condition::all().add(Column::Owner.eq(owner)).add(Column::Id.gt(subject.id.0));
        find = find.filter(Condition::any().add(Column::Owner.gt(owner)).add(same));
    }
    let rows = in_order(find).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

/// Clocks that run and are alike, down to the due date.
pub struct Alike {
    /// The clock.
    pub clock: Clock,
    /// The due date as it was derived last; none while it stands still.
    pub due_date: Option<Date>,
    /// How many there are.
    pub count: u64,
    /// The clock as it is written.
    pub written: String,
}

/// All running clocks, whatever their area, alike ones together, the earliest due first.
pub async fn alike(view: &View) -> Result<Vec<Alike>> {
    let find = Entity::find()
        .select_only()
        .columns([Column::DueOn, Column::Clock])
        .column_as(Column::Id.count(), "count")
        .filter(Column::Ended.eq(false))
        .group_by(Column::DueOn)
        .group_by(Column::Clock)
        .order_by_asc(Column::DueOn)
        .order_by_asc(Column::Clock);
    let rows: Vec<(String, String, i64)> = find.into_tuple().all(&view.conn()).await.map_err(failed)?;
    let alike = |(due_on, written, count): (String, String, i64)| {
        Ok(Alike {
            clock: read(&written)?,
            due_date: parse_date(&due_on),
            count: count.unsigned_abs(),
            written,
        })
    };
    rows.into_iter().map(alike).collect()
}

/// Running deadlines with one of these clocks, the earliest due first.
pub async fn with_clocks(view: &View, written: &[String], most: u64) -> Result<Vec<Stored>> {
    let find = Entity::find().filter(Column::Ended.eq(false)).filter(Column::Clock.is_in(written));
    let find = in_order(find.order_by_asc(Column::DueOn)).limit(most);
    find.all(&view.conn()).await.map_err(failed)?.into_iter().map(parse).collect()
}

/// Those of some deadlines of a kind that are there, running or not.
pub async fn known(view: &View, kind: Kind, ids: &[Id]) -> Result<BTreeSet<Id>> {
    let find = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Kind.eq(kind.word()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)));
    let rows: Vec<uuid::Uuid> = find.into_tuple().all(&view.conn()).await.map_err(failed)?;
    Ok(rows.into_iter().map(Id).collect())
}

/// In the order of their keys.
pub fn in_order(find: Select<Entity>) -> Select<Entity> {
    [Column::Owner, Column::Id, Column::Kind].into_iter().fold(find, |find, column| find.order_by_asc(column))
}
