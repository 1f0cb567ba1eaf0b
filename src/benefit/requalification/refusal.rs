//! What people and programs are told when a step of a re-qualification is refused.

use time::Date;

use super::transition::AnswerFailed;
use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not in the state that the step needs.
    WrongState {
        /// Its word.
        is: &'static str,
    },
    /// A notice is delivered between the day on which it was opened and today.
    DeliveryDay {
        /// When it was opened.
        opened_on: Date,
    },
    /// It was asked whether the benefit is still needed.
    StillNeeded,
    /// Nothing that a person can say takes the place of insurance.
    Insurance,
    /// It can return no more.
    ReturnOver {
        /// The last day on which it could.
        until: Date,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::WrongState { is } => Self::new(
                "REQUALIFICATION_STATE",
                format!("复审当前状态为“{}”，不能进行此操作。", state_zh(is)),
                format!("the re-qualification is {is}: it is not in the state that this step needs."),
            )
            .help(
                "请用 GetRequalification 查看当前状态。",
                "look at its state with GetRequalification.",
            ),
            Refused::DeliveryDay { opened_on } => Self::new(
                "DELIVERY_DAY",
                format!("送达日期须在 {opened_on}（开启之日）与今天之间。"),
                format!("the day of the delivery lies between {opened_on}, when it was opened, and today."),
            )
            .help("请更正送达日期。", "correct the day.")
            .about("delivered_on"),
            Refused::StillNeeded => Self::new(
                "STILL_NEEDED_UNANSWERED",
                "近期没有结算记录，须确认是否仍需使用该待遇。",
                "nothing was settled for some time: it is asked whether the benefit is still needed.",
            )
            .help(
                "仍需使用的，填 still_needed；情况特殊的，填 ask_officer 由经办人员办理。",
                "say still_needed, or ask_officer to have an officer decide.",
            )
            .about("still_needed"),
            Refused::Insurance => Self::new(
                "INSURANCE_NEEDED",
                "参保状态须先恢复正常，材料和确认不能代替。",
                "insurance has to be in force first: no paper and no answer takes its place.",
            )
            .help(
                "请先办理参保缴费，数据更新后自动复审；有异议的，填 ask_officer 由经办人员办理。",
                "once it is, data renew the benefit; where that is wrong, say ask_officer to have an officer decide.",
            )
            .about("insurance"),
            Refused::ReturnOver { until } => Self::new(
                "RETURN_OVER",
                format!("可恢复期已于 {until} 届满。"),
                format!("until {until} it could return."),
            )
            .help("请重新申请。", "apply anew."),
        }
    }
}

impl From<AnswerFailed> for Refusal {
    fn from(failed: AnswerFailed) -> Self {
        match failed {
            AnswerFailed::Refused(refused) => refused.into(),
            AnswerFailed::Benefit(refused) => refused.into(),
        }
    }
}

fn state_zh(word: &str) -> &'static str {
    match word {
        "open" => "待答复",
        "answered" => "待办理",
        "renewed" => "已通过",
        "lapsed" => "已中止",
        _ => "已关闭",
    }
}
