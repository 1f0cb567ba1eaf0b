//! 异地就医备案: its states as types. That a filing has expired is derived from its dates and never stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::form::{Basis, Kind};
use crate::catalog::published::Cited;
use crate::kernel::clock::Clock;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A filing in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Filing {
    /// 待审核.
    Pending(Pending),
    /// 有效.
    Valid(Valid),
    /// 不通过.
    Rejected(Rejected),
    /// 已取消.
    Cancelled(Cancelled),
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Its id.
    pub id: Id,
    /// 参保地 when it was filed.
    pub area: Region,
    /// 备案类型.
    pub kind: Kind,
    /// On what it rests.
    pub basis: Basis,
    /// 备案地: cities or provinces.
    pub places: Vec<Region>,
    /// Its days; open for long-term kinds.
    pub period: Period,
    /// Proof.
    pub materials: Vec<Id>,
    /// How to reach the person there.
    pub contact: Contact,
    /// When it was filed.
    pub created_at: OffsetDateTime,
}

/// How to reach the person there, and who acts for her.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// 异地联系地址.
    pub addr: String,
    /// 联系电话.
    pub tel: String,
    /// 代办人.
    pub agent: Option<Agent>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// 代办人.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// 姓名.
    pub name: String,
    /// 证件类型.
    pub cert_type: String,
    /// 证件号码.
    pub certno: String,
    /// 电话.
    pub tel: String,
    /// 关系.
    pub rlts: String,
    /// 地址; may be empty.
    #[serde(default)]
    pub addr: String,
}

/// 待审核: filed with proof that the bureau has not yet looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What never changes.
    pub facts: Facts,
    /// The working days of the decision.
    pub clock: Clock,
}

/// 有效.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Valid {
    /// What never changes.
    pub facts: Facts,
    /// First day on which it can be cancelled; none when any day will do.
    pub cancellable_on: Option<Date>,
    /// The officer who approved its proof; none when there was nothing to approve.
    pub approved_by: Option<String>,
}

/// 不通过.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// What never changes.
    pub facts: Facts,
    /// Why.
    pub reason: String,
    /// The officer who rejected it.
    pub rejected_by: String,
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// 已取消.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancelled {
    /// What never changes.
    pub facts: Facts,
    /// The day of the cancellation: the last that it covers, when it was valid.
    pub cancelled_on: Date,
    /// Whether it was valid before; one that was pending never covered a day.
    pub was_valid: bool,
}

/// How a filing stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 待审核.
    Pending,
    /// 有效.
    Valid,
    /// 不通过.
    Rejected,
    /// 已取消.
    Cancelled,
    /// 已到期: its last day is over, or the insurance has moved to another pooling area.
    Expired,
}

/// What happened to a filing. No personal data.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// 备案.
    #[serde(rename = "residence.filed")]
    Filed {
        kind: Kind,
        basis: Basis,
        places: Vec<Region>,
        begndate: Date,
        enddate: Option<Date>,
        #[serde(flatten)]
        cited: Cited,
    },
    /// The proof was accepted.
    #[serde(rename = "residence.approved")]
    Approved {},
    /// The proof was not accepted.
    #[serde(rename = "residence.rejected")]
    Rejected {},
    /// 取消备案.
    #[serde(rename = "residence.cancelled")]
    Cancelled { cancelled_on: Date },
}

/// Why a step is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepRefused {
    /// Not in a state that allows it.
    WrongState { is: Standing },
    /// A commitment binds until then.
    Locked { until: Date },
}

/// Why a place is not filed on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFiled {
    /// It lies in the person's own pooling area.
    AtHome { place: Region },
    /// The bureau has not decided.
    Pending { place: Region },
    /// No filing covers it.
    None { place: Region, day: Date },
}

impl Pending {
    /// The proof is accepted: valid from its first day on, also when that is over.
    pub fn approve(self, officer: &str) -> Step<Filing, Event> {
        let approved_by = Some(officer.to_owned());
        let state = Filing::Valid(Valid { facts: self.facts, cancellable_on: None, approved_by });
        Step::new(state, Event::Approved {})
    }

    /// The proof is not accepted.
    pub fn reject(self, reason: String, officer: &str) -> Step<Filing, Event> {
        let rejected_by = officer.to_owned();
        let state = Filing::Rejected(Rejected { facts: self.facts, reason, rejected_by });
        Step::new(state, Event::Rejected {})
    }
}

impl Filing {
    /// What never changes.
    pub fn facts(&self) -> &Facts {
        match self {
            Self::Pending(Pending { facts, .. })
            | Self::Valid(Valid { facts, .. })
            | Self::Rejected(Rejected { facts, .. })
            | Self::Cancelled(Cancelled { facts, .. }) => facts,
        }
    }

