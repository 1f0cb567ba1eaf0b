//! A receipt: the facts of a decision and what follows from them. Pure, so that it follows again whenever it is asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::Date;

use super::trace;
use crate::application::domain::Line as Decision;
use crate::catalog::domain::MaterialKind;
use crate::catalog::published::Cited;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::review::domain::{Finding, Line, Refused};
use crate::review::panel::Outcome;
use crate::review::sitting::Sitting;

/// Version of the decision code: of what follows from facts (`Sitting`, `reasons.rs`, `Criterion`, `trace.rs`), in its
/// result or in its words, and of what the facts of a receipt hold. Whoever changes any of it raises the number: then
/// receipts of the older code that differ are told to be of the older code.
pub const ENGINE: i32 = 1;

/// One decision.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// `ENGINE` of the code that made it.
    pub engine: i32,
    /// From 1, in the order of the decisions on the application.
    pub number: i32,
    /// What it rests on.
    pub facts: Facts,
    /// What followed.
    pub conclusion: Conclusion,
}

/// What a decision rests on.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The application.
    pub application: Id,
    /// 参保地 when it was submitted.
    pub area: Region,
    /// 申请日期.
    pub appy_date: Date,
    /// The catalogue that it rests on.
    pub catalog: Cited,
    /// Whether that is the sample.
    pub sample: bool,
    /// The officer who decided.
    pub officer: String,
    /// When.
    pub on: Date,
    /// What was decided, and on what.
    pub basis: Basis,
}

/// What was decided, and on what.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Basis {
    /// 审核确认.
    Decided {
        /// The officer who had accepted it.
        accepted_by: String,
        /// What the experts said.
        sitting: Sitting,
        /// The materials, in the order of the application.
        papers: Vec<Paper>,
    },
    /// 不予受理.
    Refused {
        /// 理由, in the officer's words.
        words: String,
    },
    /// 撤销 of the decision before it.
    Undone {
        /// Number of its receipt; 0 where it had none.
        of: i32,
        /// 撤销理由, in the officer's words.
        words: String,
    },
}

/// A material that an opinion can cite.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// Its id.
    pub id: Id,
    /// Its place in the application, from 1.
    pub number: usize,
    /// Kind of paper.
    pub kind: MaterialKind,
    /// 材料名称, as its applicant gave it and reads it in reasons.
    pub title: String,
    /// SHA-256 over its content, hexadecimal.
    pub sha256: String,
}

/// What follows from the facts. A receipt of an older version of the code may lack some of it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conclusion {
    /// What the experts found of each line together.
    pub outcomes: Vec<Found>,
    /// Each line's fate, with what its applicant is told.
    pub lines: Vec<Decision>,
    /// What the applicant is told where it was not accepted.
    pub refusals: Vec<Refusal>,
    /// Each step from the facts to the fates, for people.
    pub trace: Vec<String>,
}

/// What was found of a line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// 病种代码.
    pub code: String,
    /// What.
    pub finding: Finding,
}

impl Basis {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "decided",
            Self::Refused { .. } => "refused",
            Self::Undone { .. } => "undone",
        }
    }
}

impl Facts {
    /// What follows; or every reason why nothing may be decided.
    pub fn conclude(&self) -> std::result::Result<Conclusion, Vec<Refused>> {
        let mut conclusion = Conclusion::default();
        match &self.basis {
            Basis::Decided { sitting, papers, .. } => {
                let titles = papers.iter().map(|paper| (paper.id, paper.title.clone())).collect();
                conclusion.lines = sitting.decide(&self.officer, &titles)?;
                conclusion.outcomes = sitting.outcomes().into_iter().filter_map(found).collect();
                conclusion.trace = trace::of(sitting, papers, &conclusion.lines);
            }
            Basis::Refused { words } => {
                conclusion.refusals = vec![not_accepted(words)];
                conclusion.trace = vec![format!("{} 不予受理，理由由其书面说明。", self.officer)];
            }
            Basis::Undone { of, .. } => {
                let what = match of {
                    0 => "没有存证的决定".to_owned(),
                    of => format!("第 {of} 号存证所载的决定"),
                };
                conclusion.trace = vec![format!("{} 撤销{what}，理由由其书面说明。", self.officer)];
            }
        }
        Ok(conclusion)
    }
}

fn found((line, outcome): (&Line, Outcome)) -> Option<Found> {
    match outcome {
        Outcome::Found(finding) => Some(Found { code: line.code.clone(), finding }),
        Outcome::Open | Outcome::Differ => None,
    }
}

/// What the applicant is told of 不予受理.
fn not_accepted(reason: &str) -> Refusal {
    Refusal::new("NOT_ACCEPTED", reason, format!("the bureau does not accept it: {reason}")).help(
        "请按所述理由处理后重新申请，或向经办机构申请复核。",
        "cure the reason and apply again, or ask the bureau to look again.",
    )
}

/// A value as JSON.
pub fn value(of: &impl Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(|error| Error::Internal(error.into()))
}

/// Canonical JSON: the keys of every object sorted, without spaces. So it is, because `serde_json` keeps its objects in
/// a sorted map (a unit test holds it to that).
pub fn canonical(value: &Value) -> String {
    value.to_string()
}

/// SHA-256 over a body, hexadecimal.
pub fn sha256(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_canonical_whatever_the_order_of_its_fields() {
        let value: Value = serde_json::from_str(r#"{ "b": [1, {"z": 1, "a": 2}], "a": "酒泉" }"#).unwrap();
        assert_eq!(canonical(&value), r#"{"a":"酒泉","b":[1,{"a":2,"z":1}]}"#);
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
