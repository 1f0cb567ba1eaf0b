//! What would be wrong with a catalogue's diseases and their recognition criteria.

use std::collections::{BTreeMap, BTreeSet};

use super::criteria::Criterion;
use super::domain::{Catalog, CodeStatus, Disease};
use super::faults::{Findings, materials};
use super::national;

/// Facts that repeat are looked at in every combination, up to so many of them.
const FACTS_MAX: usize = 12;
/// And in trees of up to so many leaves.
const LEAVES_MAX: usize = 40;
/// So many facts can be judged in one opinion.
const JUDGED_MAX: usize = 50;

impl Catalog {
    pub(super) fn check_diseases(&self, findings: &mut Findings<'_>) {
        let groups: BTreeSet<_> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let groups_known = findings.sound("groups", &["id"]);
        let codes_known = findings.sound("diseases", &["code"]);
        for (index, disease) in self.diseases.iter().enumerate() {
            let at = |field: &str| format!("diseases[{index}].{field}");
            own(findings, &at, disease);
            if groups_known && !groups.contains(disease.group.as_str()) {
                let group = &disease.group;
                findings.add(
                    at("group"),
                    format!("没有病种大类 {group}"),
                    format!("there is no group {group}"),
                );
            }
            if codes_known && self.diseases[..index].iter().any(|other| other.code == disease.code) {
                let code = &disease.code;
                findings.add(
                    at("code"),
                    format!("病种 {code} 重复"),
                    format!("disease {code} is there twice"),
                );
            }
            if codes_known && findings.sound("diseases", &["exclusions"]) {
                self.check_exclusions(findings, &at, disease);
            }
            materials(findings, &at("materials"), &disease.materials);
            materials(findings, &at("requalify_materials"), &disease.requalify_materials);
            criteria(findings, &at("criteria"), &disease.criteria);
        }
    }

    fn check_exclusions(&self, findings: &mut Findings<'_>, at: &dyn Fn(&str) -> String, disease: &Disease) {
        for (place, code) in disease.exclusions.iter().enumerate() {
            let at = at(&format!("exclusions[{place}]"));
            match self.disease(code) {
                _ if *code == disease.code => {
                    findings.add(at, "病种不能与自身互斥", "a disease cannot exclude itself");
                }
                None => findings.add(at, format!("没有病种 {code}"), format!("there is no disease {code}")),
                Some(other) if !other.exclusions.contains(&disease.code) => findings.add(
                    at,
                    format!("{code} 未列明与 {} 互斥，互斥须双方都列明", disease.code),
                    format!("{code} does not exclude {}: an exclusion stands on both sides", disease.code),
                ),
                Some(_) => {}
            }
        }
        findings.distinct(|place| at(&format!("exclusions[{place}]")), &disease.exclusions);
    }
}

/// What a disease says of itself.
fn own(findings: &mut Findings<'_>, at: &dyn Fn(&str) -> String, disease: &Disease) {
    let shape = (1..=30).contains(&disease.code.len())
        && disease.code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !shape {
        findings.add(at("code"), "须为 1 至 30 个字母或数字", "must be 1 to 30 letters or digits");
    }
    findings.text(at("name"), &disease.name, 300);
    if !disease.national_code.is_empty() && national::name(&disease.national_code).is_none() {
        let code = &disease.national_code;
        let (zh, en) =
            (format!("{code} 不在国家病种代码表中"), format!("{code} is not in the table of national codes"));
        findings.add(at("national_code"), zh, en);
    } else if disease.code_status == CodeStatus::Verified && national::name(disease.national()).is_none() {
        let code = disease.national();
        findings.add(
            at("code_status"),
            format!("{code} 不在国家病种代码表中，不能标为 verified"),
            format!("{code} is not in the table of national codes and cannot be verified"),
        );
    }
    if disease.insutypes.is_empty() {
        findings.add(at("insutypes"), "须至少有一个险种", "must name at least one insured kind");
    }
    let kinds: Vec<_> = disease.insutypes.iter().map(|kind| kind.code()).collect();
    findings.distinct(|place| at(&format!("insutypes[{place}]")), &kinds);
    findings.range(at("age_min"), i64::from(disease.age_min), 0, 150);
    findings.range(at("age_max"), i64::from(disease.age_max), 0, 150);
    if disease.age_max > 0 && (0..=150).contains(&disease.age_min) && disease.age_min > disease.age_max {
        findings.add(
            at("age_max"),
            "小于 age_min，无人可以认定",
            "is below age_min: nobody could be recognised",
        );
    }
    findings.range(at("quality_sample_bp"), i64::from(disease.quality_sample_bp), 0, 10_000);
    findings.range(at("requalify_months"), i64::from(disease.requalify_months), 0, 120);
    let row = at("");
    let is_read = findings.sound(row.trim_end_matches('.'), &["requalify_months"]);
    if is_read && disease.requalify_months == 0 && !disease.requalify_materials.is_empty() {
        findings.add(
            at("requalify_materials"),
            "复审周期为 0 的病种不能要求复审材料",
            "names papers for a re-qualification that never comes: requalify_months is 0",
        );
    }
}

