//! A benefit: in force from a day on, with suspensions, until it ends. Events and effective state are kept apart: what
//! holds on a day is derived from the dates.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use super::following::domain::{Following, Transfer};
pub use super::standing::{InForce, NotInForce, Standing, highest_limit, in_force};
pub use super::transition::ChangeRefused;
use crate::catalog::domain::{BenefitStart, Disease, Insutype, Rules};
use crate::catalog::published::Cited;
use crate::kernel::add_months;
use crate::kernel::id::Id;
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
    /// 险种, as it is after all transfers.
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
    /// 复审中止期间, oldest first: days on which it was lapsed, open while it has not returned.
    pub lapses: Vec<Period>,
    /// The application that asked for it.
    pub application: Id,
    /// The notice entry that gave it.
    pub entry: Id,
    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub notice_entry: String,
    /// Its certificate, once issued.
    pub certificate: Option<Id>,
    /// What it has taken over from the person's insurance.
    pub following: Following,
    /// When it was granted.
    pub created_at: OffsetDateTime,
    /// 病情变化: what it replaced, and what replaced it.
    pub replacement: Replacement,
}

/// 病情变化: one benefit instead of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replacement {
    /// The benefit that this one replaced.
    pub replaces: Option<Id>,
    /// The benefit that replaced this one.
    pub replaced_by: Option<Id>,
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
    /// 复审逾期: it lapsed, and did not return in time.
    Lapsed,
    /// 病情变化: replaced by the benefit for another disease.
    Changed,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        replaces: Option<Id>,
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
    Ended {
        enddate: Date,
        ground: EndGround,
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced_by: Option<Id>,
    },
    /// 复审通过.
    #[serde(rename = "benefit.renewed")]
    Renewed { requalify_on: Option<Date> },
    /// 复审逾期或未通过，中止.
    #[serde(rename = "benefit.lapsed")]
    Lapsed { begndate: Date },
    /// 复审通过，恢复.
    #[serde(rename = "benefit.returned")]
    Returned { begndate: Date, requalify_on: Option<Date> },
    /// 恢复 of one that ended by what the platform told and has corrected; it ends on another day, or on none.
    #[serde(rename = "benefit.reinstated")]
    Reinstated { enddate: Option<Date>, ground: Option<EndGround> },
    /// 停保: days on which something stands against the insurance.
    #[serde(rename = "benefit.insurance_stopped")]
    InsuranceStopped { days: Vec<Days> },
    /// 恢复参保: days, also past ones, on which nothing stands against the insurance any more.
    #[serde(rename = "benefit.insurance_returned")]
    InsuranceReturned { days: Vec<Days> },
    /// 险种变更, from a day on.
    #[serde(rename = "benefit.transferred")]
    Transferred { insutype_before: Insutype, insutype: Insutype, begndate: Date },
    /// The person's insured kind has changed to one for which the disease is not open.
    #[serde(rename = "benefit.not_transferred")]
    NotTransferred { insutype: Insutype, begndate: Date },
}

/// A stretch of days that an event tells.
#[derive(Debug, Serialize)]
pub struct Days {
    /// First day.
    pub begndate: Date,
    /// Last day; none while it is open.
    pub enddate: Option<Date>,
}

/// What a benefit is granted under.
pub struct Under<'a> {
    /// The disease, as the catalogue has it.
    pub disease: &'a Disease,
    /// The catalogue's rules.
    pub rules: &'a Rules,
    /// The catalogue.
    pub cited: Cited,
    /// 病情变化: the benefit that its application is to replace.
    pub replaces: Option<&'a Benefit>,
}

impl Benefit {
    /// Granted where a public notice ended undisputed, and nowhere else.
    pub fn grant(undisputed: Undisputed, under: Under<'_>, id: Id, now: OffsetDateTime) -> Step<Self, Event> {
        let Under { disease, rules, cited, replaces } = under;
        let closed_on = undisputed.closed_on();
        let begndate = match disease.start(rules) {
            BenefitStart::NoticeClosed => closed_on,
            BenefitStart::Approved => undisputed.approved_on(),
            BenefitStart::FirstOfNextMonth => month_after(closed_on),
        };
        let requalify_on = rules.requalification.next(begndate, disease.requalify_months);
        // What has ended by then stays as it ended, and what was left behind elsewhere is not ours to end.
        let replaces = replaces.filter(|old| old.is_of(undisputed.area()) && old.lasts_until(begndate));
        let replaces = replaces.map(|old| old.id);
        let benefit = Self {
            id,
            area: undisputed.area().clone(),
            insutype: undisputed.insutype(),
            code: undisputed.code().to_owned(),
            begndate,
            end: None,
            requalify_on,
            suspensions: Vec::new(),
            lapses: Vec::new(),
            application: undisputed.application(),
            entry: undisputed.entry(),
            notice_entry: undisputed.name(),
            certificate: None,
            following: Following::default(),
            created_at: now,
            replacement: Replacement { replaces, replaced_by: None },
        };
        let event = Event::Granted {
            opsp_dise_code: benefit.code.clone(),
            insutype: benefit.insutype,
            begndate,
            requalify_on,
            notice_entry: benefit.notice_entry.clone(),
            replaces,
            cited,
        };
        Step::new(benefit, event)
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
}

/// The first of the month after a notice that was over on a day: its own last day is the day before.
fn month_after(closed_on: Date) -> Date {
    let last_day = closed_on.previous_day().unwrap_or(closed_on);
    add_months(last_day, 1).replace_day(1).unwrap_or(closed_on)
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
