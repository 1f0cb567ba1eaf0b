//! The command line.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use time::Duration;

use crate::config::Config;
use crate::db::Db;
use crate::db::keys::Keys;
use crate::db::source::{Random, TimeSource};
use crate::{certificate, demo, init, server, telemetry};

/// opsp: 门诊慢特病 (outpatient chronic and special disease benefits) as a gRPC service.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a data folder: keys, certificates for each caller, settings.
    Init {
        /// The folder.
        #[arg(long, default_value = "opsp-data")]
        data_dir: PathBuf,
        /// 统筹区: the pooling area that is served.
        #[arg(long, default_value = "620900")]
        area: String,
        /// Address and port to listen on.
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: String,
    },
    /// Serve until SIGTERM or SIGINT.
    Serve {
        /// The folder that `init` made.
        #[arg(long, default_value = "opsp-data")]
        data_dir: PathBuf,
        /// What to log, for example `info,opsp=debug`.
        #[arg(long, default_value = "info")]
        log: String,
    },
    /// Bring the schema up to date and stop.
    Migrate {
        /// The folder that `init` made.
        #[arg(long, default_value = "opsp-data")]
        data_dir: PathBuf,
        /// Take the schema back to nothing: every table and all its rows go.
        #[arg(long)]
        down: bool,
    },
    /// The keys that sign certificates.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Check the text of a certificate's QR code without any network (离线核验).
    ///
    /// Exit code: 0 valid (有效), 3 suspended (暂停), 4 ended (终止), 5 revoked (撤销), 6 forged (伪造), 7 genuine, but
    /// nothing tells whether it is valid; 1 when a file cannot be read.
    Verify {
        /// Answer of CertificateService/GetVerificationKeys, as grpcurl prints it or encoded.
        #[arg(long)]
        keys: PathBuf,
        /// Answer of CertificateService/GetStatusList, as grpcurl prints it or encoded. Without it only the signature is
        /// checked.
        #[arg(long)]
        status: Option<PathBuf>,
        /// The text; `-` to read it from standard input.
        text: String,
    },
    /// Drive one case of two people from the application to the settlement, on a simulated clock.
    Demo(demo::Options),
}

/// Most that is read of a text: no QR code holds more.
const QR_BYTES: u64 = 4096;

#[derive(Subcommand)]
enum KeysCommand {
    /// Add a signing key to the key ring. It signs after some hours; until then the one before it does.
    ///
    /// A server reads the ring when it starts: within these hours restart every instance with the new ring, and have those
    /// who check offline fetch the public keys (GetVerificationKeys), so that nobody meets a paper whose key is unknown.
    Rotate {
        /// The folder that `init` made.
        #[arg(long, default_value = "opsp-data")]
        data_dir: PathBuf,
        /// In how many hours it begins to sign.
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
}

/// Runs a command; gives its exit code.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        // Without a runtime: it opens no socket, and works where there is no network.
        Command::Verify { keys, status, text } => verify(&keys, status.as_deref(), text),
        Command::Keys { command: KeysCommand::Rotate { data_dir, hours } } => rotate(&data_dir, hours),
        Command::Init { data_dir, area, listen } => {
            init::init(&data_dir, &area, &listen)?;
            println!("{} is set up: start it with `opsp serve --data-dir {0}`", data_dir.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve { data_dir, log } => wait_for(serve(&data_dir, &log)),
        Command::Migrate { data_dir, down } => wait_for(migrate(&data_dir, down)),
        Command::Demo(options) => wait_for(demo::run(options)),
    }
}

fn wait_for(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Runtime::new()?.block_on(work)?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(data_dir: &Path, log: &str) -> anyhow::Result<()> {
    let config = Config::load(data_dir)?;
    telemetry::start(config.log_format, log)?;
    let running = server::start(config, TimeSource::Real, Random::system()).await?;
    tracing::info!(address = %running.address, "serving");
    stop_signal().await?;
    tracing::info!("stopping");
    running.stop().await
}

async fn migrate(data_dir: &Path, down: bool) -> anyhow::Result<()> {
    let config = Config::load(data_dir)?;
    let keys = Keys::load(&config.path(&config.keys))?;
    let db = Db::open(&config.database(), keys, TimeSource::Real, Random::system()).await?;
    if down {
        db.migrate_down().await?
    } else {
        db.migrate().await?
    }
    db.close().await?;
    println!("the schema is {}", if down { "gone" } else { "up to date" });
    Ok(())
}

fn rotate(data_dir: &Path, hours: u32) -> anyhow::Result<ExitCode> {
    let config = Config::load(data_dir)?;
    let path = config.path(&config.keys);
    let from = TimeSource::Real.now() + Duration::hours(hours.into());
    let text = std::fs::read_to_string(&path).with_context(|| format!("key ring {}", path.display()))?;
    let rotated = Keys::rotate(&text, &Random::system(), from);
    let (ring, id) = rotated.with_context(|| format!("key ring {}", path.display()))?;
    init::replace_private(&path, &ring)?;
    println!(
        "key {id} signs from {from} on; the keys before it stay, so that what they signed stays genuine"
    );
    println!("restart every instance with this ring before then, and back it up: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn verify(keys: &Path, status: Option<&Path>, text: String) -> anyhow::Result<ExitCode> {
    let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
    let keys_of = certificate::offline::read_keys(&read(keys)?);
    let known = keys_of.with_context(|| format!("keys {}", keys.display()))?;
    let list = status.map(|path| {
        let listed = certificate::offline::read_list(&read(path)?);
        listed.with_context(|| format!("status list {}", path.display()))
    });
    let list = list.transpose()?;
    let text = if text == "-" { standard_input()? } else { text };
    let found = certificate::offline::check(text.trim(), &known, list.as_ref(), TimeSource::Real.now());
    found.lines().iter().for_each(|line| println!("{line}"));
    Ok(ExitCode::from(found.exit_code()))
}
/// What is no text cannot be genuine: it is read as well as it can be, and found forged.
fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().take(QR_BYTES).read_to_end(&mut bytes).context("standard input")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for SIGTERM or SIGINT.
pub async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
