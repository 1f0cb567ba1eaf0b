//! Deadlines in their table: a copy of every clock, written in the step that changes it.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter, QuerySelect};
use time::Date;

use super::domain::{Derived, Event, Kind, Mark, Subject, Watched};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::calendar::store::newest;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::work::Work;
use crate::kernel::calendar::{Calendar, parse_date};
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// After every day that a clock can be due on: where those stand that stand still. Both databases sort NULL
/// differently, so there is none.
pub const NEVER: &str = "9999-99-99";

/// Why a calendar moves a due date.
const WHY: &str = "a calendar was imported";

/// A deadline as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// psn_no or admdvs.
    pub owner: String,
    /// What it is about.
    pub subject: Subject,
    /// Its clock, without what people wrote.
    pub clock: Clock,
    /// Marks that were told.
    pub told: BTreeSet<Mark>,
    /// The calendar by which its due date was derived.
    pub calendar: String,
    /// How many entries of the journal it has.
    pub version: i64,
    /// The same as text, `NEVER` while it stands still.
    pub due_on: String,
}

impl Stored {
    /// The due date as it was derived last; none while the clock stands still.
    pub fn due_date(&self) -> Option<Date> {
        parse_date(&self.due_on)
    }

    /// The deadline as it is watched with these steps.
    pub fn watched<'a>(&'a self, steps: &'a [u32]) -> Watched<'a> {
        Watched { kind: self.subject.kind, clock: &self.clock, told: &self.told, steps }
    }

    /// What another calendar did to it; none where its due date stays as it is.
    pub fn moved(&self, derived: Derived, calendar: &Calendar) -> Option<Event> {
        let (before, after) = (self.due_date(), derived.due.map(|due| due.date));
        (before != after).then(|| Event::Moved {
            subject: self.subject.name.clone(),
            kind: self.subject.kind,
            due_date_before: before,
            due_date: after,
            provisional: derived.due.is_some_and(|due| due.provisional),
            calendar_before: self.calendar.clone(),
            calendar: calendar.version().to_owned(),
            why: WHY,
        })
    }

    /// Its place in the order of due dates, for `Wanted::after`.
    pub fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.due_on, self.owner, self.subject.id, self.subject.kind.word())
    }

    /// Under which name it stands in the journal.
    pub fn aggregate(&self) -> String {
        format!("{}/deadlines/{}", self.subject.name, self.subject.kind.word())
    }
}

/// Keeps the copy of a clock in the step that changes it; none where it has ended.
pub async fn keep(work: &Work, calendar: &Calendar, subject: &Subject, clock: Option<&Clock>) -> Result<()> {
    let (id, kind) = (subject.id, subject.kind.word());
    let Some(clock) = clock else { return end(work, subject).await };
    let before = find(work, subject).await?;
    // Another instance may have derived it by a calendar that this one has not heard of: that is not taken back.
    let is_other = |copy: &Copy| copy.stored.calendar != calendar.version();
    let newest = if before.as_ref().is_some_and(is_other) { Some(newest(&work.conn()).await?) } else { None };
    let calendar = newest.as_ref().unwrap_or(calendar);
    if let Some(running) = before.as_ref().filter(|before| !before.ended) {
        tell_moved(work, calendar, &running.stored).await?;
    }
    let due = clock.due(calendar).map(|due| due.date);
    let row = ActiveModel {
        owner: Set(work.owner_key().to_owned()),
        id: Set(id.0),
        kind: Set(kind.to_owned()),
        name: Set(subject.name.clone()),
        area: Set(subject.area.as_str().to_owned()),
        officer: Set(subject.officer.clone()),
        codes: Set(subject.codes.iter().map(|code| format!(" {code} ")).collect()),
        state: Set(subject.state.clone()),
        clock: Set(written(clock)?),
        ended: Set(false),
        due_on: Set(due.map_or_else(|| NEVER.to_owned(), |day| day.to_string())),
        // The job that escalates looks at once, and then knows itself when to look again.
        look_on: Set(due.map_or_else(|| NEVER.to_owned(), |_| clock.started().to_string())),
        calendar: Set(calendar.version().to_owned()),
        told: Set(String::new()),
        version: Set(0),
        within: Set(subject.within.map(|id| id.0)),
    };
    let key = [Column::Owner, Column::Id, Column::Kind];
    let stays = |column: &Column| match column {
        Column::Owner | Column::Id | Column::Kind | Column::Version => true,
        // What was told stays told, whoever tells something at the same time; but not of days that are given anew.
        Column::Told => before.as_ref().is_none_or(|before| !clock.is_given_anew(&before.stored.clock)),
        _ => false,
    };
    let others = Column::iter().filter(|column| !stays(column));
    let upsert = OnConflict::columns(key).update_columns(others).to_owned();
    work.upsert_part(Entity::insert(row).on_conflict(upsert)).await
}

