//! The catalogue of one area: what it says, and what is looked up in it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Date;

use super::criteria::Criterion;
pub use super::faults::Fault;
use super::import::{self, File};
pub use super::policy::{Bound, Case, HospitalRule, PersonRule, PlaceRule, Policy};
pub use super::requalification::{RequalificationRules, RequalifyAt};
pub use super::rules::{BenefitStart, InsuranceRule, ObjectionRules, Rules, SeveralDiseases};
pub use super::words::{Insutype, Level, MaterialKind};
use crate::kernel::calendar::parse_date;

/// The catalogue of one area, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// 统筹区.
    pub area: String,
    /// Version.
    pub version: String,
    /// First day on which it is in force.
    pub in_force_from: String,
    /// True while no operator has imported the official one.
    pub sample: bool,
    /// Where it comes from, in one sentence.
    pub source: String,
    /// Rules for all diseases.
    pub rules: Rules,
    /// The checklist that every application needs.
    pub materials: Vec<RequiredMaterial>,
    /// 病种大类.
    pub groups: Vec<Group>,
    /// 病种.
    pub diseases: Vec<Disease>,
    /// 待遇政策.
    pub policies: Vec<Policy>,
    /// 政策范围.
    #[serde(default)]
    pub bounds: Vec<Bound>,
    /// 定点医药机构, until the area has a list of its own.
    #[serde(default)]
    pub institutions: Vec<Institution>,
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredMaterial {
    /// Kind of paper.
    pub kind: MaterialKind,
    /// 材料名称.
    pub name: String,
    /// `jpg`, `pdf`.
    pub formats: Vec<String>,
    /// Greatest age in months; 0 when age does not matter.
    pub months_max: i32,
    /// Whether it must bear a seal.
    pub seal: bool,
    /// Whether a picture of it must be in colour.
    #[serde(default)]
    pub colour: bool,
    /// Lowest hospital level that may issue it.
    pub hospital_min: Level,
}

/// 病种大类.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Id within the catalogue.
    pub id: String,
    /// 名称.
    pub name: String,
}

/// How sure a disease code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeStatus {
    /// A national code, seen in a public national source.
    Verified,
    /// Taken to be the national code.
    Assumed,
    /// A local code of this catalogue.
    Provisional,
}

/// 病种.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disease {
    /// opsp_dise_code.
    pub code: String,
    /// opsp_dise_name.
    pub name: String,
    /// How sure the code is.
    pub code_status: CodeStatus,
    /// 国家病种代码, where it differs from the code; empty where it does not, or where there is none.
    #[serde(default)]
    pub national_code: String,
    /// Id of its group.
    pub group: String,
    /// Insured kinds for which it is open.
    pub insutypes: Vec<Insutype>,
    /// `any`, `female`, `male`.
    pub sex: Sex,
    /// Youngest age in years at which it is recognised; 0 for none.
    #[serde(default)]
    pub age_min: i32,
    /// Greatest age in years at which it is recognised; 0 for none.
    #[serde(default)]
    pub age_max: i32,
    /// 质量抽查比例: how many of 10,000 decided lines are judged a second time; 0 for none. Not written where it is none,
    /// so that a catalogue without it keeps its hash.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quality_sample_bp: i32,
    /// 待遇开始 of its own; none where it is as the area's rules have it. Not written where there is none, as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benefit_start: Option<BenefitStart>,
    /// Whether an institution must have assessed first.
    pub assessment: bool,
    /// 复审周期 in months; 0 for none.
    pub requalify_months: i32,
    /// 复审所需材料.
    pub requalify_bring: String,
    /// 复审材料清单: papers without which it is not renewed; empty where data are enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requalify_materials: Vec<RequiredMaterial>,
    /// Codes that cannot be held together with it.
    pub exclusions: Vec<String>,
    /// Its own part of the checklist.
    pub materials: Vec<RequiredMaterial>,
    /// 认定标准.
    pub criteria: Criterion,
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

impl Disease {
    /// 国家病种代码: the one that its code maps to, or its code.
    pub fn national(&self) -> &str {
        if self.national_code.is_empty() { &self.code } else { &self.national_code }
    }

    /// When a benefit for it begins: by its own rule, or else its area's.
    pub fn start(&self, rules: &Rules) -> BenefitStart {
        self.benefit_start.unwrap_or(rules.benefit_start)
    }
}

/// Whom a disease can befall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Everyone.
    Any,
    /// 女.
    Female,
    /// 男.
    Male,
}

/// 定点医药机构.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Institution {
    /// fixmedins_code.
    pub fixmedins_code: String,
    /// fixmedins_name.
    pub fixmedins_name: String,
    /// hosp_lv.
    pub hosp_lv: String,
    /// Where it is.
    pub admdvs: String,
    /// First day of its contract.
    pub begndate: String,
    /// Last day; none when open.
    #[serde(default)]
    pub enddate: Option<String>,
    /// 险种 for which it is designated; empty for all.
    #[serde(default)]
    pub insutypes: Vec<Insutype>,
    /// 病种 for which it is designated; empty for all.
    #[serde(default)]
    pub diseases: Vec<String>,
}

