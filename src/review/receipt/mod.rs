//! 决定存证: what each decision rests on, sealed with it, and the decision made again from it.

pub mod compare;
pub mod convert;
pub mod domain;
pub mod facts;
pub mod replay;
mod row;
pub mod store;
mod trace;
