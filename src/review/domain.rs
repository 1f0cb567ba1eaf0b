//! 专家评审: the experts' tasks with the states as types. The panel as a whole is in `panel.rs`, who left it in
//! `departure.rs`, the experts in `registry.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::anonymous::Shown;
use super::departure::Closed;
pub use super::event::Event;
use super::quality::domain::Purpose;
pub use super::refused::Refused;
use super::said::{Said, opinions};
use super::sent_back::SentBack;
use crate::catalog::criteria::Criterion;
pub use crate::catalog::criteria::Finding;
use crate::catalog::published::Cited;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// `reviewTasks/{id}`: names no applicant.
pub fn task_name(id: Id) -> String {
    format!("reviewTasks/{id}")
}

/// A task in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Task {
    /// Waits for its expert.
    Open(Open),
    /// The opinion is there.
    Answered(Answered),
    /// It was taken from its expert.
    Closed(Closed),
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// Its id.
    pub id: Id,
    /// The application.
    pub application: Id,
    /// The area of the application.
    pub area: Region,
    /// The expert.
    pub expert: Id,
    /// How the expert signs in.
    pub operator: String,
    /// What there is to judge.
    pub lines: Vec<Line>,
    /// Whether they come from the sample catalogue.
    pub sample: bool,
    /// The catalogue that they come from; empty in a task that was assigned before it was kept.
    #[serde(default)]
    pub cited: Cited,
    /// When it was assigned.
    pub assigned_at: OffsetDateTime,
    /// 评审时限, working days; 0 where it was assigned by a version that kept none.
    #[serde(default)]
    pub opinion_working_days: u32,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
}

/// One disease to judge, with the standard by which it is judged as it was on the day of the draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// 病种代码.
    pub code: String,
    /// 病种名称.
    pub name: String,
    /// Name of its group: the specialty that it asks for.
    pub group: String,
    /// 认定标准.
    pub criteria: Criterion,
}

/// Waits for its expert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What never changes.
    pub assigned: Assigned,
    /// What the expert gave before the task was opened again.
    #[serde(default)]
    pub earlier: Vec<Given>,
    /// Opinions that stand, because it was opened again for other lines only.
    #[serde(default)]
    pub standing: Vec<Opinion>,
    /// How many materials the application had when it was opened again: they are all that the expert has judged.
    #[serde(default)]
    pub seen: usize,
    /// The day on which it was opened, the last time; none where that was by a version that kept none.
    #[serde(default)]
    pub since: Option<Date>,
    /// Whether it was told that it is overdue and nobody can be drawn instead.
    #[serde(default)]
    pub irreplaceable: bool,
}

/// The opinion is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What never changes.
    pub assigned: Assigned,
    /// One a line, in the order of the lines.
    pub opinions: Vec<Opinion>,
    /// When it was given.
    pub answered_at: OffsetDateTime,
    /// What the expert gave before the task was opened again.
    #[serde(default)]
    pub earlier: Vec<Given>,
}

/// An opinion that was given before the task was opened again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// One a line, in the order of the lines.
    pub opinions: Vec<Opinion>,
    /// When it was given.
    pub answered_at: OffsetDateTime,
    /// 退回, where an officer sent it back; none where more evidence was asked for.
    #[serde(default)]
    pub sent_back: Option<SentBack>,
}

/// What an expert says of one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// 病种代码.
    pub code: String,
    /// What was found.
    pub finding: Finding,
    /// 未满足的标准.
    pub facts_not_met: BTreeSet<String>,
    /// 逐项认定: every fact of the line; none in an opinion that only names the facts that are not met.
    #[serde(default)]
    pub leaves: Vec<Leaf>,
    /// 意见.
    pub text: String,
}

/// What an expert says of one fact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Its name.
    pub fact: String,
    /// What was found.
    pub finding: Finding,
    /// 依据: the materials looked at.
    pub materials: Vec<Id>,
    /// 已查阅: those of them that the expert had opened by then.
    #[serde(default)]
    pub opened: Vec<Id>,
    /// 说明, for the applicant too.
    pub note: String,
}

impl std::fmt::Debug for Opinion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opinion(…)")
    }
}

impl Open {
    /// A new task.
    pub fn assign(assigned: Assigned) -> Step<Self, Event> {
        let event = Event::TaskAssigned { expert: assigned.expert, cited: assigned.cited.clone() };
        let since = Some(local_day(assigned.assigned_at));
        let (earlier, standing) = (Vec::new(), Vec::new());
        Step::new(Self { assigned, earlier, standing, seen: 0, since, irreplaceable: false }, event)
    }

    /// 评审时限: it starts when the task is opened and stands still with the review's clock; none where there is none. On a
    /// second panel it runs by itself.
    pub fn clock(&self, review: Option<&Clock>) -> Option<Clock> {
        let days = self.assigned.opinion_working_days;
        let since = self.since.filter(|_| days > 0)?;
        match self.assigned.purpose {
            Purpose::Decision => Some(review?.beside(since, days)),
            Purpose::Quality(_) => Some(Clock::start(since, days)),
        }
    }

