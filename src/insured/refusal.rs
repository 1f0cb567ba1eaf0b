//! Why a person may not apply, or is not taken over. Pure.

use time::Date;

use crate::catalog::domain::Insutype;
use crate::kernel::error::Refusal;
use crate::kernel::region::Region;

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
    /// What is stored of the person broke the row's transaction; the log says how.
    RowFailed,
}

/// Why a person may not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEligible {
    /// 参保状态 is not 正常, or not insured in the pooling area on the day, but perhaps elsewhere.
    NotInsured { elsewhere: Option<Region> },
    /// Died before the day.
    Died,
    /// 缴费状态 is not 参保缴费, or the day is not paid for; paid for again from the day named.
    NotPaidUp { paid_until: Option<Date>, met_on: Option<Date> },
    /// 欠费: a contribution is owed.
    Owes { from: Date, to: Date },
    /// Not insured long enough without a gap in the pooling area; long enough on the day named.
    TooShort { months: i32, since: Option<Date>, met_on: Option<Date> },
    /// Insured only from a later day on.
    NotYetInsured { from: Date },
    /// The catalogue does not have the disease.
    UnknownDisease { code: String },
    /// The disease is not open for the insured kind; for that of a later spell it is, from the day named.
    KindNotOpen { code: String, kind: Insutype, met_on: Option<Date> },
    /// Younger than the disease is recognised at.
    TooYoung { code: String, youngest: i32, met_on: Date },
    /// Older than the disease is recognised at.
    TooOld { code: String, oldest: i32 },
    /// The disease cannot befall the person.
    SexDoesNotFit { code: String },
    /// The person has the benefit; until the last day, where that is known.
    AlreadyHeld { code: String, last: Option<Date> },
    /// An application for it is under way.
    AlreadyApplied { code: String },
    /// It cannot be held together with another, whose benefit has ended on the day named.
    Excluded { code: String, other: String, met_on: Option<Date> },
    /// More diseases than one person may have, until enough benefits have ended on the day named.
    TooMany { most: usize, met_on: Option<Date> },
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
            NotTaken::RowFailed => Self::new(
                "ROW_FAILED",
                "系统内部错误，本行未保存。",
                "the system failed on this row; nothing of it was stored.",
            )
            .help(
                "请将行号告知运维人员，排除后重新报送本行。",
                "tell the operator the row's number, and send the row again once it is mended.",
            )
            .about("psn_no"),
        }
    }
}

impl From<NotEligible> for Refusal {
    fn from(reason: NotEligible) -> Self {
        match reason {
            NotEligible::NotInsured { elsewhere } => not_insured(elsewhere),
            NotEligible::Died => {
                Self::new("PERSON_DIED", "该参保人已登记死亡。", "the person is registered as deceased.")
                    .help(
                        "登记有误时请由参保地经办机构更正。",
                        "if this is wrong, let the bureau of the area correct it.",
                    )
            }
            NotEligible::NotYetInsured { from } => not_yet_insured(from),
            NotEligible::NotPaidUp { paid_until, met_on } => not_paid_up(paid_until, met_on),
            NotEligible::Owes { from, to } => owes(from, to),
            NotEligible::TooShort { months, since, met_on } => too_short(months, since, met_on),
            NotEligible::UnknownDisease { code } => unknown_disease(code),
            NotEligible::KindNotOpen { code, kind, met_on } => kind_not_open(code, kind, met_on),
            NotEligible::SexDoesNotFit { code } => sex_does_not_fit(code),
            NotEligible::TooYoung { code, youngest, met_on } => too_young(code, youngest, met_on),
            NotEligible::TooOld { code, oldest } => too_old(code, oldest),
            NotEligible::AlreadyHeld { code, last } => already_held(code, last),
            NotEligible::AlreadyApplied { code } => already_applied(code),
            NotEligible::Excluded { code, other, met_on } => excluded(code, &other, met_on),
            NotEligible::TooMany { most, met_on } => too_many(most, met_on),
        }
    }
}

fn perhaps_met_on(refusal: Refusal, day: Option<Date>) -> Refusal {
    match day {
        Some(day) => refusal.met_on(day),
        None => refusal,
    }
}

fn not_insured(elsewhere: Option<Region>) -> Refusal {
    match elsewhere {
        None => Refusal::new("NOT_INSURED", "参保状态不正常。", "the insurance is not in force.")
            .help("请先恢复参保。", "resume the insurance first."),
        Some(area) => Refusal::new(
            "NOT_INSURED",
            format!("该日在{}（{area}）参保，不在本统筹区参保。", area.name()),
            format!("insured in {area} on that day, not in this pooling area."),
        )
        .help("请向该参保地的经办机构办理。", "turn to the bureau of that area."),
    }
}

fn not_yet_insured(from: Date) -> Refusal {
    let (zh, en) = (format!("参保自 {from} 起生效。"), format!("insured only from {from} on."));
    Refusal::new("NOT_YET_INSURED", zh, en)
        .help("请在该日或之后办理。", "come back on that day or later.")
        .met_on(from)
}

fn not_paid_up(paid_until: Option<Date>, met_on: Option<Date>) -> Refusal {
    let (zh, en) = match paid_until {
        Some(day) => {
            (format!("未按时缴费，已缴至 {day}。"), format!("contributions are paid only until {day}."))
        }
        None => ("尚未缴费。".to_owned(), "no contribution is paid yet.".to_owned()),
    };
    let refusal =
        Refusal::new("NOT_PAID_UP", zh, en).help("请补缴后再办理。", "pay what is due, then try again.");
    perhaps_met_on(refusal, met_on)
}

