//! 公示: a notice's header, and the proofs of where it stands. Its entries are in `entry`, what is said against them in
//! `objection`.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use super::entry::domain::Undisputed;
pub use super::proof::{Over, Recall, Running};
pub use super::refusal::Refused;
use crate::catalog::domain::Insutype;
use crate::catalog::published::Cited;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A notice in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Notice {
    /// 准备中.
    Opening(Opening),
    /// 公示中.
    Open(Open),
    /// 公示期满; entries that nobody objected to still wait for the job that clears them.
    Closed(Closed),
    /// 公示期满, and each entry is cleared, removed or held by an objection.
    Settled(Settled),
    /// 作废: nothing was left to enter.
    Void(Void),
    /// 已撤回; its entries still wait for the job that takes them out.
    Withdrawing(Withdrawing),
    /// 已撤回, and none of its entries waits.
    Withdrawn(Withdrawn),
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: Id,
    /// Whose lines it publishes.
    pub area: Region,
    /// 批次号, `{year}-{nnn}`.
    pub number: String,
    /// 险种.
    pub insutype: Insutype,
    /// Whether the rules of the day on which it was begun, which it follows, are the sample's.
    #[serde(default)]
    pub sample: bool,
    /// The catalogue of these rules; empty in a notice that was begun before it was kept.
    #[serde(default)]
    pub cited: Cited,
    /// 公示病种依据: on which law or rule it names diseases; empty where it names none.
    #[serde(default)]
    pub disease_basis: String,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}

/// 准备中: its entries are being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// What never changes.
    pub head: Head,
}

/// 公示中.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What never changes.
    pub head: Head,
    /// 公示期, from the day on which it became open.
    pub clock: Clock,
    /// How many entries it has.
    pub entries: u32,
    /// When it became open.
    pub opened_at: OffsetDateTime,
}

/// 公示期满.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// As it was while it was open.
    pub open: Open,
    /// Its last day. Final: a calendar that is imported later does not change it.
    pub last_day: Date,
    /// When it was closed.
    pub closed_at: OffsetDateTime,
}

/// 公示期满, with nothing left to do but to resolve what is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// As it was closed.
    pub closed: Closed,
}

/// 作废: other notices took all lines up, or none could be entered. It was never public.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Void {
    /// What never changes.
    pub head: Head,
    /// When it became void.
    pub voided_at: OffsetDateTime,
}

/// 撤回: why, and by whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Told to those who objected.
    pub reason: String,
    /// The officer.
    pub officer: String,
    /// When.
    pub at: OffsetDateTime,
}

impl std::fmt::Debug for Withdrawal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Withdrawal({})", self.at)
    }
}

/// 已撤回, as a whole, while it was open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawing {
    /// As it was while it was open.
    pub open: Open,
    /// Why, and by whom.
    pub withdrawal: Withdrawal,
}

/// 已撤回, with nothing left to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// As it was withdrawn.
    pub withdrawing: Withdrawing,
}

