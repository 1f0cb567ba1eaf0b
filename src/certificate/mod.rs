//! 待遇认定证明: the proof of a benefit, as a page to print and a code to check.

pub mod domain;
pub mod download;
pub mod grpc;
pub mod issue;
mod page;
pub mod payload;
mod row;
pub mod sheet;
pub mod store;
pub mod verify;
