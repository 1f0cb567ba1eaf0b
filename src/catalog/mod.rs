//! 病种目录: which diseases an area recognises, on which evidence, and what each pays. Data, dated and versioned.

pub mod criteria;
pub mod domain;
pub mod grpc;
pub mod refusal;
mod row;
pub mod store;
