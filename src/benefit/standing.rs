//! How a benefit stands on a day, and the proof that it is in force. Pure.

use time::Date;

use super::domain::{Benefit, EndGround, Suspension};
use crate::catalog::domain::{Catalog, Disease, Insutype, PersonRule, Policy};
use crate::insured::domain::NotEligible;
use crate::kernel::id::Id;
use crate::kernel::money::Money;
use crate::kernel::period::Period;
use crate::kernel::region::Region;

/// How a benefit stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not begun.
    NotBegun,
    /// 有效.
    Active,
    /// 暂停.
    Suspended,
    /// 复审中止.
    Lapsed,
    /// 终止.
    Ended,
}

/// Proof that a benefit is in force on a day. Only `Benefit::in_force` makes one; a settlement takes it.
#[derive(Clone, Debug)]
pub struct InForce {
    benefit: Id,
    code: String,
    day: Date,
}

impl InForce {
    /// The benefit.
    pub fn benefit(&self) -> Id {
        self.benefit
    }

    /// The disease.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.day
    }
}

/// Why a benefit is not in force on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInForce {
    /// There is none for the disease.
    None { code: String },
    /// It begins later.
    NotBegun { code: String, begndate: Date },
    /// It is suspended then.
    Suspended { code: String, day: Date, until: Option<Date> },
    /// It was not re-qualified; until it returned, where it has.
    Lapsed { code: String, since: Date, until: Option<Date> },
    /// It had ended.
    Ended { code: String, enddate: Date },
    /// It had ended with the person's death.
    Died { code: String, enddate: Date },
    /// It was granted in another pooling area than the one in which the person is insured now.
    Moved { code: String },
}

impl Benefit {
    /// How it stands on a day.
    pub fn standing(&self, day: Date) -> Standing {
        match self.standing_of_bureau(day) {
            Standing::Active if self.is_uninsured(day) => Standing::Suspended,
            standing => standing,
        }
    }

    /// The same by what is decided alone, whatever stands against the insurance.
    fn standing_of_bureau(&self, day: Date) -> Standing {
        // One that ends before it begins never begins.
        if self.end.is_some_and(|(last, _)| last < day || last < self.begndate) {
            Standing::Ended
        } else if day < self.begndate {
            Standing::NotBegun
        } else if self.lapse_on(day).is_some() {
            Standing::Lapsed
        } else if self.suspension_on(day).is_some() {
            Standing::Suspended
        } else {
            Standing::Active
        }
    }

    /// What suspends it on a day: an officer, the insurance, or both.
    pub fn suspended_by(&self, day: Date) -> (bool, bool) {
        (self.suspension_on(day).is_some(), self.is_uninsured(day))
    }

    fn is_uninsured(&self, day: Date) -> bool {
        self.uninsured().iter().any(|stretch| stretch.contains(day))
    }

    /// The proof that it is in force on a day for somebody who is insured in `area`, or why it is not. 停保期间 are not
    /// asked: whoever asks for the proof asks the insurance itself for every reason against it, as it is told by now.
    pub fn in_force(&self, day: Date, area: &Region) -> Result<InForce, NotInForce> {
        let code = self.code.clone();
        let left = self.end.is_some_and(|(_, ground)| ground == EndGround::Moved);
        match self.standing_of_bureau(day) {
            standing if !self.is_of(area) && (standing != Standing::Ended || left) => {
                Err(NotInForce::Moved { code })
            }
            Standing::Active => Ok(InForce { benefit: self.id, code, day }),
            Standing::NotBegun => Err(NotInForce::NotBegun { code, begndate: self.begndate }),
            Standing::Suspended => Err(NotInForce::Suspended { code, day, until: self.suspended_until(day) }),
            Standing::Lapsed => {
                let lapse = self.lapse_on(day);
                let (since, until) =
                    (lapse.map_or(day, |lapse| lapse.from), lapse.and_then(|lapse| lapse.to));
                Err(NotInForce::Lapsed { code, since, until })
            }
            Standing::Ended => Err(match self.end {
                Some((enddate, EndGround::Death)) => NotInForce::Died { code, enddate },
                end => NotInForce::Ended { code, enddate: end.map_or(day, |(last, _)| last) },
            }),
        }
    }

    fn lapse_on(&self, day: Date) -> Option<&Period> {
        self.lapses.iter().find(|lapse| lapse.contains(day))
    }

    fn suspension_on(&self, day: Date) -> Option<&Suspension> {
        self.suspensions.iter().find(|suspension| suspension.period.contains(day))
    }

    /// Last day of the suspension in which a day lies, and of those that follow it without a gap; none when nothing
    /// comes after it.
    fn suspended_until(&self, day: Date) -> Option<Date> {
        let mut last = self.suspension_on(day)?.period.to?;
        while let Some(next) = last.next_day().and_then(|after| self.suspension_on(after)) {
            last = next.period.to?;
        }
        let ends_first = self.end.is_some_and(|(end, _)| end <= last);
        (!ends_first).then_some(last)
    }
}

/// Of the benefits for a disease, newest first, of somebody who is insured in `area`, the proof that one is in force on
/// a day; or why the newest is not.
pub fn in_force(benefits: &[Benefit], code: &str, day: Date, area: &Region) -> Result<InForce, NotInForce> {
    let mut found = benefits.iter().map(|benefit| benefit.in_force(day, area));
    let newest = found.next().unwrap_or_else(|| Err(NotInForce::None { code: code.to_owned() }));
    newest.or_else(|reason| found.find_map(Result::ok).ok_or(reason))
}

impl NotInForce {
    /// Whether it says more than the reasons against the insurance itself do: of a death once is enough.
    pub fn is_news_beside(&self, insurance: &[NotEligible]) -> bool {
        !(matches!(self, Self::Died { .. }) && insurance.contains(&NotEligible::Died))
    }
}

/// 年度支付限额: the highest of the rows that can apply to somebody, whatever the hospital and the place.
pub fn highest_limit(catalog: &Catalog, disease: &Disease, insutype: Insutype, retired: bool) -> Money {
    let applies = |row: &&Policy| {
        row.insutype == insutype
            && match row.person {
                PersonRule::Any => true,
                PersonRule::Working => !retired,
                PersonRule::Retired => retired,
            }
    };
    let limits = catalog.policies(disease).into_iter().filter(applies).map(|row| row.limit_fen);
    limits.max().unwrap_or(Money::ZERO)
}
