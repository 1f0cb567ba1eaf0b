//! 待遇随参保: a benefit follows what the platform tells of its person's insurance.

pub mod domain;
mod insurance;
mod kinds;
mod row;
pub mod run;
pub mod store;
