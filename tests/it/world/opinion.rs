//! What experts say of a task.

use opsp::proto::opsp::review::v1 as review;
use review::Finding;

/// Opinions on a task, fact by fact: of these diseases everything is met, of the others nothing is. Each fact is judged
/// on the first material of the task.
pub fn opinions(task: &review::ReviewTask, met: &[&str]) -> Vec<review::LineOpinion> {
    let opinion = |line: &review::ReviewLine| {
        let met = met.contains(&line.opsp_dise_code.as_str());
        let finding = if met { Finding::Met } else { Finding::NotMet };
        opinion(task, line, finding, |_| finding)
    };
    task.lines.iter().map(opinion).collect()
}

/// An opinion on a line, with what is found of each of its facts.
pub fn opinion(
    task: &review::ReviewTask,
    line: &review::ReviewLine,
    finding: Finding,
    of: impl Fn(&str) -> Finding,
) -> review::LineOpinion {
    let evidence = &task.materials.first().expect("a task has materials").name;
    let leaf = |fact: &review::FactText| review::LeafFinding {
        fact: fact.fact.clone(),
        finding: of(&fact.fact).into(),
        materials: vec![evidence.clone()],
        note: String::new(),
        opened: Vec::new(),
    };
    review::LineOpinion {
        opsp_dise_code: line.opsp_dise_code.clone(),
        finding: finding.into(),
        facts_not_met: Vec::new(),
        text: format!("对 {} 的意见", line.opsp_dise_code),
        leaves: line.facts.iter().map(leaf).collect(),
    }
}
