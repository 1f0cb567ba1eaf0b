//! 状态清单: which certificates are not valid, for those who check offline.

pub mod domain;
pub mod list;
pub mod publish;
mod row;
pub mod store;
