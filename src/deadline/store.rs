//! Deadlines in their table: a copy of every clock, written in the step that changes it.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Iterable, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use time::Date;

use super::domain::{Derived, Event, Kind, Mark, Subject, Watched};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::db::batch::Batch;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::work::{View, Work};
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// After every day that a clock can be due on: where those stand that stand still. Both databases sort NULL
/// differently, so there is none.
const NEVER: &str = "9999-99-99";

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
    due_on: String,
}

impl Stored {
    /// The due date as it was derived last; none while the clock stands still.
    pub fn due_date(&self) -> Option<Date> {
        crate::kernel::calendar::parse_date(&self.due_on)
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
    tell_moved(work, calendar, subject).await?;
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
    // What was told stays told, whoever tells something at the same time.
    let stays = |column: &Column| {
        matches!(column, Column::Owner | Column::Id | Column::Kind | Column::Told | Column::Version)
    };
    let others = Column::iter().filter(|column| !stays(column));
    let upsert = OnConflict::columns(key).update_columns(others).to_owned();
    work.upsert_part(Entity::insert(row).on_conflict(upsert)).await
}

/// A step that is the first to meet a new calendar, before the job that derives anew, says itself what that moved.
async fn tell_moved(work: &Work, calendar: &Calendar, subject: &Subject) -> Result<()> {
    let key = (work.owner_key().to_owned(), subject.id.0, subject.kind.word().to_owned());
    let row = Entity::find_by_id(key).one(&work.conn()).await.map_err(failed)?;
    let Some(row) = row.filter(|row| !row.ended && row.calendar != calendar.version()) else { return Ok(()) };
    let stored = parse(row)?;
    let Some(event) = stored.moved(stored.watched(&[]).derive(calendar), calendar) else { return Ok(()) };
    let update = Entity::update_many()
        .col_expr(Column::Version, Expr::value(stored.version + 1))
        .filter(Column::Owner.eq(&stored.owner))
        .filter(Column::Id.eq(subject.id.0))
        .filter(Column::Kind.eq(subject.kind.word()))
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

fn written(clock: &Clock) -> Result<String> {
    serde_json::to_string(&clock.without_words()).map_err(|error| Error::Internal(error.into()))
}

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

/// How many deadlines run whose due date was derived by another calendar than this.
pub async fn count_outdated(view: &View, calendar: &Calendar) -> Result<u64> {
    outdated(calendar).count(&view.conn()).await.map_err(failed)
}

/// Running deadlines, whatever their area, behind a key of owner, id and kind, in that order.
pub async fn all_running(view: &View, after: Option<&Stored>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find().filter(Column::Ended.eq(false));
    if let Some(Stored { owner, subject, .. }) = after {
        let same = || Condition::all().add(Column::Owner.eq(owner));
        let id = subject.id.0;
        find = find.filter(
            Condition::any()
                .add(Column::Owner.gt(owner))
                .add(same().add(Column::Id.gt(id)))
                .add(same().add(Column::Id.eq(id)).add(Column::Kind.gt(subject.kind.word()))),
        );
    }
    let rows = in_order(find).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

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

fn in_order(find: Select<Entity>) -> Select<Entity> {
    [Column::Owner, Column::Id, Column::Kind].into_iter().fold(find, |find, column| find.order_by_asc(column))
}

/// Some of those whose due date was derived by another calendar, locked. What others hold is left for the next time.
pub async fn lock_outdated(batch: &Batch, calendar: &Calendar, most: u64) -> Result<Vec<Stored>> {
    lock(batch, outdated(calendar), most).await
}

/// Some of those that are to be looked at by a day, locked. What others hold is left for the next time.
pub async fn lock_due(batch: &Batch, today: Date, most: u64) -> Result<Vec<Stored>> {
    lock(batch, due(today), most).await
}

async fn lock(batch: &Batch, find: Select<Entity>, most: u64) -> Result<Vec<Stored>> {
    let find = in_order(find).limit(most).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let rows = find.all(&batch.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
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

fn parse(row: Model) -> Result<Stored> {
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
        clock: serde_json::from_str(&row.clock).map_err(|_| broken("its clock is none"))?,
        told: marks.ok_or_else(|| broken("its marks are none"))?,
        calendar: row.calendar,
        version: row.version,
        owner: row.owner,
        due_on: row.due_on,
    })
}
