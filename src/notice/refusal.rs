//! What people and programs are told when a step of a notice is refused.

use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No approved line waits for a notice.
    NothingToPublish,
    /// Another notice over the same lines is not open yet.
    Opening { number: String },
    /// A notice that is not in the state that the step needs.
    WrongState { needed: &'static str, is: &'static str },
    /// Its last day is not over.
    NotDue,
    /// The public cannot object any more, or not yet.
    NotOpen,
    /// The entry was removed before.
    EntryRemoved,
    /// As many objections as are taken stand against it.
    ObjectionsTooMany,
    /// An objection stands against the entry.
    EntryHeld,
    /// The entry was withdrawn.
    EntryWithdrawn,
    /// The public's days are over, or have not begun.
    TooLateToWithdraw,
    /// The policy gives no appeal, or what was found is no dismissal, or one was heard already.
    NoAppeal,
    /// The days for an appeal are over.
    AppealTooLate,
    /// Who dismissed an objection does not decide its appeal.
    AppealNeedsSecondPerson,
    /// Who objected may still appeal.
    AppealOpen,
    /// The entry has its outcome.
    EntryCleared,
    /// The entry is not cleared.
    EntryNotCleared,
    /// The objection was resolved before.
    Resolved,
    /// An objection has as many files as it may have.
    FilesTooMany { most: usize },
    /// The proof is of another notice, or the objection does not stand against the entry.
    Mismatch,
}

/// What an applicant is told when an objection to a disease was upheld.
pub fn objection_upheld(code: &str) -> Refusal {
    Refusal::new(
        "OBJECTION_UPHELD",
        format!("病种 {code} 在公示期间收到异议，经核实异议成立，不予享受待遇。"),
        format!("an objection to disease {code} in its public notice was upheld; no benefit is granted."),
    )
    .help(
        "可向经办机构了解理由，补充材料后重新申请，或依法申请行政复议、提起行政诉讼。",
        "ask the bureau for its reasons, apply anew with further materials, or appeal as the law provides.",
    )
    .about(code)
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NothingToPublish => Self::new(
                "NOTHING_TO_PUBLISH",
                "没有审核通过、等待公示的病种。",
                "no approved line of this area and insured kind waits for a notice.",
            )
            .help("请待有申请审核通过后再开启公示。", "open a notice once an application was approved."),
            Refused::Opening { number } => Self::new(
                "NOTICE_OPENING",
                format!("批次 {number} 正在准备中，将包含这些病种。"),
                format!("notice {number} is being prepared and takes these lines up."),
            )
            .help("请等待该批次开始公示。", "wait until it is open."),
            Refused::WrongState { needed, is } => Self::new(
                "NOTICE_STATE",
                "公示当前状态不允许此操作。",
                format!("the notice is {is}; this step needs {needed}."),
            ),
            Refused::NotDue => {
                Self::new("NOTICE_NOT_DUE", "公示期尚未届满。", "the notice's last day is not over.")
            }
            Refused::NotOpen | Refused::EntryCleared => Self::new(
                "NOTICE_NOT_OPEN",
                "不在公示期内，不能提出异议。",
                "the notice is not open; objections are heard only while it is.",
            )
            .help("公示期外可向经办机构举报。", "outside of it, report to the bureau."),
            Refused::EntryRemoved => Self::new(
                "ENTRY_REMOVED",
                "该公示条目已因异议成立被移除。",
                "the entry was removed: an objection to it was upheld.",
            ),
            Refused::EntryWithdrawn => Self::new(
                "ENTRY_WITHDRAWN",
                "该公示条目已撤回公示。",
                "the entry was withdrawn from its notice.",
            ),
            Refused::TooLateToWithdraw => Self::new(
                "NOTICE_NOT_OPEN",
                "不在公示期内，不能撤回公示。",
                "the notice is not open; only what is open can be withdrawn.",
            )
            .help(
                "有异议的请处理异议；待遇已生效的，可用 SuspendBenefit 暂停或用 EndBenefit 终止。",
                "resolve objections that stand; suspend or end the benefit where there is one.",
            ),
            Refused::ObjectionsTooMany => Self::new(
                "OBJECTIONS_TOO_MANY",
                "该公示条目待处理的异议已达上限。",
                "as many objections as are taken stand against the entry already.",
            )
            .help("已有异议处理完毕后可再提出。", "object again when some of them are resolved."),
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
            Refused::AppealOpen => Self::new(
                "APPEAL_DAYS_OPEN",
                "异议人仍可申请复核。",
                "who objected may still appeal.",
            ),
            Refused::EntryHeld => Self::new(
                "OBJECTION_STANDS",
                "该公示条目有异议正在处理。",
                "an objection stands against the entry.",
            )
            .help("请先处理异议。", "resolve it first."),
            Refused::EntryNotCleared => Self::new(
                "ENTRY_NOT_UNDISPUTED",
                "该公示条目尚未确认无异议。",
                "the entry is not undisputed.",
            ),
            Refused::Resolved => {
                Self::new("OBJECTION_RESOLVED", "该异议已处理完毕。", "the objection was resolved before.")
            }
            Refused::FilesTooMany { most } => Self::new(
                "OBJECTION_FILES_TOO_MANY",
                format!("每件异议最多附 {most} 个文件。"),
                format!("an objection has {most} files at most."),
            ),
            Refused::Mismatch => Self::new(
                "OBJECTION_MISMATCH",
                "该异议或公示与此条目不符。",
                "the objection or the notice is not the entry's.",
            ),
        }
    }
}
