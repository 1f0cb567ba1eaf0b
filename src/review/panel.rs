//! A panel: who sits on it, what it found, and the decision that follows. An application has one on which its decision
//! rests, and a second one where that is drawn for the quality sample (质量抽查). Pure.

use serde::{Deserialize, Serialize};

use super::departure::Closed;
use super::domain::{Event, Finding, Line, Opinion, Refused, Task};
use super::draw::Drawn;
use super::reasons::{Papers, unknown};
use super::registry::{Expert, resource};
use super::sitting::{Sitting, Voice};
use crate::application::domain::Line as Decision;
use crate::catalog::published::Cited;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A panel of one application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// The application.
    pub application: Id,
    /// The seed of its last draw, in hexadecimal.
    pub seed: String,
    /// In the order of the draw.
    pub members: Vec<Member>,
    /// Experts who were left out, with the reasons.
    pub excluded: Vec<Refusal>,
    /// How many have to sit on it; less than there are members where it was drawn by a version that did not count.
    #[serde(default)]
    pub seats: usize,
    /// Who left it, first who left first.
    #[serde(default)]
    pub former: Vec<Member>,
    /// 质量抽查: the quality review that it serves; none for the panel on which the decision rests.
    #[serde(default)]
    pub quality: Option<Id>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The expert.
    pub expert: Id,
    /// The area in whose registry the expert is.
    pub area: Region,
    /// How the expert signs in.
    pub operator: String,
    /// The expert's task.
    pub task: Id,
}

impl Member {
    /// `areas/{admdvs}/experts/{id}` of its expert.
    pub fn resource(&self) -> String {
        resource(&self.area, self.expert)
    }
}

/// What a panel found of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Opinions are out on which it depends.
    Open,
    /// What they found, whatever those say whose opinions are out.
    Found(Finding),
    /// All opinions are there, and another member has to tell between them.
    Differ,
}

/// What the members of a panel found together of one line; none for a member whose opinion is out.
///
/// It is the middle one of their findings in the order NOT_MET, UNKNOWN, MET. So it is MET or NOT_MET only when more
/// than half say so; two who agree are enough; and a third always tells between two who differ: three who each say
/// something else have not found it met and not found it not met, which is UNKNOWN.
pub fn outcome(votes: &[Option<Finding>]) -> Outcome {
    let middle = |open: Finding, round_up: bool| {
        let mut all: Vec<_> = votes.iter().map(|vote| vote.unwrap_or(open)).collect();
        all.sort_unstable();
        let place = if round_up { all.len() / 2 } else { all.len().saturating_sub(1) / 2 };
        all.get(place).copied()
    };
    match (middle(Finding::NotMet, false), middle(Finding::Met, true)) {
        (Some(worst), Some(best)) if worst == best => Outcome::Found(worst),
        _ if votes.iter().any(Option::is_none) => Outcome::Open,
        _ => Outcome::Differ,
    }
}

impl Panel {
    /// The first panel. `tasks` are the ids of the tasks of those who were drawn.
    pub fn first(application: Id, drawn: &Drawn, tasks: &[Id]) -> Step<Self, Event> {
        let (members, excluded, former) = (Vec::new(), Vec::new(), Vec::new());
        let seed = drawn.seed.hex();
        let mut panel = Self { application, seed, members, excluded, seats: 0, former, quality: None };
        let experts = panel.seat(drawn, tasks);
        panel.seats = panel.members.len();
        let event = Event::PanelDrawn { seed: panel.seed.clone(), experts, order: drawn.order.clone() };
        Step::new(panel, event)
    }

    /// A second panel on which nobody sits yet.
    pub fn vacant(application: Id, quality: Id, seats: usize) -> Self {
        let (members, excluded, former) = (Vec::new(), Vec::new(), Vec::new());
        Self { application, seed: String::new(), members, excluded, seats, former, quality: Some(quality) }
    }

    /// Another member is needed because the others differ, and nobody can be drawn: the panel is short.
    pub fn lack(mut self) -> Step<Self, Event> {
        self.seats = self.members.len() + 1;
        Step::new(self, Event::ThirdMissing {})
    }

    /// Takes those off it who have some tasks, and looks for nobody any more. Gives who left.
    pub fn dissolve(&mut self, tasks: &[Id]) -> Vec<Id> {
        let left = tasks.iter().filter_map(|task| self.remove(*task)).collect();
        self.seats = self.members.len();
        left
    }

    /// The panel with those who were drawn because the others differ.
    pub fn join(mut self, drawn: &Drawn, tasks: &[Id]) -> Step<Self, Event> {
        let experts = self.seat(drawn, tasks);
        self.seats = self.members.len();
        let event = Event::ThirdDrawn { seed: self.seed.clone(), experts, order: drawn.order.clone() };
        Step::new(self, event)
    }

    /// The panel with those who were drawn because it is short: its first ones, or instead of who left.
    pub fn fill(mut self, drawn: &Drawn, tasks: &[Id]) -> Step<Self, Event> {
        let is_first = self.members.is_empty() && self.former.is_empty();
        let experts = self.seat(drawn, tasks);
        let (seed, order) = (self.seed.clone(), drawn.order.clone());
        let event = if is_first {
            Event::PanelDrawn { seed, experts, order }
        } else {
            Event::PanelFilled { seed, experts, order }
        };
        Step::new(self, event)
    }

    /// The panel without the member who has a task; none where nobody has it.
    pub fn leave(mut self, task: Id) -> Option<Step<Self, Event>> {
        let left = self.remove(task)?;
        Some(Step::new(self, Event::ExpertLeft { left }))
    }

