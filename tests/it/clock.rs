//! The statutory clock against a count that is made in another way: day by day over an array, for every start of twenty
//! years with every budget up to 60 working days, and pauses and extensions by chance.
//!
//! `CLOCK_CASES` is how many. Of each 438,300 in a row, which is every start with every budget once, no two are alike.

use std::sync::atomic::{AtomicU64, Ordering};

use opsp::kernel::calendar::{Calendar, EMBEDDED};
use opsp::kernel::clock::{Clock, Extension, Ground, NotExtended};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use time::format_description::well_known::Iso8601;
use time::macros::date;
use time::{Date, Duration};

use crate::world::chance::{chance, size};

/// The days of twenty years that differ from the plain week, made by `tests/data/holidays.py`.
const TABLE: &str = include_str!("../data/holidays-2007-2026.tsv");
/// A Monday.
const FIRST: Date = date!(2007 - 01 - 01);
/// Starts: up to and with 2026-12-31.
const STARTS: usize = 7_305;
const BUDGETS: usize = 60;
/// Has no factor in common with the number of pairs, so that steps of it meet each once.
const STRIDE: u64 = 262_147;

fn number(of: Date) -> usize {
    usize::try_from((of - FIRST).whole_days()).unwrap()
}

fn day(number: usize) -> Date {
    FIRST + Duration::days(i64::try_from(number).unwrap())
}

/// Whether each day from the first on is a working day. Three years more than there are starts: of those nothing is
/// announced.
fn working_days() -> Vec<bool> {
    let mut working: Vec<bool> = (0..STARTS + 3 * 366).map(|number| number % 7 < 5).collect();
    for line in TABLE.lines().skip(1) {
        let mut fields = line.split('\t');
        let date = Date::parse(fields.next().unwrap(), &Iso8601::DATE).unwrap();
        working[number(date)] = fields.next() == Some("work");
    }
    working
}

/// What is done to a clock.
#[derive(Clone, Copy, Debug)]
enum Act {
    Pause,
    Resume,
    Extend(u32),
}

/// A clock as it was treated: day by day instead of stretch by stretch.
struct Count<'a> {
    working: &'a [bool],
    start: usize,
    wanted: u32,
    extended: bool,
    /// What was done, each with its day, in order.
    acts: Vec<(usize, Act)>,
}

/// Without the calendar, which is as long as it is known.
impl std::fmt::Debug for Count<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { start, wanted, extended, acts, .. } = self;
        write!(f, "from {start}, {wanted} days, extended: {extended}, {acts:?}")
    }
}

impl Count<'_> {
    /// Goes from day to day until `until` says so of a day and what is used up by its end, and gives that day. What is
    /// done on a day shows from the next morning on: then the clock runs or stands for the whole day.
    fn walk(&self, until: impl Fn(usize, u32) -> bool) -> (usize, u32) {
        let (mut day, mut used, mut runs) = (self.start, 0, true);
        let mut acts = self.acts.iter().peekable();
        while !until(day, used) {
            while let Some((_, act)) = acts.next_if(|(on, _)| *on <= day) {
                match act {
                    Act::Pause => runs = false,
                    Act::Resume => runs = true,
                    Act::Extend(_) => {}
                }
            }
            day += 1;
            used += u32::from(runs && self.working[day]);
        }
        (day, used)
    }

    fn stands_since(&self) -> Option<usize> {
        let mut since = None;
        for (day, act) in &self.acts {
            match act {
                Act::Pause => since = since.or(Some(*day)),
                Act::Resume => since = None,
                Act::Extend(_) => {}
            }
        }
        since
    }

    /// The first day on which no more than so many are left.
    fn reached(&self, left: u32) -> Option<usize> {
        let wanted = self.wanted.saturating_sub(left);
        self.stands_since().is_none().then(|| self.walk(|_, used| used >= wanted).0)
    }

    fn left(&self, on: usize) -> i32 {
        let used = if on < self.start { 0 } else { self.walk(|day, _| day == on).1 };
        i32::try_from(self.wanted).unwrap() - i32::try_from(used).unwrap()
    }

    fn extend(&mut self, on: usize, days: u32) -> Result<(), NotExtended> {
        if self.extended {
            return Err(NotExtended::Before);
        }
        // Late is late, also while it stands: as if it went on today.
        let mut running = Count { acts: self.acts.clone(), ..*self };
        running.acts.push((on, Act::Resume));
        if running.reached(0).is_some_and(|due| due < on) {
            return Err(NotExtended::Overdue);
        }
        self.extended = true;
        self.wanted += days;
        Ok(())
    }
}

