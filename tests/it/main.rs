//! One integration binary: a real server in process over real gRPC, each test with its own database and clock, on
//! SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod corpus;
mod edge;
mod feed;
mod foreign;
mod journey;
mod money;
mod notice;
mod paper;
mod people;
mod process;
mod profile;
mod review;
mod tidy;
mod upload;
mod world;
