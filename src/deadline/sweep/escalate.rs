//! 督办: tells, once a step, that few working days are left of a deadline, and that it was missed.

use std::collections::BTreeSet;

use time::Date;

use super::store::{self, Changed, Locked};
use crate::app::App;
use crate::db::work::Owner;
use crate::deadline::domain::{Derived, Event, Mark};
use crate::deadline::store::Stored;
use crate::kernel::access::Actor;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::Result;
use crate::kernel::local_day;

/// So many at once.
const PAGE: u64 = 500;

/// The job. Answers how many steps were told. Each is told in the transaction that remembers it, on a row that nobody
/// else holds: once, on any number of instances.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut told, mut failure) = (0, None);
    loop {
        if !store::is_any_due(&view, local_day(app.db.time().now())).await? {
            return failure.map_or(Ok(told), Err);
        }
        let batch = app.db.batch(&Actor::system(), BTreeSet::new()).await?;
        // By an older calendar something might be told that is not true.
        app.calendar.take_up(&batch.conn()).await?;
        let (calendar, today) = (app.calendar.now(), local_day(batch.now()));
        let Locked { stored, broken } = store::lock_due(&batch, today, PAGE).await?;
        failure = failure.or(broken);
        if stored.is_empty() {
            batch.rollback().await?;
            return failure.map_or(Ok(told), Err);
        }
        let look = |stored| tell(stored, &app.config.escalate_at, &calendar, today);
        let changed: Vec<_> = stored.into_iter().map(look).collect();
        told += changed.iter().map(|changed| u64::try_from(changed.events.len()).unwrap_or(0)).sum::<u64>();
        store::save(&batch, &calendar, changed).await?;
        batch.commit().await?;
    }
}

/// Tells every step that was reached. What is derived here is derived by the newest calendar: where that moved the due
/// date too, the other job finds nothing to do and so this one says it.
fn tell(mut stored: Stored, steps: &[u32], calendar: &Calendar, today: Date) -> Changed {
    let moved = stored.moved(stored.watched(steps).derive(calendar), calendar);
    let mut events: Vec<_> = moved.into_iter().collect();
    for mark in stored.watched(steps).reached(calendar, today) {
        let derived = stored.watched(steps).derive(calendar);
        events.extend(event(&stored, derived, mark, calendar, today));
        stored.told.insert(mark);
    }
    let derived = stored.watched(steps).derive(calendar);
    Changed { stored, derived, events }
}

fn event(stored: &Stored, derived: Derived, mark: Mark, calendar: &Calendar, today: Date) -> Option<Event> {
    let (subject, officer) = (stored.subject.name.clone(), stored.subject.officer.clone());
    let (kind, due_date) = (stored.subject.kind, derived.due?.date);
    Some(match mark {
        Mark::Left(step) => {
            let working_days_left = stored.clock.read(calendar, today).left;
            Event::Escalated { subject, kind, step, due_date, working_days_left, officer }
        }
        Mark::Breached => Event::Breached { subject, kind, due_date, officer },
    })
}
