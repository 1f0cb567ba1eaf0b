//! Stretches of days, both ends inclusive, the end perhaps open.

use serde::{Deserialize, Serialize};
use time::Date;

/// A stretch of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, inclusive; none when open.
    pub to: Option<Date>,
}

impl Period {
    /// From a day on, without an end.
    pub fn since(from: Date) -> Self {
        Self { from, to: None }
    }

    /// Whether the day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether both share a day.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn both_ends_belong_to_it() {
        let period = Period { from: date!(2025 - 01 - 10), to: Some(date!(2025 - 01 - 20)) };
        assert!(period.contains(period.from) && period.contains(date!(2025 - 01 - 20)));
        assert!(!period.contains(date!(2025 - 01 - 09)) && !period.contains(date!(2025 - 01 - 21)));
        assert!(period.overlaps(&Period::since(date!(2025 - 01 - 20))));
        assert!(!period.overlaps(&Period::since(date!(2025 - 01 - 21))));
    }
}
