//! The binary: one command, and its failure in one line.

use std::process::ExitCode;

use clap::Parser;
use opsp::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("opsp: {error:#}");
            ExitCode::FAILURE
        }
    }
}
