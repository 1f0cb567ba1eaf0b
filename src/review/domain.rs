//! 专家评审: the experts, and their tasks with the states as types. The panel as a whole is in `panel.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use super::refused::Refused;
use crate::catalog::criteria::Criterion;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// 评审专家.
#[derive(Clone, PartialEq, Eq)]
pub struct Expert {
    /// Its id.
    pub id: Id,
    /// The area in whose registry it is. It judges applications of this area and of everything within.
    pub area: Region,
    /// 姓名.
    pub name: String,
    /// How it signs in.
    pub operator: String,
    /// 所在机构.
    pub fixmedins_code: String,
    /// 专业: names of groups of the catalogue; empty for all.
    pub specialties: Vec<String>,
    /// 医师编码; empty when it treats nobody.
    pub diag_dr_codg: String,
}

impl std::fmt::Debug for Expert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expert({})", self.id)
    }
}

impl Expert {
    /// `areas/{admdvs}/experts/{id}`.
    pub fn resource(&self) -> String {
        resource(&self.area, self.id)
    }
}

/// `areas/{admdvs}/experts/{id}`.
pub fn resource(area: &Region, id: Id) -> String {
    format!("areas/{area}/experts/{id}")
}

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
    /// When it was assigned.
    pub assigned_at: OffsetDateTime,
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
    /// 意见.
    pub text: String,
}

impl std::fmt::Debug for Opinion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opinion(…)")
    }
}

/// What is found of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// 符合认定标准.
    Met,
    /// 不符合认定标准.
    NotMet,
}

/// What happened in a review. No content of opinions: those are for the bureau alone.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// The first panel was drawn; with what is needed to draw it again.
    #[serde(rename = "review.panel_drawn")]
    PanelDrawn { seed: String, experts: Vec<Id>, order: Vec<super::draw::Weighed> },
    /// A further expert was drawn, because the others differ.
    #[serde(rename = "review.third_drawn")]
    ThirdDrawn { seed: String, experts: Vec<Id>, order: Vec<super::draw::Weighed> },
    /// An expert got a task.
    #[serde(rename = "review.task_assigned")]
    TaskAssigned { expert: Id },
    /// An expert gave the opinion.
    #[serde(rename = "review.opinion_given")]
    OpinionGiven {},
    /// An expert was added.
    #[serde(rename = "review.expert_added")]
    ExpertAdded { fixmedins_code: String },
}

impl Open {
    /// A new task.
    pub fn assign(assigned: Assigned) -> Step<Self, Event> {
        let event = Event::TaskAssigned { expert: assigned.expert };
        Step::new(Self { assigned }, event)
    }

    /// Takes the opinion: one a line, of the line's own facts, and not against the line's standard.
    pub fn answer(self, opinions: Vec<Opinion>, now: OffsetDateTime) -> Result<Step<Answered, Event>> {
        let faults = self.assigned.faults(&opinions);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let ordered: Vec<_> = self
            .assigned
            .lines
            .iter()
            .filter_map(|line| opinions.iter().find(|opinion| opinion.code == line.code).cloned())
            .collect();
        let against: Vec<_> = self
            .assigned
            .lines
            .iter()
            .zip(&ordered)
            .filter(|(line, opinion)| line.contradicts(opinion))
            .map(|(line, opinion)| Refused::Contradicts { code: line.code.clone(), finding: opinion.finding })
            .collect();
        if !against.is_empty() {
            return Err(Error::Refused(against.into_iter().map(Refusal::from).collect()));
        }
        let answered = Answered { assigned: self.assigned, opinions: ordered, answered_at: now };
        Ok(Step::new(answered, Event::OpinionGiven {}))
    }
}

impl Line {
    /// Whether the finding is another one than the standard gives for the facts that are said not to be met.
    fn contradicts(&self, opinion: &Opinion) -> bool {
        let holds = self.criteria.holds_without(&opinion.facts_not_met);
        holds != (opinion.finding == Finding::Met)
    }
}

impl Assigned {
    fn faults(&self, opinions: &[Opinion]) -> Vec<Violation> {
        let mut faults = Vec::new();
        for (index, opinion) in opinions.iter().enumerate() {
            let Some(line) = self.lines.iter().find(|line| line.code == opinion.code) else {
                faults.push(Violation::new(
                    &format!("opinions[{index}].opsp_dise_code"),
                    "不是本任务的病种",
                    "is no line of this task",
                ));
                continue;
            };
            let field = format!("opinions[{index}].facts_not_met");
            let facts = line.criteria.facts();
            if opinion.facts_not_met.iter().any(|fact| facts.iter().all(|(known, _)| known != fact)) {
                faults.push(Violation::new(
                    &field,
                    "含有不属于该病种认定标准的事实",
                    "names a fact that the line's criteria do not have",
                ));
            }
            if opinion.finding == Finding::NotMet && opinion.facts_not_met.is_empty() {
                faults.push(Violation::new(
                    &field,
                    "认定为不符合时，须至少指明一项未满足的标准",
                    "must name at least one fact when the finding is NOT_MET",
                ));
            }
        }
        let each = self.lines.iter().all(|line| opinions.iter().any(|opinion| opinion.code == line.code));
        if !each || opinions.len() != self.lines.len() {
            faults.push(Violation::new(
                "opinions",
                "须对任务中的每个病种给出意见",
                "must hold one opinion for every line of the task",
            ));
        }
        faults
    }
}

