//! The binary: one command, and its failure in one line.

use clap::Parser;
use opsp::cli::{self, Cli};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("opsp: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
