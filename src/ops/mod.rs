//! 运维: the server's own affairs, its timed jobs, and what happened as a stream of events.

mod calendar;
pub mod events;
pub mod grpc;
pub mod jobs;
pub mod refile;
