//! What experts and officers send, from the contract's words into ours and back.

use super::departure::DeclineReason;
use super::domain::Finding;
use super::once::Item;
use super::said::{Said, SaidLeaf};
use super::sent_back::SentBack;
use crate::application::ledger::Outside;
use crate::catalog::domain::MaterialKind;
use crate::db::work::Work;
use crate::kernel::clock::Extension;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::proto::opsp::application::v1 as application;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::timestamp;

/// One thing that is asked for.
pub fn item(item: &pb::SupplementItem) -> Item {
    Item {
        code: item.opsp_dise_code.clone(),
        kind: MaterialKind::from_code(item.kind),
        title: item.title.clone(),
        fact: item.fact.clone(),
        text: item.text.clone(),
    }
}

/// An opinion as it was sent.
pub fn said(opinion: &pb::LineOpinion) -> Result<Said> {
    Ok(Said {
        code: opinion.opsp_dise_code.clone(),
        finding: stated(opinion.finding())?,
        facts_not_met: opinion.facts_not_met.iter().cloned().collect(),
        leaves: opinion.leaves.iter().map(said_leaf).collect::<Result<_>>()?,
        text: opinion.text.clone(),
    })
}

fn said_leaf(leaf: &pb::LeafFinding) -> Result<SaidLeaf> {
    Ok(SaidLeaf {
        fact: leaf.fact.clone(),
        finding: stated(leaf.finding())?,
        materials: leaf.materials.clone(),
        note: leaf.note.clone(),
    })
}

/// The contract has refused what is not stated before.
fn stated(finding: pb::Finding) -> Result<Finding> {
    match finding {
        pb::Finding::Met => Ok(Finding::Met),
        pb::Finding::NotMet => Ok(Finding::NotMet),
        pb::Finding::Unknown => Ok(Finding::Unknown),
        pb::Finding::Unspecified => Err(Error::invalid("opinions.finding", "必填", "is required")),
    }
}

/// Why a task is given back. The contract has refused what is not stated before.
pub fn decline_reason(reason: pb::DeclineReason) -> Result<DeclineReason> {
    match reason {
        pb::DeclineReason::Relation => Ok(DeclineReason::Relation),
        pb::DeclineReason::NotMyField => Ok(DeclineReason::NotMyField),
        pb::DeclineReason::Absent => Ok(DeclineReason::Absent),
        pb::DeclineReason::Other => Ok(DeclineReason::Other),
        pb::DeclineReason::Unspecified => Err(Error::invalid("reason", "必填", "is required")),
    }
}

/// 延长, as it was asked for.
pub fn extension(input: &pb::ExtendDeadlineRequest, work: &Work) -> Result<Extension> {
    Ok(Extension {
        working_days: u32::try_from(input.working_days).unwrap_or_default(),
        reason: input.reason.clone(),
        by: work.actor().operator()?.to_owned(),
        on: work.today(),
    })
}

/// 暂停: what is waited for, and why.
pub fn outside(input: &pb::PauseReviewRequest) -> (Outside, &str) {
    match input.ground() {
        application::PauseGround::Examination => (Outside::Examination, &input.reason),
        _ => (Outside::Assessment, &input.reason),
    }
}

/// One time that a task was sent back.
pub fn sent_back(sent: &SentBack) -> pb::SentBack {
    pb::SentBack {
        reason: sent.reason.clone(),
        operator: sent.by.clone(),
        time: Some(timestamp(sent.at)),
        opsp_dise_codes: sent.codes.iter().cloned().collect(),
    }
}

/// The id of `insured/{psn_no}/applications/{id}`.
pub fn application_id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "applications"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

/// The id of `reviewTasks/{id}`.
pub fn task_id(name: &str) -> Result<Id> {
    let [id] = name_parts(name, ["reviewTasks"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

/// The id of `areas/{admdvs}/experts/{id}`.
pub fn expert_id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["areas", "experts"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}
