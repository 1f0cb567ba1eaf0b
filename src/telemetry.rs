//! The log: one line an event, for people or for machines. `--log` sets what is written, `info` by default.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins logging to standard error. Called once.
pub fn start(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging: {error}"))
}
