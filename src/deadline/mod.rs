//! 时限: every budget of working days that somebody waits for, on one mechanism. The clocks belong to their
//! applications, filings and notices; what stands here is a copy for those who look for what is due.

pub mod domain;
pub mod query;
pub mod row;
pub mod store;
pub mod sweep;
