//! 公示期满: the header is closed when its last day is over, then each entry that nothing stands against is undisputed, at
//! once or when nobody has appealed in time.

use super::domain::{Over, Refused};
use super::entry::store as entries;
use super::store::{self, Stored};
use crate::app::App;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::local_day;

/// The job. Answers how many notices were closed and entries cleared; what fails keeps nothing else from being done,
/// and the first failure is told at the end.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure) = (0, None);
    for stored in store::in_state(&view, "open").await? {
        done += tell(&stored, close(app, &stored).await, &mut failure);
    }
    for stored in store::in_state(&view, "closed").await? {
        done += tell(&stored, settle(app, &view, &stored).await, &mut failure);
    }
    for (place, waiting) in entries::appealable(&view).await? {
        let today = local_day(app.db.time().now());
        if waiting.mature(&app.calendar.now(), today).is_none() {
            continue;
        }
        match mature(app, &place).await {
            Ok(matured) => done += u64::from(matured),
            Err(error) => {
                let reference = &place.reference;
                tracing::error!(notice.reference = %reference, error = %error, "an entry could not be cleared");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(done), Err)
}

/// Clears an entry about which nobody appealed in time. False when somebody was faster.
async fn mature(app: &App, place: &entries::Place) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(place.psn_no.clone())).await?;
    app.calendar.take_up(&work.conn()).await?;
    let stored = entries::get(&work, place.entry).await?;
    match stored.entry.mature(&app.calendar.now(), work.today()) {
        Some(step) => {
            entries::save(&work, stored.version, step).await?;
            work.commit().await?;
            Ok(true)
        }
        None => {
            work.rollback().await?;
            Ok(false)
        }
    }
}

fn tell(stored: &Stored, done: Result<u64>, failure: &mut Option<Error>) -> u64 {
    done.unwrap_or_else(|error| {
        let head = stored.notice.head();
        let name = store::name(&head.area, head.id);
        tracing::error!(notice.name = %name, error = %error, "a notice could not be closed");
        failure.get_or_insert(error);
        0
    })
}

/// Closes a notice whose last day is over.
async fn close(app: &App, stored: &Stored) -> Result<u64> {
    let head = stored.notice.head();
    if stored.notice.running(&app.calendar.now(), local_day(app.db.time().now())).is_ok() {
        return Ok(0);
    }
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    // It is final: by an older calendar the public might lose days.
    app.calendar.take_up(&work.conn()).await?;
    let current = store::get(&work, &head.area, head.id).await?;
    if current.notice.running(&app.calendar.now(), work.today()).is_ok() {
        work.rollback().await?;
        return Ok(0);
    }
    let open = current.notice.into_open().map_err(Refusal::from)?;
    let step = open.close(&app.calendar.now(), work.now()).map_err(Refusal::from)?;
    store::save(&work, &app.calendar.now(), current.version, step).await?;
    work.commit().await?;
    Ok(1)
}

/// Clears the entries of a closed notice. When all went well it is settled, and not looked at again: an objection that
/// is dismissed later clears its entry itself.
async fn settle(app: &App, view: &View, stored: &Stored) -> Result<u64> {
    let head = stored.notice.head();
    let over = stored.notice.over().ok_or_else(|| Error::internal("a closed notice is not over"))?;
    let (mut done, mut failure) = (0, None);
    for place in entries::unsettled(view, head.id).await? {
        match clear(app, &over, &place).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            Err(error) => {
                let reference = &place.reference;
                tracing::error!(notice.reference = %reference, error = %error, "an entry could not be cleared");
                failure.get_or_insert(error);
            }
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    let current = store::get(&work, &head.area, head.id).await?;
    let step = current.notice.into_closed().map_err(Refusal::from)?.settle();
    store::save(&work, &app.calendar.now(), current.version, step).await?;
    work.commit().await?;
    Ok(done)
}

/// Clears one entry in its person's own transaction. False when an objection holds it, or when it has its outcome.
///
/// Held entries are visited too: a call that began before the notice was closed may just be dismissing their last
/// objection. It holds the person's lock, so what is read here is what it left.
async fn clear(app: &App, over: &Over, place: &entries::Place) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(place.psn_no.clone())).await?;
    let stored = entries::get(&work, place.entry).await?;
    match stored.entry.close(over) {
        Ok(step) => {
            entries::save(&work, stored.version, step).await?;
            work.commit().await?;
            Ok(true)
        }
        Err(Refused::EntryHeld | Refused::EntryCleared | Refused::EntryRemoved | Refused::EntryWithdrawn) => {
            work.rollback().await?;
            Ok(false)
        }
        Err(refused) => Err(Refusal::from(refused).into()),
    }
}
