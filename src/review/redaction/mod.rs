//! 脱敏: what experts get to see of an application's materials, and that they see nothing of the applicant.

pub mod grpc;
mod message;
pub mod query;
pub mod reading;
pub mod redact;
mod refused;
mod row;
pub mod store;
