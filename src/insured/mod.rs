//! 参保人.

pub mod domain;
mod row;
pub mod store;
