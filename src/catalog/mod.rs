//! 病种目录: which diseases an area recognises, on which evidence, and what each pays. Data, dated and versioned.

mod columns;
pub mod convert;
pub mod criteria;
mod disease_faults;
mod document;
pub mod domain;
mod faults;
pub mod files;
pub mod grpc;
pub mod import;
mod national;
mod node;
mod outline;
mod policy;
mod policy_faults;
pub mod publish;
pub mod published;
pub mod refusal;
pub mod requalification;
mod row;
mod rules;
mod sheets;
pub mod store;
mod words;
