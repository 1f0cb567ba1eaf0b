//! 门诊慢特病申请: its states as types. How one leads to another is in `transition.rs`.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use super::event::Event;
pub use super::form::{Agent, Form, Kind, LineForm};
pub use super::refusal::{MaterialFault, Misfit, StepRefused};
pub use super::transition::Pending;
use crate::catalog::domain::{Insutype, MaterialKind};
use crate::kernel::clock::Clock;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// An application in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "few are in memory at once, and never many in one place")]
pub enum Application {
    /// 草稿.
    Draft(Draft),
    /// 已提交.
    Submitted(Submitted),
    /// 已受理.
    Accepted(Accepted),
    /// 待补正.
    AwaitingSupplement(Awaiting),
    /// 已办结.
    Decided(Decided),
    /// 不予受理.
    Refused(Refused),
    /// 已撤回.
    Withdrawn(Withdrawn),
}

/// What never changes once it is submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: Id,
    /// 险种 when it was submitted, or the draft last written.
    pub insutype: Insutype,
    /// 参保地 when it was submitted, or the draft last written.
    pub area: Region,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}

/// 草稿.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What never changes.
    pub case: Case,
    /// What the applicant says.
    pub form: Form,
}

/// What is fixed by the submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    /// What never changes.
    pub case: Case,
    /// What the applicant says.
    pub form: Form,
    /// 申请日期.
    pub appy_date: Date,
    /// Catalogue against which it was submitted.
    pub catalog_version: String,
    /// Its hash.
    pub catalog_sha256: String,
    /// Whether that is the sample.
    pub sample: bool,
    /// The 20 working days.
    pub clock: Clock,
    /// 受理时限, working days; 0 where it was submitted to a version that kept none.
    #[serde(default)]
    pub acceptance_working_days: u32,
    /// 告知补正: every request so far, in order.
    #[serde(default)]
    pub requests: Vec<Request>,
}

/// One request for a supplement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Everything that it asks for.
    pub items: Vec<Asked>,
    /// How many materials the application had. A supplement only adds behind: whatever comes after is newer.
    pub materials: usize,
    /// When.
    pub on: Date,
    /// 无补充材料: the applicant answered that there is nothing to add.
    #[serde(default)]
    pub nothing_to_add: bool,
}

/// One thing that is asked for, as the catalogue names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Asked {
    /// A paper of the checklist. The code is empty where every application needs it.
    Paper {
        /// 病种代码.
        code: String,
        /// Kind of paper.
        kind: MaterialKind,
        /// 材料名称.
        title: String,
    },
    /// Proof of a fact of the criteria.
    Fact {
        /// 病种代码.
        code: String,
        /// Its name.
        fact: String,
    },
}

/// 已提交.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// What is fixed.
    pub filed: Filed,
}

/// 已受理.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// What is fixed.
    pub filed: Filed,
    /// The officer who accepted it.
    pub accepted_by: String,
}

/// 待补正.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Awaiting {
    /// What is fixed.
    pub filed: Filed,
    /// What is asked for, all of it.
    pub wanted: Vec<Refusal>,
    /// The officer who had accepted it before; none when it was asked for before acceptance.
    pub accepted_by: Option<String>,
}

/// 已办结.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// What is fixed.
    pub filed: Filed,
    /// When.
    pub decided_on: Date,
    /// The officer who confirmed it.
    pub decided_by: String,
    /// Each line's fate.
    pub lines: Vec<Line>,
}

/// One decided line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// 病种代码.
    pub code: String,
    /// Where it stands.
    pub state: LineState,
    /// Why it was rejected.
    #[serde(default)]
    pub reasons: Vec<Refusal>,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// 待审核.
    Pending,
    /// 审核通过.
    Approved,
    /// 审核不通过.
    Rejected,
    /// 公示中.
    InNotice,
    /// 待遇生效.
    Granted,
    /// 异议成立.
    Objected,
}

