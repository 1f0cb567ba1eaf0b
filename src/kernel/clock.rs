//! The statutory clock: a budget of working days that runs from a day on, stands still in pauses, and is due on a day
//! that is derived from a calendar and never stored as truth.

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use super::calendar::Calendar;

/// A budget of working days. The first day is day 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    started: Date,
    budget: u32,
    pauses: Vec<Pause>,
}

/// A stretch in which the clock stands still. Days after `from`, up to and with `to`, do not count: the day on which
/// the clock stops is as little lost or won as the day on which it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The day on which it stopped.
    pub from: Date,
    /// The day on which it went on; none while it stands.
    pub to: Option<Date>,
    /// Why, for people.
    pub reason: String,
}

/// A due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Last day in time.
    pub date: Date,
    /// True when a year on the way is not published: weekends only were counted in it.
    pub provisional: bool,
}

/// How a clock stands today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The due date; none while the clock stands still.
    pub due: Option<Due>,
    /// The day since which it stands still.
    pub paused_since: Option<Date>,
    /// Working days not yet used, negative when overdue.
    pub left: i32,
}

impl Clock {
    /// A clock that starts on a day, which is day 0.
    pub fn start(started: Date, budget: u32) -> Self {
        Self { started, budget, pauses: Vec::new() }
    }

    /// The clock, stopped on a day. A clock that stands already goes on standing.
    pub fn pause(mut self, from: Date, reason: &str) -> Self {
        if self.paused_since().is_none() {
            self.pauses.push(Pause { from, to: None, reason: reason.to_owned() });
        }
        self
    }

    /// The clock, running again from a day on.
    pub fn resume(mut self, to: Date) -> Self {
        if let Some(open) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            open.to = Some(to.max(open.from));
        }
        self
    }

    /// The day since which it stands still.
    pub fn paused_since(&self) -> Option<Date> {
        self.pauses.last().filter(|pause| pause.to.is_none()).map(|pause| pause.from)
    }

    /// The due date; none while it stands still.
    pub fn due(&self, calendar: &Calendar) -> Option<Due> {
        if self.paused_since().is_some() {
            return None;
        }
        let mut due = Due { date: self.started, provisional: false };
        let mut counted = 0;
        while counted < self.budget {
            due.date = due.date.next_day()?;
            due.provisional |= !calendar.is_published(due.date.year());
            counted += u32::from(self.counts(due.date, calendar));
        }
        Some(due)
    }

    /// How it stands on a day.
    pub fn read(&self, calendar: &Calendar, today: Date) -> Reading {
        let days = (today - self.started).whole_days().max(0);
        let used = (1..=days).filter(|n| self.counts(self.started + Duration::days(*n), calendar)).count();
        let used = i32::try_from(used).unwrap_or(i32::MAX);
        let left = i32::try_from(self.budget).unwrap_or(i32::MAX).saturating_sub(used);
        Reading { due: self.due(calendar), paused_since: self.paused_since(), left }
    }

    fn counts(&self, day: Date, calendar: &Calendar) -> bool {
        let paused = self.pauses.iter().any(|pause| pause.from < day && pause.to.is_none_or(|to| day <= to));
        calendar.is_working(day) && !paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::calendar::EMBEDDED;
    use time::macros::date;

    fn calendar() -> Calendar {
        Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
    }

    fn check(start: Date, expected: [Date; 3]) {
        let due = [20, 5, 7].map(|budget| Clock::start(start, budget).due(&calendar()).unwrap());
        assert_eq!(due.map(|due| due.date), expected, "from {start}");
        assert!(due.iter().all(|due| !due.provisional));
    }

    #[test]
    fn the_published_vectors_hold() {
        check(date!(2025 - 01 - 20), [date!(2025 - 02 - 21), date!(2025 - 01 - 26), date!(2025 - 02 - 05)]);
        check(date!(2025 - 09 - 15), [date!(2025 - 10 - 17), date!(2025 - 09 - 22), date!(2025 - 09 - 24)]);
        check(date!(2025 - 09 - 28), [date!(2025 - 10 - 31), date!(2025 - 10 - 11), date!(2025 - 10 - 14)]);
        check(date!(2026 - 02 - 02), [date!(2026 - 03 - 06), date!(2026 - 02 - 09), date!(2026 - 02 - 11)]);
        check(date!(2026 - 02 - 14), [date!(2026 - 03 - 20), date!(2026 - 02 - 28), date!(2026 - 03 - 03)]);
        check(date!(2026 - 09 - 21), [date!(2026 - 10 - 26), date!(2026 - 09 - 29), date!(2026 - 10 - 08)]);
    }

    #[test]
    fn a_year_without_calendar_is_provisional() {
        let due = Clock::start(date!(2026 - 12 - 21), 20).due(&calendar()).unwrap();
        assert!(due.provisional);
        assert!(!Clock::start(date!(2026 - 12 - 21), 5).due(&calendar()).unwrap().provisional);
    }

    #[test]
    fn time_in_a_pause_does_not_count() {
        let plain = Clock::start(date!(2025 - 03 - 03), 20);
        let paused = plain.clone().pause(date!(2025 - 03 - 05), "supplement");
        assert_eq!(paused.due(&calendar()), None);
        assert_eq!(paused.read(&calendar(), date!(2025 - 03 - 31)).left, 18);
        let resumed = paused.resume(date!(2025 - 03 - 12));
        // Five working days, 6 to 12 March, are not counted: from Monday 31 March to Tuesday 8 April, past 清明.
        assert_eq!(plain.due(&calendar()).unwrap().date, date!(2025 - 03 - 31));
        assert_eq!(resumed.due(&calendar()).unwrap().date, date!(2025 - 04 - 08));
        assert_eq!(resumed.read(&calendar(), date!(2025 - 04 - 10)).left, -2);
    }

    #[test]
    fn a_pause_within_one_day_changes_nothing() {
        let plain = Clock::start(date!(2025 - 03 - 03), 20);
        let paused = plain.clone().pause(date!(2025 - 03 - 05), "x").resume(date!(2025 - 03 - 05));
        assert_eq!(plain.due(&calendar()), paused.due(&calendar()));
    }

    proptest::proptest! {
        /// A second count, day by day: every working day is either used, left, or in a pause.
        #[test]
        fn used_and_left_are_the_budget(start in 0i64..700, budget in 1u32..60, stop in 0i64..20, stand in 0i64..20) {
            let start = date!(2024 - 01 - 01) + Duration::days(start);
            let (from, to) = (start + Duration::days(stop), start + Duration::days(stop + stand));
            let clock = Clock::start(start, budget).pause(from, "x").resume(to);
            let due = clock.due(&calendar()).unwrap().date;
            let mut day = start;
            let mut counted = 0;
            while day < due {
                day = day.next_day().unwrap();
                let standing = day > from && day <= to;
                if calendar().is_working(day) && !standing {
                    counted += 1;
                }
            }
            proptest::prop_assert_eq!(counted, budget);
            proptest::prop_assert_eq!(clock.read(&calendar(), due).left, 0);
        }
    }
}
