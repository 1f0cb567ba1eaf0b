//! 险种变更: the insured kind of a benefit is that of its person. Pure.

use serde::{Deserialize, Serialize};
use time::Date;

use super::domain::{Facts, Following};
use crate::benefit::domain::{Benefit, Event};
use crate::catalog::domain::Insutype;
use crate::kernel::step::Step;

/// A change of the insured kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// 险种 before.
    pub from: Insutype,
    /// 险种 afterwards.
    pub to: Insutype,
    /// First day of it.
    pub on: Date,
}

impl Benefit {
    /// 险种变更, oldest first.
    pub fn transfers(&self) -> &[Transfer] {
        &self.following.transfers
    }

    /// The next change of the kind, or the last one taken back that the platform does not tell any more.
    pub(super) fn follow_kind(&self, facts: &Facts<'_>) -> Option<Step<Self, Event>> {
        let (told, not_open) = self.kinds(facts);
        let known = self.transfers();
        if told == known {
            return self.tell_not_open(not_open.filter(|kind| Some(*kind) != self.following.not_open)?);
        }
        let (transfers, change) = match told.strip_prefix(known).and_then(<[_]>::first) {
            Some(next) => (told[..=known.len()].to_vec(), *next),
            None => {
                let (Transfer { from, to, on }, rest) = known.split_last()?;
                (rest.to_vec(), Transfer { from: *to, to: *from, on: *on })
            }
        };
        let following = Following { transfers, ..self.following.clone() };
        let after = Self { insutype: change.to, following, ..self.clone() };
        let event =
            Event::Transferred { insutype_before: change.from, insutype: change.to, begndate: change.on };
        Some(Step::new(after, event))
    }

    /// The kind that the person has now and for which the disease is not open, with its first day.
    pub(super) fn kind_not_open(&self, facts: &Facts<'_>) -> Option<(Insutype, Date)> {
        self.kinds(facts).1
    }

    fn tell_not_open(&self, (insutype, begndate): (Insutype, Date)) -> Option<Step<Self, Event>> {
        let following = Following { not_open: Some((insutype, begndate)), ..self.following.clone() };
        let after = Self { following, ..self.clone() };
        Some(Step::new(after, Event::NotTransferred { insutype, begndate }))
    }

    /// The changes that the spells here tell, and the last one where the disease is not open for its kind. One that was
    /// made stays made, whatever is published later.
    fn kinds(&self, facts: &Facts<'_>) -> (Vec<Transfer>, Option<(Insutype, Date)>) {
        let until = self.until(facts.today);
        let spells = facts.insured.history.spells().iter().filter(|spell| {
            let ended = spell.period.to.is_some_and(|to| to < self.begndate);
            spell.is_in(&self.area) && !ended && spell.period.from.max(self.begndate) <= until
        });
        let mut kind = self.transfers().first().map_or(self.insutype, |first| first.from);
        let (mut transfers, mut not_open) = (Vec::new(), None);
        for spell in spells {
            let (to, on) = (spell.insutype, spell.period.from.max(self.begndate));
            let transfer = Transfer { from: kind, to, on };
            not_open = None;
            if to == kind {
                continue;
            }
            if self.transfers().contains(&transfer) || facts.open.contains(&to) {
                transfers.push(transfer);
                kind = to;
            } else {
                not_open = Some((to, on));
            }
        }
        (transfers, not_open)
    }
}
