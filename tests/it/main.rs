//! One integration binary: a real server in process over real gRPC, each test with its own database and clock, on
//! SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod agreement;
mod blind;
mod catalogue;
mod clock;
mod corpus;
mod criteria;
mod deadlines;
mod dropped;
mod edge;
mod evidence;
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
mod notice_page;
mod objection;
mod objects;
mod once;
mod opened;
mod paper;
mod paused;
mod people;
mod preview;
mod process;
mod profile;
mod quality;
mod recalendar;
mod receipts;
mod redaction;
mod refiled;
mod related;
mod replaced;
mod resume;
mod review;
mod rows;
mod scan;
mod second;
mod second_city;
mod send_back;
mod tidy;
mod undo;
mod unseen;
mod upload;
mod withdrawal;
mod world;
