//! Rules for all diseases of an area.

use serde::{Deserialize, Serialize};

use super::files::FileRules;

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
    /// 参保条件.
    #[serde(default)]
    pub insurance: InsuranceRule,
    /// 文件检查.
    #[serde(default)]
    pub files: FileRules,
    /// 承诺制备案后不得变更的月数.
    pub remote_lock_months: i32,
    /// 临时外出备案的月数.
    pub temporary_months: i32,
    /// 申请复核的期限, days after the decision; 0 where the area states none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub remedy_days: u32,
}

/// What is not stated is not written: a catalogue from before there was such a rule keeps its hash.
fn is_none(days: &u32) -> bool {
    *days == 0
}

/// 参保条件: what insurance an application takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsuranceRule {
    /// 连续参保月数: whole months insured without a gap before the application; 0 for none.
    pub continuous_months: i32,
    /// 断保天数: a gap of at most so many days does not break continuity.
    pub gap_days_max: i32,
    /// 缴费宽限天数: days after the last paid day on which a person still counts as paid up.
    pub grace_days: i32,
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
