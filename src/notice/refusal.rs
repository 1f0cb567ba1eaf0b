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
    /// The entry was removed or withdrawn.
    EntryGone,
    /// The days in which an appeal is taken are over, and the entry has its outcome.
    AppealOver,
    /// Other lines of the same decision have gone on: into a notice, or to an outcome.
    OtherLines { entries: Vec<String>, done: Vec<String> },
    /// The public's days are over, or have not begun.
    TooLateToWithdraw,
    /// The entry has its outcome.
    EntryCleared,
    /// The entry is not cleared.
    EntryNotCleared,
    /// The proof is of another notice, or the objection does not stand against the entry.
    Mismatch,
}

/// What an applicant is told when an objection to a disease was upheld. `finding`: what the bureau found, in its words.
pub fn objection_upheld(code: &str, finding: &str) -> Refusal {
    Refusal::new(
        "OBJECTION_UPHELD",
        format!("病种 {code} 在公示期间收到异议，经核实异议成立，不予享受待遇。核实情况：{finding}"),
        format!(
            "an objection to disease {code} in its public notice was upheld; no benefit is granted. The bureau found: {finding}"
        ),
    )
    .help(
        "可补充材料后重新申请，或依法申请行政复议、提起行政诉讼。",
        "apply anew with further materials, or appeal as the law provides.",
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
            Refused::OtherLines { entries, done } => other_lines(&entries, &done),
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
            .help("请直接向经办机构反映。", "tell the bureau directly."),
            other => of_entry(&other),
        }
    }
}

/// Why one line cannot go back to review: the decision is one for all lines of its application.
fn other_lines(entries: &[String], done: &[String]) -> Refusal {
    let refusal = |zh: String, en: String| Refusal::new("REVIEW_OTHER_LINES", zh, en);
    if done.is_empty() {
        let (zh, en) = (entries.join("、"), entries.join(", "));
        return refusal(
            format!("同一申请的其他病种 {zh} 也在公示中，撤销决定须先撤回其公示。"),
            format!(
                "other diseases of the same application are in a notice too: {en}; they share the decision."
            ),
        )
        .help(
            "请先用 WithdrawEntry（to_review 为 false）撤回这些病种的公示条目，再办理本条目。",
            "withdraw their entries first with WithdrawEntry and to_review false, then repeat this.",
        );
    }
    let (zh, en) = (done.join("、"), done.join(", "));
    refusal(
        format!("同一申请的其他病种 {zh} 已有结果，该决定不能再撤销复审。"),
        format!("other diseases of the same application have their outcome: {en}; the decision stands."),
    )
    .help(
        "异议成立的请选择 REJECTED，申请人可就该病种重新申请；不成立的请驳回异议。",
        "uphold with REJECTED, the applicant can apply anew for the disease; or dismiss the objection.",
    )
}

/// Why a step of an entry is refused.
fn of_entry(refused: &Refused) -> Refusal {
    match refused {
        Refused::EntryRemoved => Refusal::new(
            "ENTRY_REMOVED",
            "该公示条目已因异议成立被移除。",
            "the entry was removed: an objection to it was upheld.",
        ),
        Refused::EntryWithdrawn => Refusal::new(
            "ENTRY_WITHDRAWN",
            "该公示条目已撤回公示。",
            "the entry was withdrawn from its notice.",
        ),
        Refused::EntryGone => Refusal::new(
            "ENTRY_NOT_IN_NOTICE",
            "该条目已不在公示名单中，无需提出异议。",
            "the entry is not in the notice any more; nothing takes effect from it.",
        ),
        Refused::AppealOver => Refusal::new(
            "APPEAL_TOO_LATE",
            "申请复核的期限已过。",
            "the days in which an appeal is taken are over.",
        )
        .help("可依法向有关部门反映。", "other ways of the law stand open."),
        Refused::EntryHeld => Refusal::new(
            "OBJECTION_STANDS",
            "该公示条目有异议正在处理。",
            "an objection stands against the entry.",
        )
        .help("请先处理异议。", "resolve it first."),
        Refused::EntryNotCleared => {
            Refusal::new("ENTRY_NOT_UNDISPUTED", "该公示条目尚未确认无异议。", "the entry is not undisputed.")
        }
        _ => Refusal::new(
            "OBJECTION_MISMATCH",
            "该异议或公示与此条目不符。",
            "the objection or the notice is not the entry's.",
        ),
    }
}
