//! 参保人.

mod convert;
pub mod domain;
pub mod eligibility;
pub mod find;
pub mod get;
pub mod grpc;
pub mod held;
pub mod history;
pub mod import;
pub mod refusal;
mod row;
#[cfg(test)]
pub mod sample;
pub mod stated;
pub mod store;
mod take_over;
mod turning;
pub mod words;
