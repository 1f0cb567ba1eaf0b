//! Pure words that all features share. No async, no clock, no randomness, no database.

pub mod access;
pub mod calendar;
pub mod clock;
pub mod error;
pub mod id;
pub mod identity;
pub mod mask;
pub mod money;
pub mod period;
pub mod region;
pub mod step;

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

/// The day in China on which an instant falls. The country has one time zone, UTC+8.
pub fn local_day(instant: OffsetDateTime) -> Date {
    (instant + Duration::hours(8)).date()
}

/// The instant at which a day begins in China.
pub fn day_start(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc() - Duration::hours(8)
}

/// An instant for people and programs, in whole seconds: `2025-03-06T01:00:00Z`.
pub fn rfc3339(instant: OffsetDateTime) -> String {
    let whole = instant - Duration::nanoseconds(i64::from(instant.nanosecond()));
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.to_string())
}

/// The same day `months` later; the last day of the month where there is no such day.
pub fn add_months(day: Date, months: i32) -> Date {
    let index = day.year() * 12 + i32::from(u8::from(day.month())) - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let month = u8::try_from(month).ok().and_then(|month| time::Month::try_from(month).ok());
    let month = month.unwrap_or(time::Month::January);
    let last = month.length(year);
    Date::from_calendar_date(year, month, day.day().min(last)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        assert_eq!(local_day(datetime!(2025-03-01 16:00 UTC)), date!(2025 - 03 - 02));
        assert_eq!(local_day(datetime!(2025-03-01 15:59:59 UTC)), date!(2025 - 03 - 01));
        assert_eq!(local_day(day_start(date!(2025 - 03 - 01))), date!(2025 - 03 - 01));
    }

    #[test]
    fn an_instant_is_told_in_whole_seconds() {
        assert_eq!(rfc3339(datetime!(2025-03-01 16:00:05.999_999 UTC)), "2025-03-01T16:00:05Z");
    }

    #[test]
    fn months_end_on_the_last_day_there_is() {
        assert_eq!(add_months(date!(2025 - 01 - 31), 1), date!(2025 - 02 - 28));
        assert_eq!(add_months(date!(2024 - 02 - 29), 12), date!(2025 - 02 - 28));
        assert_eq!(add_months(date!(2025 - 03 - 15), -12), date!(2024 - 03 - 15));
        assert_eq!(add_months(date!(2025 - 11 - 30), 3), date!(2026 - 02 - 28));
    }
}
