//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::db::Db;
use crate::db::keys::Keys;
use crate::db::source::{Random, TimeSource};
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
    /// Drive one case of two people from the application to the settlement, on a simulated clock.
    Demo(demo::Options),
}

/// Runs a command.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Init { data_dir, area, listen } => {
            init::init(&data_dir, &area, &listen)?;
            println!("{} is set up: start it with `opsp serve --data-dir {0}`", data_dir.display());
            Ok(())
        }
        Command::Serve { data_dir, log } => {
            let config = Config::load(&data_dir)?;
            telemetry::start(config.log_format, &log)?;
            let running = server::start(config, TimeSource::Real, Random::system()).await?;
            tracing::info!(address = %running.address, "serving");
            stop_signal().await?;
            tracing::info!("stopping");
            running.stop().await
        }
        Command::Migrate { data_dir, down } => {
            let config = Config::load(&data_dir)?;
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
        Command::Demo(options) => demo::run(options).await,
    }
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
