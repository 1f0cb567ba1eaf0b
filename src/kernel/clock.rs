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
    #[serde(default)]
    extension: Option<Extension>,
}

/// A stretch in which the clock stands still. Days after `from`, up to and with `to`, do not count: the day on which
/// the clock stops is as little lost or won as the day on which it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The day on which it stopped.
    pub from: Date,
    /// The day on which it went on; none while it stands.
    pub to: Option<Date>,
    /// What for.
    #[serde(rename = "reason")]
    pub ground: Ground,
    /// Why, in the words of whoever stopped it; empty where the ground says it all.
    #[serde(default)]
    pub text: String,
    /// How the officer signs in who stopped it; empty where the ledger is older than this field.
    #[serde(default)]
    pub by: String,
}

/// What a clock stands still for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// 待补正: the applicant was asked for what is missing.
    Supplement,
    /// 机构鉴定: an institution assesses.
    Assessment,
    /// 体检: a physical examination.
    Examination,
    /// 公示: the decision was public, and what was said against it was investigated.
    Notice,
}

/// 延长: working days on top of the budget, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// How many.
    pub working_days: u32,
    /// Why, for the applicant.
    pub reason: String,
    /// How the officer signs in who extended it.
    pub by: String,
    /// When.
    pub on: Date,
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

/// Why a clock is not extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotExtended {
    /// It was, before.
    Before,
    /// Its last day is over.
    Overdue,
}

impl Clock {
    /// A clock that starts on a day, which is day 0.
    pub fn start(started: Date, budget: u32) -> Self {
        Self { started, budget, pauses: Vec::new(), extension: None }
    }

    /// The clock with another budget, for a second one that starts and stands still with it.
    pub fn with_budget(&self, budget: u32) -> Self {
        Self { budget, extension: None, ..self.clone() }
    }

    /// A clock that starts on another day with a budget of its own, and stands still with this one.
    pub fn beside(&self, started: Date, budget: u32) -> Self {
        Self { started, ..self.with_budget(budget) }
    }

    /// The same clock without what people wrote.
    pub fn without_words(&self) -> Self {
        let mut bare = self.clone();
        bare.pauses.iter_mut().for_each(|pause| pause.text.clear());
        bare.extension.iter_mut().for_each(|extension| extension.reason.clear());
        bare
    }

