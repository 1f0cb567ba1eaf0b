//! One integration binary: a real server in process over real gRPC, each test with its own database and clock, on
//! SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod blind;
mod catalogue;
mod certificate;
mod clock;
mod corpus;
mod criteria;
mod deadlines;
mod dropped;
mod edge;
mod experts;
mod faulty;
mod feed;
mod foreign;
mod forms;
mod import;
mod journey;
mod killed;
mod life;
mod money;
mod named;
mod notice;
mod objects;
mod offline;
mod once;
mod paper;
mod people;
mod preview;
mod process;
mod profile;
mod recalendar;
mod receipts;
mod redaction;
mod refiled;
mod replaced;
mod resume;
mod review;
mod rows;
mod scan;
mod second_city;
mod send_back;
mod status_list;
mod tidy;
mod undo;
mod upload;
mod world;
