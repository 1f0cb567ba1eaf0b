//! What an expert sends about a task, and the opinions that it makes: taken whole, or refused with every fault. Pure.

use std::collections::BTreeSet;

use super::anonymous::Shown;
use super::domain::{Finding, Leaf, Line, Open, Opinion};
use crate::kernel::error::Violation;
use crate::kernel::id::Id;

/// What is sent of one line.
pub struct Said {
    /// 病种代码.
    pub code: String,
    /// What was found.
    pub finding: Finding,
    /// 未满足的标准.
    pub facts_not_met: BTreeSet<String>,
    /// 逐项认定; none in the older way, which only names the facts that are not met.
    pub leaves: Vec<SaidLeaf>,
    /// 意见.
    pub text: String,
}

/// What is sent of one fact.
pub struct SaidLeaf {
    /// Its name.
    pub fact: String,
    /// What was found.
    pub finding: Finding,
    /// The materials looked at, by the names that the task gives them.
    pub materials: Vec<String>,
    /// 说明.
    pub note: String,
}

/// The opinions on the lines of a task, in their order; or everything that is wrong with what was sent. One that stands
/// may be sent again as it is, or left out.
pub fn opinions(open: &Open, said: &[Said], shown: &[Shown]) -> Result<Vec<Opinion>, Vec<Violation>> {
    let task = &open.assigned;
    let mut faults = Vec::new();
    let mut opinions = Vec::new();
    for (index, said) in said.iter().enumerate() {
        let at = format!("opinions[{index}]");
        match task.lines.iter().position(|line| line.code == said.code) {
            Some(place) => {
                let reading = Reading { task: task.id, line: &task.lines[place], shown };
                match open.standing.iter().find(|standing| standing.code == said.code) {
                    Some(standing) => faults.extend(reading.differs(&at, said, standing)),
                    None => opinions.push((place, reading.opinion(&at, said, &mut faults))),
                }
            }
            None => faults.push(Violation::new(
                &format!("{at}.opsp_dise_code"),
                "不是本任务的病种",
                "is no line of this task",
            )),
        }
    }
    for standing in &open.standing {
        let place = task.lines.iter().position(|line| line.code == standing.code);
        opinions.extend(place.map(|place| (place, standing.clone())));
    }
    let each = (0..task.lines.len()).all(|place| opinions.iter().any(|(of, _)| *of == place));
    if !each || opinions.len() != task.lines.len() {
        faults.push(Violation::new(
            "opinions",
            "须对任务中每个待评审的病种给出意见",
            "must hold one opinion for every line of the task that waits for one",
        ));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    opinions.sort_by_key(|(place, _)| *place);
    Ok(opinions.into_iter().map(|(_, opinion)| opinion).collect())
}

/// Against what an opinion is read.
struct Reading<'a> {
    task: Id,
    line: &'a Line,
    shown: &'a [Shown],
}

