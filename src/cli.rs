//! The command line.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use time::Duration;

use crate::certificate::offline;
use crate::config::Config;
use crate::db::Db;
use crate::db::keys::Keys;
use crate::db::public::Algorithm;
use crate::db::source::{Random, TimeSource};
use crate::kernel::rfc3339;
use crate::{demo, init, server, telemetry};

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
        /// What signs certificates: Ed25519, or SM2 (国密, with SM3). `keys rotate` changes it later.
        #[arg(long, default_value = "Ed25519")]
        algorithm: Algorithm,
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
        text: OsString,
    },
    /// Drive one case of two people from the application to the settlement, on a simulated clock.
    Demo(demo::Options),
}

/// Most bytes of a text: no QR code holds more.
const QR_BYTES: u64 = 4096;
/// Most bytes of a file of keys or of a status list, which has a million entries in 12.
const FILE_BYTES: u64 = 256 << 20;

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
        /// What the key is of: Ed25519, or SM2 (国密, with SM3).
        #[arg(long, default_value = "Ed25519")]
        algorithm: Algorithm,
    },
}

/// Runs a command; gives its exit code.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        // Without a runtime: it opens no socket, and works where there is no network.
        Command::Verify { keys, status, text } => verify(&keys, status.as_deref(), &text),
        Command::Keys { command: KeysCommand::Rotate { data_dir, hours, algorithm } } => {
            rotate(&data_dir, algorithm, hours)
        }
        Command::Init { data_dir, area, listen, algorithm } => {
            init::init(&data_dir, &area, &listen, algorithm)?;
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

fn rotate(data_dir: &Path, algorithm: Algorithm, hours: u32) -> anyhow::Result<ExitCode> {
    let config = Config::load(data_dir)?;
    let path = config.path(&config.keys);
    let from = TimeSource::Real.now() + Duration::hours(hours.into());
    let id = init::rotate(&path, algorithm, &Random::system(), from)?;
    println!("key {id} signs from {} on", rfc3339(from));
    println!("the keys before it stay, so that what they signed stays genuine");
    println!("restart every instance with this ring before then, and back it up: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn verify(keys: &Path, status: Option<&Path>, text: &OsStr) -> anyhow::Result<ExitCode> {
    let named = |path: &Path, what| format!("{what} {}", path.display());
    let known =
        file(keys).and_then(|bytes| offline::read_keys(&bytes)).with_context(|| named(keys, "keys"))?;
    let listed = status.map(|path| {
        let listed = file(path).and_then(|bytes| offline::read_list(&bytes));
        listed.with_context(|| named(path, "status list"))
    });
    let listed = listed.transpose()?;
    // What is no text cannot be genuine: it is read as well as it can be, and found forged.
    let text = if text == "-" { standard_input()? } else { text.to_string_lossy().into_owned() };
    let found = offline::check(text.trim(), &known, listed.as_ref(), TimeSource::Real.now());
    let mut out = std::io::stdout().lock();
    for line in found.lines() {
        writeln!(out, "{line}").context("standard output")?;
    }
    Ok(ExitCode::from(found.exit_code()))
}

fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    at_most(File::open(path)?, FILE_BYTES)?.with_context(|| format!("it has more than {FILE_BYTES} bytes"))
}

/// The text; of more than any code holds nothing, so that what stands behind a genuine one is not overlooked.
fn standard_input() -> anyhow::Result<String> {
    let bytes = at_most(std::io::stdin(), QR_BYTES).context("standard input")?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
}

/// All that there is to read; none when it is more.
fn at_most(from: impl Read, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = from.take(most + 1).read_to_end(&mut bytes)?;
    Ok((u64::try_from(read).is_ok_and(|read| read <= most)).then_some(bytes))
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
