//! One integration binary: a real server in process over real gRPC, each test with its own database and clock, on
//! SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod edge;
mod feed;
mod foreign;
mod journey;
mod killed;
mod money;
mod notice;
mod objects;
mod paper;
mod people;
mod process;
mod profile;
mod resume;
mod review;
mod scan;
mod tidy;
mod upload;
mod world;
