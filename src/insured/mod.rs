//! 参保人.

pub mod domain;
pub mod eligibility;
pub mod get;
pub mod grpc;
pub mod import;
pub mod refusal;
mod row;
pub mod store;
pub mod words;
