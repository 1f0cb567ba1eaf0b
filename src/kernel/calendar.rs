//! Working days: Monday to Friday, but for the days off and with the make-up workdays (调休) that the State Council
//! announces for each year.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Date, Month, Weekday};

/// The days that differ from the plain week, as published.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    days: BTreeMap<Date, Special>,
    years: BTreeSet<i32>,
}

/// A day that differs from the plain week.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Special {
    /// True for a make-up workday, false for a day off.
    pub workday: bool,
    /// The holiday that it belongs to.
    pub name: String,
}

/// A fault in a calendar file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct Fault {
    line: usize,
    what: &'static str,
}

impl Calendar {
    /// Reads lines of `date<TAB>off|work<TAB>name` under a header line. A year counts as published when it has a line.
    pub fn parse(version: &str, text: &str) -> Result<Self, Fault> {
        let mut calendar =
            Self { version: version.to_owned(), days: BTreeMap::new(), years: BTreeSet::new() };
        for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let fault = |what| Fault { line: index + 1, what };
            let mut fields = line.split('\t');
            let date = fields.next().and_then(parse_date).ok_or(fault("no date in the form 2025-01-01"))?;
            let workday = match fields.next() {
                Some("off") => false,
                Some("work") => true,
                _ => return Err(fault("the second field is neither off nor work")),
            };
            if workday != is_weekend(date) && workday {
                return Err(fault("a make-up workday must fall on a Saturday or Sunday"));
            }
            let name = fields.next().unwrap_or_default().to_owned();
            if calendar.days.insert(date, Special { workday, name }).is_some() {
                return Err(fault("the day is there twice"));
            }
            calendar.years.insert(date.year());
        }
        Ok(calendar)
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the day is a working day.
    pub fn is_working(&self, day: Date) -> bool {
        self.days.get(&day).map_or_else(|| !is_weekend(day), |special| special.workday)
    }

    /// Whether the year's days off have been published.
    pub fn is_published(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    /// The last day of the last published year.
    pub fn until(&self) -> Option<Date> {
        self.years.last().and_then(|year| Date::from_calendar_date(*year, Month::December, 31).ok())
    }

    /// The days of a year that differ from the plain week.
    pub fn special_days(&self, year: i32) -> impl Iterator<Item = (Date, &Special)> {
        self.days.iter().filter(move |(day, _)| day.year() == year).map(|(day, special)| (*day, special))
    }

    /// How many working days the year has.
    pub fn working_days(&self, year: i32) -> usize {
        let first = Date::from_calendar_date(year, Month::January, 1).ok();
        std::iter::successors(first, |day| day.next_day())
            .take_while(|day| day.year() == year)
            .filter(|day| self.is_working(*day))
            .count()
    }
}

/// Reads `2025-01-31`.
pub fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The calendar that is compiled in: the State Council's announcements for 2024 to 2026.
pub const EMBEDDED: (&str, &str) = ("2024-2026", include_str!("holidays.tsv"));

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_embedded_years_have_the_known_number_of_working_days() {
        let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        assert_eq!([2024, 2025, 2026].map(|year| calendar.working_days(year)), [251, 248, 248]);
        assert!(calendar.is_published(2026) && !calendar.is_published(2027));
        assert_eq!(calendar.until(), Some(date!(2026 - 12 - 31)));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, line) in [
            ("h\n2025-13-01\toff\tx", 2),
            ("h\n2025-01-01\toff\tx\n2025-01-01\toff\tx", 3),
            ("h\n2025-01-01\tfree\tx", 2),
            ("h\n2025-01-06\twork\tMonday", 2),
        ] {
            assert_eq!(Calendar::parse("v", text).unwrap_err().line, line, "{text}");
        }
    }
}