impl LineState {
    /// Its word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::InNotice => "in_notice",
            Self::Granted => "granted",
            Self::Objected => "objected",
        }
    }
}

/// 不予受理.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What is fixed.
    pub filed: Filed,
    /// Why.
    pub reasons: Vec<Refusal>,
}

/// 已撤回.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// What never changes.
    pub case: Case,
    /// What the applicant said.
    pub form: Form,
    /// What was fixed by the submission; none when it was a draft.
    #[serde(default)]
    pub filed: Option<Filed>,
}

impl Asked {
    /// Its name in the catalogue.
    pub fn name(&self) -> &str {
        match self {
            Self::Paper { title, .. } => title,
            Self::Fact { fact, .. } => fact,
        }
    }

    /// 病种代码 that it is about; empty for all.
    pub fn code(&self) -> &str {
        match self {
            Self::Paper { code, .. } | Self::Fact { code, .. } => code,
        }
    }

    /// Whether it is the same thing: two diseases may ask for the same paper.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Paper { kind, title, .. }, Self::Paper { kind: other_kind, title: other_title, .. }) => {
                (kind, title) == (other_kind, other_title)
            }
            _ => self == other,
        }
    }
}

impl Application {
    /// What never changes once it is submitted.
    pub fn case(&self) -> &Case {
        self.said().0
    }

    /// What the applicant says.
    pub fn form(&self) -> &Form {
        self.said().1
    }

    fn said(&self) -> (&Case, &Form) {
        match self {
            Self::Draft(Draft { case, form }) | Self::Withdrawn(Withdrawn { case, form, .. }) => (case, form),
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. })
            | Self::Decided(Decided { filed, .. })
            | Self::Refused(Refused { filed, .. }) => (&filed.case, &filed.form),
        }
    }

    /// What is fixed by the submission; none in a draft, withdrawn or not.
    pub fn filed(&self) -> Option<&Filed> {
        match self {
            Self::Draft(_) => None,
            Self::Withdrawn(Withdrawn { filed, .. }) => filed.as_ref(),
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. })
            | Self::Decided(Decided { filed, .. })
            | Self::Refused(Refused { filed, .. }) => Some(filed),
        }
    }

    /// The clock of the review, while the bureau or the applicant has something to do.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. }) => Some(&filed.clock),
            Self::Draft(_) | Self::Decided(_) | Self::Refused(_) | Self::Withdrawn(_) => None,
        }
    }

    /// 受理时限: it starts with the review's clock and stands still with it, until the application is accepted.
    pub fn acceptance_clock(&self) -> Option<Clock> {
        match self {
            Self::Submitted(Submitted { filed })
            | Self::AwaitingSupplement(Awaiting { filed, accepted_by: None, .. }) => {
                let days = filed.acceptance_working_days;
                (days > 0).then(|| filed.clock.with_budget(days))
            }
            _ => None,
        }
    }

    /// How the officer signs in who accepted it; empty before.
    pub fn officer(&self) -> &str {
        match self {
            Self::Accepted(Accepted { accepted_by, .. }) => accepted_by,
            Self::AwaitingSupplement(Awaiting { accepted_by, .. }) => {
                accepted_by.as_deref().unwrap_or_default()
            }
            _ => "",
        }
    }

    /// Each line with where it stands.
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Decided(decided) => decided.lines.clone(),
            _ => {
                let pending = |code| Line { code, state: LineState::Pending, reasons: Vec::new() };
                self.form().codes().into_iter().map(pending).collect()
            }
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft(_) => "draft",
            Self::Submitted(_) => "submitted",
            Self::Accepted(_) => "accepted",
            Self::AwaitingSupplement(_) => "awaiting_supplement",
            Self::Decided(_) => "decided",
            Self::Refused(_) => "refused",
            Self::Withdrawn(_) => "withdrawn",
        }
    }
}
