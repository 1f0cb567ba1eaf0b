//! What people and programs are told when a step of an objection is refused.

use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The objection was resolved before.
    Resolved,
    /// An objection has as many files as it may have.
    FilesTooMany { most: usize },
    /// The policy gives no appeal, or what was found is no dismissal, or one was heard already.
    NoAppeal,
    /// The days for an appeal are over.
    AppealTooLate,
    /// Who dismissed an objection does not decide its appeal.
    AppealNeedsSecondPerson,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoAppeal => Self::new(
                "APPEAL_NOT_OPEN",
                "该异议不能申请复核：仅对首次认定异议不成立的，且政策允许时，可申请一次复核。",
                "there is no appeal: only a first dismissal is appealed against, once, where the policy allows it.",
            )
            .help("可依法向有关部门反映。", "other ways of the law stand open."),
            Refused::AppealTooLate => Self::new(
                "APPEAL_TOO_LATE",
                "申请复核的期限已过。",
                "the days in which an appeal is taken are over.",
            )
            .help("可依法向有关部门反映。", "other ways of the law stand open."),
            Refused::AppealNeedsSecondPerson => Self::new(
                "APPEAL_NEEDS_SECOND_PERSON",
                "原处理人员不能办理该异议的复核，须由另一名经办人员办理。",
                "an appeal is decided by another officer than the one who dismissed the objection.",
            )
            .help("请由另一名经办人员办理。", "let another officer decide it."),
            Refused::Resolved => {
                Self::new("OBJECTION_RESOLVED", "该异议已处理完毕。", "the objection was resolved before.")
            }
            Refused::FilesTooMany { most } => Self::new(
                "OBJECTION_FILES_TOO_MANY",
                format!("每件异议最多附 {most} 个文件。"),
                format!("an objection has {most} files at most."),
            ),
        }
    }
}
