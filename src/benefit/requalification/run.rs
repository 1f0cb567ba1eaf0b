//! The job `requalify`: opens what comes up once a day, and does what each day asks for of what is open. Page by page, a
//! few seconds a run; the next run goes on where this one stopped, on whatever instance.

use std::time::Instant;

use futures_util::future::BoxFuture;
use time::{Date, Duration, OffsetDateTime};

use super::mass::{self, Key, coming_up, due};
pub use super::mass::{LastDays, LastSettled};
use crate::app::App;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::kernel::error::{Error, Result};
use crate::kernel::local_day;

/// People of one transaction.
const PAGE: u64 = 500;
/// How long one run goes on: well within its lease.
const RUN: std::time::Duration = std::time::Duration::from_secs(5);
/// So long it rests after a failure.
const REST: Duration = Duration::minutes(10);

/// Where a job that goes round has come to on a day.
enum Place {
    /// At its beginning, or behind a benefit.
    Behind(Option<Key>),
    /// At its end.
    Done,
}

impl Place {
    fn parse(bookmark: &str, today: Date) -> Self {
        match bookmark.split_once(' ') {
            Some((day, "done")) if day == today.to_string() => Self::Done,
            Some((day, key)) if day == today.to_string() => Self::Behind(Key::parse(key)),
            _ => Self::Behind(None),
        }
    }

    fn text(&self, today: Date) -> String {
        match self {
            Self::Done => format!("{today} done"),
            Self::Behind(Some(key)) => format!("{today} {}", key.text()),
            Self::Behind(None) => String::new(),
        }
    }
}

/// What a step of many does.
type Step = for<'a> fn(&'a App, LastSettled, &'a [Key]) -> BoxFuture<'a, Result<usize>>;

/// One run.
struct Run<'a> {
    app: &'a App,
    last_settled: LastSettled,
    until: Instant,
    done: u64,
    failure: Option<Error>,
}

/// The job. Answers how many re-qualifications something happened to. One that fails holds up no other, and the first
/// failure is told at the end.
pub async fn run(app: &App, lease: &Lease, last_settled: LastSettled) -> Result<u64> {
    // Rests follow the machine's clock, as leases do.
    let machine = TimeSource::Real.now();
    if lease.rests(machine) {
        return Ok(0);
    }
    let today = local_day(app.db.time().now());
    let mut run = Run { app, last_settled, until: Instant::now() + RUN, done: 0, failure: None };
    run.look(today).await?;
    let before = Place::parse(&lease.bookmark, today).text(today);
    let place = run.open(lease, today).await?;
    let bookmark = place.text(today);
    // What is broken does not keep a long round from going on: it rests at the end, and tries again the next day.
    let rests = run.failure.is_some() && matches!(place, Place::Done);
    let rests_until = if rests { machine + REST } else { OffsetDateTime::UNIX_EPOCH };
    if rests || bookmark != before {
        app.db.bookmark(lease, &bookmark, rests_until).await?;
    }
    run.failure.map_or(Ok(run.done), Err)
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Reminders, due days, lapses, ends.
    async fn look(&mut self, today: Date) -> Result<()> {
        let mut after = None;
        while !self.is_over() {
            let page = due(&self.app.db, today, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            self.step(|app, asks, keys| Box::pin(mass::look_all(app, asks, keys)), &page).await;
        }
        Ok(())
    }

    /// Benefits whose day comes near, once a day.
    async fn open(&mut self, lease: &Lease, today: Date) -> Result<Place> {
        let Place::Behind(mut after) = Place::parse(&lease.bookmark, today) else { return Ok(Place::Done) };
        let catalogs = self.app.catalogs.all_in_force(today);
        let ahead = catalogs.iter().map(|published| published.catalog.rules.requalification.open_days).max();
        let until = today + Duration::days(i64::from(ahead.unwrap_or(0)));
        while !self.is_over() {
            let page = coming_up(&self.app.db, (today, until), after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(Place::Done) };
            after = Some(last.clone());
            self.step(|app, asks, keys| Box::pin(mass::open_all(app, asks, keys)), &page).await;
        }
        Ok(Place::Behind(after))
    }

    /// A page in one transaction; where that fails each alone, so that one that is broken touches no other. One that lost
    /// a race is taken the next time.
    async fn step(&mut self, step: Step, page: &[Key]) {
        match step(self.app, self.last_settled, page).await {
            Ok(done) => self.done += u64::try_from(done).unwrap_or(0),
            Err(error) => {
                tracing::info!(count = page.len(), %error, "re-qualifications are looked at one by one");
                for key in page {
                    self.alone(step, key).await;
                }
            }
        }
    }

    async fn alone(&mut self, step: Step, key: &Key) {
        match step(self.app, self.last_settled, std::slice::from_ref(key)).await {
            Ok(done) => self.done += u64::try_from(done).unwrap_or(0),
            Err(error) => {
                tracing::error!(id = %key.id, %error, "a benefit could not be re-qualified");
                self.failure.get_or_insert(error);
            }
        }
    }
}