impl Reading<'_> {
    fn opinion(&self, at: &str, said: &Said, faults: &mut Vec<Violation>) -> Opinion {
        let leaves: Vec<_> = said
            .leaves
            .iter()
            .enumerate()
            .map(|(index, leaf)| self.leaf(&format!("{at}.leaves[{index}]"), leaf, faults))
            .collect();
        let facts_not_met = if leaves.is_empty() {
            self.older_way(at, said, faults);
            said.facts_not_met.clone()
        } else {
            self.leaf_by_leaf(at, said, faults)
        };
        let (code, text) = (said.code.clone(), said.text.clone());
        Opinion { code, finding: said.finding, facts_not_met, leaves, text }
    }

    /// That something else was said of a line than what stands.
    fn differs(&self, at: &str, said: &Said, standing: &Opinion) -> Option<Violation> {
        let mut faults = Vec::new();
        // What was opened since changes nothing of what was said.
        let (mut said, mut standing) = (self.opinion(at, said, &mut faults), standing.clone());
        said.leaves.iter_mut().chain(&mut standing.leaves).for_each(|leaf| leaf.opened.clear());
        let same = said == standing && faults.is_empty();
        (!same).then(|| {
            Violation::new(
                at,
                "该病种未要求重新评审，原意见有效，不得更改，请勿列入",
                "the earlier opinion on this line stands, because it was not opened again: leave it out",
            )
        })
    }

    fn leaf(&self, at: &str, said: &SaidLeaf, faults: &mut Vec<Violation>) -> Leaf {
        let found = |name: &String| self.shown.iter().find(|shown| shown.name(self.task) == *name);
        let field = format!("{at}.materials");
        if said.materials.iter().any(|name| found(name).is_none()) {
            faults.push(Violation::new(
                &field,
                "含有不属于本任务的材料，请使用任务 materials 中的名称",
                "names a material that the task does not show: use the names in its materials",
            ));
        }
        if said.finding == Finding::Met && said.materials.is_empty() {
            faults.push(Violation::new(
                &field,
                "认定为符合时，须至少指明一份依据材料",
                "must name at least one material as evidence when the fact is MET",
            ));
        }
        let cited: Vec<_> = said.materials.iter().filter_map(found).collect();
        Leaf {
            fact: said.fact.clone(),
            finding: said.finding,
            materials: cited.iter().map(|shown| shown.id).collect(),
            opened: cited.iter().filter(|shown| shown.opened).map(|shown| shown.id).collect(),
            note: said.note.clone(),
        }
    }

    /// Every fact once and nothing else; gives those that are not met.
    fn leaf_by_leaf(&self, at: &str, said: &Said, faults: &mut Vec<Violation>) -> BTreeSet<String> {
        let mut open: BTreeSet<_> =
            self.line.criteria.distinct_facts().into_iter().map(|(fact, _)| fact).collect();
        for (index, leaf) in said.leaves.iter().enumerate() {
            if !open.remove(leaf.fact.as_str()) {
                faults.push(Violation::new(
                    &format!("{at}.leaves[{index}].fact"),
                    "不属于该病种的认定标准，或重复",
                    "is no fact of the line's criteria, or is there twice",
                ));
            }
        }
        if !open.is_empty() {
            let missing: Vec<_> = open.into_iter().collect();
            faults.push(Violation::new(
                &format!("{at}.leaves"),
                format!("须逐项认定，尚缺：{}", missing.join("、")),
                format!("must judge every fact; missing: {}", missing.join(", ")),
            ));
        }
        let not_met = said.leaves.iter().filter(|leaf| leaf.finding == Finding::NotMet);
        let not_met: BTreeSet<_> = not_met.map(|leaf| leaf.fact.clone()).collect();
        if !said.facts_not_met.is_empty() && said.facts_not_met != not_met {
            faults.push(Violation::new(
                &format!("{at}.facts_not_met"),
                "与逐项认定不一致，可留空",
                "differs from leaves: leave it empty",
            ));
        }
        not_met
    }

    fn older_way(&self, at: &str, said: &Said, faults: &mut Vec<Violation>) {
        let field = format!("{at}.facts_not_met");
        let facts = self.line.criteria.distinct_facts();
        if said.facts_not_met.iter().any(|fact| facts.iter().all(|(known, _)| known != fact)) {
            faults.push(Violation::new(
                &field,
                "含有不属于该病种认定标准的事实",
                "names a fact that the line's criteria do not have",
            ));
        }
        if said.finding == Finding::NotMet && said.facts_not_met.is_empty() {
            faults.push(Violation::new(
                &field,
                "认定为不符合时，须至少指明一项未满足的标准",
                "must name at least one fact when the finding is NOT_MET",
            ));
        }
        if said.finding == Finding::Unknown {
            faults.push(Violation::new(
                &format!("{at}.leaves"),
                "认定为无法认定时，须逐项认定，指明哪些标准无法认定",
                "must judge every fact when the finding is UNKNOWN, to tell which are not known",
            ));
        }
    }
}
