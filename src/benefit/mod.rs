//! 门诊慢特病待遇.

pub mod accumulator;
pub mod change;
pub mod domain;
pub mod following;
pub mod grant;
pub mod grpc;
#[cfg(test)]
mod life;
pub mod query;
mod refusal;
pub mod requalification;
mod row;
mod standing;
pub mod store;
mod transition;
