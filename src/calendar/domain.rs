//! What the State Council announced for a year, as an operator hands it in, and whether it can be. Pure.

use std::collections::BTreeMap;

use time::{Date, Duration, Month};

use crate::kernel::calendar::{Calendar, Special, is_weekend, parse_date};
use crate::kernel::error::{Refusal, Violation};

/// Working days that a year has, at least and at most: 248 to 252 in the years since 2007, and two more either way. A
/// calendar that lacks the days off of a festival has more.
const WORKING_DAYS: std::ops::RangeInclusive<usize> = 246..=254;
/// Most days in a row without a working day. The longest so far were ten, in the spring of 2020.
const REST_MAX: usize = 12;
/// Statutory days off (全国年节及纪念日放假办法) that fall on the same day of every year.
const STATUTORY: [(Month, u8, &str); 5] = [
    (Month::January, 1, "元旦"),
    (Month::May, 1, "劳动节"),
    (Month::October, 1, "国庆节"),
    (Month::October, 2, "国庆节"),
    (Month::October, 3, "国庆节"),
];

/// Fewer days than these before its end, the next year of the calendar is asked for.
const AHEAD: Duration = Duration::days(90);

/// 工作日历即将到期: the next year has to be imported soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The last day that the calendar covers.
    pub until: Date,
}

/// Whether the calendar ends soon after a day, or has ended.
pub fn ends(calendar: &Calendar, today: Date) -> Option<Ends> {
    let until = calendar.until(today.year()).unwrap_or(Date::MIN);
    (until - today < AHEAD).then_some(Ends { until })
}

impl From<Ends> for Refusal {
    fn from(Ends { until }: Ends) -> Self {
        Self::new(
            "CALENDAR_ENDS",
            format!("工作日历只到 {until}，此后的到期日均为暂定。"),
            format!("the calendar ends on {until}: due dates after that are provisional."),
        )
        .help(
            "国务院办公厅公布次年放假安排后，请用 ImportCalendar 导入。",
            "once the State Council has announced the next year's days off, publish them with ImportCalendar.",
        )
    }
}

/// What was announced for a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Its year.
    pub year: i32,
    /// 文号 of the announcement.
    pub notice_number: String,
    /// Days that differ from the plain week.
    pub days: BTreeMap<Date, Special>,
}

impl Announcement {
    /// Reads one day a line: date, `off` or `work`, and the holiday, with tabs, commas or spaces between. Empty lines
    /// and a header that begins with `date` are passed over. Tells every line that cannot be.
    pub fn read(year: i32, notice_number: &str, text: &str) -> Result<Self, Vec<Violation>> {
        let (mut days, mut faults) = (BTreeMap::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line
                .split(|sign: char| sign == ',' || sign.is_whitespace())
                .filter(|part| !part.is_empty())
                .collect();
            if fields.first().is_none_or(|first| *first == "date") {
                continue;
            }
            match day(year, &fields) {
                Err((zh, en)) => faults.push(Violation::new(&format!("content line {}", index + 1), zh, en)),
                Ok((date, special)) => {
                    if days.insert(date, special).is_some() {
                        let field = format!("content line {}", index + 1);
                        faults.push(Violation::new(&field, "该日期重复", "has a day that is there twice"));
                    }
                }
            }
        }
        let announced = Self { year, notice_number: notice_number.to_owned(), days };
        if faults.is_empty() { Ok(announced) } else { Err(faults) }
    }

    /// The calendar with it, or everything for which that cannot be.
    pub fn into_calendar(self, known: &Calendar, version: &str) -> Result<Calendar, Vec<Violation>> {
        let mut faults: Vec<_> = self.days.keys().filter_map(|day| self.clash(known, *day)).collect();
        if self.notice_number.contains(char::is_control) {
            let en = "must be one line without tabs";
            faults.push(Violation::new("notice_number", "须为一行，不含制表符", en));
        }
        let next = known.with_year(version, self.year, &self.notice_number, self.days);
        let working = next.working_days(self.year);
        if !WORKING_DAYS.contains(&working) {
            let (least, most) = (WORKING_DAYS.start(), WORKING_DAYS.end());
            faults.push(content(
                format!("该年将有 {working} 个工作日，应为 {least} 至 {most} 个"),
                format!("leaves the year {working} working days; a year has {least} to {most}"),
            ));
        }
        for (month, day, name) in STATUTORY {
            let date = Date::from_calendar_date(self.year, month, day);
            if let Ok(date) = date.as_ref()
                && next.is_working(*date)
            {
                faults.push(content(
                    format!("法定节假日 {date}（{name}）不是休息日"),
                    format!("makes {date}, a statutory day off, a working day"),
                ));
            }
        }
        let rest = longest_rest(&next, self.year);
        if rest > REST_MAX {
            faults.push(content(
                format!("连续 {rest} 天没有工作日，至多 {REST_MAX} 天"),
                format!("has {rest} days in a row without a working day, at most {REST_MAX} can be"),
            ));
        }
        if faults.is_empty() { Ok(next) } else { Err(faults) }
    }

    /// A day that another year's announcement has, and says something else of.
    fn clash(&self, known: &Calendar, day: Date) -> Option<Violation> {
        let other = known.special(day).filter(|special| special.year != self.year)?;
        Some(content(
            format!("{day} 已在 {} 年的通知中", other.year),
            format!("has {day}, which the announcement for {} has", other.year),
        ))
    }
}

fn content(zh: String, en: String) -> Violation {
    Violation::new("content", zh, en)
}

