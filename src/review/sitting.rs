//! What the members of a panel said, as far as a decision rests on it, and the decision that follows. Pure: the same
//! sitting gives the same decision today and when it is made again from its receipt.

use serde::{Deserialize, Serialize};

use super::domain::{Finding, Line, Opinion, Refused};
use super::panel::{Outcome, outcome};
use super::reasons::{Papers, rejection};
use crate::application::domain::{Line as Decision, LineState};
use crate::kernel::id::Id;

/// The lines and what each member said of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sitting {
    /// The lines with the standards by which they were judged.
    pub lines: Vec<Line>,
    /// In the order of the draw.
    pub members: Vec<Voice>,
    /// Seats whose expert left and that nobody has taken since. No decision is made while there is one.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: usize,
}

fn is_none(missing: &usize) -> bool {
    *missing == 0
}

/// What one member said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// The expert.
    pub expert: Id,
    /// How the expert signs in.
    pub operator: String,
    /// The expert's task.
    pub task: Id,
    /// One a line, in the order of the lines; a line that waits for one has none.
    pub opinions: Vec<Opinion>,
}

impl Voice {
    /// What is said of a line.
    pub fn of(&self, code: &str) -> Option<&Opinion> {
        self.opinions.iter().find(|opinion| opinion.code == code)
    }
}

impl Sitting {
    /// What was found of each line. A seat on which nobody sits is one whose opinion is out.
    pub fn outcomes(&self) -> Vec<(&Line, Outcome)> {
        self.lines.iter().zip(self.found()).collect()
    }

    /// The same without the lines, in their order.
    pub fn found(&self) -> Vec<Outcome> {
        let votes = |line: &Line| -> Vec<_> {
            let votes =
                self.members.iter().map(|member| member.of(&line.code).map(|opinion| opinion.finding));
            votes.chain(std::iter::repeat_n(None, self.missing)).collect()
        };
        self.lines.iter().map(|line| outcome(&votes(line))).collect()
    }

    /// How many members have not said everything.
    pub fn open(&self) -> usize {
        let waits = |member: &&Voice| self.lines.iter().any(|line| member.of(&line.code).is_none());
        self.members.iter().filter(waits).count()
    }

    /// What follows for each line once everything is found; every reason why it cannot be confirmed by this officer.
    pub fn decide(&self, officer: &str, papers: &Papers) -> Result<Vec<Decision>, Vec<Refused>> {
        let mut reasons = Vec::new();
        if self.members.iter().any(|member| member.operator == officer) {
            reasons.push(Refused::OfficerIsExpert);
        }
        let open = self.open();
        if open > 0 {
            reasons.push(Refused::OpinionsMissing { open });
        }
        if self.missing > 0 {
            reasons.push(Refused::PanelShort { missing: self.missing });
        }
        let mut decisions = Vec::new();
        for (line, outcome) in self.outcomes() {
            match outcome {
                Outcome::Found(Finding::Met) => decisions.push(approved(line)),
                Outcome::Found(found @ (Finding::NotMet | Finding::Unknown)) => {
                    decisions.push(self.rejected(line, found, papers));
                }
                Outcome::Differ => reasons.push(Refused::ThirdNeeded { code: line.code.clone() }),
                // Told above, once for all lines.
                Outcome::Open => {}
            }
        }
        if reasons.is_empty() { Ok(decisions) } else { Err(reasons) }
    }

    /// A rejection rests on those who found what the panel found.
    fn rejected(&self, line: &Line, found: Finding, papers: &Papers) -> Decision {
        let opinions = self.members.iter().filter_map(|member| member.of(&line.code));
        let grounds: Vec<_> = opinions.filter(|opinion| opinion.finding == found).collect();
        let reasons = rejection(line, &grounds, papers);
        Decision { code: line.code.clone(), state: LineState::Rejected, reasons }
    }
}

fn approved(line: &Line) -> Decision {
    Decision { code: line.code.clone(), state: LineState::Approved, reasons: Vec::new() }
}
