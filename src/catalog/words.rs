//! Words that rules of every feature share: 险种, 医院级别, kinds of paper.

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
