//! 退回专家复评: an answered task, opened again by the officer. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::departure::Closed;
use super::domain::{Answered, Event, Given, Open, Refused, Task};
use super::not_taken_back::NotTakenBack;
use super::panel::Seated;
use super::reasons::Papers;
use crate::kernel::error::Refusal;
use crate::kernel::local_day;
use crate::kernel::step::Step;

/// So often an application is sent back: then it is confirmed, whatever the officer thinks of it.
pub const MOST: usize = 2;

/// One time that a task was sent back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBack {
    /// 退回说明, for the expert.
    pub reason: String,
    /// The officer.
    pub by: String,
    /// When: the same for all tasks that were sent back together.
    pub at: OffsetDateTime,
    /// For which diseases.
    pub codes: BTreeSet<String>,
}

impl std::fmt::Debug for SentBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SentBack({})", self.at)
    }
}

impl Answered {
    /// Opens it again for the lines of some diseases. The opinions on the others stand, and what was given is kept.
    /// `seen`: how many materials the application has.
    pub fn send_back(self, sent: SentBack, seen: usize) -> Step<Open, Event> {
        let (codes, today) = (sent.codes.clone(), local_day(sent.at));
        let event = Event::TaskSentBack { opsp_dise_codes: codes.iter().cloned().collect() };
        Step::new(self.opened_again(&codes, seen, today, Some(sent)), event)
    }
}

impl Task {
    /// Each time that it was sent back, oldest first.
    pub fn sent_back(&self) -> impl Iterator<Item = &SentBack> {
        self.earlier().iter().filter_map(|given| given.sent_back.as_ref())
    }

    /// The last time that it was opened again, when it was sent back then.
    pub fn last_sent_back(&self) -> Option<&SentBack> {
        self.earlier().last().and_then(|given: &Given| given.sent_back.as_ref())
    }

    /// Whether it was sent back and its expert has not answered since.
    pub fn is_sent_back(&self) -> bool {
        self.answered().is_none() && self.last_sent_back().is_some()
    }
}

impl Seated {
    /// Whether an opinion was given; one that was sent back was, too, also by somebody who has left since.
    pub fn has_opinion(&self) -> bool {
        let left = |closed: &Closed| closed.earlier.last().is_some_and(|given| given.sent_back.is_some());
        self.tasks.iter().any(|task| task.answered().is_some() || task.is_sent_back())
            || self.former.iter().any(left)
    }

    /// Why an officer cannot send it back: only what could be confirmed is, and not for ever. `related`: members who
    /// keep it from being confirmed.
    pub fn not_sent_back(&self, officer: &str, related: Vec<Refused>) -> Vec<Refusal> {
        let unconfirmed = self.decide(officer, &Papers::new()).err().unwrap_or_default();
        let mut reasons: Vec<_> = unconfirmed.into_iter().chain(related).map(Refusal::from).collect();
        if self.times_sent_back() >= MOST {
            reasons.push(NotTakenBack::TooOften { most: MOST }.into());
        }
        reasons
    }

    /// How often it was sent back, to whoever sat on it: the tasks of one time count once.
    pub fn times_sent_back(&self) -> usize {
        let of_members = self.tasks.iter().flat_map(Task::earlier);
        let given = of_members.chain(self.former.iter().flat_map(|closed| &closed.earlier));
        let times: BTreeSet<_> =
            given.filter_map(|given| given.sent_back.as_ref()).map(|sent| sent.at).collect();
        times.len()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::catalog::criteria::{Criterion, Finding};
    use crate::catalog::published::Cited;
    use crate::kernel::id::Id;
    use crate::kernel::region::Region;
    use crate::review::anonymous::Shown;
    use crate::review::departure::{Departure, Left};
    use crate::review::domain::{Assigned, Line};
    use crate::review::panel::Panel;
    use crate::review::said::Said;

    fn line(code: &str) -> Line {
        let criteria = Criterion::Fact { fact: "a".to_owned(), text: "条文".to_owned() };
        Line { code: code.to_owned(), name: code.to_owned(), group: String::new(), criteria }
    }

    fn said(code: &str) -> Said {
        Said {
            code: code.to_owned(),
            finding: Finding::NotMet,
            facts_not_met: BTreeSet::from(["a".to_owned()]),
            leaves: Vec::new(),
            text: String::new(),
        }
    }

    fn open() -> Open {
        Open::assign(Assigned {
            id: Id(uuid::Uuid::from_u128(1)),
            application: Id(uuid::Uuid::from_u128(2)),
            area: Region::find("620902").unwrap(),
            expert: Id(uuid::Uuid::from_u128(3)),
            operator: "zhang".to_owned(),
            lines: vec![line("A"), line("B")],
            sample: true,
            cited: Cited::default(),
            opinion_working_days: 10,
            purpose: Default::default(),
            assigned_at: datetime!(2025-03-03 0:00 UTC),
        })
        .state
    }

    fn sent(hour: u8) -> SentBack {
        SentBack {
            reason: "请再看材料".to_owned(),
            by: "wang".to_owned(),
            at: datetime!(2025-03-05 0:00 UTC).replace_hour(hour).unwrap(),
            codes: BTreeSet::from(["B".to_owned()]),
        }
    }

    #[test]
    fn what_was_sent_back_is_judged_anew_for_its_lines_and_does_not_stand_again() {
        let shown: [Shown; 0] = [];
        let answer = |open: Open, codes: &[&str]| {
            let said: Vec<_> = codes.iter().map(|code| said(code)).collect();
            open.answer(&said, &shown, datetime!(2025-03-04 0:00 UTC)).unwrap().state
        };
        let back = answer(open(), &["A", "B"]).send_back(sent(1), 3).state;
        assert!(Task::Open(back.clone()).is_sent_back());
        assert!(back.clone().stand(3).is_none(), "nothing to add does not end what the officer wants");
        let task = Task::Open(back.clone());
        assert!(task.opinion("A").is_some() && task.opinion("B").is_none(), "the other line stands");
        let again = Task::Answered(answer(back, &["B"]));
        assert_eq!((again.earlier().len(), again.sent_back().count()), (1, 1));
        assert!(!again.is_sent_back() && again.last_sent_back() == Some(&sent(1)));
        // An opinion from before it could be sent back is read.
        let mut given = serde_json::to_value(&again.earlier()[0]).unwrap();
        assert!(given.as_object_mut().unwrap().remove("sent_back").is_some());
        assert_eq!(serde_json::from_value::<Given>(given).unwrap().sent_back, None);
    }

    #[test]
    fn a_time_counts_though_its_expert_has_left() {
        let shown: [Shown; 0] = [];
        let now = datetime!(2025-03-04 0:00 UTC);
        let answered = open().answer(&[said("A"), said("B")], &shown, now).unwrap().state;
        let left = Left { how: Departure::Reassigned, text: String::new(), at: now, by: String::new() };
        let closed = answered.send_back(sent(1), 3).state.close(left).state;
        let panel = Panel {
            application: closed.assigned.application,
            seed: String::new(),
            members: Vec::new(),
            excluded: Vec::new(),
            seats: 1,
            former: Vec::new(),
            quality: None,
        };
        let seated = Seated { panel, tasks: Vec::new(), former: vec![closed] };
        assert_eq!(seated.times_sent_back(), 1);
    }
}
