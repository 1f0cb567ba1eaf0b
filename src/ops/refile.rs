//! Clocks that an earlier version started get their copy among the deadlines: once, after the upgrade.

use time::{Duration, OffsetDateTime};

use crate::app::App;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::db::work::{Owner, View};
use crate::deadline::domain::Kind;
use crate::deadline::query::store::known;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::{application, notice, residence};

/// So many at once.
const PAGE: u64 = 500;
/// What the bookmark says once all is done.
const DONE: &str = "done";
/// So long it rests where something could not be taken up.
const REST: Duration = Duration::minutes(10);

/// The job. Answers how many clocks were taken up. What is there already is passed over, so that a run that was cut off,
/// or that another instance runs too, leaves the next one little to do. What cannot be read holds up no other.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    // Rests follow the machine's clock, as leases do.
    let now = TimeSource::Real.now();
    if lease.bookmark == DONE || lease.rests(now) {
        return Ok(0);
    }
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let mut refiled = Refiled::default();
    applications(app, &view, &mut refiled).await?;
    filings(app, &view, &mut refiled).await?;
    notices(app, &view, &mut refiled).await?;
    let (bookmark, rests_until) = match &refiled.failure {
        None => (DONE, OffsetDateTime::UNIX_EPOCH),
        Some(_) => ("", now + REST),
    };
    app.db.bookmark(lease, bookmark, rests_until).await?;
    refiled.failure.map_or(Ok(refiled.done), Err)
}

#[derive(Default)]
struct Refiled {
    done: u64,
    failure: Option<Error>,
}

impl Refiled {
    fn note(&mut self, name: &str, done: Result<()>) {
        match done {
            Ok(()) => self.done += 1,
            Err(error) => {
                tracing::error!(resource = %name, %error, "a clock of an earlier version could not be taken up");
                self.failure.get_or_insert(error);
            }
        }
    }
}

async fn applications(app: &App, view: &View, refiled: &mut Refiled) -> Result<()> {
    let mut after = None;
    loop {
        let page = application::store::undecided(view, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let there = known(view, Kind::Review, &ids(&page)).await?;
        for (psn_no, id) in page.into_iter().filter(|(_, id)| !there.contains(id)) {
            refiled.note(&format!("applications/{id}"), application(app, psn_no, id).await);
        }
    }
}

async fn application(app: &App, psn_no: PsnNo, id: Id) -> Result<()> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let stored = application::store::get(&work, id).await?;
    application::store::keep_deadlines(&work, &app.calendar.now(), &stored.application).await?;
    work.commit().await
}

async fn filings(app: &App, view: &View, refiled: &mut Refiled) -> Result<()> {
    let mut after = None;
    loop {
        let page = residence::store::undecided(view, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let there = known(view, Kind::Residence, &ids(&page)).await?;
        for (psn_no, id) in page.into_iter().filter(|(_, id)| !there.contains(id)) {
            refiled.note(&format!("residenceFilings/{id}"), filing(app, psn_no, id).await);
        }
    }
}

async fn filing(app: &App, psn_no: PsnNo, id: Id) -> Result<()> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let stored = residence::store::get(&work, id).await?;
    residence::store::keep_deadline(&work, &app.calendar.now(), &stored.filing).await?;
    work.commit().await
}

async fn notices(app: &App, view: &View, refiled: &mut Refiled) -> Result<()> {
    let open = notice::store::in_state(view, "open").await?;
    let ids: Vec<_> = open.iter().map(|stored| stored.notice.head().id).collect();
    let there = known(view, Kind::Notice, &ids).await?;
    for stored in open.iter().filter(|stored| !there.contains(&stored.notice.head().id)) {
        let head = stored.notice.head();
        refiled.note(&notice::store::name(&head.area, head.id), notice(app, stored).await);
    }
    Ok(())
}

async fn notice(app: &App, stored: &notice::store::Stored) -> Result<()> {
    let head = stored.notice.head();
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    // One that closes at this moment has no clock any more.
    match notice::store::hold(&work, &head.area, head.id, "open").await {
        Err(Error::Conflict) => return Ok(()),
        held => held?,
    }
    let current = notice::store::get(&work, &head.area, head.id).await?;
    notice::store::keep_deadline(&work, &app.calendar.now(), &current.notice).await?;
    work.commit().await
}

fn ids(page: &[(PsnNo, Id)]) -> Vec<Id> {
    page.iter().map(|(_, id)| *id).collect()
}