/// 认定标准: every node must be able to decide.
fn criteria(findings: &mut Findings<'_>, path: &str, tree: &Criterion) {
    let before = findings.found.len();
    let mut texts = BTreeMap::new();
    node(findings, path, tree, &mut texts);
    let facts = tree.facts();
    if texts.len() > JUDGED_MAX {
        let count = texts.len();
        findings.add(
            path,
            format!("有 {count} 个指标，一次评审至多判定 {JUDGED_MAX} 个"),
            format!("has {count} facts where an opinion judges at most {JUDGED_MAX}"),
        );
    }
    if findings.found.len() == before
        && facts.len() > texts.len()
        && texts.len() <= FACTS_MAX
        && facts.len() <= LEAVES_MAX
    {
        idle(findings, path, tree, &texts.keys().copied().collect::<Vec<_>>());
    }
}

fn node<'a>(
    findings: &mut Findings<'_>,
    path: &str,
    tree: &'a Criterion,
    texts: &mut BTreeMap<&'a str, &'a str>,
) {
    if let Criterion::Fact { fact, text } = tree {
        let shape = (1..=60).contains(&fact.len())
            && fact.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !shape {
            let (zh, en) = ("须为小写字母、数字或下划线", "must be lower snake case, up to 60 characters");
            findings.add(format!("{path}.fact"), zh, en);
        }
        findings.text(format!("{path}.text"), text, 1000);
        if texts.insert(fact, text).is_some_and(|other| other != text) {
            findings.add(
                format!("{path}.text"),
                format!("同一指标 {fact} 有不同条文"),
                format!("fact {fact} is there with another text"),
            );
        }
        return;
    }
    let (needed, children) = tree.children();
    if children.is_empty() {
        findings.add(path, "没有子项，永远不能判定", "has no children and can never decide");
    } else if needed == 0 {
        findings.add(path, "at_least 为 0，恒成立", "at_least is 0: it is always true");
    } else if needed > children.len() {
        findings.add(
            path,
            format!("至少 {needed} 项，但只有 {} 项，永远不成立", children.len()),
            format!("asks for {needed} of {}: it can never be true", children.len()),
        );
    }
    for (index, child) in children.iter().enumerate() {
        node(findings, &format!("{path}.{}[{index}]", tree.word()), child, texts);
    }
}

/// Nodes whose truth changes nothing, whatever the facts: an alternative that another one holds already.
fn idle(findings: &mut Findings<'_>, path: &str, tree: &Criterion, facts: &[&str]) {
    let looks = tree.facts().len() << facts.len();
    let mut found = Vec::new();
    let mut stack = vec![(path.to_owned(), tree)];
    while let Some((at, node)) = stack.pop() {
        if !findings.spend(looks) {
            break;
        }
        if !std::ptr::eq(node, tree) && !decides(tree, node, facts) {
            found.push(at);
            continue;
        }
        let (_, children) = node.children();
        stack.extend(
            children
                .iter()
                .enumerate()
                .rev()
                .map(|(index, child)| (format!("{at}.{}[{index}]", node.word()), child)),
        );
    }
    for at in found {
        findings.add(
            at,
            "不影响认定结论：无论是否符合，结果都一样",
            "never decides: whether it is met or not, the result is the same",
        );
    }
}

fn decides(tree: &Criterion, node: &Criterion, facts: &[&str]) -> bool {
    (0..1_u32 << facts.len()).any(|met| {
        let met = |fact: &str| {
            facts.iter().position(|known| *known == fact).is_some_and(|index| met & (1 << index) != 0)
        };
        let with = |forced: bool| holds(tree, &met, node, forced);
        with(true) != with(false)
    })
}

fn holds(tree: &Criterion, met: &dyn Fn(&str) -> bool, node: &Criterion, forced: bool) -> bool {
    if std::ptr::eq(tree, node) {
        return forced;
    }
    if let Criterion::Fact { fact, .. } = tree {
        return met(fact);
    }
    let (needed, children) = tree.children();
    children.iter().filter(|child| holds(child, met, node, forced)).count() >= needed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn fact(number: usize) -> Criterion {
        Criterion::Fact { fact: format!("f{number}"), text: format!("第 {number} 项") }
    }

    /// So many of leaves over as many facts as are looked at together: each decides, and looking at it costs the most.
    fn costly(leaves: usize) -> Criterion {
        Criterion::AtLeast { at_least: 19, of: (0..leaves).map(|leaf| fact(leaf % FACTS_MAX)).collect() }
    }

    /// The same with a fact that asks for nothing: where it would matter, its alternative holds already.
    fn idle() -> Criterion {
        let held = Criterion::All { all: vec![fact(0), fact(1)] };
        let any = Criterion::Any { any: vec![fact(0), held] };
        Criterion::All { all: vec![any, costly(LEAVES_MAX - 3)] }
    }

    /// Where faults are found, when the trees of a catalogue are looked at in this order.
    fn check(trees: &[Criterion], expected: &[&str]) {
        let broken = BTreeSet::new();
        let mut findings = Findings::new(&broken);
        for (index, tree) in trees.iter().enumerate() {
            criteria(&mut findings, &format!("{index}"), tree);
        }
        let found: Vec<_> = findings.found.iter().map(|(path, _, _)| path.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_looked_at_for_idle_nodes_is_bounded_for_the_whole_catalogue() {
        check(&[idle()], &["0.all[0].any[1].all[1]"]);
        check(&[costly(LEAVES_MAX), idle()], &["1.all[0].any[1].all[1]"]);
        // 41 nodes at 40 leaves by 4,096 ways each: the third one uses the bound up, and the last is taken as it is.
        check(&[costly(LEAVES_MAX), costly(LEAVES_MAX), costly(LEAVES_MAX), idle()], &[]);
    }
}
