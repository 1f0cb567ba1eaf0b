//! One integration binary: a real server in process over real gRPC, each test with its own database and clock, on
//! SQLite and on PostgreSQL.

mod tidy;
mod world;