fn day(year: i32, fields: &[&str]) -> Result<(Date, Special), (&'static str, &'static str)> {
    let [date, word, rest @ ..] = fields else {
        return Err(("应为“日期 off|work 节日”", "must be `date off|work holiday`"));
    };
    let date =
        parse_date(date).ok_or(("日期应为 2027-01-01 的形式", "must begin with a date like 2027-01-01"))?;
    if date.year() != year && (date.year(), date.month()) != (year - 1, Month::December) {
        return Err(("不在该年内，也不在上年 12 月", "is neither in the year nor in the December before it"));
    }
    let workday = match *word {
        "off" => false,
        "work" => true,
        _ => return Err(("第二项应为 off 或 work", "must have off or work in second place")),
    };
    if workday && !is_weekend(date) {
        return Err(("调休上班日应为星期六或星期日", "has a make-up workday that is no Saturday or Sunday"));
    }
    Ok((date, Special { workday, name: rest.join(" "), year }))
}

fn longest_rest(calendar: &Calendar, year: i32) -> usize {
    let first = Date::from_calendar_date(year - 1, Month::December, 1).ok();
    let days = std::iter::successors(first, |day| day.next_day()).take_while(|day| day.year() <= year);
    let rests = days.scan(0, |rest, day| {
        *rest = if calendar.is_working(day) { 0 } else { *rest + 1 };
        Some(*rest)
    });
    rests.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::calendar::EMBEDDED;
    use time::macros::date;

    fn known() -> Calendar {
        Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
    }

    /// A plausible year, made up: the days of 2027 were not announced when this was written.
    const YEAR: &str = "date,type,name
2027-01-01 off 元旦
2027-02-06\toff\t春节
2027-02-08,off,春节
2027-02-09,off,春节
2027-02-10,off,春节
2027-02-14,work,春节
2027-04-05,off,清明节
2027-05-03,off,劳动节
2027-06-09,off,端午节
2027-09-15,off,中秋节

2027-10-01,off,国庆节
2027-10-04,off,国庆节
";

    fn check(text: &str, expected: &[&str]) {
        let faults = match Announcement::read(2027, "x", text) {
            Err(faults) => faults,
            Ok(announced) => announced.into_calendar(&known(), "2").err().unwrap_or_default(),
        };
        let told: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.en)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_year_is_read_as_an_operator_writes_it() {
        let announced = Announcement::read(2027, "国办发明电〔2026〕1号", YEAR).unwrap();
        let next = announced.into_calendar(&known(), "2").unwrap();
        assert!(next.is_published(2027) && next.is_working(date!(2027 - 02 - 14)));
        assert!(!next.is_working(date!(2027 - 02 - 08)));
        assert_eq!(next.special_days(2026).count(), known().special_days(2026).count());
    }

    #[test]
    fn every_line_that_cannot_be_is_told() {
        let text = "2027-13-01 off x\n2028-01-01 off x\n2026-11-30 off x\n2027-01-04 free x\n2027-01-04 work x\n2027-01-01\n\
                    2027-01-01 off x\n2027-01-01 off x";
        check(
            text,
            &[
                "content line 1: must begin with a date like 2027-01-01",
                "content line 2: is neither in the year nor in the December before it",
                "content line 3: is neither in the year nor in the December before it",
                "content line 4: must have off or work in second place",
                "content line 5: has a make-up workday that is no Saturday or Sunday",
                "content line 6: must be `date off|work holiday`",
                "content line 8: has a day that is there twice",
            ],
        );
    }

    #[test]
    fn a_year_that_cannot_be_is_told() {
        check(YEAR, &[]);
        check(
            "2027-05-03 off x",
            &[
                "content: leaves the year 260 working days; a year has 246 to 254",
                "content: makes 2027-01-01, a statutory day off, a working day",
                "content: makes 2027-10-01, a statutory day off, a working day",
            ],
        );
        check(
            &format!("{YEAR}2027-10-02 work x\n2026-01-01 off x"),
            &["content line 16: is neither in the year nor in the December before it"],
        );
        check(
            &format!("{YEAR}2027-10-02 work x"),
            &["content: makes 2027-10-02, a statutory day off, a working day"],
        );
        let many: String = (1..=26).map(|day| format!("2027-07-{day:02} off x\n")).collect();
        check(
            &format!("{YEAR}{many}"),
            &[
                "content: leaves the year 234 working days; a year has 246 to 254",
                "content: has 26 days in a row without a working day, at most 12 can be",
            ],
        );
    }

    #[test]
    fn the_end_is_told_ninety_days_ahead() {
        let until = date!(2026 - 12 - 31);
        assert_eq!(ends(&known(), date!(2026 - 10 - 02)), None);
        assert_eq!(ends(&known(), date!(2026 - 10 - 03)), Some(Ends { until }));
        assert_eq!(ends(&known(), date!(2027 - 06 - 01)), Some(Ends { until }));
    }

    #[test]
    fn a_day_of_another_years_announcement_is_told() {
        let first = "2026-12-31 off 元旦\n";
        let next = Announcement::read(2027, "x", &format!("{first}{YEAR}")).unwrap();
        let next = next.into_calendar(&known(), "2").unwrap();
        let text = format!("{}2026-12-31 work x", "");
        assert!(Announcement::read(2026, "x", &text).is_err());
        let again = Announcement::read(2026, "x", "2026-12-31 off x").unwrap();
        let faults = again.into_calendar(&next, "3").unwrap_err();
        assert_eq!(faults[0].en, "has 2026-12-31, which the announcement for 2027 has");
    }
}
