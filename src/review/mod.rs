//! 专家评审: acceptance, supplement, the draw of experts, their opinions, and the decision line by line.

pub mod accept;
pub mod anonymous;
pub mod assign;
pub mod confirm;
pub mod deadlines;
pub mod domain;
pub mod draw;
pub mod expert;
pub mod grpc;
pub mod once;
pub mod opinion;
pub mod panel;
pub mod query;
mod reasons;
pub mod redaction;
mod refused;
mod row;
pub mod said;
mod sent;
pub mod store;
pub mod supplement;
