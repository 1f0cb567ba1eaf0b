//! What would be wrong with a catalogue: everything, each at its place. Pure rules over a catalogue that was read; what
//! could not be read is known by its path, so that no rule tells a consequence of it as a fault of its own.

use std::collections::BTreeSet;
use std::fmt;

use super::domain::{Catalog, Institution, InstitutionList, RequiredMaterial, Rules, SeveralDiseases};
use super::words::Level;
use crate::kernel::calendar::parse_date;
use crate::kernel::region::Region;

/// So many faults are told at most.
pub const FAULTS_MAX: usize = 5000;
/// Leaves of criteria that are looked at for nodes which never decide, in a whole catalogue. It bounds the time that an
/// import takes; the nodes beyond it are taken as they are.
const LOOKS_MAX: usize = 20_000_000;

/// A fault in the files of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// What of the catalogue, for example `diseases[3].criteria`.
    pub path: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.path, self.en)
    }
}

/// What the rules found, by path.
pub struct Findings<'a> {
    broken: &'a BTreeSet<String>,
    looks_left: usize,
    /// Path, Chinese, English.
    pub found: Vec<(String, String, String)>,
}

impl<'a> Findings<'a> {
    /// None yet. `broken` are the paths that could not be read.
    pub fn new(broken: &'a BTreeSet<String>) -> Self {
        Self { broken, looks_left: LOOKS_MAX, found: Vec::new() }
    }

    /// Adds one, unless its place could not be read at all.
    pub fn add(&mut self, path: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) {
        if self.found.len() > FAULTS_MAX {
            return;
        }
        let path = path.into();
        let inside = |broken: &String| {
            let rest = path.strip_prefix(broken.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if !self.broken.iter().any(inside) {
            self.found.push((path, zh.into(), en.into()));
        }
    }

    /// Takes so many looks at criteria from those that are left. False when there are not as many.
    pub fn spend(&mut self, looks: usize) -> bool {
        let left = self.looks_left.checked_sub(looks);
        self.looks_left = left.unwrap_or(self.looks_left);
        left.is_some()
    }

    /// Whether these fields of everything below a path could be read: `policies` for all rows, `policies[3]` for one.
    /// Without fields, only whether no row as a whole is unreadable.
    pub fn sound(&self, below: &str, fields: &[&str]) -> bool {
        !self.broken.iter().any(|broken| {
            broken.strip_prefix(below).is_some_and(|rest| {
                let field = rest.split_once('.').map(|(_, field)| field);
                field.is_none_or(|field| {
                    let name = field.split(['.', '[']).next().unwrap_or_default();
                    fields.contains(&name)
                })
            })
        })
    }

    /// A text of so many characters.
    pub fn text(&mut self, path: String, text: &str, most: usize) {
        let count = text.trim().chars().count();
        if !(1..=most).contains(&count) {
            self.add(path, format!("须有 1 至 {most} 个字符"), format!("must have 1 to {most} characters"));
        }
    }

    /// A number within bounds.
    pub fn range(&mut self, path: String, number: i64, least: i64, most: i64) {
        if !(least..=most).contains(&number) {
            let (zh, en) =
                (format!("须在 {least} 与 {most} 之间"), format!("must be from {least} to {most}"));
            self.add(path, zh, en);
        }
    }

    /// A day.
    pub fn day(&mut self, path: String, text: &str) {
        if !is_day(text) {
            self.add(
                path,
                format!("{text} 不是有效日期，须形如 2025-01-31"),
                format!("{text} is no day like 2025-01-31"),
            );
        }
    }

    /// Items that must differ; a repeated one is told at its own place.
    pub fn distinct<T: Ord + fmt::Display>(&mut self, path: impl Fn(usize) -> String, items: &[T]) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if !seen.insert(item) {
                self.add(path(index), format!("{item} 重复"), format!("{item} is there twice"));
            }
        }
    }
}

/// Days are compared as text, so that they must have one form.
fn is_day(text: &str) -> bool {
    text.len() == 10 && parse_date(text).is_some()
}