    /// Takes the opinion: one a line whose opinion does not stand, of the line's own facts, and not against the line's
    /// standard.
    pub fn answer(
        self,
        said: &[Said],
        shown: &[Shown],
        now: OffsetDateTime,
    ) -> Result<Step<Answered, Event>> {
        let opinions = opinions(&self, said, shown).map_err(Error::Invalid)?;
        let lines = self.assigned.lines.iter().zip(&opinions);
        let against: Vec<_> = lines.filter_map(|(line, opinion)| line.contradicts(opinion)).collect();
        if !against.is_empty() {
            return Err(Error::Refused(against.into_iter().map(Refusal::from).collect()));
        }
        let event = Event::OpinionGiven { cited: self.assigned.cited.clone() };
        let answered =
            Answered { assigned: self.assigned, opinions, answered_at: now, earlier: self.earlier };
        Ok(Step::new(answered, event))
    }
}

impl Open {
    /// 无补充材料: what the expert had given stands again. Not where the application, which has so many materials, has one
    /// that the expert has not judged, and not what an officer sent back.
    pub fn stand(mut self, materials: usize) -> Option<Step<Answered, Event>> {
        let stands = |given: &Given| self.seen == materials && given.sent_back.is_none();
        let Given { opinions, answered_at, .. } = self.earlier.pop().filter(stands)?;
        let answered = Answered { assigned: self.assigned, opinions, answered_at, earlier: self.earlier };
        Some(Step::new(answered, Event::TaskStands {}))
    }
}

impl Answered {
    /// Opens it again for these lines, because the panel could not judge them and more evidence is asked for. The
    /// opinions on the others stand, and what was given is kept. `seen`: how many materials the application has. The
    /// expert has the whole time anew.
    pub fn reopen(self, codes: &BTreeSet<String>, seen: usize, today: Date) -> Step<Open, Event> {
        Step::new(self.opened_again(codes, seen, today, None), Event::TaskReopened {})
    }

    pub(super) fn opened_again(
        self,
        codes: &BTreeSet<String>,
        seen: usize,
        today: Date,
        sent_back: Option<SentBack>,
    ) -> Open {
        let standing =
            self.opinions.iter().filter(|opinion| !codes.contains(&opinion.code)).cloned().collect();
        let mut earlier = self.earlier;
        earlier.push(Given { opinions: self.opinions, answered_at: self.answered_at, sent_back });
        let (assigned, since) = (self.assigned, Some(today));
        Open { assigned, earlier, standing, seen, since, irreplaceable: false }
    }
}

impl From<Open> for Task {
    fn from(open: Open) -> Self {
        Self::Open(open)
    }
}

impl From<Answered> for Task {
    fn from(answered: Answered) -> Self {
        Self::Answered(answered)
    }
}

impl From<Closed> for Task {
    fn from(closed: Closed) -> Self {
        Self::Closed(closed)
    }
}

impl Opinion {
    /// What it says of a fact. Where it only names the facts that are not met, every other one is met.
    pub fn of(&self, fact: &str) -> Finding {
        match self.leaves.iter().find(|leaf| leaf.fact == fact) {
            Some(leaf) => leaf.finding,
            None if self.facts_not_met.contains(fact) => Finding::NotMet,
            None => Finding::Met,
        }
    }
}

impl Line {
    /// Why an opinion cannot be: its finding is another one than the standard gives for what it says of the facts.
    fn contradicts(&self, opinion: &Opinion) -> Option<Refused> {
        let follows = self.criteria.finding(&|fact| opinion.of(fact));
        let (code, said) = (self.code.clone(), opinion.finding);
        (follows != said).then_some(Refused::Contradicts { code, said, follows })
    }
}

impl Task {
    /// What never changes.
    pub fn assigned(&self) -> &Assigned {
        match self {
            Self::Open(Open { assigned, .. })
            | Self::Answered(Answered { assigned, .. })
            | Self::Closed(Closed { assigned, .. }) => assigned,
        }
    }

    /// The answered task.
    pub fn answered(&self) -> Option<&Answered> {
        match self {
            Self::Answered(answered) => Some(answered),
            Self::Open(_) | Self::Closed(_) => None,
        }
    }

    /// What its expert gave before it was opened again, oldest first.
    pub fn earlier(&self) -> &[Given] {
        match self {
            Self::Open(Open { earlier, .. })
            | Self::Answered(Answered { earlier, .. })
            | Self::Closed(Closed { earlier, .. }) => earlier,
        }
    }

    /// What its expert says of a line; none while it waits for that.
    pub fn opinion(&self, code: &str) -> Option<&Opinion> {
        let opinions = match self {
            Self::Open(open) => &open.standing[..],
            Self::Answered(answered) => &answered.opinions,
            Self::Closed(_) => &[],
        };
        opinions.iter().find(|opinion| opinion.code == code)
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Answered(_) => "answered",
            Self::Closed(_) => "closed",
        }
    }

    /// 评审时限 of its expert, while it is open.
    pub fn clock(&self, review: Option<&Clock>) -> Option<Clock> {
        match self {
            Self::Open(open) => open.clock(review),
            Self::Answered(_) | Self::Closed(_) => None,
        }
    }

    /// The open task, or why it is none.
    pub fn into_open(self) -> Result<Open, Refused> {
        match self {
            Self::Open(open) => Ok(open),
            Self::Answered(_) => Err(Refused::OpinionGiven),
            Self::Closed(_) => Err(Refused::TaskClosed),
        }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
