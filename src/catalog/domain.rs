//! The catalogue of one area: what it says, what would be wrong with it, and which policy row a case falls under.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Date;

use super::criteria::Criterion;
use crate::kernel::calendar::parse_date;
use crate::kernel::money::{Money, Ratio};
use crate::kernel::region::Region;

/// 险种. The numbers are the national codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Insutype {
    /// 职工基本医疗保险, flexible employment included.
    #[serde(rename = "310")]
    Employee,
    /// 城乡居民基本医疗保险.
    #[serde(rename = "390")]
    Resident,
}

impl Insutype {
    /// The national code.
    pub fn code(self) -> i16 {
        match self {
            Self::Employee => 310,
            Self::Resident => 390,
        }
    }

    /// By its national code.
    pub fn from_code(code: i32) -> Option<Self> {
        [Self::Employee, Self::Resident].into_iter().find(|kind| i32::from(kind.code()) == code)
    }

    /// 险种名称.
    pub fn name(self) -> &'static str {
        match self {
            Self::Employee => "职工基本医疗保险",
            Self::Resident => "城乡居民基本医疗保险",
        }
    }
}

/// 医院级别, as far as rules ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Any, or not a hospital.
    None,
    /// 一级 or without a grade.
    Primary,
    /// 二级.
    Secondary,
    /// 三级.
    Tertiary,
}

impl Level {
    /// From hosp_lv, the national code 01 to 14.
    pub fn from_code(hosp_lv: &str) -> Option<Self> {
        Some(match hosp_lv {
            "01" | "02" | "03" | "04" | "12" => Self::Tertiary,
            "05" | "06" | "07" | "13" => Self::Secondary,
            "08" | "09" | "10" | "11" | "14" => Self::Primary,
            _ => return None,
        })
    }
}

/// Kind of paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialKind {
    /// 身份证人像面.
    IdCardFront,
    /// 身份证国徽面.
    IdCardBack,
    /// 社保卡或医保电子凭证.
    InsuranceCard,
    /// 诊断证明.
    DiagnosisCertificate,
    /// 住院或门诊病历.
    MedicalRecord,
    /// 检查检验报告.
    ExamReport,
    /// 申请表.
    ApplicationForm,
    /// 异地居住证明.
    ResidenceProof,
    /// 转诊证明.
    Referral,
    /// 其他.
    Other,
}

impl MaterialKind {
    /// All kinds, in the order of their numbers in the contract, from 1.
    pub const ALL: [Self; 10] = [
        Self::IdCardFront,
        Self::IdCardBack,
        Self::InsuranceCard,
        Self::DiagnosisCertificate,
        Self::MedicalRecord,
        Self::ExamReport,
        Self::ApplicationForm,
        Self::ResidenceProof,
        Self::Referral,
        Self::Other,
    ];

    /// Its number in the contract and in the table.
    pub fn code(self) -> i16 {
        Self::ALL.iter().zip(1..).find(|(kind, _)| **kind == self).map_or(0, |(_, code)| code)
    }

    /// By its number.
    pub fn from_code(code: i32) -> Option<Self> {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code.checked_sub(1)?)).copied()
    }

    /// Whether it shows who the person is: withheld from experts.
    pub fn is_identity(self) -> bool {
        matches!(self, Self::IdCardFront | Self::IdCardBack | Self::InsuranceCard | Self::ApplicationForm)
    }
}

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
    /// 定点医药机构.
    pub institutions: Vec<Institution>,
}

/// Rules for all diseases of an area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// 审核时限, working days.
    pub review_working_days: u32,
    /// 受理时限, working days.
    pub acceptance_working_days: u32,
    /// 延长, working days.
    pub extension_working_days: u32,
    /// 公示期, working days.
    pub notice_working_days: u32,
    /// 异地备案办理时限, working days.
    pub residence_working_days: u32,
    /// 零星报销时限, working days.
    pub claim_working_days: u32,
    /// Experts of a panel before they differ.
    pub experts: usize,
    /// Whether the time of an institution's assessment counts.
    pub assessment_counts: bool,
    /// Rule for several diseases.
    pub several_diseases: SeveralDiseases,
    /// 每人最多病种数.
    pub diseases_max: usize,
    /// When a benefit begins.
    pub benefit_start: BenefitStart,
    /// Whether the public notice names the disease.
    pub publish_disease: bool,
    /// 承诺制备案后不得变更的月数.
    pub remote_lock_months: i32,
    /// 临时外出备案的月数.
    pub temporary_months: i32,
}

