//! The panel of an application: who sits on it, what it found, and the decision that follows. Pure.

use serde::{Deserialize, Serialize};

use super::domain::{Event, Finding, Line, Opinion, Refused, Task, resource};
use super::draw::{Drawn, Seed};
use super::reasons::{Papers, unknown};
use super::sitting::{Sitting, Voice};
use crate::application::domain::Line as Decision;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// The panel of one application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// The application.
    pub application: Id,
    /// The seed of its draws, in hexadecimal.
    pub seed: String,
    /// In the order of the draw.
    pub members: Vec<Member>,
    /// Experts who were left out, with the reasons.
    pub excluded: Vec<Refusal>,
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
    pub fn first(application: Id, seed: Seed, drawn: &Drawn, tasks: &[Id]) -> Step<Self, Event> {
        let seed = seed.hex();
        let members = members(drawn, tasks);
        let event = Event::PanelDrawn {
            seed: seed.clone(),
            experts: members.iter().map(|member| member.expert).collect(),
            order: drawn.order.clone(),
        };
        Step::new(Self { application, seed, members, excluded: drawn.excluded.clone() }, event)
    }

    /// The panel with those who were drawn because the others differ.
    pub fn join(mut self, drawn: &Drawn, tasks: &[Id]) -> Step<Self, Event> {
        let new = members(drawn, tasks);
        let event = Event::ThirdDrawn {
            seed: self.seed.clone(),
            experts: new.iter().map(|member| member.expert).collect(),
            order: drawn.order.clone(),
        };
        self.members.extend(new);
        for reason in &drawn.excluded {
            if !self.excluded.contains(reason) {
                self.excluded.push(reason.clone());
            }
        }
        Step::new(self, event)
    }
}

fn members(drawn: &Drawn, tasks: &[Id]) -> Vec<Member> {
    let member = |(expert, task): (&super::domain::Expert, &Id)| Member {
        expert: expert.id,
        area: expert.area.clone(),
        operator: expert.operator.clone(),
        task: *task,
    };
    drawn.experts.iter().zip(tasks).map(member).collect()
}

/// A panel with the tasks of its members, in the order of the draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Seated {
    /// The panel.
    pub panel: Panel,
    /// A task a member.
    pub tasks: Vec<Task>,
}

impl Seated {
    /// The lines that it judges: those of any of its tasks.
    pub fn lines(&self) -> &[Line] {
        self.tasks.first().map_or(&[], |task| &task.assigned().lines)
    }

    /// Whether it judges by the sample catalogue.
    pub fn sample(&self) -> bool {
        self.tasks.iter().any(|task| task.assigned().sample)
    }

    /// What it found of each line so far.
    pub fn outcomes(&self) -> Vec<(&Line, Outcome)> {
        let votes = |line: &Line| -> Vec<_> {
            self.tasks.iter().map(|task| task.opinion(&line.code).map(|opinion| opinion.finding)).collect()
        };
        self.lines().iter().map(|line| (line, outcome(&votes(line)))).collect()
    }

    fn open(&self) -> usize {
        self.tasks.iter().filter(|task| task.answered().is_none()).count()
    }

    /// Whether a further expert has to be drawn, or why not.
    pub fn needs_third(&self) -> Result<(), Refused> {
        let differ = self.outcomes().iter().any(|(_, outcome)| *outcome == Outcome::Differ);
        match self.open() {
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
        Sitting { lines: lines.to_vec(), members }
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
        (self.open() == 0 && found && !facts.is_empty()).then_some(facts)
    }

    fn opinions(&self, line: &Line) -> Vec<&Opinion> {
        self.tasks.iter().filter_map(|task| task.opinion(&line.code)).collect()
    }
}

#[cfg(test)]
#[path = "panel_tests.rs"]
mod tests;
