//! 换发: the timed job that issues a new certificate where a benefit or its person is not any more as the paper says. It
//! follows the event log, so that what nobody touched is not looked at.

use std::collections::BTreeSet;
use std::time::Instant;

use time::OffsetDateTime;

use super::domain::is_running;
use super::{issue, store};
use crate::app::App;
use crate::benefit::store as benefits;
use crate::db::lease::Lease;
use crate::db::log::Logged;
use crate::db::work::Owner;
use crate::insured::store as insured;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// Events of the log that are read at once.
const PAGE: u64 = 500;
/// How long a run goes on with the next page: it should end before its lease does.
const RUN: std::time::Duration = std::time::Duration::from_secs(5);

/// Replaces what is outdated, and says how many. One whose rows are broken is logged, holds up no other, and makes the
/// run a failed one; any other failure ends the run, and the next one begins with the same events.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    let mut after = if lease.bookmark.is_empty() { 0 } else { position(&lease.bookmark)? };
    let (mut done, mut failed) = (0, None);
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        let events = app.db.logged_after(after, PAGE).await?;
        let Some(last) = events.last().map(|event| event.position) else { break };
        let today = local_day(app.db.time().now());
        for (psn_no, benefit) in benefits::certified(&app.db, touched(&events), today).await? {
            match replace(app, psn_no, benefit).await {
                Ok(replaced) => done += u64::from(replaced),
                Err(error @ Error::Internal(_)) => {
                    tracing::error!(benefit.id = %benefit, %error, "a certificate could not be replaced");
                    failed.get_or_insert(error);
                }
                Err(other) => return Err(other),
            }
        }
        after = last;
        app.db.bookmark(lease, &after.to_string(), OffsetDateTime::UNIX_EPOCH).await?;
    }
    failed.map_or(Ok(done), Err)
}

/// The position that a bookmark names.
pub(super) fn position(bookmark: &str) -> Result<i64> {
    bookmark.parse().map_err(|_| Error::internal(format!("bookmark {bookmark} is no position")))
}

/// The people of whom something happened that their certificates may speak of.
fn touched(events: &[Logged]) -> BTreeSet<PsnNo> {
    let changes = |event: &&Logged| {
        event.event == "insured.updated"
            || (event.event.starts_with("benefit.") && event.event != "benefit.certified")
    };
    let person = |event: &Logged| PsnNo::parse(event.aggregate.split('/').nth(1)?).ok();
    events.iter().filter(changes).filter_map(person).collect()
}

/// The new one and the end of the old one in one step, unless what it says still holds, the benefit has ended, an officer
/// revoked the old one, or another instance was faster.
async fn replace(app: &App, psn_no: PsnNo, benefit: Id) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let stored = benefits::get(&work, benefit).await?;
    let Some(current) = stored.benefit.certificate else {
        work.rollback().await?;
        return Ok(false);
    };
    let old = store::get(&work, current).await?;
    let insured = insured::get(&work).await?.insured;
    let changed = old.certificate.snapshot.outdated(&stored.benefit, &insured);
    let stands = old.certificate.revocation.is_none();
    if changed.is_empty() || !stands || !is_running(stored.benefit.standing(work.today())) {
        work.rollback().await?;
        return Ok(false);
    }
    let revocable = old.certificate.revocable().map_err(Refusal::from)?;
    let new = issue::make(app, &work, stored).await?;
    store::save(&work, old.version, revocable.replace(work.today(), changed, new.id)).await?;
    work.commit().await?;
    Ok(true)
}
