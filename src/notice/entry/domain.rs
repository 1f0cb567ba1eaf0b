//! An entry of a notice: what holds it back, and the proof that nothing does. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::catalog::domain::Insutype;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::notice::domain::{Over, Recall, Refused, Running, Withdrawal};

/// An entry in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Entry {
    /// 公示中.
    Listed(Listed),
    /// 异议处理中.
    Objected(Objected),
    /// 无异议.
    Undisputed(Cleared),
    /// 无异议, and what it proves was taken: its line has its benefit.
    Concluded(Cleared),
    /// 异议成立.
    Removed(Removed),
    /// 已撤回: its line waits for the next notice as if it had never been here.
    Withdrawn(Withdrawn),
}

/// What never changes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Its id.
    pub id: Id,
    /// The notice.
    pub notice: Id,
    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub name: String,
    /// 公示编号.
    pub reference: String,
    /// 参保地.
    pub insured_area: Region,
    /// 险种.
    pub insutype: Insutype,
    /// 病种代码.
    pub code: String,
    /// The application.
    pub application: Id,
    /// The day on which the line was approved.
    pub approved_on: Date,
    /// 姓名, masked.
    pub masked_name: String,
    /// 证件号码, masked.
    pub masked_certno: String,
    /// 病种名称; empty unless the policy publishes it.
    pub opsp_dise_name: String,
}

impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Listing({})", self.reference)
    }
}

/// 公示中.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// What never changes.
    pub listing: Listing,
    /// The day on which the last objection to it was dismissed; none when there was none.
    pub dismissed_on: Option<Date>,
}

/// 异议处理中.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objected {
    /// What never changes.
    pub listing: Listing,
    /// The objections that stand, at least one.
    pub standing: BTreeSet<Id>,
}

/// 无异议.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cleared {
    /// What never changes.
    pub listing: Listing,
    /// The first day on which the notice was over and nothing stood against it any more.
    pub closed_on: Date,
}

/// 异议成立.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Removed {
    /// What never changes.
    pub listing: Listing,
    /// Objections that are not resolved. Their objectors still have a right to an answer.
    pub standing: BTreeSet<Id>,
}

/// 已撤回.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// What never changes.
    pub listing: Listing,
    /// Why, and by whom.
    pub withdrawal: Withdrawal,
}

/// Proof that the public had its days and no objection stands. Only `Entry::undisputed` makes one.
#[derive(Debug)]
pub struct Undisputed {
    listing: Listing,
    closed_on: Date,
}

impl Undisputed {
    /// 参保地.
    pub fn area(&self) -> &Region {
        &self.listing.insured_area
    }

    /// 险种.
    pub fn insutype(&self) -> Insutype {
        self.listing.insutype
    }

    /// 病种代码.
    pub fn code(&self) -> &str {
        &self.listing.code
    }

    /// The application.
    pub fn application(&self) -> Id {
        self.listing.application
    }

    /// The notice entry.
    pub fn entry(&self) -> Id {
        self.listing.id
    }

    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub fn name(&self) -> String {
        self.listing.name.clone()
    }

    /// The day on which the line was approved.
    pub fn approved_on(&self) -> Date {
        self.listing.approved_on
    }

    /// The day on which the notice was over and nothing stood against it any more.
    pub fn closed_on(&self) -> Date {
        self.closed_on
    }
}

/// What happened to an entry.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Entered.
    #[serde(rename = "notice.entry_listed")]
    Listed { opsp_dise_code: String, application: Id },
    /// An objection was filed.
    #[serde(rename = "notice.entry_objected")]
    Objected { standing: usize },
    /// An objection was resolved, and what the entry waits for has not changed otherwise.
    #[serde(rename = "notice.entry_objection_resolved")]
    ObjectionResolved { standing: usize },
    /// The last objection was dismissed while the notice was open.
    #[serde(rename = "notice.entry_relisted")]
    Relisted {},
    /// 无异议.
    #[serde(rename = "notice.entry_undisputed")]
    Undisputed { opsp_dise_code: String, closed_on: Date },
    /// Its line has its benefit.
    #[serde(rename = "notice.entry_concluded")]
    Concluded {},
    /// 异议成立.
    #[serde(rename = "notice.entry_removed")]
    Removed { standing: usize },
    /// 撤回, with the objections that stood.
    #[serde(rename = "notice.entry_withdrawn")]
    Withdrawn { opsp_dise_code: String, standing: usize },
}

