//! The days on which what a person's insurance is may change. Pure.

use time::{Date, Duration};

use super::domain::{Insured, NotEligible, Stated};
use crate::kernel::region::Region;

impl Insured {
    /// Every reason against the insurance in the pooling area of `home` on a day, wherever the person is insured now.
    pub fn standing_in(&self, day: Date, home: &Region) -> Vec<NotEligible> {
        self.insurance(home, day, Stated::on(self, day), Duration::ZERO)
    }

    /// The days on which `standing_in`, 险种 or 参保地 may change, in order: between two of them nothing does.
    pub fn turning_days(&self) -> Vec<Date> {
        let after = |day: Option<Date>| day.and_then(Date::next_day);
        let spells = self.history.spells().iter().map(|spell| spell.period);
        let spells = spells.flat_map(|period| [Some(period.from), after(period.to)]);
        let payments = self.history.payments().iter();
        let payments = payments.flat_map(|payment| [Some(payment.from), after(Some(payment.to))]);
        let told = self.stated.days().map(Some);
        let days = spells.chain(payments).chain(told).chain([after(self.death_date)]);
        let mut days: Vec<_> = days.flatten().collect();
        days.sort_unstable();
        days.dedup();
        days
    }
}
