//! 申报材料.

pub mod check;
pub mod delete;
pub mod domain;
pub mod download;
pub mod grpc;
mod message;
pub mod objects;
mod row;
pub mod store;
pub mod thumbnail;
pub mod upload;
