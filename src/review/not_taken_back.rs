//! Why what was decided is not taken back, and what was found not sent back, in words.

use crate::insured::domain::NotEligible;
use crate::kernel::error::Refusal;

/// Why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTakenBack {
    /// It was sent back so often that it has to be confirmed.
    TooOften { most: usize },
    /// The officer decided it.
    SamePerson,
    /// A line went into a notice; empty where its name is not known.
    InNotice { code: String, notice: String },
    /// What the person has applied for or been granted since does not go with it.
    Beside(NotEligible),
}

impl From<NotTakenBack> for Refusal {
    fn from(refused: NotTakenBack) -> Self {
        match refused {
            NotTakenBack::TooOften { most } => Self::new(
                "SENT_BACK_TOO_OFTEN",
                format!("该申请已退回专家复评 {most} 次，不能再退回。"),
                format!("it was sent back {most} times already."),
            )
            .help(
                "请用 ConfirmDecision 按专家意见审核确认。",
                "confirm what the experts found with ConfirmDecision.",
            ),
            NotTakenBack::SamePerson => Self::new(
                "UNDO_NEEDS_SECOND_PERSON",
                "作出该决定的人员不能自行撤销，须由另一名经办人员撤销。",
                "a decision is taken back by another officer than the one who made it.",
            )
            .help("请由另一名经办人员撤销。", "let another officer take it back."),
            NotTakenBack::InNotice { code, notice } => Self::new(
                "UNDO_TOO_LATE",
                format!("病种 {code} 已进入公示，该决定不能再撤销。"),
                format!("disease {code} went into a public notice; the decision stands."),
            )
            .help(
                "公示期内可用 WithdrawEntry（to_review）撤回公示条目并撤销决定；待遇生效后可用 EndBenefit 终止待遇。",
                "take its entry out with WithdrawEntry and to_review, or end the benefit with EndBenefit once there is one.",
            )
            .about(if notice.is_empty() { code } else { notice }),
            NotTakenBack::Beside(reason) => {
                let admission = Self::from(reason);
                Self {
                    reason: "UNDO_TOO_LATE".into(),
                    zh: format!("{}该决定不能再撤销。", admission.zh),
                    en: format!("{} the decision stands.", admission.en),
                    ..admission
                }
                .help(
                    "请按此后的申请或待遇办理；确需撤销的，先撤回该申请（WithdrawApplication）或终止该待遇（EndBenefit）。",
                    "go on with what came since; or first have that withdrawn (WithdrawApplication) or ended (EndBenefit).",
                )
            }
        }
    }
}
