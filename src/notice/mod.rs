//! 公示.

pub mod close;
pub mod domain;
pub mod entry;
pub mod grpc;
mod message;
pub mod name;
pub mod objection;
pub mod open;
mod page;
mod proof;
pub mod query;
mod refusal;
mod row;
pub mod store;
pub mod withdraw;
