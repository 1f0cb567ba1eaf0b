//! What is due when, and at which steps that is told. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use time::Date;

use crate::kernel::calendar::Calendar;
use crate::kernel::clock::{Clock, Due};
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 受理时限: everything that is missing is told.
    Acceptance,
    /// 审核时限.
    Review,
    /// 评审时限 of one expert.
    Opinion,
    /// 公示期.
    Notice,
    /// 异地备案办理时限.
    Residence,
    /// 零星报销时限.
    Claim,
    /// 异议办理时限.
    Objection,
    /// 复审办理时限.
    Requalification,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Acceptance,
        Self::Review,
        Self::Opinion,
        Self::Notice,
        Self::Residence,
        Self::Claim,
        Self::Objection,
        Self::Requalification,
    ];

    /// Its word in the table and in names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Review => "review",
            Self::Opinion => "opinion",
            Self::Notice => "notice",
            Self::Residence => "residence",
            Self::Claim => "claim",
            Self::Objection => "objection",
            Self::Requalification => "requalification",
        }
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a deadline is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Resource name.
    pub name: String,
    /// The id in it.
    pub id: Id,
    /// What for.
    pub kind: Kind,
    /// The area that has to keep it.
    pub area: Region,
    /// How the officer or expert signs in whose it is; empty while it is nobody's.
    pub officer: String,
    /// 病种代码.
    pub codes: Vec<String>,
    /// State of the subject, as its own table has it.
    pub state: String,
    /// Id of what it stands still and ends with; none where it runs by itself.
    pub within: Option<Id>,
}

/// One step of an escalation (督办).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Only so many working days are left.
    Left(u32),
    /// 超期: the last day is over.
    Breached,
}

/// Where a deadline stands by a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The last day in time; none while the clock stands still.
    pub due: Option<Due>,
    /// The first day on which something is to be told that was not; none while the clock stands still.
    pub next: Option<Date>,
}

/// What happened to a deadline by itself.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(tag = "type")]
pub enum Event {
    /// Few working days are left.
    #[serde(rename = "deadline.escalated")]
    Escalated {
        subject: String,
        kind: Kind,
        step: u32,
        due_date: Date,
        working_days_left: i32,
        officer: String,
    },
    /// The last day is over.
    #[serde(rename = "deadline.breached")]
    Breached { subject: String, kind: Kind, due_date: Date, officer: String },
    /// A new calendar moved it.
    #[serde(rename = "deadline.moved")]
    Moved {
        subject: String,
        kind: Kind,
        due_date_before: Option<Date>,
        due_date: Option<Date>,
        provisional: bool,
        calendar_before: String,
        calendar: String,
        why: &'static str,
    },
}

impl Mark {
    /// Its number in the table: working days left, -1 when breached.
    pub fn number(self) -> i64 {
        match self {
            Self::Left(days) => days.into(),
            Self::Breached => -1,
        }
    }

    /// The mark of a number.
    pub fn of(number: i64) -> Option<Self> {
        if number == -1 { Some(Self::Breached) } else { u32::try_from(number).ok().map(Self::Left) }
    }

    /// The first day on which it holds; none while the clock stands still.
    fn day(self, clock: &Clock, calendar: &Calendar) -> Option<Date> {
        match self {
            Self::Left(days) => clock.reached(calendar, days).map(|due| due.date),
            Self::Breached => clock.due(calendar)?.date.next_day(),
        }
    }
}

/// A deadline that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// What for.
    pub kind: Kind,
    /// Its clock.
    pub clock: &'a Clock,
    /// Marks that were told.
    pub told: &'a BTreeSet<Mark>,
    /// Working days left at which it is told of.
    pub steps: &'a [u32],
}