    /// The clock, stopped on a day. A clock that stands already goes on standing.
    pub fn pause(mut self, from: Date, ground: Ground, text: &str, by: &str) -> Self {
        if self.paused().is_none() {
            let (text, by) = (text.to_owned(), by.to_owned());
            self.pauses.push(Pause { from, to: None, ground, text, by });
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

    /// The clock with more days: once, and not when its last day is over.
    pub fn extend(mut self, calendar: &Calendar, extension: Extension) -> Result<Self, NotExtended> {
        if self.extension.is_some() {
            return Err(NotExtended::Before);
        }
        // One that stands still may have been over before it stopped.
        let due = self.clone().resume(extension.on).due(calendar);
        if due.is_some_and(|due| due.date < extension.on) {
            return Err(NotExtended::Overdue);
        }
        self.extension = Some(extension);
        Ok(self)
    }

    /// Whether it has days that an earlier state of it had not: it started again, or was extended.
    pub fn is_given_anew(&self, before: &Self) -> bool {
        self.started != before.started || self.working_days() != before.working_days()
    }

    /// The day on which it started: day 0.
    pub fn started(&self) -> Date {
        self.started
    }

    /// All its working days.
    pub fn working_days(&self) -> u32 {
        self.budget.saturating_add(self.extension.as_ref().map_or(0, |extension| extension.working_days))
    }

    /// Every pause, in order.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// By how much it was extended, if it was.
    pub fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// The pause in which it stands still.
    pub fn paused(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.to.is_none())
    }

    /// The due date; none while it stands still.
    pub fn due(&self, calendar: &Calendar) -> Option<Due> {
        self.reached(calendar, 0)
    }

    /// Whether its last day is behind, so that what is final may follow: not while that day is provisional, for a
    /// calendar that is still to come may move it, and nobody may lose days to that.
    pub fn is_over(&self, calendar: &Calendar, today: Date) -> bool {
        self.due(calendar).is_some_and(|due| due.date < today && !due.provisional)
    }

    /// The first day on which only so many working days are left: day 0 where it never had more. None while it stands
    /// still.
    pub fn reached(&self, calendar: &Calendar, left: u32) -> Option<Due> {
        if self.paused().is_some() {
            return None;
        }
        let wanted = self.working_days().saturating_sub(left);
        let mut due = Due { date: self.started, provisional: false };
        let mut counted = 0;
        while counted < wanted {
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
        let left = i32::try_from(self.working_days()).unwrap_or(i32::MAX).saturating_sub(used);
        let paused_since = self.paused().map(|pause| pause.from);
        Reading { due: self.due(calendar), paused_since, left }
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
        let paused = plain.clone().pause(date!(2025 - 03 - 05), Ground::Supplement, "", "officer");
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
        let paused = plain
            .clone()
            .pause(date!(2025 - 03 - 05), Ground::Supplement, "", "officer")
            .resume(date!(2025 - 03 - 05));
        assert_eq!(plain.due(&calendar()), paused.due(&calendar()));
    }

    #[test]
    fn one_that_runs_beside_another_stands_still_with_it_from_its_own_first_day_on() {
        let leader = Clock::start(date!(2025 - 03 - 03), 20)
            .pause(date!(2025 - 03 - 05), Ground::Supplement, "", "officer")
            .resume(date!(2025 - 03 - 12));
        let due = |clock: &Clock| clock.due(&calendar()).map(|due| due.date);
        // From Friday 7 March, in the middle of the pause: it counts from 13 March on.
        assert_eq!(due(&leader.beside(date!(2025 - 03 - 07), 3)), Some(date!(2025 - 03 - 17)));
        let later = leader.beside(date!(2025 - 03 - 14), 3);
        assert_eq!(due(&later), Some(date!(2025 - 03 - 19)));
        let stands = leader.pause(date!(2025 - 03 - 17), Ground::Supplement, "", "officer");
        assert_eq!(due(&stands.beside(date!(2025 - 03 - 14), 3)), None);
        assert_eq!(
            due(&stands.resume(date!(2025 - 03 - 18)).beside(date!(2025 - 03 - 14), 3)),
            Some(date!(2025 - 03 - 20))
        );
    }

    fn extension(working_days: u32, on: Date) -> Extension {
        Extension { working_days, reason: "复杂".to_owned(), by: "officer".to_owned(), on }
    }

    #[test]
    fn it_is_extended_once_and_in_time() {
        let plain = Clock::start(date!(2025 - 03 - 03), 20);
        let (last, over) = (date!(2025 - 03 - 31), date!(2025 - 04 - 01));
        let extended = plain.clone().extend(&calendar(), extension(10, last)).unwrap();
        // Ten more, past 清明 on 4 April.
        assert_eq!(extended.due(&calendar()).unwrap().date, date!(2025 - 04 - 15));
        assert_eq!(extended.read(&calendar(), last).left, 10);
        assert_eq!(plain.extend(&calendar(), extension(10, over)), Err(NotExtended::Overdue));
        assert_eq!(extended.extend(&calendar(), extension(1, last)), Err(NotExtended::Before));
    }

    #[test]
    fn standing_still_makes_up_for_no_day_that_is_over() {
        let plain = Clock::start(date!(2025 - 03 - 03), 20);
        let pause = |from| plain.clone().pause(from, Ground::Examination, "", "officer");
        let day = date!(2025 - 04 - 02);
        let late = pause(date!(2025 - 04 - 01)).extend(&calendar(), extension(10, day));
        assert_eq!(late, Err(NotExtended::Overdue), "it was over on 31 March");
        assert!(
            pause(date!(2025 - 03 - 28)).extend(&calendar(), extension(10, day)).is_ok(),
            "one day is left"
        );
    }

    #[test]
    fn what_is_left_is_reached_on_the_first_such_day() {
        let clock = Clock::start(date!(2025 - 09 - 28), 20);
        assert_eq!(clock.reached(&calendar(), 20).unwrap().date, date!(2025 - 09 - 28));
        assert_eq!(clock.reached(&calendar(), 25).unwrap().date, date!(2025 - 09 - 28));
        for left in 0..20 {
            let day = clock.reached(&calendar(), left).unwrap().date;
            let (on, before) =
                (clock.read(&calendar(), day), clock.read(&calendar(), day.previous_day().unwrap()));
            assert_eq!(
                [on.left, before.left],
                [left, left + 1].map(|left| i32::try_from(left).unwrap()),
                "{day}"
            );
        }
    }

    #[test]
    fn a_clock_that_an_older_version_stored_is_read() {
        let stored = r#"{"started":"2025-03-03","budget":20,
            "pauses":[{"from":"2025-03-05","to":null,"reason":"supplement"}]}"#;
        let clock: Clock = serde_json::from_str(stored).unwrap();
        let expected = Clock::start(date!(2025 - 03 - 03), 20);
        assert_eq!(clock, expected.pause(date!(2025 - 03 - 05), Ground::Supplement, "", ""));
        let written = serde_json::to_string(&clock).unwrap();
        assert_eq!(serde_json::from_str::<Clock>(&written).unwrap(), clock);
    }

    proptest::proptest! {
        /// A second count, day by day: every working day is either used, left, or in a pause.
        #[test]
        fn used_and_left_are_the_budget(start in 0i64..700, budget in 1u32..60, stop in 0i64..20, stand in 0i64..20) {
            let start = date!(2024 - 01 - 01) + Duration::days(start);
            let (from, to) = (start + Duration::days(stop), start + Duration::days(stop + stand));
            let clock = Clock::start(start, budget).pause(from, Ground::Assessment, "", "").resume(to);
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