/// Up to four pauses with some days between, also of no length, also beyond the last day; now and then one that never
/// ends, a pause within a pause, a resumption of what runs; extensions at any time, a second one too.
fn acts(chance: &mut TestRng, start: usize) -> Vec<(usize, Act)> {
    let (mut day, mut acts) = (start, Vec::new());
    let pauses = chance.random_range(0..=4);
    for _ in 0..pauses {
        for act in [Act::Pause, Act::Resume] {
            day += if chance.random_ratio(1, 4) { 0 } else { chance.random_range(1..=30) };
            if chance.random_ratio(1, 4) {
                acts.push((day, Act::Extend(chance.random_range(1..=30))));
            }
            if !chance.random_ratio(1, 16) {
                acts.push((day, act));
            }
        }
    }
    if chance.random_ratio(1, 4) {
        acts.push((day + chance.random_range(0..=40), Act::Extend(chance.random_range(1..=30))));
    }
    acts
}

fn treat(clock: Clock, act: Act, on: Date, calendar: &Calendar) -> Result<Clock, NotExtended> {
    match act {
        Act::Pause => Ok(clock.pause(on, Ground::Supplement, "", "")),
        Act::Resume => Ok(clock.resume(on)),
        Act::Extend(working_days) => {
            let extension = Extension { working_days, reason: String::new(), by: String::new(), on };
            clock.extend(calendar, extension)
        }
    }
}

/// One case. Gives how many answers were compared.
fn check(case: u64, calendar: &Calendar, working: &[bool]) -> u64 {
    let pair = usize::try_from(case.wrapping_mul(STRIDE)).unwrap() % (STARTS * BUDGETS);
    let (start, budget) = (pair / BUDGETS, u32::try_from(pair % BUDGETS + 1).unwrap());
    let mut chance = chance(case);
    let mut clock = Clock::start(day(start), budget);
    let mut count = Count { working, start, wanted: budget, extended: false, acts: Vec::new() };
    let mut compared = 0;
    for (on, act) in acts(&mut chance, start) {
        let treated = treat(clock.clone(), act, day(on), calendar);
        if let Act::Extend(days) = act {
            let expected = count.extend(on, days);
            let found = treated.as_ref().map(|_| ()).map_err(|why| *why);
            assert_eq!(found, expected, "case {case}: {count:?}");
            compared += 1;
        }
        clock = treated.unwrap_or(clock);
        count.acts.push((on, act));
    }
    let last = number(date!(2026 - 12 - 31));
    let due = |left| {
        let reached = count.reached(left);
        reached.map(|number| (day(number), number > last))
    };
    for left in [0, chance.random_range(0..=budget + 5)] {
        let reached = clock.reached(calendar, left).map(|due| (due.date, due.provisional));
        assert_eq!(reached, due(left), "case {case}: {left} left of {count:?}");
    }
    let on = start + chance.random_range(0..=150);
    let read = clock.read(calendar, day(on));
    assert_eq!(read.left, count.left(on), "case {case}: on {} of {count:?}", day(on));
    assert_eq!(read.due.map(|due| (due.date, due.provisional)), due(0), "case {case}: {count:?}");
    assert_eq!(read.paused_since, count.stands_since().map(day), "case {case}: {count:?}");
    compared + 5
}

#[test]
fn every_start_and_budget_is_due_as_a_count_by_hand_says() {
    let calendar = Calendar::parse("2007-2026", TABLE).unwrap();
    let (working, cases) = (working_days(), size("CLOCK_CASES", 50_000));
    let (next, compared, begun) = (AtomicU64::new(0), AtomicU64::new(0), std::time::Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                let mut case = next.fetch_add(1, Ordering::Relaxed);
                while case < cases {
                    compared.fetch_add(check(case, &calendar, &working), Ordering::Relaxed);
                    case = next.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{cases} clocks, {} answers compared, {:?}", compared.into_inner(), begun.elapsed());
}

/// What is shipped says the same of every day as the table of the twenty years.
#[test]
fn the_shipped_days_off_are_those_of_the_public_table() {
    let shipped = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
    let working = working_days();
    let (first, last) = (number(date!(2024 - 01 - 01)), number(date!(2026 - 12 - 31)));
    let differ = |number: &usize| shipped.is_working(day(*number)) != working[*number];
    let different: Vec<_> = (first..=last).filter(differ).map(day).collect();
    assert_eq!(different, []);
}
