//! 超期更换: an expert who does not answer within 评审时限 is replaced.

use time::{Duration, OffsetDateTime};

use super::departure::{Departure, Left};
use super::domain::Task;
use super::replace::Leaving;
use super::store;
use crate::app::App;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::db::work::{Owner, Work};
use crate::deadline::domain::Kind;
use crate::deadline::query::store::overdue;
use crate::deadline::store::Stored;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// So many at once.
const PAGE: u64 = 200;
/// So long it rests after a failure.
const REST: Duration = Duration::minutes(10);

/// The job. Answers how many were replaced, or found to be irreplaceable. What fails keeps nothing else from being done,
/// and the first failure is told at the end. Where nobody could be drawn it is tried again once a day: somebody may have
/// been registered.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    // Rests follow the machine's clock, as leases do.
    let (now, machine) = (app.db.time().now(), TimeSource::Real.now());
    if lease.rests(machine) {
        return Ok(0);
    }
    let (today, mut done, mut failure, mut last) = (local_day(now), 0, None, None);
    let is_new_day = lease.bookmark != today.to_string();
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    loop {
        let page: Vec<Stored> = overdue(&view, Kind::Opinion, today, last.as_ref(), PAGE).await?;
        for stored in &page {
            match look(app, stored, is_new_day).await {
                Ok(true) => done += 1,
                Ok(false) => {}
                Err(error) => {
                    let task = &stored.subject.name;
                    tracing::error!(task.name = %task, error = %error, "an overdue expert could not be replaced");
                    failure.get_or_insert(error);
                }
            }
        }
        match page.into_iter().next_back() {
            Some(end) => last = Some(end),
            None => break,
        }
    }
    if let Some(failure) = failure {
        app.db.bookmark(lease, &today.to_string(), machine + REST).await?;
        return Err(failure);
    }
    if is_new_day {
        app.db.bookmark(lease, &today.to_string(), OffsetDateTime::UNIX_EPOCH).await?;
    }
    Ok(done)
}

/// Looks at one task, in its person's own transaction, as it is by now. False when there was nothing to do.
async fn look(app: &App, stored: &Stored, is_new_day: bool) -> Result<bool> {
    let (person, id) = (PsnNo::parse(&stored.owner)?, stored.subject.id);
    if !is_new_day && is_irreplaceable(app, &person, id).await? {
        return Ok(false);
    }
    let work = app.db.work(&Actor::system(), Owner::Person(person)).await?;
    // By an older calendar somebody might be replaced who still has time.
    app.calendar.take_up(&work.conn()).await?;
    let changed = replace(app, &work, id).await?;
    if changed {
        work.commit().await?
    } else {
        work.rollback().await?
    }
    Ok(changed)
}

/// Whether it was found, and told, that nobody can be drawn instead.
async fn is_irreplaceable(app: &App, person: &PsnNo, id: Id) -> Result<bool> {
    let view = app.db.view(&Actor::system(), Owner::Person(person.clone())).await?;
    Ok(matches!(store::any_task(&view, id).await?.value, Task::Open(open) if open.irreplaceable))
}

async fn replace(app: &App, work: &Work, id: Id) -> Result<bool> {
    let (stored, calendar) = (store::any_task(work, id).await?, app.calendar.now());
    let leaving = match Leaving::of(work, &app.catalogs, &calendar, stored).await {
        Ok(leaving) if leaving.is_overdue() => leaving,
        // It was answered, given back or withdrawn a moment ago, or stands still.
        Ok(_) | Err(Error::Refused(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    match leaving.instead().await? {
        Ok(drawn) => {
            let (how, at) = (Departure::Overdue, work.now());
            leaving.leave(Left { how, text: String::new(), at, by: String::new() }, Some(drawn)).await?;
            Ok(true)
        }
        Err(_) => leaving.stay().await,
    }
}
