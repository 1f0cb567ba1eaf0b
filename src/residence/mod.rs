//! 异地就医备案: who lives or is treated elsewhere files the place and has the same benefit there.

pub mod cancel;
pub mod decide;
pub mod domain;
pub mod file;
pub mod form;
pub mod grpc;
pub mod query;
mod row;
pub mod store;
