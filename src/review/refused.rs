//! Why a step of a review is refused, in words.

use super::domain::Finding;
use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Fewer experts than needed can be drawn.
    NotEnoughExperts { missing: usize },
    /// Everything is found.
    PanelComplete,
    /// Opinions are still out: nobody knows yet whether they differ.
    ThirdNotNeeded { open: usize },
    /// There is no panel yet.
    PanelMissing,
    /// Opinions are still out.
    OpinionsMissing { open: usize },
    /// The experts differ on a line.
    ThirdNeeded { code: String },
    /// The officer is one of the experts.
    OfficerIsExpert,
    /// Somebody left, and nobody was drawn instead yet.
    PanelShort { missing: usize },
    /// The opinion was given before.
    OpinionGiven,
    /// It was taken from its expert.
    TaskClosed,
    /// Its expert has given an opinion and judges it anew, and there is time.
    TaskReopened,
    /// A member is related to the applicant, as it came out on another panel.
    MemberRelated { expert: String },
    /// The application is not with the experts any more.
    NotUnderReview,
    /// The review stands still: somebody outside or the applicant is waited for.
    ReviewWaits,
    /// The finding does not follow from what is said of the facts.
    Contradicts { code: String, said: Finding, follows: Finding },
    /// Opinions are there already, and stand whatever is supplemented.
    OpinionsGiven,
    /// The name is an officer's.
    ExpertIsOfficer { operator: String },
    /// Another expert of the area signs in under the same name.
    OperatorTaken { operator: String },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, zh, en) = refused.words();
        let (help_zh, help_en) = refused.help();
        Self::new(reason, zh, en).help(help_zh, help_en).about(refused.subject())
    }
}

impl Refused {
    fn words(&self) -> (&'static str, String, String) {
        let plain = |reason, zh: &str, en: &str| (reason, zh.to_owned(), en.to_owned());
        match self {
            Self::NotEnoughExperts { missing } => (
                "NOT_ENOUGH_EXPERTS",
                format!("可抽取的专家不足，还缺 {missing} 名。"),
                format!("{missing} more experts without conflict of interest are needed."),
            ),
            Self::PanelComplete => {
                plain("PANEL_COMPLETE", "专家评审已完成，无需再分配专家。", "the panel has found everything.")
            }
            Self::ThirdNotNeeded { open } => (
                "THIRD_NOT_NEEDED",
                format!("尚有 {open} 份评审意见未提交，目前不需要增派专家。"),
                format!(
                    "{open} opinions are still out; a further expert is drawn only when the others differ."
                ),
            ),
            Self::PanelMissing => plain("PANEL_MISSING", "尚未分配评审专家。", "no experts have been drawn."),
            Self::OpinionsMissing { open } => (
                "OPINIONS_MISSING",
                format!("尚有 {open} 份评审意见未提交。"),
                format!("{open} opinions are still out."),
            ),
            Self::ThirdNeeded { code } => (
                "THIRD_EXPERT_NEEDED",
                format!("专家对病种 {code} 的意见不一致。"),
                format!("the experts differ on disease {code}."),
            ),
            Self::OfficerIsExpert => plain(
                "OFFICER_IS_EXPERT",
                "审核人员不能是本申请的评审专家。",
                "the officer who confirms may not be one of the experts.",
            ),
            Self::PanelShort { missing } => (
                "PANEL_SHORT",
                format!("有专家退回任务，评审组尚缺 {missing} 名专家。"),
                format!("{missing} members are missing, because a task was given back."),
            ),
            Self::MemberRelated { expert } => (
                "MEMBER_RELATED",
                "该专家在申请人的其他评审任务中申报了利害关系，应当回避。".to_owned(),
                format!("{expert} is related to the applicant, as was told of another task."),
            ),
            Self::TaskClosed
            | Self::TaskReopened
            | Self::OpinionGiven
            | Self::NotUnderReview
            | Self::ReviewWaits => {
                let (reason, zh, en) = self.of_task();
                plain(reason, zh, en)
            }
            Self::Contradicts { code, said, follows } => contradicts(code, *said, *follows),
            Self::OpinionsGiven => plain(
                "OPINIONS_GIVEN",
                "已有专家提交评审意见，不能再要求补正。",
                "an expert has given an opinion already; a supplement would not change it.",
            ),
            Self::ExpertIsOfficer { operator } => (
                "EXPERT_IS_OFFICER",
                format!("{operator} 是已登记的经办人员，不能担任评审专家。"),
                format!("{operator} is registered as an officer and cannot be an expert too."),
            ),
            Self::OperatorTaken { operator } => (
                "EXPERT_OPERATOR_TAKEN",
                format!("本区域已有使用登录名 {operator} 的专家。"),
                format!("an expert of this area signs in as {operator} already."),
            ),
        }
    }