/// What the limits of several diseases come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveralDiseases {
    /// Each disease has its own.
    Sum,
    /// Each its own, below a common cap.
    SumCapped,
    /// The highest for all.
    Highest,
    /// The highest and a fixed amount.
    HighestPlus,
}

/// When a benefit begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenefitStart {
    /// The day after the notice closed undisputed.
    NoticeClosed,
    /// The day of approval, after an undisputed notice.
    Approved,
    /// The first of the month after the notice closed.
    FirstOfNextMonth,
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
    /// Id of its group.
    pub group: String,
    /// Insured kinds for which it is open.
    pub insutypes: Vec<Insutype>,
    /// `any`, `female`, `male`.
    pub sex: Sex,
    /// Whether an institution must have assessed first.
    pub assessment: bool,
    /// 复审周期 in months; 0 for none.
    pub requalify_months: i32,
    /// 复审所需材料.
    pub requalify_bring: String,
    /// Codes that cannot be held together with it.
    pub exclusions: Vec<String>,
    /// Its own part of the checklist.
    pub materials: Vec<RequiredMaterial>,
    /// 认定标准.
    pub criteria: Criterion,
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

/// 待遇政策.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// 险种.
    pub insutype: Insutype,
    /// The one disease that it is for; empty for a group.
    pub disease: String,
    /// The group that it is for; empty for a disease.
    pub group: String,
    /// `any`, `working`, `retired`.
    pub person: PersonRule,
    /// `any` or a level.
    pub hospital: HospitalRule,
    /// `any`, `home`, `remote`.
    pub place: PlaceRule,
    /// 报销比例.
    pub ratio_bp: Ratio,
    /// 年度支付限额.
    pub limit_fen: Money,
    /// 年度起付线.
    pub deductible_fen: Money,
    /// 结算方式.
    pub ways: Vec<String>,
}

/// For whom a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonRule {
    /// Everyone.
    Any,
    /// 在职.
    Working,
    /// 退休.
    Retired,
}

/// At which hospital a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HospitalRule {
    /// Everywhere.
    Any,
    /// 一级.
    Primary,
    /// 二级.
    Secondary,
    /// 三级.
    Tertiary,
}

/// Where a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceRule {
    /// Everywhere.
    Any,
    /// In the pooling area.
    Home,
    /// In a filed place outside.
    Remote,
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
}

/// The case for which a policy row is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// 险种.
    pub insutype: Insutype,
    /// 退休.
    pub retired: bool,
    /// 医院级别.
    pub hospital: Level,
    /// Whether in a filed place outside the pooling area.
    pub remote: bool,
}

impl Policy {
    fn covers(&self, case: &Case) -> bool {
        let person = match self.person {
            PersonRule::Any => true,
            PersonRule::Working => !case.retired,
            PersonRule::Retired => case.retired,
        };
        let hospital = match self.hospital {
            HospitalRule::Any => true,
            HospitalRule::Primary => case.hospital <= Level::Primary,
            HospitalRule::Secondary => case.hospital == Level::Secondary,
            HospitalRule::Tertiary => case.hospital == Level::Tertiary,
        };
        let place = match self.place {
            PlaceRule::Any => true,
            PlaceRule::Home => !case.remote,
            PlaceRule::Remote => case.remote,
        };
        self.insutype == case.insutype && person && hospital && place
    }
}

