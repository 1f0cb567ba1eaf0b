//! Who left a panel without an opinion that counts, how and why. Pure.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::domain::{Answered, Assigned, Event, Given, Open, Refused, Task};
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::step::Step;

/// A task that was taken from its expert: out of reach from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// What never changes.
    pub assigned: Assigned,
    /// What the expert gave before the task was opened again.
    #[serde(default)]
    pub earlier: Vec<Given>,
    /// How that came.
    pub left: Left,
}

/// How somebody came to leave.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// In which way.
    pub how: Departure,
    /// Why, in somebody's words; empty where nobody said any.
    pub text: String,
    /// When.
    pub at: OffsetDateTime,
    /// How the officer or expert signs in who said so; empty when the server did it.
    pub by: String,
}

/// In which way somebody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// 退回: gave the task back.
    Declined(DeclineReason),
    /// 更换: replaced by an officer.
    Reassigned,
    /// 超期更换: replaced because the opinion was overdue.
    Overdue,
    /// 撤销: nobody needs the opinion, because the decision that it was to check was taken back.
    Undone,
}

/// 退回原因.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// 回避: a relation to somebody concerned.
    Relation,
    /// 专业不符.
    NotMyField,
    /// 不在岗.
    Absent,
    /// 其他.
    Other,
}

impl std::fmt::Debug for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Left({:?} at {})", self.how, self.at)
    }
}

impl Open {
    /// Whether its expert's time is over.
    pub fn is_overdue(&self, review: &Clock, calendar: &Calendar, today: Date) -> bool {
        let due = self.clock(Some(review)).and_then(|clock| clock.due(calendar));
        due.is_some_and(|due| due.date < today)
    }

    /// Why an officer cannot have somebody else judge it: its expert has given an opinion and is asked again, and there is
    /// time. Not so of who is related to the applicant.
    pub fn not_reassigned(&self, is_overdue: bool, is_related: bool) -> Option<Refused> {
        (!self.earlier.is_empty() && !is_overdue && !is_related).then_some(Refused::TaskReopened)
    }

    /// Takes it from its expert.
    pub fn close(self, left: Left) -> Step<Closed, Event> {
        let event = Event::TaskClosed { departure: left.how };
        Step::new(Closed { assigned: self.assigned, earlier: self.earlier, left }, event)
    }

    /// Overdue, and nobody can be drawn instead: told once.
    pub fn irreplaceable(self) -> Option<Step<Self, Event>> {
        let told = self.irreplaceable;
        (!told).then(|| Step::new(Self { irreplaceable: true, ..self }, Event::ReplacementMissing {}))
    }
}

impl Answered {
    /// Opens it again for everything, so that its expert can leave: nothing of what was given counts any more.
    pub fn take_back(self, today: Date) -> Open {
        let codes = self.assigned.lines.iter().map(|line| line.code.clone()).collect();
        self.reopen(&codes, 0, today).state
    }
}

impl Task {
    /// When it was answered or closed; none while it is open.
    pub fn ended_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Open(_) => None,
            Self::Answered(answered) => Some(answered.answered_at),
            Self::Closed(closed) => Some(closed.left.at),
        }
    }
}

impl Closed {
    /// Whether its expert is related to somebody concerned.
    pub fn is_related(&self) -> bool {
        self.left.how == Departure::Declined(DeclineReason::Relation)
    }
}
