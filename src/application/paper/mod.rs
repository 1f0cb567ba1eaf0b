//! 申请表 and 承诺书 on paper: what is known is printed, the rest is for the pen.

mod applying;
mod commitment;
pub mod grpc;
pub mod layout;
mod print;
mod words;
