//! Why a line is rejected, fact by fact: what was found, of which papers, and what would change the result. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::domain::{Finding, Leaf, Line, Opinion};
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;

/// The titles of an application's materials, as its applicant gave them.
pub type Papers = BTreeMap<Id, String>;

/// The reasons of a rejection that rests on these opinions: one for each fact that decides it.
pub fn rejection(line: &Line, grounds: &[&Opinion], papers: &Papers) -> Vec<Refusal> {
    let facts = line.criteria.distinct_facts();
    let texts: BTreeMap<_, _> = facts.iter().copied().collect();
    let found = |fact: &str| least(grounds, fact);
    let reason = |(fact, text): (&str, &str)| {
        let mut others = line.criteria.remedy(fact, &found)?;
        others.remove(fact);
        let others: Vec<_> = others.into_iter().map(|fact| (fact, texts[fact])).collect();
        let looked_at = LookedAt::of(grounds, fact, papers);
        Some(sentence(fact, text, found(fact), &looked_at, &others).about(line.code.clone()))
    };
    facts.into_iter().filter_map(reason).collect()
}

/// The facts on which a line hangs for those who could not judge it, in the order of its criteria.
pub fn unknown<'a>(line: &'a Line, opinions: &[&Opinion]) -> Vec<&'a str> {
    let hangs: BTreeSet<_> =
        opinions.iter().flat_map(|opinion| line.criteria.hangs_on(&|fact| opinion.of(fact))).collect();
    let facts = line.criteria.distinct_facts().into_iter().map(|(fact, _)| fact);
    facts.filter(|fact| hangs.contains(fact)).collect()
}

/// The worst that one of the opinions says of a fact.
fn least(opinions: &[&Opinion], fact: &str) -> Finding {
    opinions.iter().map(|opinion| opinion.of(fact)).min().unwrap_or(Finding::Met)
}

/// What was looked at for a fact, and what was noted.
struct LookedAt {
    papers: BTreeSet<String>,
    notes: BTreeSet<String>,
}

impl LookedAt {
    fn of(opinions: &[&Opinion], fact: &str, papers: &Papers) -> Self {
        let leaves = opinions.iter().flat_map(|opinion| &opinion.leaves);
        let leaves: Vec<&Leaf> =
            leaves.filter(|leaf| leaf.fact == fact && leaf.finding != Finding::Met).collect();
        let materials = leaves.iter().flat_map(|leaf| &leaf.materials);
        let notes = leaves.iter().map(|leaf| leaf.note.trim().trim_end_matches('。').to_owned());
        Self {
            papers: materials.filter_map(|id| papers.get(id).cloned()).collect(),
            notes: notes.filter(|note| !note.is_empty()).collect(),
        }
    }

    fn zh(&self) -> String {
        let papers = if self.papers.is_empty() {
            "评审未列出可证明该项的材料。".to_owned()
        } else {
            format!("评审所看材料：{}。", joined(&self.papers, "、"))
        };
        let notes = if self.notes.is_empty() {
            String::new()
        } else {
            format!("评审说明：{}。", joined(&self.notes, "；"))
        };
        papers + &notes
    }

    fn en(&self) -> String {
        let papers = if self.papers.is_empty() {
            " the review named no material for it.".to_owned()
        } else {
            format!(" materials looked at: {}.", joined(&self.papers, ", "))
        };
        let notes = if self.notes.is_empty() {
            String::new()
        } else {
            format!(" noted: {}.", joined(&self.notes, "; "))
        };
        papers + &notes
    }
}

fn joined(texts: &BTreeSet<String>, by: &str) -> String {
    texts.iter().map(String::as_str).collect::<Vec<_>>().join(by)
}

fn sentence(
    fact: &str,
    text: &str,
    found: Finding,
    looked_at: &LookedAt,
    others: &[(&str, &str)],
) -> Refusal {
    let text = text.trim_end_matches('。');
    let (reason, zh, en) = match found {
        Finding::NotMet => ("CRITERION_NOT_MET", "未满足认定标准", "is not met"),
        Finding::Unknown | Finding::Met => (
            "CRITERION_UNKNOWN",
            "现有材料不足以认定该项标准",
            "could not be judged from the materials at hand",
        ),
    };
    let refusal = Refusal::new(
        reason,
        format!("{zh}：{text}。{}", looked_at.zh()),
        format!("recognition criterion {fact} ({text}) {en};{}", looked_at.en()),
    );
    if others.is_empty() {
        return refusal.help(
            "证明该项标准即可改变结果：可补充材料后重新申请，或向经办机构申请复核。",
            "proof of this criterion alone would change the result: apply again with it, or ask the bureau to look again.",
        );
    }
    let texts: Vec<_> = others.iter().map(|(_, text)| text.trim_end_matches('。')).collect();
    let facts: Vec<_> = others.iter().map(|(fact, _)| *fact).collect();
    refusal.help(
        format!(
            "该项须与下列标准一并证明，结果才会改变：{}。可补充材料后重新申请，或向经办机构申请复核。",
            texts.join("；")
        ),
        format!(
            "proof of this criterion together with {} would change the result: apply again with it, or ask the bureau \
             to look again.",
            facts.join(", ")
        ),
    )
}
