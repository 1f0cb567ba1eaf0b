//! 脱敏: what the experts of an application get to see of a material.

pub mod domain;
pub mod make;
mod row;
pub mod store;
