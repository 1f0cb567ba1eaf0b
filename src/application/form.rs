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
    /// 申请类型. Not written where it is the first: so are forms from before there were others.
    #[serde(default, skip_serializing_if = "Kind::is_new")]
    pub kind: Kind,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form(…)")
    }
}

/// 申请类型.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// 首次申请.
    #[default]
    New,
    /// 增加病种.
    Added {
        /// The benefit beside which more is applied for.
        benefit: Id,
    },
    /// 病情变化.
    Changed {
        /// The benefit that is to be replaced.
        benefit: Id,
    },
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
