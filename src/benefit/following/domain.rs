//! What a benefit takes over from its person's insurance, one step after the other until there is nothing more to take
//! over. Everything is derived from what the platform tells now, so that a fact that is corrected corrects the benefit.
//! Pure.

use serde::{Deserialize, Serialize};
use time::Date;

pub use super::kinds::Transfer;
use crate::benefit::domain::{Benefit, EndGround, Event};
use crate::catalog::domain::Insutype;
use crate::insured::domain::{Insured, Spell};
use crate::kernel::period::Period;
use crate::kernel::step::Step;

/// What a benefit has taken over, beside what officers decide and never mixed with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Following {
    /// 停保期间: days of the benefit on which something stood against the insurance; the last perhaps open.
    pub(super) uninsured: Vec<Period>,
    /// 险种变更, oldest first.
    pub(super) transfers: Vec<Transfer>,
    /// 险种 for which the disease was told not to be open, and since when.
    pub(super) not_open: Option<(Insutype, Date)>,
    /// The end that the insurance set; it holds as long as the benefit's end is the same.
    pub(super) end: Option<ToldEnd>,
}

/// An end that the insurance set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldEnd {
    last: Date,
    ground: EndGround,
    /// The end that somebody else had set for a later day, which holds again should this one be taken back.
    before: Option<(Date, EndGround)>,
}

/// What is known when a benefit follows.
pub struct Facts<'a> {
    /// The person.
    pub insured: &'a Insured,
    /// The person's other benefits for the disease.
    pub others: &'a [Benefit],
    /// The insured kinds for which the catalogue in force has the disease open.
    pub open: &'a [Insutype],
    /// The day.
    pub today: Date,
}

impl Benefit {
    /// The next thing to take over; none when all is taken over. Asked again and again it comes to an end.
    pub fn follow(&self, facts: &Facts<'_>) -> Option<Step<Self, Event>> {
        if self.is_settled(facts.today) {
            return None;
        }
        let step = self.follow_end(facts).or_else(|| self.follow_kind(facts));
        step.or_else(|| self.follow_insurance(facts))
    }

    /// The next day on which it may have to follow though nothing new is told; none where no such day is known.
    pub fn look_on(&self, facts: &Facts<'_>) -> Option<Date> {
        let turning = facts.insured.turning_days().into_iter().chain([self.begndate]);
        // A catalogue may open the disease any day.
        let tomorrow = self.kind_not_open(facts).and_then(|_| facts.today.next_day());
        let ahead = turning.filter(|day| *day > facts.today).chain(tomorrow).min();
        ahead.filter(|day| self.end.is_none_or(|(last, _)| *day <= last))
    }

    /// Whether it is over by somebody's decision, so that nothing that the platform tells changes it any more.
    pub fn is_settled(&self, today: Date) -> bool {
        self.end.is_some_and(|(last, _)| last < today) && self.own_end() == self.end
    }

    /// The last day that counts: today, or that of the benefit.
    pub(super) fn until(&self, today: Date) -> Date {
        self.end.map_or(today, |(last, _)| last.min(today))
    }

    fn follow_end(&self, facts: &Facts<'_>) -> Option<Step<Self, Event>> {
        let (own, told) = (self.own_end(), self.told_end(facts));
        let (end, set) = match (own, told) {
            (own, None) => (own, None),
            (Some(own), Some(told)) if own.0 <= told.0 => (Some(own), None),
            (before, Some((last, ground))) => (Some((last, ground)), Some(ToldEnd { last, ground, before })),
        };
        if end == self.end {
            return None;
        }
        let later = self.end.is_some_and(|(now, _)| end.is_none_or(|(last, _)| last > now));
        let following = Following { end: set, ..self.following.clone() };
        let after = Self { end, following, ..self.clone() };
        if later && facts.others.iter().any(|other| after.collides(other)) {
            return None;
        }
        let (enddate, ground) = end.unzip();
        let event = match end {
            Some((enddate, ground)) if !later => Event::Ended { enddate, ground, replaced_by: None },
            _ => Event::Reinstated { enddate, ground },
        };
        Some(Step::new(after, event))
    }

    /// The end without the insurance.
    fn own_end(&self) -> Option<(Date, EndGround)> {
        match self.following.end {
            Some(set) if self.end == Some((set.last, set.ground)) => set.before,
            _ => self.end,
        }
    }

    /// The end that the insurance tells: a death or a move, whichever was first.
    fn told_end(&self, facts: &Facts<'_>) -> Option<(Date, EndGround)> {
        let died = facts.insured.death_date.map(|last| (last, EndGround::Death));
        let moved = self.moved(facts).map(|last| (last, EndGround::Moved));
        died.into_iter().chain(moved).min_by_key(|(last, _)| *last)
    }

    /// The last day before insurance in another pooling area began. Where the platform tells no insurance here any more,
    /// it is not known when that was: it is the day before we were told.
    fn moved(&self, facts: &Facts<'_>) -> Option<Date> {
        let spells = facts.insured.history.spells();
        let touches = |spell: &&Spell| spell.period.to.is_none_or(|to| to >= self.begndate);
        let mut begun = spells.iter().filter(|spell| spell.period.from <= facts.today).filter(touches);
        let away = begun.find(|spell| !spell.is_in(&self.area))?.period.from;
        if spells.iter().any(|spell| spell.is_in(&self.area) && spell.period.from < away) {
            return away.previous_day();
        }
        let known = self.following.end.filter(|set| set.ground == EndGround::Moved);
        known.map(|set| set.last).or(facts.today.previous_day())
    }

    /// Whether both cannot be, for what was paid once would be paid twice.
    fn collides(&self, other: &Self) -> bool {
        self.overlaps(other) || self.end.is_none() && other.end.is_none()
    }
}

#[cfg(test)]
#[path = "property_tests.rs"]
mod property;
#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
