//! 目录试算: what a draft catalogue would have changed about the settlements of a period. Writes nothing.

pub mod domain;
pub mod grpc;
mod run;
mod store;
mod summary;
