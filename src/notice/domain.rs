//! 公示: a notice's header, and the proofs of where it stands. Its entries are in `entry`, what is said against them in
//! `objection`.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use super::entry::domain::Undisputed;
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

/// Proof that the public may object today. Only `Notice::running` makes one.
#[derive(Debug)]
pub struct Running {
    notice: Id,
}

impl Running {
    /// The notice.
    pub fn notice(&self) -> Id {
        self.notice
    }
}

/// Proof that the public had its days. Only `Notice::over` makes one.
#[derive(Debug)]
pub struct Over {
    notice: Id,
    since: Date,
}

impl Over {
    /// The notice.
    pub fn notice(&self) -> Id {
        self.notice
    }

    /// The first day after its last one.
    pub fn since(&self) -> Date {
        self.since
    }
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
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No approved line waits for a notice.
    NothingToPublish,
    /// Another notice over the same lines is not open yet.
    Opening { number: String },
    /// A notice that is not in the state that the step needs.
    WrongState { needed: &'static str, is: &'static str },
    /// Its last day is not over.
    NotDue,
    /// The public cannot object any more, or not yet.
    NotOpen,
    /// The entry was removed before.
    EntryRemoved,
    /// As many objections as are taken stand against it.
    ObjectionsTooMany,
    /// An objection stands against the entry.
    EntryHeld,
    /// The entry has its outcome.
    EntryCleared,
    /// The entry is not cleared.
    EntryNotCleared,
    /// The objection was resolved before.
    Resolved,
    /// The proof is of another notice, or the objection does not stand against the entry.
    Mismatch,
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
    /// 公示期满: when the last day is over. The due date is derived anew.
    pub fn close(self, calendar: &Calendar, now: OffsetDateTime) -> Result<Step<Closed, Event>, Refused> {
        let due = self.clock.due(calendar).filter(|due| due.date < local_day(now));
        let last_day = due.ok_or(Refused::NotDue)?.date;
        Ok(Step::new(Closed { open: self, last_day, closed_at: now }, Event::Closed { last_day }))
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
            | Self::Settled(Settled { closed: Closed { open, .. } }) => &open.head,
        }
    }

    /// What is known since it became open.
    pub fn opened(&self) -> Option<&Open> {
        match self {
            Self::Opening(_) | Self::Void(_) => None,
            Self::Open(open)
            | Self::Closed(Closed { open, .. })
            | Self::Settled(Settled { closed: Closed { open, .. } }) => Some(open),
        }
    }

    /// The days that the public has, while it has them.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Open(open) => Some(&open.clock),
            Self::Opening(_) | Self::Closed(_) | Self::Settled(_) | Self::Void(_) => None,
        }
    }

    /// What is known since it was closed.
    pub fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Opening(_) | Self::Open(_) | Self::Void(_) => None,
            Self::Closed(closed) | Self::Settled(Settled { closed }) => Some(closed),
        }
    }

    /// When it was closed, or became void.
    pub fn ended_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Void(void) => Some(void.voided_at),
            Self::Opening(_) | Self::Open(_) | Self::Closed(_) | Self::Settled(_) => {
                self.closed().map(|closed| closed.closed_at)
            }
        }
    }

    /// The proof that the public may see it and object today: open, and its last day not over, whether or not it was
    /// closed already.
    pub fn running(&self, calendar: &Calendar, today: Date) -> Result<Running, Refused> {
        match self {
            Self::Open(open) if open.clock.due(calendar).is_none_or(|due| today <= due.date) => {
                Ok(Running { notice: open.head.id })
            }
            Self::Opening(_) | Self::Open(_) | Self::Closed(_) | Self::Settled(_) | Self::Void(_) => {
                Err(Refused::NotOpen)
            }
        }
    }

    /// The proof that the public had its days.
    pub fn over(&self) -> Option<Over> {
        let closed = self.closed()?;
        let since = closed.last_day.next_day().unwrap_or(Date::MAX);
        Some(Over { notice: closed.open.head.id, since })
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opening(_) => "opening",
            Self::Open(_) => "open",
            Self::Closed(_) => "closed",
            Self::Settled(_) => "settled",
            Self::Void(_) => "void",
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

    fn wrong(&self, needed: &'static str) -> Refused {
        Refused::WrongState { needed, is: self.word() }
    }
}

impl From<Opening> for Notice {
    fn from(state: Opening) -> Self {
        Self::Opening(state)
    }
}

impl From<Open> for Notice {
    fn from(state: Open) -> Self {
        Self::Open(state)
    }
}

impl From<Closed> for Notice {
    fn from(state: Closed) -> Self {
        Self::Closed(state)
    }
}

impl From<Settled> for Notice {
    fn from(state: Settled) -> Self {
        Self::Settled(state)
    }
}

impl From<Void> for Notice {
    fn from(state: Void) -> Self {
        Self::Void(state)
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