impl Watched<'_> {
    /// Where it stands.
    pub fn derive(&self, calendar: &Calendar) -> Derived {
        let next = self.open().into_iter().filter_map(|mark| mark.day(self.clock, calendar)).min();
        Derived { due: self.clock.due(calendar), next }
    }

    /// Marks that hold on a day and were not told, in order.
    pub fn reached(&self, calendar: &Calendar, today: Date) -> Vec<Mark> {
        let holds = |mark: &Mark| mark.day(self.clock, calendar).is_some_and(|day| day <= today);
        self.open().into_iter().filter(holds).collect()
    }

    /// Marks that were not told, the first to be reached first. A step as long as the whole budget is none of it, and
    /// a notice has none: it closes by itself, and nobody can be late.
    fn open(&self) -> Vec<Mark> {
        if self.kind == Kind::Notice {
            return Vec::new();
        }
        let budget = self.clock.working_days();
        let steps: BTreeSet<u32> = self.steps.iter().copied().filter(|days| *days < budget).collect();
        let marks = steps.into_iter().rev().map(Mark::Left).chain([Mark::Breached]);
        marks.filter(|mark| !self.told.contains(mark)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::calendar::EMBEDDED;
    use crate::kernel::clock::Ground;
    use time::macros::date;

    fn calendar() -> Calendar {
        Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap()
    }

    #[test]
    fn each_step_is_reached_on_its_day_and_told_once() {
        // Due on 21 February; 28 January to 4 February are the spring festival, 26 January and 8 February workdays.
        let (clock, steps) = (Clock::start(date!(2025 - 01 - 20), 20), [2, 5]);
        let mut told = BTreeSet::new();
        let mut days = Vec::new();
        let mut day = date!(2025 - 01 - 20);
        while day < date!(2025 - 03 - 01) {
            let (next, reached) = {
                let watched = Watched { kind: Kind::Review, clock: &clock, told: &told, steps: &steps };
                (watched.derive(&calendar()).next, watched.reached(&calendar(), day))
            };
            for mark in reached {
                assert_eq!(next, Some(day), "{mark:?}");
                told.insert(mark);
                days.push((mark, day));
            }
            day = day.next_day().unwrap();
        }
        let expected = [
            (Mark::Left(5), date!(2025 - 02 - 14)),
            (Mark::Left(2), date!(2025 - 02 - 19)),
            (Mark::Breached, date!(2025 - 02 - 22)),
        ];
        assert_eq!(days, expected);
        let watched = Watched { kind: Kind::Review, clock: &clock, told: &told, steps: &steps };
        assert_eq!(watched.derive(&calendar()).next, None);
    }

    #[test]
    fn a_clock_that_stands_still_has_no_next_step() {
        let clock =
            Clock::start(date!(2025 - 01 - 20), 20).pause(date!(2025 - 01 - 21), Ground::Supplement, "", "");
        let (told, steps) = (BTreeSet::new(), [5]);
        let watched = Watched { kind: Kind::Review, clock: &clock, told: &told, steps: &steps };
        let derived = watched.derive(&calendar());
        assert_eq!((derived.due, derived.next), (None, None));
        assert!(watched.reached(&calendar(), date!(2026 - 01 - 01)).is_empty());
    }

    #[test]
    fn a_step_as_long_as_the_budget_is_none_and_a_notice_has_none() {
        let clock = Clock::start(date!(2025 - 03 - 03), 5);
        let (told, steps) = (BTreeSet::new(), [5, 2, 2]);
        let of =
            |kind, day| Watched { kind, clock: &clock, told: &told, steps: &steps }.reached(&calendar(), day);
        assert_eq!(of(Kind::Acceptance, date!(2025 - 03 - 06)), [Mark::Left(2)]);
        assert_eq!(of(Kind::Acceptance, date!(2025 - 03 - 12)), [Mark::Left(2), Mark::Breached]);
        assert!(of(Kind::Notice, date!(2025 - 03 - 12)).is_empty());
    }

    #[test]
    fn a_mark_is_its_number_and_a_kind_its_word() {
        for mark in [Mark::Left(5), Mark::Left(0), Mark::Breached] {
            assert_eq!(Mark::of(mark.number()), Some(mark));
        }
        assert_eq!(Mark::of(-2), None);
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.word()), Some(kind));
        }
    }
}
