//! 撤销决定: what was decided or refused, back to where it was. Pure.

use time::Date;

use super::domain::{
    Accepted, Application, Decided, Event, Filed, LineState, Refused, StepRefused, Submitted,
};
use crate::kernel::clock::Ground;
use crate::kernel::step::Step;

/// What the bureau has decided.
pub enum Ended {
    /// 已办结.
    Decided(Decided),
    /// 不予受理.
    Refused(Refused),
}

impl Application {
    /// What the bureau has decided, or why it has not.
    pub fn into_ended(self) -> Result<Ended, StepRefused> {
        match self {
            Self::Decided(decided) => Ok(Ended::Decided(decided)),
            Self::Refused(refused) => Ok(Ended::Refused(refused)),
            other => Err(other.wrong("decided or refused")),
        }
    }
}

impl Ended {
    /// What is fixed by the submission.
    pub fn filed(&self) -> &Filed {
        match self {
            Self::Decided(Decided { filed, .. }) | Self::Refused(Refused { filed, .. }) => filed,
        }
    }

    /// Diseases that nobody asks for any more, because of the decision: taking it back asks for them again.
    pub fn given_up(&self) -> Vec<String> {
        match self {
            Self::Decided(decided) => {
                let rejected = decided.lines.iter().filter(|line| line.state == LineState::Rejected);
                rejected.map(|line| line.code.clone()).collect()
            }
            Self::Refused(refused) => refused.filed.form.codes(),
        }
    }

    /// Diseases whose lines are in a notice, and those that have an outcome behind it.
    pub fn beside(&self) -> (Vec<String>, Vec<String>) {
        let in_state = |states: &[LineState]| match self {
            Self::Decided(decided) => {
                let lines = decided.lines.iter().filter(|line| states.contains(&line.state));
                lines.map(|line| line.code.clone()).collect()
            }
            Self::Refused(_) => Vec::new(),
        };
        (in_state(&[LineState::InNotice]), in_state(&[LineState::Granted, LineState::Objected]))
    }

    /// Diseases whose lines have gone on from the decision.
    pub fn moved_on(&self) -> Vec<&str> {
        let on = |state| matches!(state, LineState::InNotice | LineState::Granted | LineState::Objected);
        match self {
            Self::Decided(decided) => {
                let moved = decided.lines.iter().filter(|line| on(line.state));
                moved.map(|line| line.code.as_str()).collect()
            }
            Self::Refused(_) => Vec::new(),
        }
    }
}

impl Decided {
    /// Under review again, as it was accepted by an officer before. Not once a line has gone on.
    pub fn undo(self, accepted_by: &str) -> Result<Step<Accepted, Event>, StepRefused> {
        let ended = Ended::Decided(self);
        if let Some(code) = ended.moved_on().first() {
            return Err(StepRefused::LineNotReady { code: (*code).to_owned() });
        }
        let filed = ended.filed().clone();
        let event = undone("decided", &filed);
        Ok(Step::new(Accepted { filed, accepted_by: accepted_by.to_owned() }, event))
    }

    /// The same behind its notice: what the public's days and the investigation took counts for nobody. The clock stood
    /// still from the decision on.
    pub fn standing_still(mut self, officer: &str, today: Date) -> Self {
        let clock = self.filed.clock.pause(self.decided_on, Ground::Notice, "", officer);
        self.filed.clock = clock.resume(today);
        self
    }
}

impl Refused {
    /// Submitted again. Where it was refused while it waited for its applicant, it is the bureau's turn now.
    pub fn undo(self, today: Date) -> Step<Submitted, Event> {
        let mut filed = self.filed;
        let event = undone("refused", &filed);
        filed.clock = filed.clock.resume(today);
        Step::new(Submitted { filed }, event)
    }
}

fn undone(was: &str, filed: &Filed) -> Event {
    Event::DecisionUndone { was: was.to_owned(), receipt_sha256: String::new(), cited: filed.cited() }
}
