//! 专家评审: acceptance, supplement, the draw of experts, their opinions, and the decision line by line.

pub mod accept;
pub mod anonymous;
pub mod assign;
pub mod confirm;
mod convert;
pub mod deadlines;
pub mod domain;
pub mod draw;
pub mod expert;
pub mod grpc;
mod not_taken_back;
pub mod once;
pub mod opinion;
pub mod panel;
pub mod query;
mod reasons;
pub mod receipt;
mod refused;
mod row;
pub mod said;
pub mod send_back;
pub mod sent_back;
pub mod sitting;
pub mod store;
pub mod supplement;
pub mod undo;
