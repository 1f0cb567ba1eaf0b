//! What the fund pays of a bill: deductible, then ratio, then what is left of the year's limit. Pure.

use serde::{Deserialize, Serialize};

use super::domain::Bill;
use crate::benefit::domain::InForce;
use crate::catalog::domain::Policy;
use crate::kernel::money::{Money, Ratio};

/// What the year has used before this bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Paid by the fund.
    pub used: Money,
    /// 起付线 already borne.
    pub deductible_used: Money,
}

/// What is paid, and how that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculated {
    /// 实际起付线.
    pub deductible: Money,
    /// 统筹支付比例.
    pub ratio: Ratio,
    /// 基金支付.
    pub fund: Money,
    /// 个人负担: with the fund's part it is the bill.
    pub person: Money,
    /// 年度剩余 afterwards.
    pub left: Money,
    /// Step by step.
    pub explanation: Vec<Line>,
}

/// One step of a calculation. Stored with the settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub step: Stage,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The amount after it.
    pub amount: Money,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 总费用.
    Total,
    /// 符合政策范围.
    InScope,
    /// 起付线.
    Deductible,
    /// 比例.
    Ratio,
    /// 年度限额.
    Limit,
    /// 结果.
    Result,
}

impl Stage {
    /// Its word in the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::InScope => "in_scope",
            Self::Deductible => "deductible",
            Self::Ratio => "ratio",
            Self::Limit => "limit",
            Self::Result => "result",
        }
    }
}

/// Splits a bill between fund and person. `in_force` is the proof that the benefit holds on the bill's day.
pub fn settle(bill: &Bill, in_force: &InForce, policy: &Policy, before: &Before) -> Calculated {
    let mut calculated = split(bill, policy, before);
    calculated.explanation = explain(bill, in_force.code(), policy, before, &calculated);
    calculated
}

/// The same without the steps, and without proof: for those who ask what would be, and pay nothing.
pub fn split(bill: &Bill, policy: &Policy, before: &Before) -> Calculated {
    let deductible = policy.deductible_fen.less(before.deductible_used).min(bill.in_scope);
    let share = policy.ratio_bp.of(bill.in_scope.less(deductible));
    // A limit that fell below what was used stops payments: nothing is left, and nothing is asked back.
    let left_before = policy.limit_fen.less(before.used);
    let fund = share.min(left_before);
    Calculated {
        deductible,
        ratio: policy.ratio_bp,
        fund,
        person: bill.total.less(fund),
        left: left_before.less(fund),
        explanation: Vec::new(),
    }
}

fn explain(bill: &Bill, code: &str, policy: &Policy, before: &Before, result: &Calculated) -> Vec<Line> {
    let line = |step, amount, zh, en| Line { step, zh, en, amount };
    let (total, in_scope) = (bill.total, bill.in_scope);
    let Calculated { deductible, ratio, fund, person, left, .. } = result;
    let base = in_scope.less(*deductible);
    let share = ratio.of(base);
    let left_before = policy.limit_fen.less(before.used);
    let (limit_zh, limit_en) = if share == Money::ZERO {
        ("本次无需基金支付", "and nothing is to be paid by the fund")
    } else if share > left_before {
        ("不足支付，按剩余额支付", "less than that share, so the fund pays what is left")
    } else {
        ("足够支付", "enough for that share")
    };
    vec![
        line(Stage::Total, total, format!("总费用 {total} 元。"), format!("the bill comes to {total} yuan.")),
        line(
            Stage::InScope,
            in_scope,
            format!("其中符合政策范围 {in_scope} 元。"),
            format!("{in_scope} yuan of it are within the policy's scope."),
        ),
        line(
            Stage::Deductible,
            base,
            format!(
                "年度起付线 {} 元，此前已承担 {} 元，本次扣除 {deductible} 元，余 {base} 元。",
                policy.deductible_fen, before.deductible_used
            ),
            format!(
                "the year's deductible is {} yuan; {} were borne before and {deductible} now: {base} remain.",
                policy.deductible_fen, before.deductible_used
            ),
        ),
        line(
            Stage::Ratio,
            share,
            format!("按 {} 的比例，基金应支付 {share} 元，不足一分舍去。", ratio.percent()),
            format!("at {} the fund's share is {share} yuan, rounded down to the fen.", ratio.percent()),
        ),
        line(
            Stage::Limit,
            *fund,
            format!(
                "病种 {code} 的年度限额 {} 元，此前已支付 {} 元，剩余 {left_before} 元，{limit_zh}。",
                policy.limit_fen, before.used
            ),
            format!(
                "the year's limit for disease {code} is {} yuan; {} were paid before and {left_before} are left, {limit_en}.",
                policy.limit_fen, before.used
            ),
        ),
        line(
            Stage::Result,
            *fund,
            format!("基金支付 {fund} 元，个人负担 {person} 元，年度剩余 {left} 元。"),
            format!("the fund pays {fund} yuan, the person {person}; {left} are left for the year."),
        ),
    ]
}

#[cfg(test)]
#[path = "calculation_tests.rs"]
mod tests;
