//! The transport mechanism: who calls (`auth`), one line a request (`trace`), what a field must satisfy (`parse`),
//! one way through every unary call (`call`), and what goes out when there is no result (`status`).

pub mod auth;
pub mod call;
pub mod parse;
pub mod status;
pub mod trace;
