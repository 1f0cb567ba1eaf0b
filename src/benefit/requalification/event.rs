//! What happens in a re-qualification, as the journal has it: without a word that somebody wrote.

use serde::Serialize;
use time::Date;

use super::domain::{Basis, Closing, Way};
use crate::catalog::published::Cited;
use crate::kernel::id::Id;

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// 复审开启: data could not answer; the notice to the person.
    #[serde(rename = "requalification.asked")]
    Asked {
        benefit: Id,
        opsp_dise_code: String,
        due_on: Date,
        wanted: Vec<&'static str>,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 提醒.
    #[serde(rename = "requalification.reminded")]
    Reminded { due_on: Date, days: u32, wanted: Vec<&'static str>, delivered: bool },
    /// 复审日期已到, and nothing was answered: the days of grace.
    #[serde(rename = "requalification.due")]
    Due { due_on: Date, delivered: bool, lapse_on: Option<Date> },
    /// 送达.
    #[serde(rename = "requalification.delivered")]
    Delivered { on: Date, way: Way, lapse_on: Option<Date> },
    /// 答复.
    #[serde(rename = "requalification.answered")]
    Answered { materials: usize, still_needed: bool, ask_officer: bool, lapsed: bool },
    /// 通过.
    #[serde(rename = "requalification.renewed")]
    Renewed {
        benefit: Id,
        opsp_dise_code: String,
        basis: Basis,
        requalify_on: Option<Date>,
        returned: bool,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 中止.
    #[serde(rename = "requalification.lapsed")]
    Lapsed { benefit: Id, on: Date, by_officer: bool, return_until: Date },
    /// 关闭.
    #[serde(rename = "requalification.closed")]
    Closed { why: Closing },
}