    /// The working days of the decision, while it is out.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Pending(Pending { clock, .. }) => Some(clock),
            Self::Valid(_) | Self::Rejected(_) | Self::Cancelled(_) => None,
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending(_) => "pending",
            Self::Valid(_) => "valid",
            Self::Rejected(_) => "rejected",
            Self::Cancelled(_) => "cancelled",
        }
    }

    /// How it stands on a day, for somebody who is insured in `area`.
    pub fn standing(&self, day: Date, area: &Region) -> Standing {
        match self {
            Self::Pending(_) => Standing::Pending,
            Self::Rejected(_) => Standing::Rejected,
            Self::Cancelled(_) => Standing::Cancelled,
            Self::Valid(Valid { facts, .. }) => {
                let over = facts.period.to.is_some_and(|last| last < day);
                if over || !facts.is_of(area) { Standing::Expired } else { Standing::Valid }
            }
        }
    }

    /// Whether somebody who is insured in `area` may be treated in `place` on a day. A cancelled filing keeps the days
    /// up to its cancellation: a treatment that began inside the validity settles normally.
    pub fn covers(&self, place: &Region, day: Date, area: &Region) -> bool {
        let holds = match self {
            Self::Valid(_) => true,
            Self::Cancelled(cancelled) => cancelled.was_valid && day <= cancelled.cancelled_on,
            Self::Pending(_) | Self::Rejected(_) => false,
        };
        holds && self.facts().is_for(place, area) && self.facts().period.contains(day)
    }

    /// Whether it stands in the way of another one for the same place and days.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending(_) | Self::Valid(_))
    }

    /// The filing that waits for its decision.
    pub fn into_pending(self, today: Date, area: &Region) -> Result<Pending, StepRefused> {
        match self {
            Self::Pending(pending) => Ok(pending),
            other => Err(StepRefused::WrongState { is: other.standing(today, area) }),
        }
    }

    /// 取消. After a commitment not before its months have passed (医保发〔2022〕22号).
    pub fn cancel(self, today: Date, area: &Region) -> Result<Step<Self, Event>, StepRefused> {
        let is = self.standing(today, area);
        let (facts, was_valid) = match self {
            Self::Valid(Valid { cancellable_on: Some(until), .. })
                if is == Standing::Valid && today < until =>
            {
                return Err(StepRefused::Locked { until });
            }
            Self::Valid(Valid { facts, .. }) if is == Standing::Valid => (facts, true),
            Self::Pending(Pending { facts, .. }) => (facts, false),
            Self::Valid(_) | Self::Rejected(_) | Self::Cancelled(_) => {
                return Err(StepRefused::WrongState { is });
            }
        };
        let state = Self::Cancelled(Cancelled { facts, cancelled_on: today, was_valid });
        Ok(Step::new(state, Event::Cancelled { cancelled_on: today }))
    }
}

impl Facts {
    /// Whether one of its places holds `place`, for somebody who is insured in `area`.
    pub fn is_for(&self, place: &Region, area: &Region) -> bool {
        self.is_of(area) && self.places.iter().any(|own| own.contains(place))
    }

    /// A filing ends with the insurance that it was made under.
    pub fn is_of(&self, area: &Region) -> bool {
        self.area.pooling() == area.pooling()
    }
}

impl Standing {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("待审核", "pending"),
            Self::Valid => ("有效", "valid"),
            Self::Rejected => ("不通过", "rejected"),
            Self::Cancelled => ("已取消", "cancelled"),
            Self::Expired => ("已到期", "expired"),
        }
    }
}

impl From<StepRefused> for Refusal {
    fn from(refused: StepRefused) -> Self {
        match refused {
            StepRefused::WrongState { is } => {
                let (zh, en) = is.words();
                Self::new(
                    "FILING_STATE",
                    format!("备案当前状态为“{zh}”，不能进行此操作。"),
                    format!("the filing is {en}; this step is not possible any more."),
                )
                .help("请用 GetFiling 查看当前状态。", "look at its state with GetFiling.")
            }
            StepRefused::Locked { until } => Self::new(
                "FILING_LOCKED",
                format!("承诺制备案在 {until} 之前不得变更或取消。"),
                format!("a filing on a commitment cannot be changed or cancelled before {until}."),
            )
            .help("请在该日或之后取消。", "cancel it on that day or later.")
            .met_on(until),
        }
    }
}

impl From<NotFiled> for Refusal {
    fn from(reason: NotFiled) -> Self {
        match reason {
            NotFiled::AtHome { place } => Self::new(
                "AT_HOME",
                format!("{}在参保统筹区内，无需备案。", place.name()),
                format!("{place} lies in the person's own pooling area: no filing is needed."),
            )
            .about(place.as_str()),
            NotFiled::Pending { place } => Self::new(
                "FILING_PENDING",
                format!("{}的异地就医备案正在审核。", place.name()),
                format!("the filing for {place} waits for the bureau's decision."),
            )
            .help("请等待经办机构审核。", "wait for the decision.")
            .about(place.as_str()),
            NotFiled::None { place, day } => Self::new(
                "NOT_FILED",
                format!("{day} 没有覆盖{}的有效异地就医备案。", place.name()),
                format!("no valid remote-residence filing covers {place} on {day}."),
            )
            .help("请先办理异地就医备案。", "file the remote residence first, with FileResidence.")
            .about(place.as_str()),
        }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
