//! 一致率: how often experts find what their panels find, and what second panels find. Pure.

use time::Date;

use crate::application::domain::Decided;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::review::domain::Finding;
use crate::review::panel::{Outcome, Seated};
use crate::review::quality::domain::QualityReview;

/// The confirmation that opinions belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The application.
    pub application: Id,
    /// 参保地 when it was submitted.
    pub area: Region,
    /// Its day.
    pub on: Date,
}

impl From<&Decided> for Confirmation {
    fn from(decided: &Decided) -> Self {
        let case = &decided.filed.case;
        Self { application: case.id, area: case.area.clone(), on: decided.decided_on }
    }
}

impl From<&QualityReview> for Confirmation {
    fn from(review: &QualityReview) -> Self {
        Self { application: review.application, area: review.area.clone(), on: review.confirmed_on }
    }
}

/// What an expert found of a line, held against what the panel did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// 病种代码.
    pub code: String,
    /// `areas/{admdvs}/experts/{id}`.
    pub expert: String,
    /// Whether the expert found it met.
    pub met: bool,
    /// Whether the panel found the same.
    pub agrees: bool,
}

/// Every opinion of a panel that has found something of each line.
pub fn judgements(seated: &Seated) -> Vec<Judgement> {
    let mut all = Vec::new();
    for (line, outcome) in seated.outcomes() {
        let Outcome::Found(outcome) = outcome else { continue };
        for (member, task) in seated.panel.members.iter().zip(&seated.tasks) {
            all.extend(task.opinion(&line.code).map(|opinion| Judgement {
                code: line.code.clone(),
                expert: member.resource(),
                met: opinion.finding == Finding::Met,
                agrees: opinion.finding == outcome,
            }));
        }
    }
    all
}

/// By what opinions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// 专家.
    Expert,
    /// 病种.
    Disease,
}

/// Which opinions are counted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// By what.
    pub by: By,
    /// First day of confirmation; none for no bound.
    pub from: Option<Date>,
    /// Last day of confirmation; none for no bound.
    pub until: Option<Date>,
}

/// How far it agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The expert's name or the disease's code.
    pub key: String,
    /// Opinions on confirmed lines.
    pub opinions: i64,
    /// Those that are their panel's outcome.
    pub agreeing: i64,
    /// Those on lines that a second panel has judged since.
    pub judged: i64,
    /// Those of them that the second panel bears out.
    pub judged_agreeing: i64,
}

/// A part in 1/100 of a percent, rounded down; 0 of nothing.
pub fn ratio_bp(part: i64, whole: i64) -> i32 {
    let ratio = part.saturating_mul(10_000).checked_div(whole);
    ratio.and_then(|ratio| i32::try_from(ratio).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::ratio_bp;

    #[test]
    fn a_ratio_is_whole_and_rounded_down() {
        let found = [(0, 0), (0, 3), (2, 3), (3, 3), (1, 10_001)].map(|(part, whole)| ratio_bp(part, whole));
        assert_eq!(found, [0, 0, 6_666, 10_000, 0]);
    }
}
