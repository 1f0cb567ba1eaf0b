//! 病种目录: which diseases an area recognises, on which evidence, and what each pays. Data, dated and versioned.

pub mod criteria;
pub mod domain;
mod faults;
pub mod files;
pub mod grpc;
mod policy;
pub mod refusal;
mod row;
mod rules;
pub mod store;
mod words;