impl Catalog {
    /// Everything that is wrong with what could be read of it.
    pub fn check(&self, findings: &mut Findings<'_>) {
        head(findings, &self.area, &self.version, &self.in_force_from);
        findings.text("source".to_owned(), &self.source, 1000);
        rules(findings, &self.rules);
        materials(findings, "materials", &self.materials);
        self.check_groups(findings);
        self.check_diseases(findings);
        self.check_policies(findings);
        let known: Vec<_> = self.diseases.iter().map(|disease| disease.code.as_str()).collect();
        let known = findings.sound("diseases", &["code"]).then_some(known);
        institutions(findings, &self.institutions, known.as_deref());
    }

    fn check_groups(&self, findings: &mut Findings<'_>) {
        for (index, group) in self.groups.iter().enumerate() {
            findings.text(format!("groups[{index}].id"), &group.id, 30);
            findings.text(format!("groups[{index}].name"), &group.name, 100);
        }
        let ids: Vec<_> = self.groups.iter().map(|group| group.id.as_str()).collect();
        if findings.sound("groups", &["id"]) {
            findings.distinct(|index| format!("groups[{index}].id"), &ids);
        }
    }
}

impl InstitutionList {
    /// Everything that is wrong with what could be read of it. `diseases` are the codes that there are.
    pub fn check(&self, findings: &mut Findings<'_>, diseases: &[&str]) {
        head(findings, &self.area, &self.version, &self.in_force_from);
        findings.text("source".to_owned(), &self.source, 1000);
        if self.institutions.is_empty() && findings.sound("institutions", &[]) {
            findings.add("institutions", "名录为空", "names no institution");
        }
        institutions(findings, &self.institutions, Some(diseases));
    }
}

/// What stands at the top of a catalogue and of a list.
fn head(findings: &mut Findings<'_>, area: &str, name: &str, in_force_from: &str) {
    if Region::find(area).is_none_or(|area| area.pooling() != area) {
        let (zh, en) = (
            format!("{area} 不是国家医保区划表中的统筹区"),
            format!("{area} is no pooling area of the national table"),
        );
        findings.add("area", zh, en);
    }
    version(findings, name);
    findings.day("in_force_from".to_owned(), in_force_from);
}

/// A version stands in resource names.
fn version(findings: &mut Findings<'_>, version: &str) {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=60).contains(&version.len()) || !version.bytes().all(known) {
        findings.add(
            "version",
            "须为 1 至 60 个字母、数字、点、下划线或连字符",
            "must be 1 to 60 letters, digits, dots, underscores or hyphens",
        );
    }
}

fn rules(findings: &mut Findings<'_>, rules: &Rules) {
    // What the server does not do, no catalogue may promise.
    if rules.several_diseases != SeveralDiseases::Sum {
        findings.add("rules.several_diseases", "目前只支持 sum", "only sum is carried out so far");
    }
    publishing(findings, rules);
    rules.files.check(findings);
    rules.requalification.check(findings);
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let insurance = rules.insurance;
    for (field, number, least, most) in [
        ("review_working_days", i64::from(rules.review_working_days), 1, 250),
        ("acceptance_working_days", i64::from(rules.acceptance_working_days), 1, 250),
        ("extension_working_days", i64::from(rules.extension_working_days), 0, 250),
        ("opinion_working_days", i64::from(rules.opinion_working_days), 1, 250),
        ("notice_working_days", i64::from(rules.notice_working_days), 1, 250),
        ("residence_working_days", i64::from(rules.residence_working_days), 1, 250),
        ("claim_working_days", i64::from(rules.claim_working_days), 1, 250),
        ("experts", count(rules.experts), 1, 15),
        ("diseases_max", count(rules.diseases_max), 1, 50),
        ("insurance.continuous_months", i64::from(insurance.continuous_months), 0, 120),
        ("insurance.gap_days_max", i64::from(insurance.gap_days_max), 0, 366),
        ("insurance.grace_days", i64::from(insurance.grace_days), 0, 366),
        ("remote_lock_months", i64::from(rules.remote_lock_months), 0, 60),
        ("temporary_months", i64::from(rules.temporary_months), 1, 60),
        ("remedy_days", i64::from(rules.remedy_days), 0, 366),
        ("objection.working_days", i64::from(rules.objection.working_days), 1, 250),
        ("objection.appeals", i64::from(rules.objection.appeals), 0, 1),
        ("objection.appeal_working_days", i64::from(rules.objection.appeal_working_days), 1, 250),
    ] {
        findings.range(format!("rules.{field}"), number, least, most);
    }
}

