//! Rules for all diseases of an area.

use serde::{Deserialize, Serialize};

use super::files::FileRules;
use super::requalification::RequalificationRules;

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
    /// 评审时限 of one expert, working days. Left out where it is as everywhere, so that catalogues of before there was this
    /// rule keep their hash.
    #[serde(default = "opinion_working_days", skip_serializing_if = "is_default")]
    pub opinion_working_days: u32,
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
    /// 公示病种依据: on which law or rule the disease is published; the notice shows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub publish_disease_basis: String,
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
    /// 异议.
    #[serde(default, skip_serializing_if = "ObjectionRules::is_default")]
    pub objection: ObjectionRules,
    /// 年度复审.
    #[serde(default, skip_serializing_if = "RequalificationRules::is_default")]
    pub requalification: RequalificationRules,
}

/// What is not stated is not written: a catalogue from before there was such a rule keeps its hash.
fn is_none(days: &u32) -> bool {
    *days == 0
}

fn opinion_working_days() -> u32 {
    10
}

fn is_default(days: &u32) -> bool {
    *days == opinion_working_days()
}

/// 异议: who may object, and how long it takes. Left out where it is as everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectionRules {
    /// 匿名异议: whether an objector may leave out name and telephone.
    pub anonymous: bool,
    /// 异议办理时限, working days, for the objection and for its appeal alike.
    pub working_days: u32,
    /// 复核次数: how often an objector may appeal against a dismissal, 0 or 1.
    pub appeals: u32,
    /// 申请复核的期限, working days after the dismissal.
    pub appeal_working_days: u32,
}

impl Default for ObjectionRules {
    fn default() -> Self {
        Self { anonymous: false, working_days: 10, appeals: 0, appeal_working_days: 5 }
    }
}

impl ObjectionRules {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::SAMPLE;
    use crate::catalog::import::{DOCUMENT, File, parse};

    const LINE: &str = "opinion_working_days = 10 ";

    /// The rules of the sample with another line instead, as they are kept; or the first thing that is wrong.
    fn kept(line: &str) -> Result<(u32, String), String> {
        assert!(SAMPLE.contains(LINE));
        let files = [File { name: DOCUMENT.to_owned(), content: SAMPLE.replace(LINE, line) }];
        let rules = parse(&files).map_err(|faults| faults[0].en.clone())?.rules;
        Ok((rules.opinion_working_days, serde_json::to_string(&rules).unwrap()))
    }

    #[test]
    fn objections_are_as_everywhere_unless_something_is_stated() {
        let text = |rules: &Rules| serde_json::to_string(rules).unwrap();
        let files = [File { name: DOCUMENT.to_owned(), content: SAMPLE.to_owned() }];
        let mut rules = parse(&files).unwrap().rules;
        rules.objection = ObjectionRules::default();
        assert!(
            !text(&rules).contains("objection"),
            "a catalogue from before there were such rules keeps its hash"
        );
        assert_eq!(serde_json::from_str::<Rules>(&text(&rules)).unwrap().objection, rules.objection);
        rules.objection.anonymous = true;
        assert_eq!(serde_json::from_str::<Rules>(&text(&rules)).unwrap(), rules);
    }

    #[test]
    fn a_catalogue_of_before_experts_had_their_own_time_is_kept_as_it_was() {
        let (days, text) = kept("").unwrap();
        assert!(days == 10 && !text.contains("opinion_working_days"));
        assert_eq!(kept(LINE), Ok((days, text.clone())));
        assert_eq!(serde_json::from_str::<Rules>(&text).unwrap().opinion_working_days, 10);
        let (days, text) = kept("opinion_working_days = 7 ").unwrap();
        assert_eq!((days, serde_json::from_str::<Rules>(&text).unwrap().opinion_working_days), (7, 7));
        assert!(kept("opinion_working_days = 0 ").unwrap_err().contains("must be from"));
    }
}
