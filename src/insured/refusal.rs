//! Why a person may not apply, or is not taken over. Pure.

use time::Date;

use crate::catalog::domain::Insutype;
use crate::kernel::error::Refusal;

/// Why a row of the platform is not taken over, beside the faults of the row itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The national table does not have the area.
    AreaUnknown,
    /// The caller may not write to the area.
    AreaOutOfReach,
    /// The person is insured in an area that the caller may not write to.
    PersonOutOfReach,
    /// The certificate number belongs to somebody else, who is not named.
    CertnoTaken,
}

/// Why a person may not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEligible {
    /// 参保状态 is not 正常.
    NotInsured,
    /// 缴费状态 is not 参保缴费, or not paid until today.
    NotPaidUp { paid_until: Date },
    /// Insured only from a later day on.
    NotYetInsured { from: Date },
    /// The catalogue does not have the disease.
    UnknownDisease { code: String },
    /// The disease is not open for the insured kind.
    KindNotOpen { code: String, kind: Insutype },
    /// The disease cannot befall the person.
    SexDoesNotFit { code: String },
    /// The person has the benefit.
    AlreadyHeld { code: String },
    /// An application for it is under way.
    AlreadyApplied { code: String },
    /// It cannot be held together with another.
    Excluded { code: String, other: String },
    /// More diseases than one person may have.
    TooMany { most: usize },
}

impl From<NotTaken> for Refusal {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::AreaUnknown => Self::new(
                "AREA_UNKNOWN",
                "参保地不在国家医保区划表中。",
                "insu_admdvs is not in the national table of insurance areas.",
            )
            .about("insu_admdvs"),
            NotTaken::AreaOutOfReach => Self::new(
                "AREA_OUT_OF_REACH",
                "无权写入该参保地的人员。",
                "the caller may not write people of this insu_admdvs.",
            )
            .help("请由该参保地的经办机构报送。", "let the bureau of that area send the row.")
            .about("insu_admdvs"),
            NotTaken::PersonOutOfReach => Self::new(
                "PERSON_OUT_OF_REACH",
                "无权写入该人员编号。",
                "the caller may not write this psn_no.",
            )
            .help("请由国家平台报送该人员。", "let the national platform send the row.")
            .about("psn_no"),
            NotTaken::CertnoTaken => Self::new(
                "CERTNO_TAKEN",
                "该证件号码已登记在另一人员编号下。",
                "the certificate number is registered under another psn_no.",
            )
            .help("请先核实并更正原登记。", "verify and correct the other registration first.")
            .about("certno"),
        }
    }
}

impl From<NotEligible> for Refusal {
    fn from(reason: NotEligible) -> Self {
        match reason {
            NotEligible::NotInsured => {
                Self::new("NOT_INSURED", "参保状态不正常。", "the insurance is not in force.")
                    .help("请先恢复参保。", "resume the insurance first.")
            }
            NotEligible::NotYetInsured { from } => Self::new(
                "NOT_YET_INSURED",
                format!("参保自 {from} 起生效。"),
                format!("insured only from {from} on."),
            )
            .help("请在该日或之后办理。", "come back on that day or later.")
            .met_on(from),
            NotEligible::NotPaidUp { paid_until } => Self::new(
                "NOT_PAID_UP",
                format!("未按时缴费，已缴至 {paid_until}。"),
                format!("contributions are paid only until {paid_until}."),
            )
            .help("请补缴后再办理。", "pay what is due, then try again."),
            NotEligible::UnknownDisease { code } => Self::new(
                "DISEASE_UNKNOWN",
                format!("目录中没有病种 {code}。"),
                format!("the catalogue in force has no disease {code}."),
            )
            .help("请用 ListDiseases 查询病种代码。", "look the code up with ListDiseases.")
            .about(code),
            NotEligible::KindNotOpen { code, kind } => Self::new(
                "KIND_NOT_OPEN",
                format!("病种 {code} 不对{}开放。", kind.name()),
                format!("disease {code} is not open for insured kind {}.", kind.code()),
            )
            .about(code),
            NotEligible::SexDoesNotFit { code } => Self::new(
                "SEX_DOES_NOT_FIT",
                format!("病种 {code} 与性别不符。"),
                format!("disease {code} does not go with the person's sex."),
            )
            .about(code),
            NotEligible::AlreadyHeld { code } => Self::new(
                "BENEFIT_ALREADY_HELD",
                format!("已享有病种 {code} 的待遇。"),
                format!("the benefit for disease {code} is already held."),
            )
            .about(code),
            NotEligible::AlreadyApplied { code } => Self::new(
                "APPLICATION_UNDER_WAY",
                format!("病种 {code} 的申请正在办理。"),
                format!("an application for disease {code} is under way."),
            )
            .help("请等待办结，或先撤回该申请。", "wait until it is decided, or withdraw it first.")
            .about(code),
            NotEligible::Excluded { code, other } => Self::new(
                "DISEASES_EXCLUDE_EACH_OTHER",
                format!("病种 {code} 与 {other} 不能同时享受。"),
                format!("diseases {code} and {other} cannot be held together."),
            )
            .about(code),
            NotEligible::TooMany { most } => Self::new(
                "TOO_MANY_DISEASES",
                format!("每人最多 {most} 个病种。"),
                format!("one person may hold {most} diseases at most."),
            ),
        }
    }
}
