//! 申报材料.

pub mod delete;
pub mod domain;
pub mod download;
pub mod grpc;
pub mod objects;
mod row;
pub mod sniff;
pub mod store;
pub mod upload;
