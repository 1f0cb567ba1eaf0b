//! 推导过程: each step from what every expert found of every fact to the fate of every line, in sentences. Pure. Holds
//! no words that people wrote: names of facts and diseases, findings, and materials by their places.

use super::domain::Paper;
use crate::application::domain::{Line as Decision, LineState};
use crate::catalog::criteria::Criterion;
use crate::kernel::id::Id;
use crate::review::domain::{Finding, Leaf, Line, Opinion};
use crate::review::refused::finding_words;
use crate::review::sitting::Sitting;

/// The steps of a decision.
pub fn of(sitting: &Sitting, papers: &[Paper], decisions: &[Decision]) -> Vec<String> {
    let mut steps = Vec::new();
    for (line, decision) in sitting.lines.iter().zip(decisions) {
        let code = &line.code;
        let mut votes = Vec::new();
        for (place, member) in sitting.members.iter().enumerate() {
            let who = format!("{code} 专家{}", place + 1);
            let Some(opinion) = member.of(code) else { continue };
            leaves(&who, line, opinion, papers, &mut steps);
            nodes(&who, "标准", &line.criteria, opinion, &mut steps);
            votes.push(format!("专家{} {}", place + 1, word(opinion.finding)));
            steps.push(format!("{who} 结论：{}", word(opinion.finding)));
        }
        steps.push(format!("{code} 合议（{}）：取居中的一个，{}", votes.join("、"), fate(decision)));
    }
    steps
}

fn leaves(who: &str, line: &Line, opinion: &Opinion, papers: &[Paper], steps: &mut Vec<String>) {
    for (fact, _) in line.criteria.distinct_facts() {
        let leaf = opinion.leaves.iter().find(|leaf| leaf.fact == fact);
        let seen = leaf.map_or_else(|| "未逐项列明依据".to_owned(), |leaf| evidence(leaf, papers));
        steps.push(format!("{who} {fact}：{}（{seen}）", word(opinion.of(fact))));
    }
}

fn evidence(leaf: &Leaf, papers: &[Paper]) -> String {
    let place = |id: &Id| papers.iter().find(|paper| paper.id == *id).map(|paper| paper.number.to_string());
    let places: Vec<_> = leaf.materials.iter().filter_map(place).collect();
    if places.is_empty() { "无依据材料".to_owned() } else { format!("材料 {}", places.join("、")) }
}

/// The nodes of the tree, each after those below it.
fn nodes(who: &str, at: &str, node: &Criterion, opinion: &Opinion, steps: &mut Vec<String>) {
    let (needed, children) = node.children();
    if children.is_empty() {
        return;
    }
    for (place, child) in children.iter().enumerate() {
        nodes(who, &format!("{at}.{}", place + 1), child, opinion, steps);
    }
    let of = |fact: &str| opinion.of(fact);
    let found: Vec<_> = children.iter().map(|child| child.finding(&of)).collect();
    let count = |finding| found.iter().filter(|one| **one == finding).count();
    steps.push(format!(
        "{who} {at}：{} 项中须 {needed} 项符合；符合 {}，无法认定 {}，不符合 {}；{}",
        children.len(),
        count(Finding::Met),
        count(Finding::Unknown),
        count(Finding::NotMet),
        word(node.finding(&of)),
    ));
}

fn fate(decision: &Decision) -> String {
    match decision.state {
        LineState::Approved => "审核通过".to_owned(),
        _ => {
            let reasons: Vec<_> = decision.reasons.iter().map(|reason| reason.reason.as_ref()).collect();
            format!("审核不通过：{}", reasons.join("、"))
        }
    }
}

fn word(finding: Finding) -> &'static str {
    finding_words(finding).0
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::application::domain::LineState;
    use crate::catalog::domain::MaterialKind;
    use crate::kernel::error::Refusal;
    use crate::review::sitting::Voice;

    fn number(of: u128) -> Id {
        Id(Uuid::from_u128(of))
    }

    fn line() -> Line {
        let fact = |name: &str| Criterion::Fact { fact: name.to_owned(), text: format!("{name}条文。") };
        let of = vec![fact("b"), fact("c")];
        Line {
            code: "A".to_owned(),
            name: "甲".to_owned(),
            group: "内分泌".to_owned(),
            criteria: Criterion::All { all: vec![fact("a"), Criterion::AtLeast { at_least: 1, of }] },
        }
    }

    fn voice(found: &[(&str, Finding)], finding: Finding) -> Voice {
        let leaf = |(fact, finding): &(&str, Finding)| Leaf {
            fact: (*fact).to_owned(),
            finding: *finding,
            materials: vec![number(7)],
            note: "张三的化验单".to_owned(),
            opened: Vec::new(),
        };
        let opinion = Opinion {
            code: "A".to_owned(),
            finding,
            facts_not_met: found
                .iter()
                .filter(|(_, finding)| *finding == Finding::NotMet)
                .map(|(fact, _)| (*fact).to_owned())
                .collect(),
            leaves: found.iter().map(leaf).collect(),
            text: "张三".to_owned(),
        };
        Voice { expert: number(1), operator: "e".to_owned(), task: number(2), opinions: vec![opinion] }
    }

    #[test]
    fn every_step_is_told_and_no_word_that_somebody_wrote() {
        let met = [("a", Finding::Met), ("b", Finding::NotMet), ("c", Finding::Met)];
        let not = [("a", Finding::Unknown), ("b", Finding::NotMet), ("c", Finding::NotMet)];
        let members = vec![voice(&met, Finding::Met), voice(&not, Finding::NotMet)];
        let sitting = Sitting { lines: vec![line()], members, missing: 0 };
        let papers = [Paper {
            id: number(7),
            number: 4,
            kind: MaterialKind::ExamReport,
            title: "张三的化验单".to_owned(),
            sha256: String::new(),
        }];
        let reasons = vec![Refusal::new("CRITERION_NOT_MET", "张三", "Zhang San")];
        let decision = Decision { code: "A".to_owned(), state: LineState::Rejected, reasons };
        let steps = of(&sitting, &papers, &[decision]);
        assert_eq!(
            steps,
            [
                "A 专家1 a：符合（材料 4）",
                "A 专家1 b：不符合（材料 4）",
                "A 专家1 c：符合（材料 4）",
                "A 专家1 标准.2：2 项中须 1 项符合；符合 1，无法认定 0，不符合 1；符合",
                "A 专家1 标准：2 项中须 2 项符合；符合 2，无法认定 0，不符合 0；符合",
                "A 专家1 结论：符合",
                "A 专家2 a：无法认定（材料 4）",
                "A 专家2 b：不符合（材料 4）",
                "A 专家2 c：不符合（材料 4）",
                "A 专家2 标准.2：2 项中须 1 项符合；符合 0，无法认定 0，不符合 2；不符合",
                "A 专家2 标准：2 项中须 2 项符合；符合 0，无法认定 1，不符合 1；不符合",
                "A 专家2 结论：不符合",
                "A 合议（专家1 符合、专家2 不符合）：取居中的一个，审核不通过：CRITERION_NOT_MET",
            ]
        );
    }
}
