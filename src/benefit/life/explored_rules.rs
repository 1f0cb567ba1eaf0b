//! What must hold of a state of the exploration, and which states are outcomes.

use std::collections::BTreeSet;

use super::explored::{LISTINGS, Listed, State};
use super::made::{BEGAN, Fixed};
use crate::application::domain::LineState;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::notice::entry::domain::Entry;
use crate::notice::objection::domain::Objection;

impl State {
    /// Whether the line came to its end, or to the bounds of what is looked at.
    pub fn has_outcome(&self) -> bool {
        let at_bound = self.notices.len() == LISTINGS;
        let done = match self.line() {
            LineState::Granted => self.benefit.is_some(),
            LineState::Objected => true,
            LineState::Approved | LineState::Pending => at_bound,
            LineState::InNotice | LineState::Rejected => false,
        };
        let over = |listed: &Listed| ["void", "settled", "withdrawn"].contains(&listed.notice.word());
        done && self.notices.iter().all(|listed| over(listed) && !listed.stands())
    }

    /// Everything that must never be.
    pub fn wrong(&self, fixed: &Fixed) -> Vec<&'static str> {
        let mut held = Vec::new();
        let home = Region::find("620902").unwrap();
        let days = || std::iter::successors(Some(local_day(BEGAN)), |day| day.next_day()).take(30);
        if let Some(benefit) = &self.benefit {
            let of = |listed: &&Listed| {
                listed.entry.as_ref().is_some_and(|entry| entry.listing().id == benefit.entry)
            };
            let own = self.notices.iter().find(of);
            let over = own.and_then(|listed| listed.notice.over());
            let stands = own.is_none_or(|listed| {
                let waits = |one: &Objection| {
                    one.resolution().is_none() || one.appeal_until(&fixed.calendar, self.today).is_some()
                };
                listed.objections.iter().any(waits)
            });
            let in_force = days().any(|day| benefit.in_force(day, &home).is_ok());
            held.push(("a benefit has its closed notice", over.is_some()));
            held.push(("nothing in force while an objection stands", !(in_force && stands)));
            held.push((
                "nothing is paid for after its end",
                benefit.end.is_none_or(|(last, _)| {
                    days().filter(|day| *day > last).all(|day| benefit.in_force(day, &home).is_err())
                }),
            ));
        }
        let words = self.notices.iter().filter_map(|listed| listed.entry.as_ref()).map(Entry::word);
        let count = |of: &[&str]| words.clone().filter(|word| of.contains(word)).count();
        let line = |state| usize::from(self.line() == state);
        let live = count(&["listed", "objected", "appealable", "undisputed"]);
        held.push(("a line is in one notice at a time", live == line(LineState::InNotice)));
        held.push(("a line is granted once", count(&["concluded"]) == line(LineState::Granted)));
        held.push(("a line is lost by an objection alone", count(&["removed"]) >= line(LineState::Objected)));
        held.extend(self.notices.iter().flat_map(Listed::holds));
        held.push((
            "a granted line has its benefit",
            (self.line() == LineState::Granted) == self.benefit.is_some(),
        ));
        held.into_iter().filter(|(_, holds)| !holds).map(|(what, _)| what).collect()
    }
}

impl Listed {
    /// Whether somebody waits for an answer.
    pub fn stands(&self) -> bool {
        self.objections.iter().any(|objection| objection.resolution().is_none())
    }

    /// What holds of a notice and its entry.
    pub fn holds(&self) -> Vec<(&'static str, bool)> {
        let Some(entry) = &self.entry else {
            return vec![("only a notice that nobody saw has no entry", self.notice.opened().is_none())];
        };
        let stand = |one: &&Objection| one.resolution().is_none();
        let standing: BTreeSet<_> = self.objections.iter().filter(stand).map(|one| one.filed().id).collect();
        let word = entry.word();
        let cleared = ["appealable", "undisputed", "concluded"].contains(&word);
        let settled = ["settled", "withdrawn"].contains(&self.notice.word());
        vec![
            ("an entry knows what stands", entry.standing().into_iter().collect::<BTreeSet<_>>() == standing),
            ("cleared when the public had its days", !cleared || self.notice.over().is_some()),
            ("no cleared entry has an objection", !cleared || standing.is_empty()),
            ("nobody is forgotten", !(settled && word == "listed")),
            ("a withdrawn notice has no entry", self.notice.word() != "withdrawn" || !entry.is_waiting()),
        ]
    }
}
