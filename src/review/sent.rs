//! What officers and experts send, in our words.

use super::domain::Finding;
use super::once::Item;
use super::said::{Said, SaidLeaf};
use crate::catalog::domain::MaterialKind;
use crate::kernel::error::{Error, Result};
use crate::proto::opsp::review::v1 as pb;

/// One thing that is missing.
pub fn item(item: &pb::SupplementItem) -> Item {
    Item {
        code: item.opsp_dise_code.clone(),
        kind: MaterialKind::from_code(item.kind),
        title: item.title.clone(),
        fact: item.fact.clone(),
        text: item.text.clone(),
    }
}

/// An opinion on one line.
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
