//! Timed jobs: of all server instances, one at a time runs each of them.

use futures_util::future::BoxFuture;

use crate::app::App;
use crate::db::lease::Lease;
use crate::kernel::error::{Error, Refusal, Result};

/// How long an instance that died keeps others from its job. A job that takes longer may run twice at once, which each
/// of them is made for: it looks again, in the transaction, whether a thing is still due.
const LEASE_SECONDS: i64 = 10;

/// What a job does. It gives the number of things that it did.
pub type Run = for<'a> fn(&'a App, &'a Lease) -> BoxFuture<'a, Result<u64>>;

/// A job.
#[derive(Clone, Copy)]
pub struct JobSpec {
    /// Its name: lower-case letters and hyphens.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// How.
    pub run: Run,
    /// Whether one run may take seconds: no other job waits for it.
    pub is_long: bool,
}

/// All jobs of a server.
pub type Jobs = &'static [JobSpec];

/// Why a job does not run.
#[derive(Debug)]
pub enum RunRefused {
    /// Another instance or call is at it.
    Held,
}

impl From<RunRefused> for Refusal {
    fn from(refused: RunRefused) -> Self {
        match refused {
            RunRefused::Held => Self::new("JOB_HELD", "该任务正在运行。", "the job is running already.")
                .help(
                    "请稍后用 ListJobs 查看结果，或再次运行。",
                    "look at its result with ListJobs a little later, or run it again.",
                ),
        }
    }
}

/// Runs a job once and keeps what came of it. None when another instance holds the job.
pub async fn run_once(app: &App, spec: &JobSpec, holder: &str) -> Result<Option<u64>> {
    let Some(lease) = app.db.lease(spec.name, holder, LEASE_SECONDS).await? else { return Ok(None) };
    let done = (spec.run)(app, &lease).await;
    let (count, error) = match &done {
        Ok(count) => (i64::try_from(*count).unwrap_or(i64::MAX), String::new()),
        Err(error) => (0, error.to_string()),
    };
    app.db.release(lease, count, &error).await?;
    done.map(Some)
}

/// Runs a job because somebody asked. As a task of its own: a caller who hangs up does not leave it half done and held.
pub async fn run_now(app: &App, spec: JobSpec, holder: String) -> Result<u64> {
    let app = app.clone();
    app.db.wake(spec.name).await?;
    let task = tokio::spawn(async move { run_once(&app, &spec, &holder).await });
    let done = task.await.map_err(|error| Error::Internal(error.into()))??;
    done.ok_or_else(|| Refusal::from(RunRefused::Held).into())
}

/// Job `sequence`: gives what happened its place in the event log, and wakes those who watch it.
pub fn sequence<'a>(app: &'a App, lease: &'a Lease) -> BoxFuture<'a, Result<u64>> {
    Box::pin(async move {
        let done = app.db.sequence(lease).await?;
        if done > 0 {
            app.log.send_replace(app.db.log_position().await?);
        }
        Ok(done)
    })
}

/// Job `forget-answers`: forgets the answers to requests that are too old to be repeated.
pub fn forget_answers<'a>(app: &'a App, _: &'a Lease) -> BoxFuture<'a, Result<u64>> {
    Box::pin(app.db.forget_answers(app.config.answers_days))
}
