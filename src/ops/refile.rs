//! Clocks that an earlier version started get their copy among the deadlines: once, after the upgrade.

use crate::app::App;
use crate::db::lease::Lease;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::{application, notice, residence};

/// So many at once.
const PAGE: u64 = 500;
/// What the bookmark says once all is done.
const DONE: &str = "done";

/// The job. Answers how many clocks were looked at. One that is there already is written again as it is.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    if lease.bookmark == DONE {
        return Ok(0);
    }
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let done = applications(app, &view).await? + filings(app, &view).await? + notices(app, &view).await?;
    app.db.bookmark(lease, DONE, app.db.time().now()).await?;
    Ok(done)
}

async fn applications(app: &App, view: &View) -> Result<u64> {
    let (mut after, mut done) = (None, 0);
    loop {
        let page = application::store::undecided(view, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = Some(last.clone());
        for (psn_no, id) in page {
            let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
            let stored = application::store::get(&work, id).await?;
            application::store::keep_deadlines(&work, &app.calendar.now(), &stored.application).await?;
            work.commit().await?;
            done += 1;
        }
    }
}

async fn filings(app: &App, view: &View) -> Result<u64> {
    let (mut after, mut done) = (None, 0);
    loop {
        let page = residence::store::undecided(view, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = Some(last.clone());
        for (psn_no, id) in page {
            let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
            let stored = residence::store::get(&work, id).await?;
            residence::store::keep_deadline(&work, &app.calendar.now(), &stored.filing).await?;
            work.commit().await?;
            done += 1;
        }
    }
}

async fn notices(app: &App, view: &View) -> Result<u64> {
    let mut done = 0;
    for stored in notice::store::in_state(view, "open").await? {
        let head = stored.notice.head();
        let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
        let current = notice::store::get(&work, &head.area, head.id).await?;
        notice::store::keep_deadline(&work, &app.calendar.now(), &current.notice).await?;
        work.commit().await?;
        done += 1;
    }
    Ok(done)
}
