//! 门诊慢特病待遇.

pub mod domain;
mod row;
pub mod store;
