//! 申报材料.

pub mod check;
pub mod collect;
pub mod delete;
pub mod domain;
pub mod download;
pub mod grpc;
pub mod incoming;
pub mod message;
pub mod objects;
pub mod redaction;
mod row;
mod s3;
pub mod scan;
mod sealing;
pub mod store;
pub mod thumbnail;
pub mod upload;
pub mod walk;
mod whole;
