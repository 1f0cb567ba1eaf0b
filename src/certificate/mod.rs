//! 待遇认定证明: the proof of a benefit, as a page to print and a code to check.

pub mod domain;
pub mod download;
pub mod grpc;
pub mod issue;
pub mod offline;
mod page;
pub mod payload;
pub mod query;
mod refusal;
pub mod replace;
pub mod revoke;
mod row;
pub mod sheet;
pub mod status;
pub mod store;
pub mod verify;
