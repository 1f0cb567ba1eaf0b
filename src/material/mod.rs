//! 申报材料.

pub mod domain;
pub mod objects;
mod row;
pub mod store;
