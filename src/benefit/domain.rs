//! A benefit: in force from a day on, with suspensions, until it ends. Events and effective state are kept apart: what
//! holds on a day is derived from the dates.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::catalog::domain::{BenefitStart, Catalog, Disease, Insutype, PersonRule, Policy, Rules};
use crate::catalog::published::Cited;
use crate::kernel::add_months;
use crate::kernel::id::Id;
use crate::kernel::money::Money;
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::notice::domain::Undisputed;

/// A benefit. Only `Benefit::grant` makes a new one, from the proof that nobody objected.
#[derive(Clone, Debug, PartialEq)]
pub struct Benefit {
    /// Its id.
    pub id: Id,
    /// 参保地 when it was granted.
    pub area: Region,
    /// 险种.
    pub insutype: Insutype,
    /// 病种代码.
    pub code: String,
    /// First day.
    pub begndate: Date,
    /// Last day and why; none while it is open.
    pub end: Option<(Date, EndGround)>,
    /// 下次复审日期.
    pub requalify_on: Option<Date>,
    /// 暂停期间, oldest first.
    pub suspensions: Vec<Suspension>,
    /// The application that asked for it.
    pub application: Id,
    /// The notice entry that gave it.
    pub entry: Id,
    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub notice_entry: String,
    /// Its certificate, once issued.
    pub certificate: Option<Id>,
    /// When it was granted.
    pub created_at: OffsetDateTime,
}

/// A suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Its days.
    pub period: Period,
    /// Why.
    pub ground: SuspensionGround,
}

/// Why a benefit is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionGround {
    /// 违规使用, 3 to 12 months (医疗保障基金使用监督管理条例 art. 41).
    Abuse,
    /// 欠费.
    Arrears,
    /// 核查.
    Audit,
}

/// Why a benefit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndGround {
    /// 死亡.
    Death,
    /// 转出统筹区.
    Moved,
    /// 治愈.
    Recovered,
    /// 本人放弃.
    GivenUp,
}

/// How a benefit stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not begun.
    NotBegun,
    /// 有效.
    Active,
    /// 暂停.
    Suspended,
    /// 终止.
    Ended,
}

/// Proof that a benefit is in force on a day. Only `Benefit::in_force` makes one; a settlement takes it.
#[derive(Clone, Debug)]
pub struct InForce {
    benefit: Id,
    code: String,
    insutype: Insutype,
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

    /// 险种.
    pub fn insutype(&self) -> Insutype {
        self.insutype
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.day
    }
}

/// What happened to a benefit.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Granted by an undisputed notice.
    #[serde(rename = "benefit.granted")]
    Granted {
        opsp_dise_code: String,
        insutype: Insutype,
        begndate: Date,
        requalify_on: Option<Date>,
        notice_entry: String,
        #[serde(flatten)]
        cited: Cited,
    },
    /// Its certificate was issued.
    #[serde(rename = "benefit.certified")]
    Certified { certificate: Id },
    /// 暂停.
    #[serde(rename = "benefit.suspended")]
    Suspended { begndate: Date, enddate: Option<Date>, ground: SuspensionGround },
    /// 恢复.
    #[serde(rename = "benefit.resumed")]
    Resumed { begndate: Date },
    /// 终止.
    #[serde(rename = "benefit.ended")]
    Ended { enddate: Date, ground: EndGround },
}

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
    /// It had ended.
    Ended { code: String, enddate: Date },
    /// It was granted in another pooling area than the one in which the person is insured now.
    Moved { code: String },
}

/// What a benefit is granted under.
pub struct Under<'a> {
    /// The disease, as the catalogue has it.
    pub disease: &'a Disease,
    /// The catalogue's rules.
    pub rules: &'a Rules,
    /// The catalogue.
    pub cited: Cited,
}