fn owes(from: Date, to: Date) -> Refusal {
    Refusal::new(
        "CONTRIBUTION_OWED",
        format!("{from} 至 {to} 的费用欠缴。"),
        format!("the contribution for {from} to {to} is owed."),
    )
    .help("请补缴后再办理。", "pay what is owed, then try again.")
}

fn too_short(months: i32, since: Option<Date>, met_on: Option<Date>) -> Refusal {
    let (zh, en) = match since {
        Some(since) => (
            format!("须在本统筹区连续参保满 {months} 个月，现自 {since} 起连续参保。"),
            format!(
                "{months} months of insurance without a gap in this pooling area are needed; the present one began on {since}."
            ),
        ),
        None => (
            format!("须在本统筹区连续参保满 {months} 个月。"),
            format!("{months} months of insurance without a gap in this pooling area are needed."),
        ),
    };
    let refusal = Refusal::new("INSURED_TOO_SHORT", zh, en).help(
        "请保持连续参保，期满后办理。",
        "stay insured without a gap, and come back when the months are full.",
    );
    perhaps_met_on(refusal, met_on)
}

fn unknown_disease(code: String) -> Refusal {
    Refusal::new(
        "DISEASE_UNKNOWN",
        format!("目录中没有病种 {code}。"),
        format!("the catalogue in force has no disease {code}."),
    )
    .help("请用 ListDiseases 查询病种代码。", "look the code up with ListDiseases.")
    .about(code)
}

fn kind_not_open(code: String, kind: Insutype, met_on: Option<Date>) -> Refusal {
    let refusal = Refusal::new(
        "KIND_NOT_OPEN",
        format!("病种 {code} 不对{}开放。", kind.name()),
        format!("disease {code} is not open for insured kind {}.", kind.code()),
    )
    .help(
        "请用 ListDiseases 查询对该险种开放的病种。",
        "ListDiseases tells which diseases are open for the insured kind.",
    )
    .about(code);
    perhaps_met_on(refusal, met_on)
}

fn sex_does_not_fit(code: String) -> Refusal {
    Refusal::new(
        "SEX_DOES_NOT_FIT",
        format!("病种 {code} 与性别不符。"),
        format!("disease {code} does not go with the person's sex."),
    )
    .help("性别登记有误时请先更正参保信息。", "if the sex is registered wrongly, correct it first.")
    .about(code)
}

fn too_young(code: String, youngest: i32, met_on: Date) -> Refusal {
    Refusal::new(
        "TOO_YOUNG",
        format!("病种 {code} 须年满 {youngest} 周岁。"),
        format!("disease {code} is recognised from the age of {youngest} on."),
    )
    .help("请在年满之日或之后办理。", "come back on that birthday or later.")
    .about(code)
    .met_on(met_on)
}

fn too_old(code: String, oldest: i32) -> Refusal {
    Refusal::new(
        "TOO_OLD",
        format!("病种 {code} 限 {oldest} 周岁及以下。"),
        format!("disease {code} is recognised until the age of {oldest}."),
    )
    .help("请查询其他适用的病种。", "look for another disease that applies.")
    .about(code)
}

fn already_held(code: String, last: Option<Date>) -> Refusal {
    let (zh, en) = match last {
        None => (
            format!("已享有病种 {code} 的待遇。"),
            format!("the benefit for disease {code} is already held."),
        ),
        Some(last) => (
            format!("已享有病种 {code} 的待遇，至 {last} 终止。"),
            format!("the benefit for disease {code} is already held; {last} is its last day."),
        ),
    };
    let (help_zh, help_en) = match last {
        None => ("无需再次申请，可直接就医结算。", "no application is needed: use the benefit."),
        Some(_) => (
            "终止前可直接就医结算，终止后可重新申请。",
            "use the benefit until then; after that day apply again.",
        ),
    };
    let refusal = Refusal::new("BENEFIT_ALREADY_HELD", zh, en).help(help_zh, help_en).about(code);
    perhaps_met_on(refusal, last.and_then(Date::next_day))
}

fn already_applied(code: String) -> Refusal {
    Refusal::new(
        "APPLICATION_UNDER_WAY",
        format!("病种 {code} 的申请正在办理。"),
        format!("an application for disease {code} is under way."),
    )
    .help("请等待办结，或先撤回该申请。", "wait until it is decided, or withdraw it first.")
    .about(code)
}

fn excluded(code: String, other: &str, met_on: Option<Date>) -> Refusal {
    let refusal = Refusal::new(
        "DISEASES_EXCLUDE_EACH_OTHER",
        format!("病种 {code} 与 {other} 不能同时享受。"),
        format!("diseases {code} and {other} cannot be held together."),
    )
    .help(
        "请只选其一，或先终止另一病种的待遇。",
        "choose one of them, or first end the benefit for the other.",
    )
    .about(code);
    perhaps_met_on(refusal, met_on)
}

fn too_many(most: usize, met_on: Option<Date>) -> Refusal {
    let refusal = Refusal::new(
        "TOO_MANY_DISEASES",
        format!("每人最多 {most} 个病种。"),
        format!("one person may hold {most} diseases at most."),
    )
    .help(
        "请减少申请的病种，或先终止一项待遇、撤回一项申请。",
        "apply for fewer, or first end a benefit or withdraw an application.",
    );
    perhaps_met_on(refusal, met_on)
}