/// The copy of a clock, running or not.
struct Copy {
    stored: Stored,
    ended: bool,
}

/// Locked: whoever derives it anew at this moment is waited for.
async fn find(work: &Work, subject: &Subject) -> Result<Option<Copy>> {
    let key = (work.owner_key().to_owned(), subject.id.0, subject.kind.word().to_owned());
    let row = Entity::find_by_id(key).lock_exclusive().one(&work.conn()).await.map_err(failed)?;
    row.map(|row| Ok(Copy { ended: row.ended, stored: parse(row)? })).transpose()
}

/// A step that is the first to meet a new calendar, before the job that derives anew, says itself what that moved.
async fn tell_moved(work: &Work, calendar: &Calendar, stored: &Stored) -> Result<()> {
    let moved = stored.moved(stored.watched(&[]).derive(calendar), calendar);
    let Some(event) = moved.filter(|_| stored.calendar != calendar.version()) else { return Ok(()) };
    let update = Entity::update_many()
        .col_expr(Column::Version, Expr::value(stored.version + 1))
        .filter(Column::Owner.eq(&stored.owner))
        .filter(Column::Id.eq(stored.subject.id.0))
        .filter(Column::Kind.eq(stored.subject.kind.word()))
        .filter(Column::Version.eq(stored.version))
        .filter(Column::Calendar.eq(&stored.calendar));
    work.update(update, Entry::new(stored.aggregate(), stored.version + 1, &event)?).await
}

/// Has everything that runs within something stand still, go on and end with its clock, in the step that changes it.
pub async fn follow(work: &Work, calendar: &Calendar, within: Id, leader: Option<&Clock>) -> Result<()> {
    let find = Entity::find()
        .filter(Column::Owner.eq(work.owner_key()))
        .filter(Column::Within.eq(within.0))
        .filter(Column::Ended.eq(false));
    for row in find.all(&work.conn()).await.map_err(failed)? {
        let Stored { subject, clock, .. } = parse(row)?;
        let clock = leader.map(|leader| leader.beside(clock.started(), clock.working_days()));
        keep(work, calendar, &subject, clock.as_ref()).await?;
    }
    Ok(())
}

async fn end(work: &Work, subject: &Subject) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Ended, Expr::value(true))
        .col_expr(Column::State, Expr::value(&subject.state))
        .col_expr(Column::LookOn, Expr::value(NEVER))
        .filter(Column::Owner.eq(work.owner_key()))
        .filter(Column::Id.eq(subject.id.0))
        .filter(Column::Kind.eq(subject.kind.word()))
        .filter(Column::Ended.eq(false));
    work.update_parts(update).await
}

/// A clock as it is written, without what people wrote.
pub fn written(clock: &Clock) -> Result<String> {
    serde_json::to_string(&clock.without_words()).map_err(|error| Error::Internal(error.into()))
}

/// A clock as it was written.
pub fn read(written: &str) -> Result<Clock> {
    serde_json::from_str(written).map_err(|error| Error::Internal(error.into()))
}

/// A row of the table.
pub fn parse(row: Model) -> Result<Stored> {
    let broken = |what: &str| Error::internal(format!("deadline {} of {}: {what}", row.kind, row.id));
    let marks = row.told.split(',').filter(|number| !number.is_empty());
    let marks: Option<BTreeSet<_>> = marks.map(|number| number.parse().ok().and_then(Mark::of)).collect();
    let subject = Subject {
        name: row.name.clone(),
        id: Id(row.id),
        kind: Kind::of(&row.kind).ok_or_else(|| broken("unknown kind"))?,
        area: Region::find(&row.area).ok_or_else(|| broken("unknown area"))?,
        officer: row.officer.clone(),
        codes: row.codes.split_whitespace().map(str::to_owned).collect(),
        state: row.state.clone(),
        within: row.within.map(Id),
    };
    Ok(Stored {
        subject,
        clock: read(&row.clock).map_err(|_| broken("its clock is none"))?,
        told: marks.ok_or_else(|| broken("its marks are none"))?,
        calendar: row.calendar,
        version: row.version,
        owner: row.owner,
        due_on: row.due_on,
    })
}
