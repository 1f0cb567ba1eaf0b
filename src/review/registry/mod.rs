//! 评审专家: who is in an area's registry, for how long, and to whom related. Pure.

pub mod grpc;
pub mod store;

use serde::{Deserialize, Serialize};
use time::Date;

use super::domain::Event;
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// 评审专家.
#[derive(Clone, PartialEq, Eq)]
pub struct Expert {
    /// Its id.
    pub id: Id,
    /// The area in whose registry it is. It judges applications of this area and of everything within.
    pub area: Region,
    /// How it signs in.
    pub operator: String,
    /// What may change of it.
    pub card: Card,
}

/// What may change of an expert.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// 姓名.
    pub name: String,
    /// 所在机构.
    pub fixmedins_code: String,
    /// 专业: names of groups of the catalogue; empty for all.
    pub specialties: Vec<String>,
    /// 医师编码; empty when it treats nobody.
    pub diag_dr_codg: String,
    /// 任期.
    pub term: Term,
    /// 利害关系.
    pub relations: Vec<Relation>,
}

/// 任期: the days on which an expert may be drawn, both ends inclusive, either perhaps open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
}

/// 利害关系, declared.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// To whom.
    pub party: Party,
    /// Which.
    pub reason: String,
}

/// To whom an expert is related.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// An insured person.
    Person(PsnNo),
    /// A doctor, by 医师编码.
    Doctor(String),
    /// An institution, by fixmedins_code.
    Institution(String),
}

/// How much an expert has and had to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Tasks without an opinion.
    pub open_tasks: u64,
    /// Tasks answered in the last 365 days.
    pub answered_tasks: u64,
    /// Tasks closed without an opinion in the last 365 days: given back, reassigned or overdue.
    pub closed_tasks: u64,
}

impl Load {
    /// Tasks that ended in the last 365 days, in whichever way.
    pub fn ended_tasks(self) -> u64 {
        self.answered_tasks + self.closed_tasks
    }
}

impl std::iter::Sum for Load {
    fn sum<I: Iterator<Item = Self>>(loads: I) -> Self {
        loads.fold(Self::default(), |sum, load| Self {
            open_tasks: sum.open_tasks + load.open_tasks,
            answered_tasks: sum.answered_tasks + load.answered_tasks,
            closed_tasks: sum.closed_tasks + load.closed_tasks,
        })
    }
}

impl std::fmt::Debug for Expert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expert({})", self.id)
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card(…)")
    }
}

impl std::fmt::Debug for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Relation(…)")
    }
}

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Party(…)")
    }
}

impl Term {
    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl Expert {
    /// `areas/{admdvs}/experts/{id}`.
    pub fn resource(&self) -> String {
        resource(&self.area, self.id)
    }

    /// A new one.
    pub fn register(id: Id, area: Region, operator: String, card: Card) -> Step<Self, Event> {
        let event = Event::ExpertAdded { fixmedins_code: card.fixmedins_code.clone() };
        Step::new(Self { id, area, operator, card }, event)
    }

    /// Replaces what may change.
    pub fn change(self, card: Card) -> Step<Self, Event> {
        let event = Event::ExpertChanged { fixmedins_code: card.fixmedins_code.clone() };
        Step::new(Self { card, ..self }, event)
    }
}

/// `areas/{admdvs}/experts/{id}`.
pub fn resource(area: &Region, id: Id) -> String {
    format!("areas/{area}/experts/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn both_ends_of_a_term_belong_to_it_and_either_may_be_open() {
        let (from, until) = (date!(2025 - 03 - 01), date!(2025 - 03 - 31));
        let (before, after) = (date!(2025 - 02 - 28), date!(2025 - 04 - 01));
        let holds = |term: Term| [before, from, until, after].map(|day| term.contains(day));
        assert_eq!(holds(Term::default()), [true; 4]);
        assert_eq!(holds(Term { from: Some(from), until: Some(until) }), [false, true, true, false]);
        assert_eq!(holds(Term { from: Some(from), until: None }), [false, true, true, true]);
        assert_eq!(holds(Term { from: None, until: Some(until) }), [true, true, true, false]);
    }

    #[test]
    fn nothing_of_a_relation_is_printed() {
        let party = Party::Person(PsnNo::parse("62090000001").unwrap());
        let relation = Relation { party, reason: "配偶".to_owned() };
        assert_eq!(format!("{relation:?} {:?}", relation.party), "Relation(…) Party(…)");
    }
}
