//! 门诊慢特病结算: what the fund pays of a bill, exact in 分 and never above the yearly limit.

pub mod admission;
pub mod calculation;
pub mod case;
pub mod domain;
pub mod grpc;
pub mod impact;
pub mod preview;
pub mod query;
mod quote;
pub mod reverse;
mod row;
pub mod settle;
pub mod store;
