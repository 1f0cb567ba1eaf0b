//! What a transition gives: the new state and what happened. Saved together or not at all.

/// A state and the event that led to it.
#[derive(Debug)]
pub struct Step<S, E> {
    /// The new state.
    pub state: S,
    /// What happened. Serialised into the journal: holds no personal data.
    pub event: E,
}

impl<S, E> Step<S, E> {
    /// A step.
    pub fn new(state: S, event: E) -> Self {
        Self { state, event }
    }
}
