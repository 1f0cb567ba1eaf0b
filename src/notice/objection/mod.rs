//! 异议.

pub mod domain;
pub mod file;
pub mod grpc;
pub mod resolve;
pub mod store;
