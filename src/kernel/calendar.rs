//! Working days: Monday to Friday, but for the days off and with the make-up workdays (调休) that the State Council
//! announces for each year.

use std::collections::BTreeMap;

use time::{Date, Month, Weekday};

/// The days that differ from the plain week, as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    days: BTreeMap<Date, Special>,
    years: BTreeMap<i32, String>,
}

/// A day that differs from the plain week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Special {
    /// True for a make-up workday, false for a day off.
    pub workday: bool,
    /// The holiday that it belongs to.
    pub name: String,
    /// The year whose announcement it is in: the announcement of a year may begin in the December before.
    pub year: i32,
}

/// A fault in a calendar.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct Fault {
    line: usize,
    what: &'static str,
}

impl Calendar {
    /// Reads what `text` wrote: under a header line, lines of `date<TAB>off|work<TAB>name<TAB>year`, and of
    /// `#<TAB>year<TAB>number of the announcement`. Where a line has no year, it is the date's; a year is published when
    /// it has a line.
    pub fn parse(version: &str, text: &str) -> Result<Self, Fault> {
        let mut calendar =
            Self { version: version.to_owned(), days: BTreeMap::new(), years: BTreeMap::new() };
        for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let fault = |what| Fault { line: index + 1, what };
            let fields: Vec<&str> = line.split('\t').collect();
            if let ["#", year, number] = fields.as_slice() {
                let year = year.parse().map_err(|_| fault("no year"))?;
                calendar.years.insert(year, (*number).to_owned());
                continue;
            }
            let date = fields.first().and_then(|text| parse_date(text));
            let date = date.ok_or(fault("no date in the form 2025-01-01"))?;
            let workday = match fields.get(1) {
                Some(&"off") => false,
                Some(&"work") => true,
                _ => return Err(fault("the second field is neither off nor work")),
            };
            if workday && !is_weekend(date) {
                return Err(fault("a make-up workday must fall on a Saturday or Sunday"));
            }
            let name = fields.get(2).copied().unwrap_or_default().to_owned();
            let year = fields.get(3).map_or(Ok(date.year()), |year| year.parse());
            let year = year.map_err(|_| fault("the fourth field is no year"))?;
            if calendar.days.insert(date, Special { workday, name, year }).is_some() {
                return Err(fault("the day is there twice"));
            }
            calendar.years.entry(year).or_default();
        }
        Ok(calendar)
    }

    /// The calendar as text, for `parse`.
    pub fn text(&self) -> String {
        let mut text = "date\ttype\tname\tyear\n".to_owned();
        for (year, number) in &self.years {
            text.push_str(&format!("#\t{year}\t{number}\n"));
        }
        for (date, special) in &self.days {
            let word = if special.workday { "work" } else { "off" };
            text.push_str(&format!("{date}\t{word}\t{}\t{}\n", special.name, special.year));
        }
        text
    }

    /// The calendar with what was announced for a year, in place of what was known of it.
    pub fn with_year(
        &self,
        version: &str,
        year: i32,
        number: &str,
        days: impl IntoIterator<Item = (Date, Special)>,
    ) -> Self {
        let mut next = self.clone();
        next.version = version.to_owned();
        next.days.retain(|_, special| special.year != year);
        next.days.extend(days);
        next.years.insert(year, number.to_owned());
        next
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
        self.years.contains_key(&year)
    }

    /// The last day that it covers without a gap, from a year on, or from the last published one before it.
    pub fn until(&self, year: i32) -> Option<Date> {
        let (first, _) = self.years.range(..=year).next_back()?;
        let last = (*first..).take_while(|year| self.is_published(*year)).last()?;
        Date::from_calendar_date(last, Month::December, 31).ok()
    }

    /// The number of a year's announcement; empty where it is not known.
    pub fn notice_number(&self, year: i32) -> &str {
        self.years.get(&year).map_or("", String::as_str)
    }

    /// A day that differs from the plain week.
    pub fn special(&self, day: Date) -> Option<&Special> {
        self.days.get(&day)
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

/// Whether it is a Saturday or a Sunday.
pub fn is_weekend(day: Date) -> bool {
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
        let until = [2023, 2024, 2026, 2030].map(|year| calendar.until(year));
        assert_eq!(until, [None, Some(date!(2026 - 12 - 31)), until[1], until[1]]);
        // A year that is published ahead of the one before it closes no gap.
        assert_eq!(calendar.with_year("x", 2028, "", []).until(2026), until[1]);
    }

    #[test]
    fn a_year_takes_the_place_of_what_was_known_of_it() {
        let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        let off = |year| Special { workday: false, name: "元旦".to_owned(), year };
        let first = (date!(2026 - 12 - 31), off(2027));
        let next = calendar.with_year(
            "2",
            2027,
            "国办发明电〔2026〕1号",
            [first, (date!(2027 - 01 - 01), off(2027))],
        );
        assert_eq!((next.working_days(2026), next.is_published(2027)), (247, true));
        assert_eq!(next.notice_number(2027), "国办发明电〔2026〕1号");
        assert_eq!(Calendar::parse("2", &next.text()).unwrap(), next);
        let mended = next.with_year("3", 2027, "x", [(date!(2027 - 01 - 01), off(2027))]);
        assert_eq!(
            (mended.working_days(2026), mended.special_days(2025).count()),
            (248, calendar.special_days(2025).count())
        );
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
