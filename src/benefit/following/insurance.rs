//! 停保期间: the days of a benefit on which something stands against the insurance. Pure.

use time::Date;

use super::domain::{Facts, Following};
use crate::benefit::domain::{Benefit, Days, Event};
use crate::kernel::period::Period;
use crate::kernel::step::Step;

impl Benefit {
    /// 停保期间 within the days of the benefit, oldest first, the last perhaps open.
    pub fn uninsured(&self) -> Vec<Period> {
        self.within(self.following.uninsured.clone())
    }

    /// Days on which the insurance was stopped as far as was told, or on which it returned, also in retrospect.
    /// Where the platform tells no insurance here any more, it does not tell when that was: what is known stays.
    pub(super) fn follow_insurance(&self, facts: &Facts<'_>) -> Option<Step<Self, Event>> {
        if !facts.insured.history.spells().iter().any(|spell| spell.is_in(&self.area)) {
            return None;
        }
        let (before, now) = (self.uninsured(), self.within(self.without_insurance(facts)));
        let (returned, stopped) = (less(&before, &now), less(&now, &before));
        let (uninsured, event) = if !returned.is_empty() {
            let still = if stopped.is_empty() { now } else { less(&before, &returned) };
            (still, Event::InsuranceReturned { days: days(&returned) })
        } else if !stopped.is_empty() {
            (now, Event::InsuranceStopped { days: days(&stopped) })
        } else {
            return None;
        };
        let following = Following { uninsured, ..self.following.clone() };
        Some(Step::new(Self { following, ..self.clone() }, event))
    }

    /// From the first day until today, or until the last one: the stretches in which something stands against the
    /// insurance, which changes on turning days only.
    fn without_insurance(&self, facts: &Facts<'_>) -> Vec<Period> {
        let until = self.until(facts.today);
        let turning = facts.insured.turning_days().into_iter().filter(|day| *day > self.begndate);
        let (mut stretches, mut since) = (Vec::new(), None);
        for day in [self.begndate].into_iter().chain(turning).take_while(|day| *day <= until) {
            let insured = facts.insured.standing_in(day, &self.area).is_empty();
            match since {
                None if !insured => since = Some(day),
                Some(from) if insured => {
                    stretches.push(Period { from, to: day.previous_day() });
                    since = None;
                }
                _ => {}
            }
        }
        stretches.extend(since.map(Period::since));
        stretches
    }

    fn within(&self, stretches: Vec<Period>) -> Vec<Period> {
        let Some((end, _)) = self.end else { return stretches };
        let shared = stretches.into_iter().filter(|stretch| stretch.from <= end);
        shared
            .map(|Period { from, to }| Period { from, to: Some(to.map_or(end, |to| to.min(end))) })
            .collect()
    }
}

fn days(stretches: &[Period]) -> Vec<Days> {
    stretches.iter().map(|stretch| Days { begndate: stretch.from, enddate: stretch.to }).collect()
}

/// What is in some stretches and not in others; both oldest first and none over another.
pub(super) fn less(stretches: &[Period], others: &[Period]) -> Vec<Period> {
    let mut left = Vec::new();
    for stretch in stretches {
        let mut from = Some(stretch.from);
        for other in others.iter().filter(|other| other.overlaps(stretch)) {
            let Some(begin) = from else { break };
            if begin < other.from {
                left.push(Period { from: begin, to: other.from.previous_day() });
            }
            from = other.to.and_then(Date::next_day).map(|after| after.max(begin));
        }
        left.extend(from.and_then(|from| rest(from, stretch.to)));
    }
    left
}

fn rest(from: Date, to: Option<Date>) -> Option<Period> {
    to.is_none_or(|to| from <= to).then_some(Period { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::date;

    const FIRST: Date = date!(2025 - 03 - 01);

    fn day(number: i64) -> Date {
        FIRST + Duration::days(number)
    }

    fn periods(list: &[(i64, Option<i64>)]) -> Vec<Period> {
        list.iter().map(|(from, to)| Period { from: day(*from), to: to.map(day) }).collect()
    }

    #[test]
    fn what_is_left_is_in_one_and_not_in_the_other() {
        let some: [&[(i64, Option<i64>)]; 8] = [
            &[],
            &[(0, Some(9))],
            &[(0, None)],
            &[(3, Some(3))],
            &[(0, Some(2)), (5, Some(7))],
            &[(0, Some(2)), (3, Some(7))],
            &[(2, Some(5)), (8, None)],
            &[(6, None)],
        ];
        for (one, other) in some.iter().flat_map(|one| some.iter().map(move |other| (one, other))) {
            let (one, other) = (periods(one), periods(other));
            let left = less(&one, &other);
            let has = |list: &[Period], day| list.iter().any(|period| period.contains(day));
            for number in 0..20 {
                let day = day(number);
                assert_eq!(has(&left, day), has(&one, day) && !has(&other, day), "{one:?} {other:?} {day}");
            }
            assert!(left.iter().all(|period| period.to.is_none_or(|to| period.from <= to)));
        }
    }
}
