//! 公示期满: the header is closed when its last day is over, then each entry that nothing stands against is undisputed.

use super::domain::{Over, Refused};
use super::store::{self, Place, Stored};
use crate::app::App;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::local_day;

/// The job. Answers how many notices were closed and entries cleared.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let mut done = 0;
    for stored in store::in_state(&view, "open").await? {
        done += tell(&stored, close(app, &stored).await);
    }
    for stored in store::in_state(&view, "closed").await? {
        done += tell(&stored, settle(app, &view, &stored).await);
    }
    Ok(done)
}

fn tell(stored: &Stored, done: Result<u64>) -> u64 {
    done.unwrap_or_else(|error| {
        let head = stored.notice.head();
        let name = store::name(&head.area, head.id);
        tracing::error!(notice.name = %name, error = %error, "a notice could not be closed");
        0
    })
}

/// Closes a notice whose last day is over.
async fn close(app: &App, stored: &Stored) -> Result<u64> {
    let head = stored.notice.head();
    if stored.notice.running(&app.calendar, local_day(app.db.time().now())).is_ok() {
        return Ok(0);
    }
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    let current = store::get(&work, &head.area, head.id).await?;
    let open = current.notice.into_open().map_err(Refusal::from)?;
    let step = open.close(&app.calendar, work.now()).map_err(Refusal::from)?;
    store::save(&work, &app.calendar, current.version, step).await?;
    work.commit().await?;
    Ok(1)
}

/// Clears the entries of a closed notice. When all went well it is settled, and not looked at again: an objection that
/// is dismissed later clears its entry itself.
async fn settle(app: &App, view: &View, stored: &Stored) -> Result<u64> {
    let head = stored.notice.head();
    let over = stored.notice.over().ok_or_else(|| Error::internal("a closed notice is not over"))?;
    let (mut done, mut all_went_well) = (0, true);
    for place in store::unsettled(view, head.id).await? {
        match clear(app, &over, &place).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            Err(error) => {
                all_went_well = false;
                let reference = &place.reference;
                tracing::error!(notice.reference = %reference, error = %error, "an entry could not be cleared");
            }
        }
    }
    if all_went_well {
        let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
        let current = store::get(&work, &head.area, head.id).await?;
        let step = current.notice.into_closed().map_err(Refusal::from)?.settle();
        store::save(&work, &app.calendar, current.version, step).await?;
        work.commit().await?;
    }
    Ok(done)
}

/// Clears one entry in its person's own transaction. False when an objection holds it, or when it has its outcome.
///
/// Held entries are visited too: a call that began before the notice was closed may just be dismissing their last
/// objection. It holds the person's lock, so what is read here is what it left.
async fn clear(app: &App, over: &Over, place: &Place) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(place.psn_no.clone())).await?;
    let stored = store::entry(&work, place.entry).await?;
    match stored.entry.close(over) {
        Ok(step) => {
            store::save_entry(&work, stored.version, step).await?;
            work.commit().await?;
            Ok(true)
        }
        Err(Refused::EntryHeld | Refused::EntryCleared | Refused::EntryRemoved) => {
            work.rollback().await?;
            Ok(false)
        }
        Err(refused) => Err(Refusal::from(refused).into()),
    }
}
