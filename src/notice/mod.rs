//! 公示.

pub mod domain;
