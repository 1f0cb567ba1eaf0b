//! 工作日历: the working days of the country, as versions that every instance follows.

pub mod domain;
pub mod import;
pub mod row;
pub mod store;
