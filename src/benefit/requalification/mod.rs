//! 年度复审: a benefit is renewed by what data say, people are asked only for what data cannot answer, and nothing lapses
//! before its notice was delivered and the grace is over.

pub mod answer;
#[cfg(test)]
mod chance_tests;
pub mod decide;
pub mod deliver;
pub mod domain;
mod event;
pub mod grpc;
mod mass;
mod message;
pub mod query;
mod refusal;
mod row;
pub mod run;
pub mod store;
mod transition;
