//! The timed job that makes the next status list, and the reading of the current one.

use time::{Date, Duration, OffsetDateTime};

use super::domain::{Entries, Worth};
use super::list::StatusList;
use super::store::{self, Stored};
use crate::app::App;
use crate::benefit::store::{self as benefits, Certified};
use crate::certificate::replace::position;
use crate::certificate::store as certificates;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// Rows, and events of the log, that are read at once.
const PAGE: u64 = 5_000;
/// So long no other list is made, whatever happens.
const REST: Duration = Duration::seconds(30);
/// And so many times as long as making one took, so that those of millions of benefits take a tenth of a processor at most.
const SHARE: i32 = 9;

/// Makes a list when something changed since the last one, on each new day, for a new key, and when a third of the last
/// one's life is over. Answers whether it did.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    // Rests follow the machine's clock, as leases do.
    if lease.rests(TimeSource::Real.now()) {
        return Ok(0);
    }
    let after = if lease.bookmark.is_empty() { 0 } else { position(&lease.bookmark)? };
    // Before the look at the tables: what happens in between makes another list.
    let (seen, changed) = look(app, after).await?;
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let last = store::current(&view).await?;
    let life = Duration::hours(app.config.certificate.status_hours.into());
    let begun = TimeSource::Real.now();
    let is_due = changed || last.as_ref().is_none_or(|last| is_stale(app, &view, &last.list, life));
    if is_due {
        // One instant for what is told and for when it was true: the day may turn in between.
        let now = app.db.time().now();
        let entries = gather(app, local_day(now)).await?;
        let work = app.db.work(&Actor::system(), Owner::Nobody).await?;
        let list = StatusList::sign(&entries, work.keys(), now, life)?;
        match store::publish(&work, last.map_or(1, |last| last.serial + 1), &list, &entries).await {
            Ok(()) => work.commit().await?,
            // Another instance was faster. What its list does not tell yet makes the next one.
            Err(Error::Conflict) => {
                work.rollback().await?;
                return Ok(0);
            }
            Err(other) => return Err(other),
        }
    }
    if is_due || seen != after {
        let now = TimeSource::Real.now();
        let rest = REST.max((now - begun) * SHARE);
        let rests_until = if is_due { now + rest } else { OffsetDateTime::UNIX_EPOCH };
        app.db.bookmark(lease, &seen.to_string(), rests_until).await?;
    }
    Ok(u64::from(is_due))
}

/// Whether a list in which nothing changed is to be made anew.
fn is_stale(app: &App, view: &View, list: &StatusList, life: Duration) -> bool {
    let now = view.now();
    list.is_old(now)
        || list.expires_at - list.issued_at != life
        // What ends with a day or is suspended from one on stands otherwise on the next, without an event.
        || local_day(list.issued_at) != local_day(now)
        || list.key_id != app.db.keys().signer(now)
}

/// How far the log goes, and whether anything after a position may have changed what a certificate is worth.
async fn look(app: &App, mut after: i64) -> Result<(i64, bool)> {
    let mut changed = false;
    loop {
        let events = app.db.logged_after(after, PAGE).await?;
        let Some(last) = events.last() else { return Ok((after, changed)) };
        after = last.position;
        changed |= events.iter().any(|event| changes(&event.event));
    }
}

/// Any event of a benefit but its beginning, so that a later one is not forgotten here: also that it was certified, for it
/// may be suspended already.
fn changes(event: &str) -> bool {
    event == "certificate.revoked" || (event.starts_with("benefit.") && event != "benefit.granted")
}

/// Every certificate that is not valid today. A benefit names its last certificate; all before that one are revoked.
async fn gather(app: &App, today: Date) -> Result<Entries> {
    let mut told = Vec::new();
    let mut after: Option<(PsnNo, Id)> = None;
    loop {
        let from = after.as_ref().map(|(psn_no, id)| (psn_no, *id));
        let page = certificates::revoked(&app.db, from, PAGE).await?;
        let Some(last) = page.last().cloned() else { break };
        told.extend(page.into_iter().map(|(_, id)| (id, Worth::Revoked)));
        after = Some(last);
    }
    after = None;
    loop {
        let from = after.as_ref().map(|(psn_no, id)| (psn_no, *id));
        let page = benefits::all_certified(&app.db, from, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.psn_no.clone(), last.id));
        told.extend(page.into_iter().filter_map(|found| Some((found.certificate, worth(found, today)?))));
    }
    Ok(Entries::of(told))
}

/// What the certificate of a benefit is worth, by how that stands: it alone knows all that can be in its way. Where it
/// cannot be read nobody vouches for it, and it holds up no other.
fn worth(found: Certified, today: Date) -> Option<Worth> {
    match found.benefit {
        Ok(benefit) => Worth::of(false, benefit.standing(today)),
        Err(error) => {
            tracing::error!(benefit.id = %found.id, %error, "a benefit cannot be read: its certificate is listed as suspended");
            Some(Worth::Suspended)
        }
    }
}

/// The current list, and its entries unless the caller has them already.
pub async fn read(view: &View, if_version: &str) -> Result<(StatusList, Vec<u8>)> {
    let missing = || Error::Unavailable("the first status list is not made yet");
    let Stored { serial, list } = store::current(view).await?.ok_or_else(missing)?;
    if list.version() == if_version {
        return Ok((list, Vec::new()));
    }
    let entries = store::entries(view, serial).await?.ok_or(Error::Conflict)?;
    Ok((list, entries))
}
