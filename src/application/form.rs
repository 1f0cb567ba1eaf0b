//! What the applicant says.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::kernel::id::Id;

/// What the applicant says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// 申请理由.
    pub appy_rea: String,
    /// 联系电话.
    pub tel: String,
    /// 代办人.
    pub agent: Option<Agent>,
    /// 申报病种.
    pub lines: Vec<LineForm>,
    /// Materials.
    pub materials: Vec<Id>,
    /// 申报来源.
    pub dcla_souc: String,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form(…)")
    }
}

/// 代办人.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// 姓名.
    pub name: String,
    /// 证件类型.
    pub cert_type: String,
    /// 证件号码.
    pub certno: String,
    /// 电话.
    pub tel: String,
    /// 关系.
    pub rlts: String,
    /// 地址; may be empty.
    #[serde(default)]
    pub addr: String,
}

/// What is said of one disease.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineForm {
    /// 病种代码.
    pub code: String,
    /// 鉴定机构.
    pub ide_fixmedins_no: String,
    /// 鉴定日期.
    pub hosp_ide_date: Date,
    /// 诊断医师编码.
    pub diag_dr_codg: String,
    /// 诊断医师姓名.
    pub diag_dr_name: String,
}

impl Form {
    /// The diseases.
    pub fn codes(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.code.clone()).collect()
    }
}
