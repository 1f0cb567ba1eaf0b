//! 待遇认定证明: the proof of a benefit.

pub mod sheet;