/// What happened to a notice.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Begun.
    #[serde(rename = "notice.begun")]
    Begun {
        number: String,
        insutype: Insutype,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 公示开始.
    #[serde(rename = "notice.opened")]
    Opened {
        entries: u32,
        working_days: u32,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 作废.
    #[serde(rename = "notice.voided")]
    Voided {},
    /// 公示期满.
    #[serde(rename = "notice.closed")]
    Closed { last_day: Date },
    /// Each entry has its outcome or is held.
    #[serde(rename = "notice.settled")]
    Settled {},
    /// 撤回.
    #[serde(rename = "notice.withdrawn")]
    Withdrawn {},
    /// All entries of a withdrawn notice were taken out.
    #[serde(rename = "notice.withdrawal_completed")]
    WithdrawalCompleted {},
}

impl Opening {
    /// Begins a notice.
    pub fn begin(head: Head) -> Step<Self, Event> {
        let (number, cited) = (head.number.clone(), head.cited.clone());
        let event = Event::Begun { number, insutype: head.insutype, cited };
        Step::new(Self { head }, event)
    }

    /// 作废: no entry is there, so the public would have nothing to look at.
    pub fn void(self, now: OffsetDateTime) -> Step<Void, Event> {
        Step::new(Void { head: self.head, voided_at: now }, Event::Voided {})
    }

    /// 公示开始: all entries are there. Today is day 0 of the days that the public has.
    pub fn open(self, entries: u32, working_days: u32, now: OffsetDateTime) -> Step<Open, Event> {
        let clock = Clock::start(local_day(now), working_days);
        let event = Event::Opened { entries, working_days, cited: self.head.cited.clone() };
        Step::new(Open { head: self.head, clock, entries, opened_at: now }, event)
    }
}

impl Open {
    /// 公示期满: when the last day is over. The due date is derived anew; while it is provisional nothing is over.
    pub fn close(self, calendar: &Calendar, now: OffsetDateTime) -> Result<Step<Closed, Event>, Refused> {
        let over = self.clock.due(calendar).filter(|_| self.clock.is_over(calendar, local_day(now)));
        let last_day = over.ok_or(Refused::NotDue)?.date;
        Ok(Step::new(Closed { open: self, last_day, closed_at: now }, Event::Closed { last_day }))
    }
}

impl Open {
    /// 撤回 of the whole notice, in the public's days.
    pub fn withdraw(
        self,
        recall: &Recall,
        withdrawal: Withdrawal,
    ) -> Result<Step<Withdrawing, Event>, Refused> {
        if recall.notice() != self.head.id {
            return Err(Refused::Mismatch);
        }
        Ok(Step::new(Withdrawing { open: self, withdrawal }, Event::Withdrawn {}))
    }
}

impl Withdrawing {
    /// No entry waits any more.
    pub fn complete(self) -> Step<Withdrawn, Event> {
        Step::new(Withdrawn { withdrawing: self }, Event::WithdrawalCompleted {})
    }
}

impl Closed {
    /// No entry waits any more.
    pub fn settle(self) -> Step<Settled, Event> {
        Step::new(Settled { closed: self }, Event::Settled {})
    }
}

impl Notice {
    /// What never changes.
    pub fn head(&self) -> &Head {
        match self {
            Self::Opening(Opening { head }) | Self::Void(Void { head, .. }) => head,
            Self::Open(open)
            | Self::Closed(Closed { open, .. })
            | Self::Settled(Settled { closed: Closed { open, .. } })
            | Self::Withdrawing(Withdrawing { open, .. })
            | Self::Withdrawn(Withdrawn { withdrawing: Withdrawing { open, .. } }) => &open.head,
        }
    }

    /// What is known since it became open.
    pub fn opened(&self) -> Option<&Open> {
        match self {
            Self::Opening(_) | Self::Void(_) => None,
            Self::Open(open)
            | Self::Closed(Closed { open, .. })
            | Self::Settled(Settled { closed: Closed { open, .. } })
            | Self::Withdrawing(Withdrawing { open, .. })
            | Self::Withdrawn(Withdrawn { withdrawing: Withdrawing { open, .. } }) => Some(open),
        }
    }

    /// The days that the public has, while it has them.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Open(open) => Some(&open.clock),
            _ => None,
        }
    }

    /// What is known since it was closed.
    pub fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Closed(closed) | Self::Settled(Settled { closed }) => Some(closed),
            _ => None,
        }
    }

    /// Why it was withdrawn, if it was.
    pub fn withdrawal(&self) -> Option<&Withdrawal> {
        match self {
            Self::Withdrawing(withdrawing) | Self::Withdrawn(Withdrawn { withdrawing }) => {
                Some(&withdrawing.withdrawal)
            }
            _ => None,
        }
    }

    /// When it was closed or withdrawn, or became void.
    pub fn ended_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Opening(_) | Self::Open(_) => None,
            Self::Void(void) => Some(void.voided_at),
            Self::Closed(closed) | Self::Settled(Settled { closed }) => Some(closed.closed_at),
            Self::Withdrawing(withdrawing) | Self::Withdrawn(Withdrawn { withdrawing }) => {
                Some(withdrawing.withdrawal.at)
            }
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opening(_) => "opening",
            Self::Open(_) => "open",
            Self::Closed(_) => "closed",
            Self::Settled(_) => "settled",
            Self::Void(_) => "void",
            Self::Withdrawing(_) => "withdrawing",
            Self::Withdrawn(_) => "withdrawn",
        }
    }

    /// The notice whose entries are being written.
    pub fn into_opening(self) -> Result<Opening, Refused> {
        match self {
            Self::Opening(opening) => Ok(opening),
            other => Err(other.wrong("opening")),
        }
    }

    /// The open notice.
    pub fn into_open(self) -> Result<Open, Refused> {
        match self {
            Self::Open(open) => Ok(open),
            other => Err(other.wrong("open")),
        }
    }

    /// The closed notice whose entries wait.
    pub fn into_closed(self) -> Result<Closed, Refused> {
        match self {
            Self::Closed(closed) => Ok(closed),
            other => Err(other.wrong("closed")),
        }
    }

    /// The withdrawn notice whose entries wait.
    pub fn into_withdrawing(self) -> Result<Withdrawing, Refused> {
        match self {
            Self::Withdrawing(withdrawing) => Ok(withdrawing),
            other => Err(other.wrong("withdrawing")),
        }
    }

    fn wrong(&self, needed: &'static str) -> Refused {
        Refused::WrongState { needed, is: self.word() }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
