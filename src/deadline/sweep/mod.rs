//! What goes through all deadlines: those that a calendar moved, those that are to be told of.

pub mod derive;
pub mod escalate;
pub mod store;
