//! The transitions of an entry: each takes the old state and gives the new one with its event.

use std::collections::BTreeSet;

use time::Date;

use super::domain::{
    Appealable, Cleared, Dismissal, Entry, Event, Listed, Listing, Objected, Removed, Withdrawn,
};
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::step::Step;
use crate::notice::domain::{Over, Recall, Refused, Running, Withdrawal};
use crate::notice::objection::domain::is_within;

/// So many objections may stand against one entry at once: more than anybody files by hand, each by somebody else.
const STANDING_MAX: usize = 1_000;

impl Entry {
    /// Enters a line into a notice.
    pub fn list(listing: Listing) -> Step<Self, Event> {
        let event = Event::Listed { opsp_dise_code: listing.code.clone(), application: listing.application };
        Step::new(Self::Listed(Listed { listing, dismissed_on: None, appeal: None }), event)
    }

    /// An objection is filed. `running` is the proof that the public may.
    pub fn object(self, running: &Running, objection: Id) -> Result<Step<Self, Event>, Refused> {
        self.is_of(running.notice())?;
        let (listing, mut standing, appeal) = match self {
            Self::Listed(Listed { listing, appeal, .. }) => (listing, BTreeSet::new(), appeal),
            Self::Objected(Objected { listing, standing, appeal }) => (listing, standing, appeal),
            Self::Appealable(_) | Self::Undisputed(_) | Self::Concluded(_) => {
                return Err(Refused::EntryCleared);
            }
            // Which of the two is nobody's business who only read the notice.
            Self::Removed(_) | Self::Withdrawn(_) => return Err(Refused::EntryGone),
        };
        if standing.len() >= STANDING_MAX {
            return Err(Refused::ObjectionsTooMany);
        }
        standing.insert(objection);
        let event = Event::Objected { standing: standing.len() };
        Ok(Step::new(Self::Objected(Objected { listing, standing, appeal }), event))
    }

    /// 申请复核: an objection that was dismissed stands again, and holds the entry as before.
    pub fn appeal(self, objection: Id) -> Result<Step<Self, Event>, Refused> {
        let (listing, mut standing, appeal) = match self {
            Self::Listed(Listed { listing, appeal, .. }) => (listing, BTreeSet::new(), appeal),
            Self::Objected(Objected { listing, standing, appeal }) => (listing, standing, appeal),
            Self::Appealable(Appealable { listing, appeal, .. }) => (listing, BTreeSet::new(), Some(appeal)),
            Self::Undisputed(_) | Self::Concluded(_) => return Err(Refused::AppealOver),
            Self::Removed(_) => return Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => return Err(Refused::EntryWithdrawn),
        };
        standing.insert(objection);
        let event = Event::Appealed { standing: standing.len() };
        Ok(Step::new(Self::Objected(Objected { listing, standing, appeal }), event))
    }

    /// 异议成立: a standing objection was upheld. What became of the line is settled by the first one.
    pub fn uphold(self, objection: Id, to_review: bool) -> Result<Step<Self, Event>, Refused> {
        let removed = self.removed();
        let Resolving { listing, standing, .. } = self.resolve(objection)?;
        let event = match removed {
            Some(_) => Event::ObjectionResolved { standing: standing.len() },
            None => Event::Removed { standing: standing.len() },
        };
        let to_review = removed.unwrap_or(to_review);
        Ok(Step::new(Self::Removed(Removed { listing, standing, to_review }), event))
    }

