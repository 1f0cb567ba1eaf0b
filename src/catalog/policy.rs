//! 待遇政策: who gets how much for what, and which row a case falls under.

use serde::{Deserialize, Serialize};

use super::words::{Insutype, Level};
use crate::kernel::money::{Money, Ratio};

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

/// 政策范围: what the rows of an insured kind must stay within, where the area states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// 险种.
    pub insutype: Insutype,
    /// Lowest 报销比例.
    pub ratio_bp_min: Ratio,
    /// Highest 报销比例.
    pub ratio_bp_max: Ratio,
    /// Lowest 年度支付限额.
    pub limit_fen_min: Money,
    /// Highest 年度支付限额.
    pub limit_fen_max: Money,
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
    /// Whether a case falls under the row.
    pub fn covers(&self, case: &Case) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::{Catalog, SAMPLE};

    #[test]
    fn a_disease_row_goes_before_its_group() {
        let catalog = Catalog::parse(SAMPLE).unwrap();
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
}
