//! 质量抽查: a decision that a second panel judges too, without a word of what was decided. Pure.

use serde::{Deserialize, Serialize};
use time::Date;

use super::lot::Lot;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::review::departure::Closed;
use crate::review::domain::{Event, Finding, Task};
use crate::review::panel::{Outcome, Panel, Seated};

/// Experts on a second panel. A third is drawn when they differ.
pub const SEATS: usize = 2;

/// What a task is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The decision on its application.
    #[default]
    Decision,
    /// 质量抽查 of a decision.
    Quality(Second),
}

/// What the task of a second panel belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Its quality review.
    pub review: Id,
    /// What its expert is shown as 审核时限.
    pub shown: Clock,
}

impl Purpose {
    /// The quality review that it serves.
    pub fn quality(&self) -> Option<&Second> {
        match self {
            Self::Decision => None,
            Self::Quality(second) => Some(second),
        }
    }
}

/// The quality sample of one confirmation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityReview {
    /// Its id.
    pub id: Id,
    /// The application.
    pub application: Id,
    /// The area of the application.
    pub area: Region,
    /// The day of the confirmation.
    pub confirmed_on: Date,
    /// How the officer signs in who accepted the application.
    pub accepted_by: String,
    /// Seed of the draw among the lines, in hexadecimal.
    pub seed: String,
    /// Every line that took part.
    pub lines: Vec<Sampled>,
    /// How the officer signs in who confirmed it.
    pub decided_by: String,
    /// How many working days its experts are shown as 审核时限, each from the day on which the task is assigned: as many as
    /// were left when the first panel was drawn. A date in the past would tell that it is a sample.
    pub shown_days: u32,
    /// The second panel; none where no line was drawn.
    pub panel: Option<Panel>,
    /// What it found of each drawn line; empty until it has found something of all.
    pub judged: Vec<Judged>,
    /// Whether the decision was taken back.
    pub undone: bool,
}

/// A line that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// How it was drawn.
    pub lot: Lot,
    /// Whether it was approved.
    pub approved: bool,
}

/// What the second panel found of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// 病种代码.
    pub code: String,
    /// What was found.
    pub found: Finding,
    /// Whether that would have decided it the same.
    pub agrees: bool,
}

/// Whether a line agrees, for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agrees {
    /// 病种代码.
    pub opsp_dise_code: String,
    /// Whether the second panel would have decided it the same.
    pub agrees: bool,
}

/// Where a quality review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No line was drawn.
    None,
    /// Opinions are out.
    Waiting,
    /// Experts are missing.
    Short,
    /// The second panel would have decided the same.
    Agrees,
    /// Of a line at least it would have decided otherwise.
    Differs,
    /// The decision was taken back.
    Undone,
}

impl State {
    /// Its word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Waiting => "waiting",
            Self::Short => "short",
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Undone => "undone",
        }
    }
}

/// How many working days of the clock were left when a panel was drawn.
pub fn left(clock: &Clock, calendar: &Calendar, first: &Seated, today: Date) -> u32 {
    let drawn_on = first.tasks.iter().map(|task| local_day(task.assigned().assigned_at)).min();
    u32::try_from(clock.read(calendar, drawn_on.unwrap_or(today)).left).unwrap_or(0)
}

impl QualityReview {
    /// A new one. Where a line was drawn, a panel waits for its experts.
    pub fn sample(mut self) -> Step<Self, Event> {
        if self.drawn().next().is_some() {
            self.panel = Some(Panel::vacant(self.application, self.id, SEATS));
        }
        let lines = self.lines.iter().map(|line| line.lot.clone()).collect();
        let event = Event::QualitySampled { seed: self.seed.clone(), lines };
        Step::new(self, event)
    }

    /// 病种代码 of the drawn lines.
    pub fn drawn(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|line| line.lot.drawn).map(|line| line.lot.opsp_dise_code.as_str())
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        match &self.panel {
            _ if self.undone => State::Undone,
            None => State::None,
            Some(_) if !self.judged.is_empty() && self.judged.iter().all(|line| line.agrees) => State::Agrees,
            Some(_) if !self.judged.is_empty() => State::Differs,
            Some(panel) if panel.missing() > 0 => State::Short,
            Some(_) => State::Waiting,
        }
    }

    /// Whether its panel still has something to judge.
    pub fn is_open(&self) -> bool {
        matches!(self.state(), State::Waiting | State::Short)
    }

    /// With what its panel found; none while that is open. What was decided stays as it is.
    pub fn judge(mut self, seated: &Seated) -> Option<Step<Self, Event>> {
        let found = |code: &str| {
            let (_, outcome) = seated.outcomes().into_iter().find(|(line, _)| line.code == code)?;
            match outcome {
                Outcome::Found(finding) => Some(finding),
                Outcome::Open | Outcome::Differ => None,
            }
        };
        let judged = |line: &Sampled| {
            let found = found(&line.lot.opsp_dise_code)?;
            let agrees = line.approved == (found == Finding::Met);
            Some(Judged { code: line.lot.opsp_dise_code.clone(), found, agrees })
        };
        let drawn = self.lines.iter().filter(|line| line.lot.drawn);
        self.judged = drawn.map(judged).collect::<Option<_>>()?;
        let lines =
            self.judged.iter().map(|line| Agrees { opsp_dise_code: line.code.clone(), agrees: line.agrees });
        let event = Event::QualityJudged { lines: lines.collect() };
        Some(Step::new(self, event))
    }

    /// The decision was taken back. Those whose tasks were closed leave the panel.
    pub fn undo(mut self, closed: &[Closed]) -> Step<Self, Event> {
        let left = self
            .panel
            .as_mut()
            .map(|panel| panel.dissolve(&closed.iter().map(|closed| closed.assigned.id).collect::<Vec<_>>()));
        self.undone = true;
        Step::new(self, Event::QualityUndone { left: left.unwrap_or_default() })
    }
}

/// The open ones among some tasks.
pub fn open(tasks: &[Task]) -> impl Iterator<Item = Id> {
    tasks.iter().filter(|task| task.answered().is_none()).map(|task| task.assigned().id)
}
