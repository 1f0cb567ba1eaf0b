//! 专家评审: acceptance, supplement, the draw of experts, their opinions, and the decision line by line.

pub mod accept;
pub mod anonymous;
pub mod assign;
pub mod clock;
pub mod confirm;
pub mod deadlines;
pub mod departure;
pub mod domain;
pub mod draw;
pub mod expert;
pub mod former;
pub mod grpc;
pub mod once;
pub mod opinion;
pub mod overdue;
pub mod panel;
pub mod query;
mod reasons;
mod refused;
pub mod registration;
pub mod registry;
pub mod replace;
mod row;
pub mod said;
pub mod sent;
pub mod store;
pub mod supplement;
