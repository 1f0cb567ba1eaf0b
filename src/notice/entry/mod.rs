//! The entries of a notice.

pub mod domain;
pub mod store;
mod transition;
