//! An entry of a notice: what holds it back, and the proof that nothing does. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::catalog::domain::Insutype;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::notice::domain::Withdrawal;

/// An entry in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Entry {
    /// 公示中.
    Listed(Listed),
    /// 异议处理中.
    Objected(Objected),
    /// 复核申请期: the notice is over and nothing stands, but who objected may still appeal.
    Appealable(Appealable),
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
    /// 复核申请期 of the last objection that was dismissed; none where nothing can be appealed.
    #[serde(default)]
    pub appeal: Option<Clock>,
}

/// 异议处理中.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objected {
    /// What never changes.
    pub listing: Listing,
    /// The objections that stand, at least one.
    pub standing: BTreeSet<Id>,
    /// 复核申请期 of the last one that was dismissed; none where nothing can be appealed.
    #[serde(default)]
    pub appeal: Option<Clock>,
}

/// 复核申请期, after the notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appealable {
    /// What never changes.
    pub listing: Listing,
    /// The first day on which the notice was over and nothing stood against it.
    pub closed_on: Date,
    /// The days in which an objector may appeal.
    pub appeal: Clock,
}

/// 异议不成立, as the entry takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// When.
    pub on: Date,
    /// 复核申请期; none where nothing can be appealed.
    pub appeal: Option<Clock>,
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
    /// 退回复审: its line went back to review.
    #[serde(default)]
    pub to_review: bool,
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
    /// The notice is over, and who objected may still appeal.
    #[serde(rename = "notice.entry_appealable")]
    Appealable {},
    /// 申请复核: an objection that was dismissed stands again.
    #[serde(rename = "notice.entry_appealed")]
    Appealed { standing: usize },
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

impl Entry {
    /// The objections that stand against it.
    pub fn standing(&self) -> Vec<Id> {
        match self {
            Self::Objected(Objected { standing, .. }) | Self::Removed(Removed { standing, .. }) => {
                standing.iter().copied().collect()
            }
            _ => Vec::new(),
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

    /// What never changes.
    pub fn listing(&self) -> &Listing {
        match self {
            Self::Listed(Listed { listing, .. })
            | Self::Objected(Objected { listing, .. })
            | Self::Appealable(Appealable { listing, .. })
            | Self::Undisputed(Cleared { listing, .. })
            | Self::Concluded(Cleared { listing, .. })
            | Self::Removed(Removed { listing, .. })
            | Self::Withdrawn(Withdrawn { listing, .. }) => listing,
        }
    }

    /// Whether its line went back to review, where it was removed.
    pub fn removed(&self) -> Option<bool> {
        match self {
            Self::Removed(removed) => Some(removed.to_review),
            _ => None,
        }
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
            Self::Appealable(_) => APPEALABLE,
            Self::Undisputed(_) => UNDISPUTED,
            Self::Concluded(_) => "concluded",
            Self::Removed(_) => REMOVED,
            Self::Withdrawn(_) => WITHDRAWN,
        }
    }
}

/// Word of a listed entry.
pub const LISTED: &str = "listed";
/// Word of an entry that is held.
pub const OBJECTED: &str = "objected";
/// Word of an entry that may still be appealed about.
pub const APPEALABLE: &str = "appealable";
/// Word of an entry whose benefit is due.
pub const UNDISPUTED: &str = "undisputed";
/// Word of a removed entry.
pub const REMOVED: &str = "removed";
/// Word of a withdrawn entry.
pub const WITHDRAWN: &str = "withdrawn";
