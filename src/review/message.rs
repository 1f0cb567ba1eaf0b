//! Panels, tasks and opinions in the contract's words.

use super::convert::sent_back;
use super::domain::{Finding, Leaf, Line, Opinion, Task, task_name};
use super::former;
use super::panel::{Outcome, Seated};
use super::query::Described;
use crate::application::store::name;
use crate::catalog::convert::criterion;
use crate::kernel::access::Person;
use crate::kernel::id::Id;
use crate::material;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::{date_message, reason, timestamp};

/// An opinion, as the bureau reads it.
pub fn told(person: &Person, opinion: &Opinion) -> pb::LineOpinion {
    let names = |ids: &[Id]| ids.iter().map(|id| material::store::name(person, *id)).collect();
    let leaf = |leaf: &Leaf| pb::LeafFinding {
        fact: leaf.fact.clone(),
        finding: finding(leaf.finding).into(),
        materials: names(&leaf.materials),
        opened: names(&leaf.opened),
        note: leaf.note.clone(),
    };
    pb::LineOpinion {
        opsp_dise_code: opinion.code.clone(),
        finding: finding(opinion.finding).into(),
        facts_not_met: opinion.facts_not_met.iter().cloned().collect(),
        text: opinion.text.clone(),
        leaves: opinion.leaves.iter().map(leaf).collect(),
    }
}

/// A finding in the contract's words.
pub fn finding(finding: Finding) -> pb::Finding {
    match finding {
        Finding::Met => pb::Finding::Met,
        Finding::NotMet => pb::Finding::NotMet,
        Finding::Unknown => pb::Finding::Unknown,
    }
}

/// A panel, as the bureau reads it.
pub fn panel(person: &Person, application: Id, seated: &Seated) -> pb::Panel {
    let members = seated.panel.members.iter().zip(&seated.tasks).map(|(member, task)| {
        let opinions = task.answered().into_iter().flat_map(|answered| &answered.opinions);
        let earlier = task.earlier().iter().flat_map(|given| &given.opinions);
        pb::PanelMember {
            expert: member.resource(),
            review_task: task_name(member.task),
            answered: task.answered().is_some(),
            opinions: opinions.map(|opinion| told(person, opinion)).collect(),
            earlier_opinions: earlier.map(|opinion| told(person, opinion)).collect(),
            sent_back: task.sent_back().map(sent_back).collect(),
        }
    });
    let outcomes = seated.outcomes().into_iter().map(|(line, outcome)| pb::PanelOutcome {
        opsp_dise_code: line.code.clone(),
        finding: match outcome {
            Outcome::Found(found) => finding(found),
            Outcome::Open | Outcome::Differ => pb::Finding::Unspecified,
        }
        .into(),
        third_expert_needed: outcome == Outcome::Differ,
        facts_unknown: seated.facts_unknown(line, outcome),
    });
    let cited = seated.cited();
    pb::Panel {
        application: name(person, application),
        members: members.collect(),
        seed: seated.panel.seed.clone(),
        excluded: seated.panel.excluded.iter().map(reason).collect(),
        outcomes: outcomes.collect(),
        sample: seated.sample(),
        former_members: former::members(person, seated),
        missing_members: i32::try_from(seated.panel.missing()).unwrap_or(i32::MAX),
        catalog_version: cited.catalog_version,
        catalog_sha256: cited.catalog_sha256,
    }
}

/// A task, as its expert reads it.
pub fn task(described: &Described) -> pb::ReviewTask {
    let task = &described.task;
    let assigned = task.assigned();
    pb::ReviewTask {
        name: task_name(assigned.id),
        lines: assigned.lines.iter().map(|judged| line(judged, task)).collect(),
        assign_time: Some(timestamp(assigned.assigned_at)),
        opinion_time: task.answered().map(|answered| timestamp(answered.answered_at)),
        material_titles: described.materials.iter().map(|shown| shown.title.clone()).collect(),
        due_date: described.due.map(date_message),
        sample: assigned.sample,
        materials: described
            .materials
            .iter()
            .map(|shown| pb::TaskMaterial {
                name: shown.name(assigned.id),
                title: shown.title.clone(),
                ready: shown.ready,
            })
            .collect(),
        round: i32::try_from(task.earlier().len() + 1).unwrap_or(i32::MAX),
        opinion_due_date: described.opinion_due.map(date_message),
        sent_back_reason: task.last_sent_back().map(|sent| sent.reason.clone()).unwrap_or_default(),
        catalog_version: assigned.cited.catalog_version.clone(),
        catalog_sha256: assigned.cited.catalog_sha256.clone(),
    }
}

fn line(line: &Line, task: &Task) -> pb::ReviewLine {
    let fact = |(fact, text): (&str, &str)| pb::FactText { fact: fact.to_owned(), text_zh: text.to_owned() };
    let found = task.opinion(&line.code).map_or(pb::Finding::Unspecified, |said| finding(said.finding));
    pb::ReviewLine {
        opsp_dise_code: line.code.clone(),
        opsp_dise_name: line.name.clone(),
        facts: line.criteria.distinct_facts().into_iter().map(fact).collect(),
        finding: found.into(),
        criteria: Some(criterion(&line.criteria)),
    }
}
