//! 重新推算: due dates that another calendar gave are derived anew, each with an entry that says from what to what, and
//! why.

use std::collections::BTreeSet;

use super::store::{self, Changed, Locked};
use crate::app::App;
use crate::db::work::{Owner, View};
use crate::deadline::domain::Derived;
use crate::deadline::query::store::{Alike, alike, with_clocks};
use crate::deadline::store::Stored;
use crate::kernel::access::Actor;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::Result;

/// So many at once.
const PAGE: u64 = 1_000;
/// So many moved due dates are told as examples.
const EXAMPLES: usize = 20;

/// The job. Answers how many were derived anew, moved or not.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure) = (0, None);
    loop {
        app.calendar.take_up(&view.conn()).await?;
        if !store::is_any_outdated(&view, &app.calendar.now()).await? {
            return failure.map_or(Ok(done), Err);
        }
        let batch = app.db.batch(&Actor::system(), BTreeSet::new()).await?;
        // A calendar that was imported a moment ago holds already.
        app.calendar.take_up(&batch.conn()).await?;
        let calendar = app.calendar.now();
        let Locked { stored, broken } = store::lock_outdated(&batch, &calendar, PAGE).await?;
        failure = failure.or(broken);
        if stored.is_empty() {
            // Others hold them: the next run looks again.
            batch.rollback().await?;
            return failure.map_or(Ok(done), Err);
        }
        done += u64::try_from(stored.len()).unwrap_or(0);
        let changed = stored.into_iter().map(|stored| again(stored, &app.config.escalate_at, &calendar));
        store::save(&batch, &calendar, changed.collect()).await?;
        batch.commit().await?;
    }
}

fn again(stored: Stored, steps: &[u32], calendar: &Calendar) -> Changed {
    let derived = stored.watched(steps).derive(calendar);
    let events = stored.moved(derived, calendar).into_iter().collect();
    Changed { stored, derived, events }
}

/// What a calendar does to what runs.
#[derive(Debug, Default)]
pub struct Effect {
    /// Deadlines that run.
    pub running: u64,
    /// Of these, those whose due date moves.
    pub moved: u64,
    /// The first of these.
    pub examples: Vec<(Stored, Derived)>,
}

/// What a calendar would do to every deadline that runs.
pub async fn effect(view: &View, calendar: &Calendar) -> Result<Effect> {
    let (mut effect, mut wanted) = (Effect::default(), Vec::new());
    for Alike { clock, due_date, count, written } in alike(view).await? {
        effect.running += count;
        if clock.due(calendar).map(|due| due.date) != due_date {
            effect.moved += count;
            wanted.push(written);
        }
    }
    wanted.truncate(EXAMPLES);
    let most = u64::try_from(EXAMPLES).unwrap_or(u64::MAX);
    for stored in with_clocks(view, &wanted, most).await? {
        let derived = stored.watched(&[]).derive(calendar);
        effect.examples.push((stored, derived));
    }
    Ok(effect)
}
