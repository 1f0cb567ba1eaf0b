//! What people and programs are told when a benefit cannot be changed, or is not in force.

use time::Date;

use super::domain::{ChangeRefused, NotInForce};
use crate::kernel::error::Refusal;

impl From<ChangeRefused> for Refusal {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::Ended => Self::new(
                "BENEFIT_ENDED",
                "待遇已终止，不能再变更。",
                "the benefit has ended; nothing can change it.",
            ),
            ChangeRefused::EndsBefore { last } => Self::new(
                "BENEFIT_ENDED",
                format!("待遇已定于 {last} 终止，终止日期只能提前。"),
                format!("the benefit ends on {last}; that can only be moved to an earlier day."),
            )
            .help("请填写更早的日期。", "name an earlier day."),
            ChangeRefused::InPast => {
                Self::new("DAY_IN_PAST", "日期不能早于今天。", "the day lies before today.")
                    .help("请填写今天或之后的日期。", "name today or a later day.")
            }
            ChangeRefused::AlreadySuspended => {
                Self::new("ALREADY_SUSPENDED", "该期间已暂停。", "it is suspended in that time already.")
                    .help(
                        "如需改期，请先恢复，再重新暂停。",
                        "to change its days resume first, then suspend anew.",
                    )
            }
            ChangeRefused::NotSuspended => {
                Self::new("NOT_SUSPENDED", "待遇在该日未处于暂停状态。", "it is not suspended on that day.")
            }
            ChangeRefused::Order => Self::new(
                "PERIOD_ORDER",
                "结束日期不能早于开始日期，且暂停须在待遇起止日期之内开始。",
                "the period ends before it begins, or begins before the benefit does or after its last day.",
            ),
            ChangeRefused::AbuseLength => Self::new(
                "ABUSE_LENGTH",
                "违规暂停期限为 3 至 12 个月（《医疗保障基金使用监督管理条例》第四十一条）。",
                "a suspension for abuse lasts 3 to 12 months (Regulations on fund use, art. 41).",
            )
            .help("请填写 3 至 12 个月的结束日期。", "name a last day 3 to 12 months later."),
            ChangeRefused::AlreadyLapsed => Self::new(
                "ALREADY_LAPSED",
                "待遇已因复审中止。",
                "the benefit has lapsed for want of its re-qualification already.",
            ),
            ChangeRefused::NotLapsed => {
                Self::new("NOT_LAPSED", "待遇未因复审中止。", "the benefit has not lapsed.")
            }
        }
    }
}

impl From<NotInForce> for Refusal {
    fn from(reason: NotInForce) -> Self {
        match reason {
            NotInForce::None { code } => Self::new(
                "NO_BENEFIT",
                format!("没有病种 {code} 的门诊慢特病待遇。"),
                format!("there is no benefit for disease {code}."),
            )
            .help("请先申请并经公示无异议。", "apply first; it begins after an undisputed notice.")
            .about(code),
            NotInForce::NotBegun { code, begndate } => Self::new(
                "BENEFIT_NOT_BEGUN",
                format!("病种 {code} 的待遇自 {begndate} 起生效。"),
                format!("the benefit for disease {code} begins on {begndate}."),
            )
            .about(code)
            .met_on(begndate),
            NotInForce::Suspended { code, day, until } => {
                let suspended = Self::new(
                    "BENEFIT_SUSPENDED",
                    format!("病种 {code} 的待遇在 {day} 处于暂停状态。"),
                    format!("the benefit for disease {code} is suspended on {day}."),
                )
                .help("请联系经办机构。", "ask the bureau.")
                .about(code);
                match until.and_then(Date::next_day) {
                    Some(day) => suspended.met_on(day),
                    None => suspended,
                }
            }
            NotInForce::Lapsed { code, since, until } => {
                let lapsed = Self::new(
                    "BENEFIT_LAPSED",
                    format!("病种 {code} 的待遇因未完成复审，自 {since} 起中止。"),
                    format!("the benefit for disease {code} has lapsed since {since} for want of its re-qualification."),
                )
                .help(
                    "请在门户办理复审（也可要求经办人员人工办理），通过后自恢复之日起享受。",
                    "answer the re-qualification, or ask an officer to decide; it pays again from its return on.",
                )
                .about(code);
                match until.and_then(Date::next_day) {
                    Some(day) => lapsed.met_on(day),
                    None => lapsed,
                }
            }
            NotInForce::Ended { code, enddate } | NotInForce::Died { code, enddate } => Self::new(
                "BENEFIT_ENDED",
                format!("病种 {code} 的待遇已于 {enddate} 终止。"),
                format!("the benefit for disease {code} ended on {enddate}."),
            )
            .about(code),
            NotInForce::Moved { code } => Self::new(
                "BENEFIT_MOVED_AWAY",
                format!("病种 {code} 的待遇由原参保统筹区认定，转出后不再享受。"),
                format!("the benefit for disease {code} is of the pooling area that the person has left."),
            )
            .help(
                "请向现参保地经办机构申请。",
                "apply to the bureau of the area in which the person is insured now.",
            )
            .about(code),
        }
    }
}