/// 定点医药机构名录 of an area: what holds instead of the list in its catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstitutionList {
    /// 统筹区.
    pub area: String,
    /// Version.
    pub version: String,
    /// First day on which it is in force.
    pub in_force_from: String,
    /// True while it is not the official one.
    pub sample: bool,
    /// Where it comes from, in one sentence.
    pub source: String,
    /// The institutions.
    pub institutions: Vec<Institution>,
}

impl Institution {
    /// Its level.
    pub fn level(&self) -> Level {
        Level::from_code(&self.hosp_lv).unwrap_or(Level::Primary)
    }

    /// Whether its contract is in force on a day.
    pub fn is_designated(&self, day: Date) -> bool {
        let from = parse_date(&self.begndate);
        let to = self.enddate.as_deref().and_then(parse_date);
        from.is_some_and(|from| from <= day) && to.is_none_or(|to| day <= to)
    }

    /// Whether it is designated for a disease and an insured kind. Naming none means all.
    pub fn serves(&self, code: &str, kind: Insutype) -> bool {
        let disease = self.diseases.is_empty() || self.diseases.iter().any(|own| own == code);
        disease && (self.insutypes.is_empty() || self.insutypes.contains(&kind))
    }
}

impl Catalog {
    /// Reads a catalogue from one TOML file; every fault that is found, at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        import::parse(&[File { name: import::DOCUMENT.to_owned(), content: text.to_owned() }])
    }

    /// SHA-256 over its content, hexadecimal.
    pub fn sha256(body: &str) -> String {
        Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The disease of a code.
    pub fn disease(&self, code: &str) -> Option<&Disease> {
        self.diseases.iter().find(|disease| disease.code == code)
    }

    /// The name of a disease's group.
    pub fn group_name(&self, disease: &Disease) -> &str {
        self.groups.iter().find(|group| group.id == disease.group).map_or("", |group| group.name.as_str())
    }

    /// The institution of a code.
    pub fn institution(&self, code: &str) -> Option<&Institution> {
        self.institutions.iter().find(|institution| institution.fixmedins_code == code)
    }

    /// The whole checklist of a disease.
    pub fn checklist<'a>(&'a self, disease: &'a Disease) -> impl Iterator<Item = &'a RequiredMaterial> {
        self.materials.iter().chain(&disease.materials)
    }

    /// The rows that can apply to a disease: its own where there are any for the insured kind, else its group's.
    pub fn policies(&self, disease: &Disease) -> Vec<&Policy> {
        let rows = |insutype, own: bool| {
            self.policies.iter().filter(move |row| {
                row.insutype == insutype
                    && if own {
                        row.disease == disease.code
                    } else {
                        row.disease.is_empty() && row.group == disease.group
                    }
            })
        };
        disease
            .insutypes
            .iter()
            .flat_map(|insutype| {
                let own: Vec<_> = rows(*insutype, true).collect();
                if own.is_empty() { rows(*insutype, false).collect() } else { own }
            })
            .collect()
    }

    /// The row that a case falls under.
    pub fn policy(&self, disease: &Disease, case: &Case) -> Option<&Policy> {
        self.policies(disease).into_iter().find(|row| row.covers(case))
    }
}

/// The sample that is compiled in.
pub const SAMPLE: &str = include_str!("sample/jiuquan.toml");

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Catalog {
        Catalog::parse(SAMPLE).unwrap()
    }

    #[test]
    fn the_sample_is_whole_and_says_what_it_is() {
        let catalog = sample();
        assert_eq!(catalog.diseases.len(), 68);
        assert!(catalog.sample && catalog.source.contains("样例"));
        assert!(catalog.institutions.iter().all(|institution| institution.fixmedins_name.contains("样例")));
    }

    #[test]
    fn a_rate_of_the_quality_sample_changes_nothing_of_what_has_none() {
        let mut catalog = sample();
        let body = |catalog: &Catalog| serde_json::to_string(catalog).unwrap();
        assert!(!body(&catalog).contains("quality_sample_bp"));
        catalog.diseases[0].quality_sample_bp = 500;
        let stored: Catalog = serde_json::from_str(&body(&catalog)).unwrap();
        assert_eq!(stored, catalog);
    }

    #[test]
    fn a_disease_may_begin_otherwise_than_its_area_and_what_does_not_keeps_its_hash() {
        let mut catalog = sample();
        let body = |catalog: &Catalog| serde_json::to_string(catalog).unwrap();
        assert_eq!(body(&catalog).matches("benefit_start").count(), 1, "the area's alone");
        catalog.diseases[0].benefit_start = Some(BenefitStart::Approved);
        let stored: Catalog = serde_json::from_str(&body(&catalog)).unwrap();
        assert_eq!(stored, catalog);
        let starts = [0, 1].map(|place| catalog.diseases[place].start(&catalog.rules));
        assert_eq!(starts, [BenefitStart::Approved, BenefitStart::NoticeClosed]);
    }

    #[test]
    fn the_sample_stays_within_the_published_ranges() {
        for row in sample().policies {
            let (ratios, limits) = match row.insutype {
                Insutype::Employee => (7000..=9000, 500_000..=2_000_000),
                Insutype::Resident => (5000..=7000, 300_000..=1_500_000),
            };
            assert!(ratios.contains(&row.ratio_bp.0) && limits.contains(&row.limit_fen.0), "{row:?}");
        }
    }
}