    /// 异议不成立: a standing objection was dismissed. When no other stands, the entry is listed again, or undisputed
    /// where the notice is over.
    pub fn dismiss(
        self,
        objection: Id,
        over: Option<&Over>,
        dismissal: Dismissal,
    ) -> Result<Step<Self, Event>, Refused> {
        if let Some(over) = over {
            self.is_of(over.notice())?;
        }
        let removed = self.removed();
        let Resolving { listing, standing, appeal } = self.resolve(objection)?;
        // The days after the last dismissal end last: all are equally long.
        let appeal = dismissal.appeal.or(appeal);
        let event = Event::ObjectionResolved { standing: standing.len() };
        if let Some(to_review) = removed {
            return Ok(Step::new(Self::Removed(Removed { listing, standing, to_review }), event));
        }
        if !standing.is_empty() {
            return Ok(Step::new(Self::Objected(Objected { listing, standing, appeal }), event));
        }
        let listed = Listed { listing, dismissed_on: Some(dismissal.on), appeal };
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
            Self::Appealable(_) | Self::Undisputed(_) | Self::Concluded(_) => Err(Refused::EntryCleared),
            Self::Removed(_) => Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => Err(Refused::EntryWithdrawn),
        }
    }

    /// 无异议: nobody appealed in time. It counts from the day on which nothing stood against it any more.
    /// None while somebody still may, and of everything else.
    pub fn mature(self, calendar: &Calendar, today: Date) -> Option<Step<Self, Event>> {
        match self {
            Self::Appealable(waiting) if !is_within(&waiting.appeal, calendar, today) => {
                Some(undisputed(waiting.listing, waiting.closed_on))
            }
            _ => None,
        }
    }

    /// 撤回: its line waits for the next notice. What stood against it is to be told.
    pub fn withdraw(self, recall: &Recall, withdrawal: Withdrawal) -> Result<Step<Self, Event>, Refused> {
        self.is_of(recall.notice())?;
        let standing = self.standing().len();
        let listing = match self {
            Self::Listed(Listed { listing, .. }) | Self::Objected(Objected { listing, .. }) => listing,
            Self::Appealable(_) | Self::Undisputed(_) | Self::Concluded(_) => {
                return Err(Refused::TooLateToWithdraw);
            }
            Self::Removed(_) => return Err(Refused::EntryRemoved),
            Self::Withdrawn(_) => return Err(Refused::EntryWithdrawn),
        };
        let event = Event::Withdrawn { opsp_dise_code: listing.code.clone(), standing };
        Ok(Step::new(Self::Withdrawn(Withdrawn { listing, withdrawal }), event))
    }

    /// What it proved was taken: its line has its benefit.
    pub fn conclude(self) -> Result<Step<Self, Event>, Refused> {
        match self {
            Self::Undisputed(cleared) => Ok(Step::new(Self::Concluded(cleared), Event::Concluded {})),
            _ => Err(Refused::EntryNotCleared),
        }
    }

    fn is_of(&self, notice: Id) -> Result<(), Refused> {
        if self.listing().notice == notice { Ok(()) } else { Err(Refused::Mismatch) }
    }

    /// Takes an objection out of those that stand.
    fn resolve(self, objection: Id) -> Result<Resolving, Refused> {
        let (listing, mut standing, appeal) = match self {
            Self::Objected(Objected { listing, standing, appeal }) => (listing, standing, appeal),
            Self::Removed(Removed { listing, standing, .. }) => (listing, standing, None),
            _ => return Err(Refused::Mismatch),
        };
        if standing.remove(&objection) {
            Ok(Resolving { listing, standing, appeal })
        } else {
            Err(Refused::Mismatch)
        }
    }
}

/// An entry without one of its objections.
struct Resolving {
    listing: Listing,
    standing: BTreeSet<Id>,
    appeal: Option<Clock>,
}

impl Listed {
    fn clear(self, over: &Over) -> Step<Entry, Event> {
        let closed_on = self.dismissed_on.map_or(over.since(), |dismissed| dismissed.max(over.since()));
        let listing = self.listing;
        match self.appeal {
            Some(appeal) => {
                Step::new(Entry::Appealable(Appealable { listing, closed_on, appeal }), Event::Appealable {})
            }
            None => undisputed(listing, closed_on),
        }
    }
}

fn undisputed(listing: Listing, closed_on: Date) -> Step<Entry, Event> {
    let event = Event::Undisputed { opsp_dise_code: listing.code.clone(), closed_on };
    Step::new(Entry::Undisputed(Cleared { listing, closed_on }), event)
}

#[cfg(test)]
#[path = "transition_tests.rs"]
mod tests;
