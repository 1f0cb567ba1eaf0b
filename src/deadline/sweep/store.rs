//! What the jobs go through: found by what they look for, locked, and saved as it is from now on.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select};
use time::Date;

use crate::db::batch::Batch;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::work::View;
use crate::deadline::domain::{Derived, Event};
use crate::deadline::query::store::in_order;
use crate::deadline::row::{ActiveModel, Column, Entity};
use crate::deadline::store::{NEVER, Stored, parse, written};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};

/// In two ranges, so that an index finds that there is none.
fn outdated(calendar: &Calendar) -> Select<Entity> {
    let version = calendar.version();
    let other = Condition::any().add(Column::Calendar.lt(version)).add(Column::Calendar.gt(version));
    Entity::find().filter(Column::Ended.eq(false)).filter(other)
}

fn due(today: Date) -> Select<Entity> {
    Entity::find().filter(Column::Ended.eq(false)).filter(Column::LookOn.lte(today.to_string()))
}

/// Whether any due date was derived by another calendar: a look that locks nothing.
pub async fn is_any_outdated(view: &View, calendar: &Calendar) -> Result<bool> {
    Ok(outdated(calendar).one(&view.conn()).await.map_err(failed)?.is_some())
}

/// Whether any deadline is to be looked at by a day: a look that locks nothing.
pub async fn is_any_due(view: &View, today: Date) -> Result<bool> {
    Ok(due(today).one(&view.conn()).await.map_err(failed)?.is_some())
}

/// Deadlines that were locked.
pub struct Locked {
    /// As they were read.
    pub stored: Vec<Stored>,
    /// Why the first of those that cannot be read cannot; they hold up no other.
    pub broken: Option<Error>,
}

/// Some of those whose due date was derived by another calendar, locked. What others hold is left for the next time.
pub async fn lock_outdated(batch: &Batch, calendar: &Calendar, most: u64) -> Result<Locked> {
    lock(batch, outdated(calendar), most).await
}

/// Some of those that are to be looked at by a day, locked. What others hold is left for the next time.
pub async fn lock_due(batch: &Batch, today: Date, most: u64) -> Result<Locked> {
    lock(batch, due(today), most).await
}

async fn lock(batch: &Batch, find: Select<Entity>, most: u64) -> Result<Locked> {
    let find = in_order(find).limit(most).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let rows = find.all(&batch.conn()).await.map_err(failed)?;
    let mut locked = Locked { stored: Vec::new(), broken: None };
    for row in rows {
        match parse(row) {
            Ok(stored) => locked.stored.push(stored),
            Err(error) => {
                tracing::error!(%error, "a deadline cannot be read and is left as it is");
                locked.broken.get_or_insert(error);
            }
        }
    }
    Ok(locked)
}

/// A deadline that was locked, as it is from now on.
pub struct Changed {
    /// As it was read, with the marks that are told by now.
    pub stored: Stored,
    /// Where it stands.
    pub derived: Derived,
    /// What happened, in order; nothing where it only was looked at.
    pub events: Vec<Event>,
}

/// Saves what was locked.
pub async fn save(batch: &Batch, calendar: &Calendar, changed: Vec<Changed>) -> Result<()> {
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for Changed { mut stored, derived, events } in changed {
        for event in &events {
            stored.version += 1;
            let entry = Entry::new(stored.aggregate(), stored.version, event)?;
            entries.push((stored.owner.clone(), stored.subject.area.clone(), entry));
        }
        rows.push(row(stored, derived, calendar)?);
    }
    batch.replace(rows, entries).await
}

fn row(stored: Stored, derived: Derived, calendar: &Calendar) -> Result<ActiveModel> {
    let day = |day: Option<Date>| day.map_or_else(|| NEVER.to_owned(), |day| day.to_string());
    let told: Vec<_> = stored.told.iter().map(|mark| mark.number().to_string()).collect();
    Ok(ActiveModel {
        owner: Set(stored.owner),
        id: Set(stored.subject.id.0),
        kind: Set(stored.subject.kind.word().to_owned()),
        name: Set(stored.subject.name),
        area: Set(stored.subject.area.as_str().to_owned()),
        officer: Set(stored.subject.officer),
        codes: Set(stored.subject.codes.iter().map(|code| format!(" {code} ")).collect()),
        state: Set(stored.subject.state),
        clock: Set(written(&stored.clock)?),
        ended: Set(false),
        due_on: Set(day(derived.due.map(|due| due.date))),
        look_on: Set(day(derived.next)),
        calendar: Set(calendar.version().to_owned()),
        told: Set(told.join(",")),
        version: Set(stored.version),
        within: Set(stored.subject.within.map(|id| id.0)),
    })
}
