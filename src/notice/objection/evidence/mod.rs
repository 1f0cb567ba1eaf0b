//! What comes with an objection: its files, and the copy of its words for the person whom it is about.

pub mod grpc;
pub mod store;