/// So many objections may stand against one entry at once: more would hold it no better, and each is to be resolved.
const STANDING_MAX: usize = 50;

impl Entry {
    /// Enters a line into a notice.
    pub fn list(listing: Listing) -> Step<Self, Event> {
        let event = Event::Listed { opsp_dise_code: listing.code.clone(), application: listing.application };
        Step::new(Self::Listed(Listed { listing, dismissed_on: None }), event)
    }

    /// An objection is filed. `running` is the proof that the public may.
    pub fn object(self, running: &Running, objection: Id) -> Result<Step<Self, Event>, Refused> {
        self.is_of(running.notice())?;
        let (listing, mut standing) = match self {
            Self::Listed(Listed { listing, .. }) => (listing, BTreeSet::new()),
            Self::Objected(Objected { listing, standing }) => (listing, standing),
            Self::Undisputed(_) | Self::Concluded(_) => return Err(Refused::EntryCleared),
            Self::Removed(_) => return Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => return Err(Refused::EntryWithdrawn),
        };
        if standing.len() >= STANDING_MAX {
            return Err(Refused::ObjectionsTooMany);
        }
        standing.insert(objection);
        let event = Event::Objected { standing: standing.len() };
        Ok(Step::new(Self::Objected(Objected { listing, standing }), event))
    }

    /// 异议成立: a standing objection was upheld.
    pub fn uphold(self, objection: Id) -> Result<Step<Self, Event>, Refused> {
        let removed_before = matches!(self, Self::Removed(_));
        let (listing, standing) = self.resolve(objection)?;
        let event = if removed_before {
            Event::ObjectionResolved { standing: standing.len() }
        } else {
            Event::Removed { standing: standing.len() }
        };
        Ok(Step::new(Self::Removed(Removed { listing, standing }), event))
    }

    /// 异议不成立: a standing objection was dismissed. When no other stands, the entry is listed again, or undisputed
    /// where the notice is over.
    pub fn dismiss(
        self,
        objection: Id,
        over: Option<&Over>,
        today: Date,
    ) -> Result<Step<Self, Event>, Refused> {
        if let Some(over) = over {
            self.is_of(over.notice())?;
        }
        let removed_before = matches!(self, Self::Removed(_));
        let (listing, standing) = self.resolve(objection)?;
        let event = Event::ObjectionResolved { standing: standing.len() };
        if removed_before {
            return Ok(Step::new(Self::Removed(Removed { listing, standing }), event));
        }
        if !standing.is_empty() {
            return Ok(Step::new(Self::Objected(Objected { listing, standing }), event));
        }
        let listed = Listed { listing, dismissed_on: Some(today) };
        match over {
            Some(over) => Ok(listed.clear(over)),
            None => Ok(Step::new(Self::Listed(listed), Event::Relisted {})),
        }
    }

    /// 无异议: the notice is over and nothing stands against the entry.
    pub fn close(self, over: &Over) -> Result<Step<Self, Event>, Refused> {
        self.is_of(over.notice())?;
        match self {
            Self::Listed(listed) => Ok(listed.clear(over)),
            Self::Objected(_) => Err(Refused::EntryHeld),
            Self::Undisputed(_) | Self::Concluded(_) => Err(Refused::EntryCleared),
            Self::Removed(_) => Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => Err(Refused::EntryWithdrawn),
        }
    }

    /// 撤回: its line waits for the next notice. What stood against it is to be told.
    pub fn withdraw(self, recall: &Recall, withdrawal: Withdrawal) -> Result<Step<Self, Event>, Refused> {
        self.is_of(recall.notice())?;
        let standing = self.standing().len();
        let listing = match self {
            Self::Listed(Listed { listing, .. }) | Self::Objected(Objected { listing, .. }) => listing,
            Self::Undisputed(_) | Self::Concluded(_) => return Err(Refused::TooLateToWithdraw),
            Self::Removed(_) => return Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => return Err(Refused::EntryWithdrawn),
        };
        let event = Event::Withdrawn { opsp_dise_code: listing.code.clone(), standing };
        Ok(Step::new(Self::Withdrawn(Withdrawn { listing, withdrawal }), event))
    }