    /// Why nothing can be done about a task.
    fn of_task(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TaskClosed => (
                "TASK_CLOSED",
                "该评审任务已退回或已改由他人评审。",
                "the task was given back or is somebody else's by now.",
            ),
            Self::TaskReopened => (
                "TASK_REOPENED",
                "该专家已提交过意见，正在重新评审；未超过评审时限，不能更换。",
                "its expert has given an opinion and judges it anew: nobody is drawn instead while there is time.",
            ),
            Self::OpinionGiven => {
                ("OPINION_GIVEN", "评审意见已提交，不能更改。", "the opinion was given and stands.")
            }
            Self::ReviewWaits => (
                "APPLICATION_NOT_UNDER_REVIEW",
                "该申请的评审暂停，正在等待补正、鉴定或体检结果。",
                "the review stands still: a supplement, an assessment or an examination is waited for.",
            ),
            _ => (
                "APPLICATION_NOT_UNDER_REVIEW",
                "该申请已不在专家评审中。",
                "the application is not under review any more.",
            ),
        }
    }

    fn help(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotEnoughExperts { .. } => {
                ("请用 CreateExpert 增补专家。", "add experts with CreateExpert.")
            }
            Self::PanelComplete => ("请用 ConfirmDecision 审核确认。", "confirm with ConfirmDecision."),
            Self::ThirdNotNeeded { .. } | Self::OpinionsMissing { .. } => {
                ("请等待专家提交意见。", "wait for the experts.")
            }
            Self::PanelMissing => ("请先用 AssignExperts 分配专家。", "draw them with AssignExperts first."),
            Self::ThirdNeeded { .. } => {
                ("请再次调用 AssignExperts，增派一名专家。", "draw a further expert with AssignExperts.")
            }
            Self::OfficerIsExpert => ("请由其他工作人员审核确认。", "let another officer confirm."),
            Self::PanelShort { .. } => {
                ("请用 AssignExperts 补抽专家。", "draw who is missing with AssignExperts.")
            }
            Self::OpinionGiven | Self::TaskClosed => ("", ""),
            Self::TaskReopened => (
                "请等待专家提交意见；超过评审时限仍未提交的，可以更换。",
                "wait for the opinion; once it is overdue the expert can be replaced.",
            ),
            Self::MemberRelated { .. } => {
                ("请用 ReassignTask 更换该专家。", "replace this expert with ReassignTask.")
            }
            Self::NotUnderReview => (
                "申请已撤回或已办结，其评审任务无需再处理。",
                "it was withdrawn or decided: nothing is left to be done about its tasks.",
            ),
            Self::ReviewWaits => (
                "任务仍保留，请在评审恢复后再提交意见；评审时限相应顺延。",
                "the task stays: give the opinion once the review goes on; the time for it stands still, too.",
            ),
            Self::Contradicts { .. } => (
                "请改为应有的结论，或更正逐项认定。",
                "send the finding that follows, or correct what is said of the facts.",
            ),
            Self::OpinionsGiven => (
                "请等待其余专家的意见并用 ConfirmDecision 审核确认；专家意见即为评审结果。",
                "let the experts' outcome stand: wait for the other opinions and confirm with ConfirmDecision.",
            ),
            Self::ExpertIsOfficer { .. } => {
                ("请另选不是经办人员的专家。", "choose an expert who is no officer.")
            }
            Self::OperatorTaken { .. } => ("请使用另一登录名。", "take another operator name."),
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::ThirdNeeded { code } | Self::Contradicts { code, .. } => code,
            Self::MemberRelated { expert } => expert,
            Self::OperatorTaken { .. } | Self::ExpertIsOfficer { .. } => "operator",
            Self::NotEnoughExperts { .. }
            | Self::PanelComplete
            | Self::ThirdNotNeeded { .. }
            | Self::PanelMissing
            | Self::OpinionsMissing { .. }
            | Self::OfficerIsExpert
            | Self::PanelShort { .. }
            | Self::OpinionGiven
            | Self::TaskClosed
            | Self::TaskReopened
            | Self::OpinionsGiven
            | Self::NotUnderReview
            | Self::ReviewWaits => "",
        }
    }
}

fn contradicts(code: &str, said: Finding, follows: Finding) -> (&'static str, String, String) {
    let ((said_zh, said), (zh, en)) = (finding_words(said), finding_words(follows));
    (
        "OPINION_CONTRADICTS_CRITERIA",
        format!("病种 {code}：按逐项认定，结论应为“{zh}”，不能为“{said_zh}”。"),
        format!("disease {code}: for these facts its criteria give {en}, not {said}."),
    )
}

/// A finding in Chinese and as the contract names it.
pub(super) fn finding_words(finding: Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::Met => ("符合", "MET"),
        Finding::NotMet => ("不符合", "NOT_MET"),
        Finding::Unknown => ("无法认定", "UNKNOWN"),
    }
}
