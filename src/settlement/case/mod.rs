//! 我的办事: everything that a person can ask about her own case, put together from what each feature keeps.

mod benefit;
pub mod domain;
mod filing;
mod gather;
pub mod grpc;
mod line;
mod notice;
mod requalification;
