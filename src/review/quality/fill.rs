//! 补抽: second panels that lack experts are looked at once a day, for somebody may have been registered.

use time::{Duration, OffsetDateTime};

use super::advance::advance;
use super::store;
use crate::app::App;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// So many at once.
const PAGE: u64 = 200;
/// So long it rests after a failure.
const REST: Duration = Duration::minutes(10);

/// The job. Answers how many were filled. What fails keeps nothing else from being done, and the first failure is told at
/// the end, when it is tried again.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    let today = local_day(app.db.time().now()).to_string();
    // Rests follow the machine's clock, as leases do.
    let now = TimeSource::Real.now();
    if lease.bookmark == today || lease.rests(now) {
        return Ok(0);
    }
    let view: View = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure, mut after) = (0, None, None);
    loop {
        let page = store::short(&view, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        for (person, id) in page {
            match fill(app, person, id).await {
                Ok(changed) => done += u64::from(changed),
                Err(error) => {
                    tracing::error!(quality.id = %id, error = %error, "a second panel could not be filled");
                    failure.get_or_insert(error);
                }
            }
        }
    }
    if let Some(failure) = failure {
        app.db.bookmark(lease, "", now + REST).await?;
        return Err(failure);
    }
    app.db.bookmark(lease, &today, OffsetDateTime::UNIX_EPOCH).await?;
    Ok(done)
}

/// Fills one, in its person's own transaction, as it is by now.
async fn fill(app: &App, person: PsnNo, id: Id) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(person)).await?;
    app.calendar.take_up(&work.conn()).await?;
    let changed = advance(&work, &app.catalogs, &app.calendar.now(), id).await?;
    if changed {
        work.commit().await?
    } else {
        work.rollback().await?
    }
    Ok(changed)
}
