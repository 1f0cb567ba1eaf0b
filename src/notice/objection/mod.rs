//! 异议.

pub mod attach;
pub mod domain;
pub mod evidence;
pub mod file;
pub mod grpc;
pub mod redact;
mod refusal;
pub mod resolve;
pub mod store;