impl Catalog {
    /// Reads a catalogue from TOML; every fault that is found, at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let catalog: Self = toml::from_str(text).map_err(|error| vec![Fault(error.to_string())])?;
        let faults = catalog.faults();
        if faults.is_empty() { Ok(catalog) } else { Err(faults) }
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

    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |text: String| faults.push(Fault(text));
        if Region::find(&self.area).is_none_or(|area| area.pooling() != area) {
            fault(format!("area {} is no pooling area of the national table", self.area));
        }
        if parse_date(&self.in_force_from).is_none() {
            fault(format!("in_force_from {} is no date", self.in_force_from));
        }
        // What the server does not do, no catalogue may promise.
        if self.rules.several_diseases != SeveralDiseases::Sum {
            fault("rules: several_diseases: only sum is carried out so far".to_owned());
        }
        let groups: BTreeSet<_> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let mut by_code: BTreeMap<&str, &Disease> = BTreeMap::new();
        for disease in &self.diseases {
            if by_code.insert(&disease.code, disease).is_some() {
                fault(format!("disease {} is there twice", disease.code));
            }
            if !groups.contains(disease.group.as_str()) {
                fault(format!("disease {}: group {} is unknown", disease.code, disease.group));
            }
        }
        for disease in &self.diseases {
            for other in &disease.exclusions {
                if by_code.get(other.as_str()).is_none_or(|other| !other.exclusions.contains(&disease.code)) {
                    fault(format!("disease {}: exclusion {other} is unknown or one-sided", disease.code));
                }
            }
            self.coverage_faults(disease, &mut fault);
        }
        for institution in &self.institutions {
            if Region::find(&institution.admdvs).is_none() || Level::from_code(&institution.hosp_lv).is_none()
            {
                fault(format!("institution {}: admdvs or hosp_lv is unknown", institution.fixmedins_code));
            }
            if parse_date(&institution.begndate).is_none() {
                fault(format!("institution {}: begndate is no date", institution.fixmedins_code));
            }
        }
        faults
    }

    /// Each case of a disease must fall under exactly one row.
    fn coverage_faults(&self, disease: &Disease, fault: &mut impl FnMut(String)) {
        let rows = self.policies(disease);
        for insutype in &disease.insutypes {
            for retired in [false, true] {
                for hospital in [Level::Primary, Level::Secondary, Level::Tertiary] {
                    for remote in [false, true] {
                        let case = Case { insutype: *insutype, retired, hospital, remote };
                        let count = rows.iter().filter(|row| row.covers(&case)).count();
                        if count != 1 {
                            fault(format!("disease {}: {count} policy rows for {case:?}", disease.code));
                        }
                    }
                }
            }
        }
        for row in rows {
            if !(0..=10_000).contains(&row.ratio_bp.0) || row.limit_fen.0 < 0 || row.deductible_fen.0 < 0 {
                fault(format!("disease {}: ratio, limit or deductible is out of bounds", disease.code));
            }
        }
    }
}

/// A fault in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    fn the_sample_stays_within_the_published_ranges() {
        for row in sample().policies {
            let (ratios, limits) = match row.insutype {
                Insutype::Employee => (7000..=9000, 500_000..=2_000_000),
                Insutype::Resident => (5000..=7000, 300_000..=1_500_000),
            };
            assert!(ratios.contains(&row.ratio_bp.0) && limits.contains(&row.limit_fen.0), "{row:?}");
        }
    }

    #[test]
    fn a_disease_row_goes_before_its_group() {
        let catalog = sample();
        let case =
            Case { insutype: Insutype::Employee, retired: true, hospital: Level::Tertiary, remote: true };
        let disease = catalog.disease("M01600").unwrap();
        let row = catalog.policy(disease, &case).unwrap();
        assert_eq!((row.ratio_bp, row.limit_fen), (Ratio(8000), Money(600_000)));
        assert!(
            catalog
                .policies(disease)
                .iter()
                .all(|row| row.disease == "M01600" || row.insutype == Insutype::Resident)
        );
    }

    #[test]
    fn planted_faults_are_all_found() {
        let mut catalog = sample();
        catalog.area = "620902".to_owned();
        catalog.rules.several_diseases = SeveralDiseases::Highest;
        catalog.diseases[0].group = "nowhere".to_owned();
        catalog.diseases[1].exclusions.push("X".to_owned());
        catalog.policies.retain(|row| row.group != "respiratory" || row.hospital != HospitalRule::Secondary);
        let text: String = catalog.faults().iter().map(|fault| format!("{fault}\n")).collect();
        for expected in ["620902", "nowhere", "exclusion X", "0 policy rows", "only sum"] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(Catalog::parse("area = 1").is_err());
    }

    #[test]
    fn national_hospital_codes_map_to_levels() {
        let secondary_and_above: Vec<_> = (1..=14)
            .map(|code| format!("{code:02}"))
            .filter(|code| Level::from_code(code).is_some_and(|level| level >= Level::Secondary))
            .collect();
        assert_eq!(secondary_and_above.join(" "), "01 02 03 04 05 06 07 12 13");
        assert_eq!(MaterialKind::from_code(i32::from(MaterialKind::Other.code())), Some(MaterialKind::Other));
        assert_eq!(MaterialKind::from_code(0), None);
    }
}