    /// The panel with those who were drawn instead of the member who has a task; none where nobody has it.
    pub fn replace(mut self, task: Id, drawn: &Drawn, tasks: &[Id]) -> Option<Step<Self, Event>> {
        let left = self.remove(task)?;
        let experts = self.seat(drawn, tasks);
        let (seed, order) = (self.seed.clone(), drawn.order.clone());
        Some(Step::new(self, Event::ExpertReplaced { left, seed, experts, order }))
    }

    /// How many members are missing.
    pub fn missing(&self) -> usize {
        self.seats.saturating_sub(self.members.len())
    }

    /// Who may not be drawn for it: who sits on it, and who did.
    pub fn seen(&self) -> Vec<Member> {
        self.members.iter().chain(&self.former).cloned().collect()
    }

    fn seat(&mut self, drawn: &Drawn, tasks: &[Id]) -> Vec<Id> {
        self.seed = drawn.seed.hex();
        let member = |(expert, task): (&Expert, &Id)| Member {
            expert: expert.id,
            area: expert.area.clone(),
            operator: expert.operator.clone(),
            task: *task,
        };
        self.members.extend(drawn.experts.iter().zip(tasks).map(member));
        for reason in &drawn.excluded {
            if !self.excluded.contains(reason) {
                self.excluded.push(reason.clone());
            }
        }
        drawn.experts.iter().map(|expert| expert.id).collect()
    }

    fn remove(&mut self, task: Id) -> Option<Id> {
        let place = self.members.iter().position(|member| member.task == task)?;
        self.seats = self.seats.max(self.members.len());
        let member = self.members.remove(place);
        let left = member.expert;
        self.former.push(member);
        Some(left)
    }
}

/// A panel with the tasks of its members, in the order of the draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Seated {
    /// The panel.
    pub panel: Panel,
    /// A task a member.
    pub tasks: Vec<Task>,
    /// The task of each who left it, in that order.
    pub former: Vec<Closed>,
}

impl Seated {
    /// The lines that it judges: those of any of its tasks.
    pub fn lines(&self) -> &[Line] {
        let assigned = self.tasks.first().map(Task::assigned);
        assigned.or_else(|| Some(&self.former.first()?.assigned)).map_or(&[], |assigned| &assigned.lines)
    }

    /// Whether it judges by the sample catalogue.
    pub fn sample(&self) -> bool {
        self.tasks.iter().any(|task| task.assigned().sample)
    }

    /// The catalogue that it judges by.
    pub fn cited(&self) -> Cited {
        self.tasks.first().map(|task| task.assigned().cited.clone()).unwrap_or_default()
    }

    /// What it found of each line so far.
    pub fn outcomes(&self) -> Vec<(&Line, Outcome)> {
        self.lines().iter().zip(self.sitting().found()).collect()
    }

    /// Whether a further expert has to be drawn, or why not. Not before it is whole.
    pub fn needs_third(&self) -> Result<(), Refused> {
        if self.panel.missing() > 0 {
            return Err(Refused::PanelShort { missing: self.panel.missing() });
        }
        let differ = self.outcomes().iter().any(|(_, outcome)| *outcome == Outcome::Differ);
        match self.sitting().open() {
            0 if differ => Ok(()),
            0 => Err(Refused::PanelComplete),
            open => Err(Refused::ThirdNotNeeded { open }),
        }
    }

    /// What follows for each line once everything is found; every reason why it cannot be confirmed by this officer.
    pub fn decide(&self, officer: &str, papers: &Papers) -> Result<Vec<Decision>, Vec<Refused>> {
        self.sitting().decide(officer, papers)
    }

    /// What a decision rests on.
    pub fn sitting(&self) -> Sitting {
        let lines = self.lines();
        let voice = |(member, task): (&Member, &Task)| Voice {
            expert: member.expert,
            operator: member.operator.clone(),
            task: member.task,
            opinions: lines.iter().filter_map(|line| task.opinion(&line.code)).cloned().collect(),
        };
        let members = self.panel.members.iter().zip(&self.tasks).map(voice).collect();
        Sitting { lines: lines.to_vec(), members, missing: self.panel.missing() }
    }

    /// The facts that a line found UNKNOWN hangs on; none of a line that is open or found otherwise.
    pub fn facts_unknown(&self, line: &Line, outcome: Outcome) -> Vec<String> {
        if outcome != Outcome::Found(Finding::Unknown) {
            return Vec::new();
        }
        unknown(line, &self.opinions(line)).into_iter().map(str::to_owned).collect()
    }

    /// The facts, each with its disease, for which more evidence may be asked: everybody has answered, and together they
    /// found a line UNKNOWN. None otherwise: then the opinions stand.
    pub fn wanting(&self) -> Option<Vec<(String, String)>> {
        let outcomes = self.outcomes();
        let found = outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Found(_)));
        let named = |(line, outcome): &(&Line, Outcome)| {
            let code = line.code.clone();
            let facts = self.facts_unknown(line, *outcome).into_iter();
            facts.map(|fact| (code.clone(), fact)).collect::<Vec<_>>()
        };
        let facts: Vec<_> = outcomes.iter().flat_map(named).collect();
        (self.sitting().open() + self.panel.missing() == 0 && found && !facts.is_empty()).then_some(facts)
    }

    fn opinions(&self, line: &Line) -> Vec<&Opinion> {
        self.tasks.iter().filter_map(|task| task.opinion(&line.code)).collect()
    }
}

#[cfg(test)]
#[path = "panel_tests.rs"]
mod tests;
