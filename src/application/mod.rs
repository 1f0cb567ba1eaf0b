//! 门诊慢特病申请.

mod admission;
mod carry;
pub mod checklist;
pub mod convert;
pub mod create;
mod designation;
pub mod domain;
mod event;
mod form;
pub mod grpc;
mod kind;
pub mod ledger;
pub mod paper;
pub mod query;
mod refusal;
pub mod remedy;
mod row;
pub mod store;
pub mod submit;
pub mod supplement;
pub mod told;
mod transition;
pub mod undo;
pub mod update;
pub mod withdraw;
