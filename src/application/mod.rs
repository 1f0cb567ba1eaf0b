//! 门诊慢特病申请.

pub mod domain;
mod row;
pub mod store;
