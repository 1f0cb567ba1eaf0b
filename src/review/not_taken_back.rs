//! Why what was decided is not taken back, and what was found not sent back, in words.

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
    /// The person has applied for the disease again.
    AppliedAgain { code: String },
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
                "公示期内可用 FileObjection 对公示条目提出异议；待遇生效后可用 EndBenefit 终止待遇。",
                "object to its entry with FileObjection, or end the benefit with EndBenefit once there is one.",
            )
            .about(if notice.is_empty() { code } else { notice }),
            NotTakenBack::AppliedAgain { code } => Self::new(
                "UNDO_TOO_LATE",
                format!("参保人此后已就病种 {code} 另行申请，该决定不能再撤销。"),
                format!("the person has applied for disease {code} again since; the decision stands."),
            )
            .help("请办理新的申请。", "go on with the new application.")
            .about(code),
        }
    }
}