impl Benefit {
    /// Granted where a public notice ended undisputed, and nowhere else.
    pub fn grant(undisputed: Undisputed, under: Under<'_>, id: Id, now: OffsetDateTime) -> Step<Self, Event> {
        let Under { disease, rules, cited } = under;
        let closed_on = undisputed.closed_on();
        let begndate = match rules.benefit_start {
            BenefitStart::NoticeClosed => closed_on,
            BenefitStart::Approved => undisputed.approved_on(),
            BenefitStart::FirstOfNextMonth => month_after(closed_on),
        };
        let requalify_on =
            (disease.requalify_months > 0).then(|| add_months(begndate, disease.requalify_months));
        let benefit = Self {
            id,
            area: undisputed.area().clone(),
            insutype: undisputed.insutype(),
            code: undisputed.code().to_owned(),
            begndate,
            end: None,
            requalify_on,
            suspensions: Vec::new(),
            application: undisputed.application(),
            entry: undisputed.entry(),
            notice_entry: undisputed.name(),
            certificate: None,
            created_at: now,
        };
        let event = Event::Granted {
            opsp_dise_code: benefit.code.clone(),
            insutype: benefit.insutype,
            begndate,
            requalify_on,
            notice_entry: benefit.notice_entry.clone(),
            cited,
        };
        Step::new(benefit, event)
    }

    /// How it stands on a day.
    pub fn standing(&self, day: Date) -> Standing {
        // One that ends before it begins never begins.
        if self.end.is_some_and(|(last, _)| last < day || last < self.begndate) {
            Standing::Ended
        } else if day < self.begndate {
            Standing::NotBegun
        } else if self.suspension_on(day).is_some() {
            Standing::Suspended
        } else {
            Standing::Active
        }
    }

    /// The proof that it is in force on a day for somebody who is insured in `area`, or why it is not.
    pub fn in_force(&self, day: Date, area: &Region) -> Result<InForce, NotInForce> {
        let code = self.code.clone();
        match self.standing(day) {
            Standing::Active | Standing::NotBegun | Standing::Suspended if !self.is_of(area) => {
                Err(NotInForce::Moved { code })
            }
            Standing::Active => Ok(InForce { benefit: self.id, code, insutype: self.insutype, day }),
            Standing::NotBegun => Err(NotInForce::NotBegun { code, begndate: self.begndate }),
            Standing::Suspended => Err(NotInForce::Suspended { code, day, until: self.suspended_until(day) }),
            Standing::Ended => {
                Err(NotInForce::Ended { code, enddate: self.end.map_or(day, |(last, _)| last) })
            }
        }
    }

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
        Ok(Step::new(self, Event::Ended { enddate, ground }))
    }

    /// Whether the other one is of the same pooling area and has days in common with it, or may still get some.
    pub fn overlaps(&self, other: &Self) -> bool {
        let days = |benefit: &Self| Period { from: benefit.begndate, to: benefit.end.map(|(last, _)| last) };
        self.is_of(&other.area) && days(self).overlaps(&days(other))
    }

    /// Whether it counts for somebody who is insured in `area`: a benefit is the pooling area's that granted it.
    pub fn is_of(&self, area: &Region) -> bool {
        self.area.pooling() == area.pooling()
    }

    /// Whether its last day lies before today.
    fn is_over(&self, today: Date) -> bool {
        self.end.is_some_and(|(last, _)| last < today)
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

/// The first of the month after a notice that was over on a day: its own last day is the day before.
fn month_after(closed_on: Date) -> Date {
    let last_day = closed_on.previous_day().unwrap_or(closed_on);
    add_months(last_day, 1).replace_day(1).unwrap_or(closed_on)
}

/// Of the benefits for a disease, newest first, of somebody who is insured in `area`, the proof that one is in force on
/// a day; or why the newest is not.
pub fn in_force(benefits: &[Benefit], code: &str, day: Date, area: &Region) -> Result<InForce, NotInForce> {
    let mut found = benefits.iter().map(|benefit| benefit.in_force(day, area));
    let newest = found.next().unwrap_or_else(|| Err(NotInForce::None { code: code.to_owned() }));
    newest.or_else(|reason| found.find_map(Result::ok).ok_or(reason))
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

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
