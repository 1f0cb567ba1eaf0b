//! What would be wrong with a catalogue's policy rows: each case of each disease must fall under exactly one.

use std::collections::{BTreeMap, BTreeSet};

use super::domain::{Bound, Case, Catalog, Disease, Insutype, Level, Policy};
use super::faults::Findings;

/// How money may reach a person.
const WAYS: [&str; 2] = ["direct", "reimburse"];
/// 1,000,000 yuan: no yearly limit or deductible is above it.
const FEN_MAX: i64 = 100_000_000;
/// What a row must be known by before it can be said which cases it covers.
const KEYS: [&str; 6] = ["insutype", "disease", "group", "person", "hospital", "place"];

/// For whom some rows stand: a disease of its own, or a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'a> {
    Group(&'a str),
    Disease(&'a str),
}

impl Catalog {
    pub(super) fn check_policies(&self, findings: &mut Findings<'_>) {
        self.check_bounds(findings);
        for (index, row) in self.policies.iter().enumerate() {
            self.check_row(findings, index, row);
        }
        let readable = findings.sound("policies", &KEYS)
            && findings.sound("diseases", &["code", "group", "insutypes"])
            && findings.sound("groups", &["id"]);
        if readable {
            self.check_coverage(findings);
        }
    }

    fn check_bounds(&self, findings: &mut Findings<'_>) {
        for (index, bound) in self.bounds.iter().enumerate() {
            let at = |field: &str| format!("bounds[{index}].{field}");
            for (field, ratio) in [("ratio_bp_min", bound.ratio_bp_min), ("ratio_bp_max", bound.ratio_bp_max)]
            {
                findings.range(at(field), i64::from(ratio.0), 0, 10_000);
            }
            for (field, limit) in
                [("limit_fen_min", bound.limit_fen_min), ("limit_fen_max", bound.limit_fen_max)]
            {
                findings.range(at(field), limit.0, 0, FEN_MAX);
            }
            let one = format!("bounds[{index}]");
            if findings.sound(&one, &["ratio_bp_min"]) && bound.ratio_bp_min > bound.ratio_bp_max {
                findings.add(at("ratio_bp_max"), "小于 ratio_bp_min", "is below ratio_bp_min");
            }
            if findings.sound(&one, &["limit_fen_min"]) && bound.limit_fen_min > bound.limit_fen_max {
                findings.add(at("limit_fen_max"), "小于 limit_fen_min", "is below limit_fen_min");
            }
        }
        let kinds: Vec<_> = self.bounds.iter().map(|bound| bound.insutype.code()).collect();
        if findings.sound("bounds", &["insutype"]) {
            findings.distinct(|index| format!("bounds[{index}].insutype"), &kinds);
        }
    }

    /// What a row says of itself.
    fn check_row(&self, findings: &mut Findings<'_>, index: usize, row: &Policy) {
        let at = |field: &str| format!("policies[{index}].{field}");
        let own = format!("policies[{index}]");
        if findings.sound(&own, &["disease", "group"]) && row.disease.is_empty() == row.group.is_empty() {
            let (zh, en) =
                ("disease 与 group 须且只须填一个", "names either a disease or a group, and not both");
            findings.add(own.as_str(), zh, en);
        } else if !row.disease.is_empty() {
            self.check_target(findings, index, row);
        } else if findings.sound("groups", &["id"]) && !self.groups.iter().any(|group| group.id == row.group)
        {
            let group = &row.group;
            findings.add(at("group"), format!("没有病种大类 {group}"), format!("there is no group {group}"));
        }
        let stated = self.bounds.iter().find(|bound| bound.insutype == row.insutype);
        let stated = stated.filter(|_| {
            findings.sound(
                "bounds",
                &["insutype", "ratio_bp_min", "ratio_bp_max", "limit_fen_min", "limit_fen_max"],
            ) && findings.sound(&own, &["insutype"])
        });
        let (ratio_min, ratio_max, limit_min, limit_max) = match stated {
            Some(Bound { ratio_bp_min, ratio_bp_max, limit_fen_min, limit_fen_max, .. })
                if ratio_bp_min <= ratio_bp_max && limit_fen_min <= limit_fen_max =>
            {
                (
                    ratio_bp_min.0.max(0),
                    ratio_bp_max.0.min(10_000),
                    limit_fen_min.0.max(0),
                    limit_fen_max.0.min(FEN_MAX),
                )
            }
            _ => (0, 10_000, 0, FEN_MAX),
        };
        findings.range(at("ratio_bp"), i64::from(row.ratio_bp.0), i64::from(ratio_min), i64::from(ratio_max));
        findings.range(at("limit_fen"), row.limit_fen.0, limit_min, limit_max);
        findings.range(at("deductible_fen"), row.deductible_fen.0, 0, FEN_MAX);
        if row.ways.is_empty() {
            findings.add(at("ways"), "须至少有一种结算方式", "must name at least one way of settlement");
        }
        for (place, way) in row.ways.iter().enumerate() {
            if !WAYS.contains(&way.as_str()) {
                let at = at(&format!("ways[{place}]"));
                findings.add(
                    at,
                    format!("{way} 须为 direct 或 reimburse"),
                    format!("{way} is neither direct nor reimburse"),
                );
            }
        }
        findings.distinct(|place| at(&format!("ways[{place}]")), &row.ways);
    }

    /// A row for one disease, which must be there and open for the row's insured kind.
    fn check_target(&self, findings: &mut Findings<'_>, index: usize, row: &Policy) {
        if !findings.sound("diseases", &["code"]) {
            return;
        }
        let code = &row.disease;
        let Some(disease) = self.disease(code) else {
            let at = format!("policies[{index}].disease");
            findings.add(at, format!("没有病种 {code}"), format!("there is no disease {code}"));
            return;
        };
        let known = findings.sound("diseases", &["insutypes"])
            && findings.sound(&format!("policies[{index}]"), &["insutype"]);
        if known && !disease.insutypes.contains(&row.insutype) {
            findings.add(
                format!("policies[{index}]"),
                format!("永远不会适用：病种 {code} 不对{}开放", row.insutype.name()),
                format!("can never apply: disease {code} is not open for {}", row.insutype.code()),
            );
        }
    }

    /// Gaps, overlaps, and rows of groups that no disease falls under.
    fn check_coverage(&self, findings: &mut Findings<'_>) {
        let groups: BTreeSet<_> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let lost: BTreeSet<_> =
            self.policies.iter().filter(|row| !self.is_aimed(row, &groups)).map(|row| row.insutype).collect();
        let homeless = self.diseases.iter().any(|disease| !groups.contains(disease.group.as_str()));
        let mut rows: BTreeMap<(Subject<'_>, Insutype), Vec<usize>> = BTreeMap::new();
        for (index, row) in self.policies.iter().enumerate().filter(|(_, row)| self.is_aimed(row, &groups)) {
            let subject = if row.disease.is_empty() {
                Subject::Group(&row.group)
            } else {
                Subject::Disease(&row.disease)
            };
            rows.entry((subject, row.insutype)).or_default().push(index);
        }
        let mut asked: BTreeMap<(Subject<'_>, Insutype), &Disease> = BTreeMap::new();
        for disease in self.diseases.iter().filter(|disease| groups.contains(disease.group.as_str())) {
            for kind in &disease.insutypes {
                let own = (Subject::Disease(disease.code.as_str()), *kind);
                let key = if rows.contains_key(&own) {
                    own
                } else {
                    (Subject::Group(disease.group.as_str()), *kind)
                };
                asked.entry(key).or_insert(disease);
            }
        }
        for (key @ (subject, kind), disease) in &asked {
            let found = rows.get(key).map_or(&[][..], Vec::as_slice);
            self.check_cases(findings, (*subject, *kind, disease), found, !lost.contains(kind));
        }
        for (key @ (subject, kind), indexes) in &rows {
            if let (Subject::Group(group), false, false) = (subject, asked.contains_key(key), homeless) {
                for index in indexes {
                    findings.add(
                        format!("policies[{index}]"),
                        format!("永远不会适用：大类 {group} 中没有按此政策支付的{}病种", kind.name()),
                        format!(
                            "can never apply: no disease of group {group} is paid by it for {}",
                            kind.code()
                        ),
                    );
                }
            }
        }
    }

    /// Whether a row is for something that there is, and for one thing.
    fn is_aimed(&self, row: &Policy, groups: &BTreeSet<&str>) -> bool {
        if row.disease.is_empty() {
            groups.contains(row.group.as_str())
        } else {
            row.group.is_empty() && self.disease(&row.disease).is_some()
        }
    }

    fn check_cases(
        &self,
        findings: &mut Findings<'_>,
        (subject, insutype, disease): (Subject<'_>, Insutype, &Disease),
        rows: &[usize],
        gaps: bool,
    ) {
        let (mut missing, mut twice) = (Vec::new(), BTreeMap::new());
        for case in cases(insutype) {
            let covering: Vec<_> = rows.iter().filter(|index| self.policies[**index].covers(&case)).collect();
            match covering.as_slice() {
                [] => missing.push(case),
                [_] => {}
                [first, others @ ..] => twice.extend(others.iter().map(|other| (**other, **first))),
            }
        }
        for (later, earlier) in twice {
            findings.add(
                format!("policies[{later}]"),
                format!("与 policies[{earlier}] 覆盖同一情形"),
                format!("covers a case that policies[{earlier}] covers too"),
            );
        }
        if missing.is_empty() || !gaps {
            return;
        }
        let position = match subject {
            Subject::Group(id) => {
                self.groups.iter().position(|group| group.id == id).map(|index| format!("groups[{index}]"))
            }
            Subject::Disease(code) => self
                .diseases
                .iter()
                .position(|disease| disease.code == code)
                .map(|index| format!("diseases[{index}]")),
        };
        let (zh, en): (Vec<_>, Vec<_>) = missing.iter().take(3).map(told).unzip();
        let (count, name) = (missing.len(), &disease.name);
        findings.add(
            position.unwrap_or_default(),
            format!("{}有 {count} 种情形没有待遇政策（如病种{name}）：{}", insutype.name(), zh.join("；")),
            format!(
                "{count} cases of {} have no policy row (disease {name} for one): {}",
                insutype.code(),
                en.join("; ")
            ),
        );
    }
}

/// Every case that there is for an insured kind.
fn cases(insutype: Insutype) -> impl Iterator<Item = Case> {
    [false, true].into_iter().flat_map(move |retired| {
        [Level::Primary, Level::Secondary, Level::Tertiary].into_iter().flat_map(move |hospital| {
            [false, true].into_iter().map(move |remote| Case { insutype, retired, hospital, remote })
        })
    })
}

fn told(case: &Case) -> (String, String) {
    let (level_zh, level_en) = match case.hospital {
        Level::None | Level::Primary => ("一级", "primary"),
        Level::Secondary => ("二级", "secondary"),
        Level::Tertiary => ("三级", "tertiary"),
    };
    let (person_zh, person_en) = if case.retired { ("退休", "retired") } else { ("在职", "working") };
    let (place_zh, place_en) = if case.remote { ("异地", "remote") } else { ("统筹区内", "home") };
    (format!("{person_zh}、{level_zh}、{place_zh}"), format!("{person_en}, {level_en}, {place_en}"))
}
