//! 质量抽查: some of the confirmed decisions are judged by a second panel too.

pub mod advance;
pub mod domain;
pub mod fill;
pub mod grpc;
pub mod lot;
mod row;
pub mod sample;
pub mod store;
pub mod undo;
