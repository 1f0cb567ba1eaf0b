//! opsp: 门诊慢特病, outpatient chronic and special disease benefits, as a gRPC service.

pub mod app;
pub mod cli;
pub mod config;
pub mod db;
mod demo;
mod init;
pub mod kernel;
pub mod pdf;
pub mod rpc;
pub mod server;
pub mod telemetry;
pub mod worker;

// Features. Each uses only those above it.
pub mod application;
pub mod benefit;
pub mod calendar;
pub mod catalog;
pub mod certificate;
pub mod deadline;
pub mod insured;
pub mod material;
pub mod notice;
pub mod ops;
pub mod residence;
pub mod review;
pub mod settlement;

/// The messages and services of the contract, generated from `proto/`.
pub mod proto {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/proto.rs"));
}

/// What the options of the contract say, generated from `proto/`.
pub mod contract {
    #![allow(unused_imports, clippy::all, clippy::pedantic, clippy::too_many_lines)]
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}
