//! What the journal tells of panels, tasks, experts and the quality sample.

use serde::Serialize;

use super::departure::Departure;
use super::draw::Weighed;
use super::quality::domain::Agrees;
use super::quality::lot::Lot;
use crate::catalog::published::Cited;
use crate::kernel::id::Id;

/// What happened in a review. No content of opinions: those are for the bureau alone.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// The first panel was drawn; with what is needed to draw it again.
    #[serde(rename = "review.panel_drawn")]
    PanelDrawn { seed: String, experts: Vec<Id>, order: Vec<Weighed> },
    /// A further expert was drawn, because the others differ.
    #[serde(rename = "review.third_drawn")]
    ThirdDrawn { seed: String, experts: Vec<Id>, order: Vec<Weighed> },
    /// Somebody was drawn instead of an expert who left.
    #[serde(rename = "review.expert_replaced")]
    ExpertReplaced { left: Id, seed: String, experts: Vec<Id>, order: Vec<Weighed> },
    /// An expert left, and nobody could be drawn instead: the panel is short.
    #[serde(rename = "review.expert_left")]
    ExpertLeft { left: Id },
    /// A short panel was filled.
    #[serde(rename = "review.panel_filled")]
    PanelFilled { seed: String, experts: Vec<Id>, order: Vec<Weighed> },
    /// An expert got a task.
    #[serde(rename = "review.task_assigned")]
    TaskAssigned {
        expert: Id,
        #[serde(flatten)]
        cited: Cited,
    },
    /// An expert gave the opinion.
    #[serde(rename = "review.opinion_given")]
    OpinionGiven {
        #[serde(flatten)]
        cited: Cited,
    },
    /// More evidence was asked for: the expert will judge it anew.
    #[serde(rename = "review.task_reopened")]
    TaskReopened {},
    /// 退回: an officer sent it back, and the expert will judge these lines anew.
    #[serde(rename = "review.task_sent_back")]
    TaskSentBack { opsp_dise_codes: Vec<String> },
    /// There is no more evidence: what the expert had given stands.
    #[serde(rename = "review.task_stands")]
    TaskStands {},
    /// A task was taken from its expert.
    #[serde(rename = "review.task_closed")]
    TaskClosed { departure: Departure },
    /// The members differ, and nobody can be drawn to tell between them: the panel is short.
    #[serde(rename = "review.third_missing")]
    ThirdMissing {},
    /// 质量抽查: of the decided lines some were drawn, or none; with what is needed to draw them again.
    #[serde(rename = "review.quality_sampled")]
    QualitySampled { seed: String, lines: Vec<Lot> },
    /// A second panel has found something of every drawn line.
    #[serde(rename = "review.quality_judged")]
    QualityJudged { lines: Vec<Agrees> },
    /// The decision was taken back: who had not judged it need not any more.
    #[serde(rename = "review.quality_undone")]
    QualityUndone { left: Vec<Id> },
    /// A task is overdue, and nobody can be drawn instead of its expert.
    #[serde(rename = "review.replacement_missing")]
    ReplacementMissing {},
    /// An expert was added.
    #[serde(rename = "review.expert_added")]
    ExpertAdded { fixmedins_code: String },
    /// An expert's registration was changed.
    #[serde(rename = "review.expert_changed")]
    ExpertChanged { fixmedins_code: String },
}
