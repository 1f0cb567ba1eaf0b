//! `opsp demo`: one case of two people from the import to the settlement, over real gRPC with mutual TLS, as the
//! callers would drive it. The clock is simulated, so that weeks pass in seconds. What is done is kept in the data
//! folder: a demo that was cut off goes on where it stopped, and a finished one begins again with two new people.

mod apply;
mod case;
mod clients;
mod decide;
mod pay;
mod people;
mod print;
mod redact;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use futures_util::future::BoxFuture;
use time::{Date, Duration};

use crate::config::{Config, FILE};
use crate::db::public::Algorithm;
use crate::db::source::{Random, TimeSource, from_micros, micros};
use crate::kernel::{day_start, local_day};
use crate::server::{self, Running};
use crate::{init, telemetry};
use case::Case;
use clients::Clients;

/// Settings of the demo.
#[derive(Args)]
pub struct Options {
    /// Folder for keys, certificates, database and the PDF.
    #[arg(long, default_value = "opsp-demo")]
    data_dir: PathBuf,
    /// Keep the server up afterwards and print grpcurl commands.
    #[arg(long)]
    serve: bool,
    /// Address and port to listen on; a free port by default.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
    /// What to log, for example `info`.
    #[arg(long, default_value = "error")]
    log: String,
}

/// What a step did, a line each.
type Told = anyhow::Result<Vec<String>>;
/// One step of the demo.
type Step = for<'a> fn(&'a mut Demo) -> BoxFuture<'a, Told>;

/// The steps in their order. Each can be run again: its requests carry the same `request_id` every time.
const STEPS: &[(&str, Step)] = &[
    ("import", |demo| Box::pin(people::import(demo))),
    ("catalogue", |demo| Box::pin(people::catalogue(demo))),
    ("experts", |demo| Box::pin(people::experts(demo))),
    ("upload", |demo| Box::pin(apply::upload(demo))),
    ("bad-upload", |demo| Box::pin(apply::bad_upload(demo))),
    ("draft", |demo| Box::pin(apply::draft(demo))),
    ("incomplete", |demo| Box::pin(apply::incomplete(demo))),
    ("submit", |demo| Box::pin(apply::submit(demo))),
    ("accept", |demo| Box::pin(decide::accept(demo))),
    ("supplement-wanted", |demo| Box::pin(decide::want_supplement(demo))),
    ("supplement", |demo| Box::pin(apply::supplement(demo))),
    ("panel", |demo| Box::pin(decide::panel(demo))),
    ("redaction", |demo| Box::pin(redact::redact(demo))),
    ("opinions", |demo| Box::pin(decide::opinions(demo))),
    ("third-expert", |demo| Box::pin(decide::third(demo))),
    ("confirm", |demo| Box::pin(decide::confirm(demo))),
    ("notice", |demo| Box::pin(decide::open_notice(demo))),
    ("notice-open", |demo| Box::pin(decide::notice_is_open(demo))),
    ("objection", |demo| Box::pin(decide::object(demo))),
    ("notice-closed", |demo| Box::pin(decide::close_notice(demo))),
    ("dismiss", |demo| Box::pin(decide::dismiss(demo))),
    ("certificate", |demo| Box::pin(pay::certificate(demo))),
    ("settle", |demo| Box::pin(pay::settle(demo))),
    ("repeat", |demo| Box::pin(pay::repeat(demo))),
    ("reverse", |demo| Box::pin(pay::reverse(demo))),
    ("unfiled", |demo| Box::pin(pay::unfiled(demo))),
    ("remote", |demo| Box::pin(pay::remote(demo))),
    ("history", |demo| Box::pin(pay::history(demo))),
];

/// A demo under way.
struct Demo {
    case: Case,
    clients: Clients,
    running: Running,
    data_dir: PathBuf,
}

/// Runs the demo. Anything unexpected ends it with the step's name.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let data_dir = &options.data_dir;
    if !data_dir.join(FILE).exists() {
        init::init(data_dir, "620900", "127.0.0.1:8443", Algorithm::Ed25519)?;
        print::line("init", &format!("keys, certificates and settings in {}", data_dir.display()));
    }
    let mut config = Config::load(data_dir)?;
    config.listen = options.listen;
    telemetry::start(config.log_format, &options.log)?;
    let case = Case::open(data_dir)?;
    let clock = TimeSource::simulated(from_micros(case.clock));
    let running = server::start(config, clock, Random::system()).await?;
    let clients = Clients::connect(data_dir, running.address).await.context("step connect")?;
    print::line(
        "serve",
        &format!("mutual TLS on {}, clock {}", running.address, local_day(from_micros(case.clock))),
    );
    if case.resumed() {
        print::line(
            "resume",
            &format!("run {} goes on after {} of {} steps", case.run, case.done.len(), STEPS.len()),
        );
    }
    let mut demo = Demo { case, clients, running, data_dir: data_dir.clone() };
    for (index, (name, step)) in STEPS.iter().enumerate() {
        if demo.case.done.iter().any(|done| done == name) {
            continue;
        }
        print::heading(index + 1, STEPS.len(), name, demo.today());
        let told = step(&mut demo).await.with_context(|| format!("step {name}"))?;
        for text in told {
            println!("      {text}");
        }
        demo.case.finish_step(name)?;
    }
    // The next run begins days later: what is told is as of the day on which this one ended.
    print::summary(&demo)?;
    demo.case.finish_run()?;
    if options.serve {
        print::grpcurl(&demo)?;
        crate::cli::stop_signal().await?;
    }
    demo.running.stop().await
}

impl Demo {
    fn today(&self) -> Date {
        local_day(from_micros(self.case.clock))
    }

    /// Lets time pass until nine in the morning of a day.
    fn wait_until(&mut self, day: Date) -> anyhow::Result<()> {
        let morning = day_start(day) + Duration::hours(9);
        self.running.app.db.time().advance_to(morning)?;
        self.case.clock = self.case.clock.max(micros(morning));
        self.case.save()
    }

    /// Runs a timed job now, as ops would.
    async fn run_job(&mut self, job: &str) -> anyhow::Result<i64> {
        use crate::proto::opsp::ops::v1 as pb;
        // The server's own worker may hold the job for a moment, and one that was killed until its lease runs out.
        for _ in 0..400 {
            let request = pb::RunJobRequest {
                name: format!("jobs/{job}"),
                request_id: self.case.request_id(&format!("job {job} {}", self.today())),
                validate_only: false,
            };
            match self.clients.ops().run_job(request).await {
                Ok(done) => return Ok(done.into_inner().last_done),
                Err(status) if status.code() == tonic::Code::FailedPrecondition => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Err(status) => anyhow::bail!("RunJob {job}: {}", status.message()),
            }
        }
        anyhow::bail!("job {job} is held by another for twenty seconds")
    }
}

/// What was expected to be refused, was it, and for this reason?
fn refused<T>(
    answer: Result<tonic::Response<T>, tonic::Status>,
    code: tonic::Code,
    reason: &str,
) -> anyhow::Result<String> {
    use tonic_types::StatusExt;
    let Err(status) = answer else { anyhow::bail!("expected {reason}, but it was accepted") };
    let found = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    ensure!(
        status.code() == code && found == reason,
        "expected {code:?} {reason}, got {:?} {found}: {}",
        status.code(),
        status.message()
    );
    let text = status.get_details_localized_message().map(|message| message.message);
    Ok(text.unwrap_or_default())
}
