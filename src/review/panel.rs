//! The panel of an application: who sits on it, what it found, and the decision that follows. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::domain::{Event, Finding, Line, Refused, Task, resource};
use super::draw::{Drawn, Seed};
use crate::application::domain::{Line as Decision, LineState};
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
    /// What more than half of the members found.
    Found(Finding),
    /// All opinions are there, and as many say the one as the other.
    Differ,
}

/// What the members of a panel found together of one line; none for a member whose opinion is out.
pub fn outcome(votes: &[Option<Finding>]) -> Outcome {
    let count = |finding| votes.iter().filter(|vote| **vote == Some(finding)).count();
    let majority = [Finding::Met, Finding::NotMet].into_iter().find(|found| count(*found) * 2 > votes.len());
    match majority {
        Some(finding) => Outcome::Found(finding),
        None if votes.iter().any(Option::is_none) => Outcome::Open,
        None => Outcome::Differ,
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
    pub fn decide(&self, officer: &str) -> Result<Vec<Decision>, Vec<Refused>> {
        let mut reasons = Vec::new();
        if self.panel.members.iter().any(|member| member.operator == officer) {
            reasons.push(Refused::OfficerIsExpert);
        }
        if self.open() > 0 {
            reasons.push(Refused::OpinionsMissing { open: self.open() });
        }
        let mut decisions = Vec::new();
        for (line, outcome) in self.outcomes() {
            match outcome {
                Outcome::Found(Finding::Met) => decisions.push(approved(line)),
                Outcome::Found(Finding::NotMet) => decisions.push(self.rejected(line)),
                Outcome::Differ => reasons.push(Refused::ThirdNeeded { code: line.code.clone() }),
                // Told above, once for all lines.
                Outcome::Open => {}
            }
        }
        if reasons.is_empty() { Ok(decisions) } else { Err(reasons) }
    }

    /// A rejection names every fact that one of those who outvoted the others found not met.
    fn rejected(&self, line: &Line) -> Decision {
        let against = self.tasks.iter().filter_map(|task| task.opinion(&line.code));
        let failed: BTreeSet<&String> = against
            .filter(|opinion| opinion.finding == Finding::NotMet)
            .flat_map(|opinion| &opinion.facts_not_met)
            .collect();
        let facts = line.criteria.facts().into_iter();
        let reasons = facts
            .filter(|(fact, _)| failed.iter().any(|failed| failed == fact))
            .map(|(fact, text)| not_met(&line.code, fact, text))
            .collect();
        Decision { code: line.code.clone(), state: LineState::Rejected, reasons }
    }
}

fn approved(line: &Line) -> Decision {
    Decision { code: line.code.clone(), state: LineState::Approved, reasons: Vec::new() }
}

fn not_met(code: &str, fact: &str, text: &str) -> Refusal {
    let text = text.trim_end_matches('。');
    Refusal::new(
        "CRITERION_NOT_MET",
        format!("未满足认定标准：{text}。"),
        format!("recognition criterion {fact} is not met."),
    )
    .help(
        "可补充能够证明该项标准的材料后重新申请，或向经办机构申请复核。",
        "apply again with new evidence of this criterion, or ask the bureau to look again.",
    )
    .about(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::criteria::Criterion;
    use crate::review::domain::{Assigned, Open, Opinion};
    use time::macros::datetime;

    const MET: Option<Finding> = Some(Finding::Met);
    const NOT: Option<Finding> = Some(Finding::NotMet);

    #[test]
    fn two_who_agree_are_enough_and_a_third_breaks_the_tie() {
        let found = Outcome::Found;
        for (votes, expected) in [
            (&[MET, MET][..], found(Finding::Met)),
            (&[NOT, NOT], found(Finding::NotMet)),
            (&[MET, NOT], Outcome::Differ),
            (&[NOT, None], Outcome::Open),
            (&[None, None], Outcome::Open),
            (&[MET, NOT, None], Outcome::Open),
            (&[MET, NOT, NOT], found(Finding::NotMet)),
            (&[NOT, MET, MET], found(Finding::Met)),
            (&[MET, MET, NOT], found(Finding::Met)),
            (&[MET, MET, None], found(Finding::Met)),
            (&[MET], found(Finding::Met)),
        ] {
            assert_eq!(outcome(votes), expected, "{votes:?}");
        }
    }

    fn number(of: usize) -> Id {
        Id(uuid::Uuid::from_u128(u128::try_from(of).unwrap()))
    }

    fn task(id: usize, finding: Option<Finding>, facts: &[&str]) -> Task {
        let fact = |name: &str| Criterion::Fact { fact: name.to_owned(), text: format!("{name}条文。") };
        let line = Line {
            code: "A".to_owned(),
            name: "甲".to_owned(),
            group: "内分泌".to_owned(),
            criteria: Criterion::All { all: vec![fact("a"), fact("b"), fact("c")] },
        };
        let open = Open::assign(Assigned {
            id: number(id),
            application: number(100),
            area: Region::find("620902").unwrap(),
            expert: number(id + 50),
            operator: format!("expert{id}"),
            lines: vec![line],
            sample: true,
            assigned_at: datetime!(2025-03-03 0:00 UTC),
        });
        let Some(finding) = finding else { return Task::Open(open.state) };
        let facts_not_met = facts.iter().map(|fact| (*fact).to_owned()).collect();
        let opinion = Opinion { code: "A".to_owned(), finding, facts_not_met, text: String::new() };
        let answered = open.state.answer(vec![opinion], datetime!(2025-03-04 0:00 UTC)).unwrap();
        Task::Answered(answered.state)
    }

    fn seated(tasks: Vec<Task>) -> Seated {
        let member = |task: &Task| Member {
            expert: task.assigned().expert,
            area: Region::find("620900").unwrap(),
            operator: task.assigned().operator.clone(),
            task: task.assigned().id,
        };
        let members = tasks.iter().map(member).collect();
        let panel = Panel { application: number(100), seed: "0".repeat(32), members, excluded: Vec::new() };
        Seated { panel, tasks }
    }

    /// What drawing a further expert and what confirming by an officer says; empty when it is done.
    fn check(tasks: Vec<Task>, officer: &str, third: &str, confirm: &[&str]) {
        let seated = seated(tasks);
        let said = seated.needs_third().err().map(|refused| Refusal::from(refused).reason);
        assert_eq!(said.unwrap_or_default(), third);
        let reasons = seated.decide(officer).err().unwrap_or_default();
        let reasons: Vec<_> = reasons.into_iter().map(|refused| Refusal::from(refused).reason).collect();
        assert_eq!(reasons, confirm);
    }

    #[test]
    fn a_third_is_drawn_and_a_decision_confirmed_only_when_it_is_time() {
        let (met, not, open) =
            (|id| task(id, MET, &[]), |id| task(id, NOT, &["a"]), |id| task(id, None, &[]));
        check(vec![open(1), open(2)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
        check(vec![met(1), open(2)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
        check(vec![met(1), met(2)], "wang", "PANEL_COMPLETE", &[]);
        check(vec![met(1), met(2)], "expert2", "PANEL_COMPLETE", &["OFFICER_IS_EXPERT"]);
        check(vec![met(1), not(2)], "wang", "", &["THIRD_EXPERT_NEEDED"]);
        check(vec![met(1), not(2), open(3)], "wang", "THIRD_NOT_NEEDED", &["OPINIONS_MISSING"]);
        check(vec![met(1), not(2), not(3)], "wang", "PANEL_COMPLETE", &[]);
        check(
            vec![open(1), met(2)],
            "expert1",
            "THIRD_NOT_NEEDED",
            &["OFFICER_IS_EXPERT", "OPINIONS_MISSING"],
        );
    }

    #[test]
    fn a_rejection_names_what_the_majority_found_missing_and_what_helps() {
        let all = vec![task(1, NOT, &["c"]), task(2, MET, &[]), task(3, NOT, &["a", "c"])];
        let decisions = seated(all).decide("wang").unwrap();
        let [line] = &decisions[..] else { panic!("one line") };
        assert_eq!(line.state, LineState::Rejected);
        let said: Vec<_> = line.reasons.iter().map(|reason| reason.zh.as_str()).collect();
        assert_eq!(said, ["未满足认定标准：a条文。", "未满足认定标准：c条文。"]);
        assert!(line.reasons.iter().all(|reason| {
            reason.reason == "CRITERION_NOT_MET" && reason.subject == "A" && reason.help_zh.contains("复核")
        }));
        let approved = seated(vec![task(1, MET, &[]), task(2, MET, &[])]).decide("wang").unwrap();
        assert_eq!((approved[0].state, approved[0].reasons.len()), (LineState::Approved, 0));
    }
}
