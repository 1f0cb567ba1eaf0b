//! 申报材料.

pub mod collect;
pub mod delete;
pub mod domain;
pub mod download;
pub mod grpc;
pub mod incoming;
pub mod objects;
mod row;
mod s3;
pub mod scan;
mod sealing;
pub mod sniff;
pub mod store;
pub mod upload;