/// Name and disease together are health data: nobody publishes them without a basis that is told.
fn publishing(findings: &mut Findings<'_>, rules: &Rules) {
    let known = findings.sound("rules", &["publish_disease", "publish_disease_basis"]);
    if !rules.publish_disease_basis.is_empty() {
        findings.text("rules.publish_disease_basis".to_owned(), &rules.publish_disease_basis, 500);
    } else if known && rules.publish_disease {
        findings.add(
            "rules.publish_disease",
            "公示病种名称须有依据：请在 publish_disease_basis 写明法律、法规或文件",
            "needs publish_disease_basis: on which law or rule the disease is published",
        );
    }
}

/// The lines of a checklist.
pub fn materials(findings: &mut Findings<'_>, path: &str, materials: &[RequiredMaterial]) {
    for (index, material) in materials.iter().enumerate() {
        let at = |field: &str| format!("{path}[{index}].{field}");
        findings.text(at("name"), &material.name, 100);
        findings.range(at("months_max"), i64::from(material.months_max), 0, 120);
        if material.formats.is_empty() {
            findings.add(at("formats"), "须至少有一种格式", "must name at least one format");
        }
        for (place, format) in material.formats.iter().enumerate() {
            if !["jpg", "pdf"].contains(&format.as_str()) {
                let at = at(&format!("formats[{place}]"));
                findings.add(
                    at,
                    format!("{format} 须为 jpg 或 pdf"),
                    format!("{format} is neither jpg nor pdf"),
                );
            }
        }
        findings.distinct(|place| at(&format!("formats[{place}]")), &material.formats);
        let same = |other: &RequiredMaterial| (other.kind, &other.name) == (material.kind, &material.name);
        if findings.sound(path, &["kind", "name"]) && materials[..index].iter().any(same) {
            findings.add(
                at("name"),
                format!("{} 重复", material.name),
                format!("{} is there twice", material.name),
            );
        }
    }
}

/// The rows of a list of institutions. `diseases` are the codes that they may be designated for; none when those are not known.
fn institutions(findings: &mut Findings<'_>, list: &[Institution], diseases: Option<&[&str]>) {
    for (index, institution) in list.iter().enumerate() {
        let at = |field: &str| format!("institutions[{index}].{field}");
        let code = institution.fixmedins_code.as_bytes();
        let shape = matches!(code, [b'H' | b'P', digits @ ..] if digits.len() == 11 && digits.iter().all(u8::is_ascii_digit));
        if !shape {
            findings.add(at("fixmedins_code"), "须为 H 或 P 加 11 位数字", "must be H or P and 11 digits");
        }
        findings.text(at("fixmedins_name"), &institution.fixmedins_name, 200);
        if Level::from_code(&institution.hosp_lv).is_none() {
            findings.add(
                at("hosp_lv"),
                "须为国家医院等级代码 01 至 14",
                "must be a national level code, 01 to 14",
            );
        }
        if Region::find(&institution.admdvs).is_none() {
            findings.add(at("admdvs"), "不在国家医保区划表中", "is not in the national table of areas");
        }
        findings.day(at("begndate"), &institution.begndate);
        if let Some(enddate) = &institution.enddate {
            findings.day(at("enddate"), enddate);
            let both = is_day(&institution.begndate) && is_day(enddate);
            if both
                && findings.sound(&format!("institutions[{index}]"), &["begndate"])
                && *enddate < institution.begndate
            {
                findings.add(at("enddate"), "早于 begndate", "is before begndate");
            }
        }
        let kinds: Vec<_> = institution.insutypes.iter().map(|kind| kind.code()).collect();
        findings.distinct(|place| at(&format!("insutypes[{place}]")), &kinds);
        findings.distinct(|place| at(&format!("diseases[{place}]")), &institution.diseases);
        for (place, code) in institution.diseases.iter().enumerate() {
            if diseases.is_some_and(|known| !known.contains(&code.as_str())) {
                let at = at(&format!("diseases[{place}]"));
                findings.add(
                    at,
                    format!("目录中没有病种 {code}"),
                    format!("the catalogue has no disease {code}"),
                );
            }
        }
    }
    let codes: Vec<_> = list.iter().map(|institution| institution.fixmedins_code.as_str()).collect();
    if findings.sound("institutions", &["fixmedins_code"]) {
        findings.distinct(|index| format!("institutions[{index}].fixmedins_code"), &codes);
    }
}