    /// The objections that stand against it.
    pub fn standing(&self) -> Vec<Id> {
        match self {
            Self::Objected(Objected { standing, .. }) | Self::Removed(Removed { standing, .. }) => {
                standing.iter().copied().collect()
            }
            Self::Listed(_) | Self::Undisputed(_) | Self::Concluded(_) | Self::Withdrawn(_) => Vec::new(),
        }
    }

    /// The proof that nobody objects; none while the notice runs, while an objection stands, and after it was taken.
    pub fn undisputed(&self) -> Option<Undisputed> {
        match self {
            Self::Undisputed(Cleared { listing, closed_on }) => {
                Some(Undisputed { listing: listing.clone(), closed_on: *closed_on })
            }
            _ => None,
        }
    }

    /// What it proved was taken: its line has its benefit.
    pub fn conclude(self) -> Result<Step<Self, Event>, Refused> {
        match self {
            Self::Undisputed(cleared) => Ok(Step::new(Self::Concluded(cleared), Event::Concluded {})),
            _ => Err(Refused::EntryNotCleared),
        }
    }

    /// What never changes.
    pub fn listing(&self) -> &Listing {
        match self {
            Self::Listed(Listed { listing, .. })
            | Self::Objected(Objected { listing, .. })
            | Self::Undisputed(Cleared { listing, .. })
            | Self::Concluded(Cleared { listing, .. })
            | Self::Removed(Removed { listing, .. })
            | Self::Withdrawn(Withdrawn { listing, .. }) => listing,
        }
    }

    /// Whether it went through to a removal.
    pub fn is_removed(&self) -> bool {
        matches!(self, Self::Removed(_))
    }

    /// Whether it has no outcome yet.
    pub fn is_waiting(&self) -> bool {
        matches!(self, Self::Listed(_) | Self::Objected(_))
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Listed(_) => LISTED,
            Self::Objected(_) => OBJECTED,
            Self::Undisputed(_) => UNDISPUTED,
            Self::Concluded(_) => "concluded",
            Self::Removed(_) => REMOVED,
            Self::Withdrawn(_) => WITHDRAWN,
        }
    }

    fn is_of(&self, notice: Id) -> Result<(), Refused> {
        if self.listing().notice == notice { Ok(()) } else { Err(Refused::Mismatch) }
    }

    /// Takes an objection out of those that stand.
    fn resolve(self, objection: Id) -> Result<(Listing, BTreeSet<Id>), Refused> {
        let (listing, mut standing) = match self {
            Self::Objected(Objected { listing, standing }) | Self::Removed(Removed { listing, standing }) => {
                (listing, standing)
            }
            Self::Listed(_) | Self::Undisputed(_) | Self::Concluded(_) | Self::Withdrawn(_) => {
                return Err(Refused::Mismatch);
            }
        };
        if standing.remove(&objection) { Ok((listing, standing)) } else { Err(Refused::Mismatch) }
    }
}

impl Listed {
    fn clear(self, over: &Over) -> Step<Entry, Event> {
        let closed_on = self.dismissed_on.map_or(over.since(), |dismissed| dismissed.max(over.since()));
        let event = Event::Undisputed { opsp_dise_code: self.listing.code.clone(), closed_on };
        Step::new(Entry::Undisputed(Cleared { listing: self.listing, closed_on }), event)
    }
}

/// Word of a listed entry.
pub const LISTED: &str = "listed";
/// Word of an entry that is held.
pub const OBJECTED: &str = "objected";
/// Word of an entry whose benefit is due.
pub const UNDISPUTED: &str = "undisputed";
/// Word of a removed entry.
pub const REMOVED: &str = "removed";
/// Word of a withdrawn entry.
pub const WITHDRAWN: &str = "withdrawn";

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
