//! The transitions of a benefit: each takes the old state and gives the new one with its event.

use time::Date;

use super::domain::{Benefit, EndGround, Event, Suspension, SuspensionGround};
use crate::kernel::add_months;
use crate::kernel::id::Id;
use crate::kernel::period::Period;
use crate::kernel::step::Step;

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefused {
    /// It has ended.
    Ended,
    /// Its last day is set: it can only be moved to an earlier one.
    EndsBefore { last: Date },
    /// The day lies before today.
    InPast,
    /// It is suspended then already.
    AlreadySuspended,
    /// It is not suspended then.
    NotSuspended,
    /// The suspension ends before it begins, or begins before the benefit or after its last day.
    Order,
    /// A suspension for abuse lasts 3 to 12 months.
    AbuseLength,
    /// It has lapsed already.
    AlreadyLapsed,
    /// It has not lapsed.
    NotLapsed,
}

impl Benefit {
    /// Records its certificate.
    pub fn certify(self, certificate: Id) -> Step<Self, Event> {
        Step::new(Self { certificate: Some(certificate), ..self }, Event::Certified { certificate })
    }

    /// 暂停 for a stretch of days from today or later.
    pub fn suspend(
        mut self,
        period: Period,
        ground: SuspensionGround,
        today: Date,
    ) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        if period.from < today {
            return Err(ChangeRefused::InPast);
        }
        let after_its_end = self.end.is_some_and(|(last, _)| last < period.from);
        let backwards = period.to.is_some_and(|to| to < period.from);
        if backwards || period.from < self.begndate || after_its_end {
            return Err(ChangeRefused::Order);
        }
        if self.suspensions.iter().any(|other| other.period.overlaps(&period)) {
            return Err(ChangeRefused::AlreadySuspended);
        }
        let shortest = add_months(period.from, 3);
        let longest = add_months(period.from, 12);
        let fits =
            period.to.and_then(Date::next_day).is_some_and(|after| after >= shortest && after <= longest);
        if ground == SuspensionGround::Abuse && !fits {
            return Err(ChangeRefused::AbuseLength);
        }
        self.suspensions.push(Suspension { period, ground });
        self.suspensions.sort_by_key(|suspension| suspension.period.from);
        let event = Event::Suspended { begndate: period.from, enddate: period.to, ground };
        Ok(Step::new(self, event))
    }

    /// 恢复 from a day on, today or later, that lies in a suspension.
    pub fn resume(mut self, day: Date, today: Date) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        if day < today {
            return Err(ChangeRefused::InPast);
        }
        if self.end.is_some_and(|(last, _)| last < day) {
            return Err(ChangeRefused::NotSuspended);
        }
        let found = self.suspensions.iter().position(|suspension| suspension.period.contains(day));
        let found = found.ok_or(ChangeRefused::NotSuspended)?;
        let period = &mut self.suspensions[found].period;
        if period.from == day {
            self.suspensions.remove(found);
        } else {
            period.to = day.previous_day();
        }
        Ok(Step::new(self, Event::Resumed { begndate: day }))
    }

    /// 终止 with a last day, today or later; for a death also earlier. Once set it can only be moved to an earlier day.
    pub fn end(
        mut self,
        enddate: Date,
        ground: EndGround,
        today: Date,
    ) -> Result<Step<Self, Event>, ChangeRefused> {
        if let Some((last, _)) = self.end
            && last <= enddate
        {
            let over = self.is_over(today);
            return Err(if over { ChangeRefused::Ended } else { ChangeRefused::EndsBefore { last } });
        }
        if enddate < today && ground != EndGround::Death {
            return Err(ChangeRefused::InPast);
        }
        self.end = Some((enddate, ground));
        Ok(Step::new(self, Event::Ended { enddate, ground, replaced_by: None }))
    }

    /// 病情变化: ends the day before the benefit that replaces it begins. None when that one replaces another, or nothing.
    pub fn replaced_by(mut self, new: &Self) -> Option<Step<Self, Event>> {
        let enddate = new.begndate.previous_day().filter(|_| new.replacement.replaces == Some(self.id))?;
        let ground = EndGround::Changed;
        self.end = Some((enddate, ground));
        self.replacement.replaced_by = Some(new.id);
        Some(Step::new(self, Event::Ended { enddate, ground, replaced_by: Some(new.id) }))
    }

    /// Whether a day comes before its end, however it stands on it.
    pub fn lasts_until(&self, day: Date) -> bool {
        self.end.is_none_or(|(last, _)| day <= last)
    }

    /// 复审通过: it goes on until the next re-qualification; one that lapsed returns from today on.
    pub fn renew(mut self, next: Option<Date>, today: Date) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        self.requalify_on = next;
        let Some(lapse) = self.lapses.last_mut().filter(|lapse| lapse.to.is_none()) else {
            return Ok(Step::new(self, Event::Renewed { requalify_on: next }));
        };
        if lapse.from < today {
            lapse.to = today.previous_day();
        } else {
            self.lapses.pop();
        }
        Ok(Step::new(self, Event::Returned { begndate: today, requalify_on: next }))
    }

    /// 复审中止 from a day on, today or later, until it returns.
    pub fn lapse(mut self, from: Date, today: Date) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        if from < today {
            return Err(ChangeRefused::InPast);
        }
        if self.lapsed_since().is_some() {
            return Err(ChangeRefused::AlreadyLapsed);
        }
        self.lapses.push(Period::since(from));
        self.requalify_on = None;
        Ok(Step::new(self, Event::Lapsed { begndate: from }))
    }

    /// 终止 of one that did not return in time, as of the day on which it lapsed: nothing was paid since.
    pub fn expire(mut self, today: Date) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        let since = self.lapsed_since().filter(|since| *since <= today).ok_or(ChangeRefused::NotLapsed)?;
        let (enddate, ground) = (since.previous_day().unwrap_or(since), EndGround::Lapsed);
        self.end = Some((enddate, ground));
        Ok(Step::new(self, Event::Ended { enddate, ground, replaced_by: None }))
    }

    /// The day from which on it is lapsed and has not returned.
    pub fn lapsed_since(&self) -> Option<Date> {
        self.lapses.last().filter(|lapse| lapse.to.is_none()).map(|lapse| lapse.from)
    }

    /// Whether its last day lies before today.
    pub fn is_over(&self, today: Date) -> bool {
        self.end.is_some_and(|(last, _)| last < today)
    }
}
