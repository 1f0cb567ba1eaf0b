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
    /// Who filed an objection does not decide it.
    OwnObjection,
    /// Who decided on the line does not decide what is said against that.
    OwnDecision,
    /// The objector has one that stands, or so many of nobody stand.
    ObjectsAlready { anonymous: bool },
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
            Refused::OwnObjection => Self::new(
                "OBJECTION_NEEDS_SECOND_PERSON",
                "提出该异议的经办人员不能自行处理，须由另一名经办人员处理。",
                "an objection is decided by another officer than the one who filed it.",
            )
            .help("请由另一名经办人员处理。", "let another officer decide it."),
            Refused::OwnDecision => Self::new(
                "OBJECTION_NEEDS_SECOND_PERSON",
                "审核确认该病种的经办人员不能处理对该决定的异议，须由另一名经办人员处理。",
                "an objection is decided by another officer than the one who decided on the line.",
            )
            .help("请由另一名经办人员处理。", "let another officer decide it."),
            Refused::ObjectsAlready { anonymous: false } => Self::new(
                "OBJECTION_STANDS_ALREADY",
                "您对该公示条目已提出异议，正在处理。",
                "an objection from this telephone to the entry stands already.",
            )
            .help("如有新的材料，请用 AddObjectionFile 补充。", "add files to that one with AddObjectionFile."),
            Refused::ObjectsAlready { anonymous: true } => Self::new(
                "OBJECTIONS_TOO_MANY",
                "该公示条目待处理的匿名异议已达上限。",
                "as many anonymous objections as are taken stand against the entry already.",
            )
            .help("请实名提出。", "object by name."),
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