impl Task {
    /// What never changes.
    pub fn assigned(&self) -> &Assigned {
        match self {
            Self::Open(Open { assigned }) | Self::Answered(Answered { assigned, .. }) => assigned,
        }
    }

    /// The answered task.
    pub fn answered(&self) -> Option<&Answered> {
        match self {
            Self::Open(_) => None,
            Self::Answered(answered) => Some(answered),
        }
    }

    /// What its expert says of a line; none while it is open.
    pub fn opinion(&self, code: &str) -> Option<&Opinion> {
        self.answered()?.opinions.iter().find(|opinion| opinion.code == code)
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Answered(_) => "answered",
        }
    }

    /// The open task, or why it is none.
    pub fn into_open(self) -> Result<Open, Refused> {
        match self {
            Self::Open(open) => Ok(open),
            Self::Answered(_) => Err(Refused::OpinionGiven),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn fact(name: &str) -> Criterion {
        Criterion::Fact { fact: name.to_owned(), text: format!("{name}。") }
    }

    fn task() -> Open {
        let line = |code: &str, criteria| Line {
            code: code.to_owned(),
            name: code.to_owned(),
            group: "内分泌".to_owned(),
            criteria,
        };
        let assigned = Assigned {
            id: Id(uuid::Uuid::from_u128(1)),
            application: Id(uuid::Uuid::from_u128(2)),
            area: Region::find("620902").unwrap(),
            expert: Id(uuid::Uuid::from_u128(3)),
            operator: "zhang".to_owned(),
            lines: vec![
                line("A", Criterion::All { all: vec![fact("a"), fact("b")] }),
                line("B", Criterion::Any { any: vec![fact("c"), fact("d")] }),
            ],
            sample: true,
            assigned_at: datetime!(2025-03-03 0:00 UTC),
        };
        Open::assign(assigned).state
    }

    fn opinion(code: &str, finding: Finding, facts: &[&str]) -> Opinion {
        let facts_not_met = facts.iter().map(|fact| (*fact).to_owned()).collect();
        Opinion { code: code.to_owned(), finding, facts_not_met, text: String::new() }
    }

    /// What is wrong: fields, or reasons with their subjects; nothing when the opinion is taken.
    fn check(opinions: Vec<Opinion>, expected: &[&str]) {
        let wrong: Vec<_> = match task().answer(opinions, datetime!(2025-03-04 0:00 UTC)) {
            Ok(step) => {
                let codes: Vec<_> = step.state.opinions.iter().map(|opinion| opinion.code.as_str()).collect();
                assert_eq!(codes, ["A", "B"], "in the order of the lines");
                let again = Task::Answered(step.state).into_open().unwrap_err();
                assert_eq!(Refusal::from(again).reason, "OPINION_GIVEN");
                Vec::new()
            }
            Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            Err(Error::Refused(reasons)) => {
                reasons.iter().map(|reason| format!("{} {}", reason.reason, reason.subject)).collect()
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(wrong, expected);
    }

    #[test]
    fn every_line_has_exactly_one_opinion() {
        let met = |code| opinion(code, Finding::Met, &[]);
        check(vec![met("B"), met("A")], &[]);
        check(vec![met("A")], &["opinions"]);
        check(vec![met("A"), met("B"), met("B")], &["opinions"]);
        check(vec![met("A"), met("C")], &["opinions[1].opsp_dise_code", "opinions"]);
    }

    #[test]
    fn what_is_not_met_is_named_from_the_lines_own_facts() {
        let not = |facts| vec![opinion("A", Finding::NotMet, facts), opinion("B", Finding::Met, &[])];
        check(not(&["a"]), &[]);
        check(not(&[]), &["opinions[0].facts_not_met"]);
        check(not(&["c"]), &["opinions[0].facts_not_met"]);
    }

    #[test]
    fn a_finding_follows_from_the_facts() {
        let both = |a: Opinion, b: Opinion| vec![a, b];
        check(both(opinion("A", Finding::Met, &[]), opinion("B", Finding::Met, &["c"])), &[]);
        check(both(opinion("A", Finding::Met, &[]), opinion("B", Finding::NotMet, &["c", "d"])), &[]);
        check(
            both(opinion("A", Finding::Met, &["b"]), opinion("B", Finding::NotMet, &["c"])),
            &["OPINION_CONTRADICTS_CRITERIA A", "OPINION_CONTRADICTS_CRITERIA B"],
        );
    }
}
