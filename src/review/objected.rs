//! 异议成立，退回复审: a decision is taken back behind its notice, and experts judge the line anew.

use std::collections::BTreeSet;

use super::sent_back::SentBack;
use super::undo::{After, Asked, undo};
use super::{send_back, store};
use crate::db::work::Work;
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// What the experts are told: not what was said, nor by whom.
const TOLD: &str = "公示期间收到异议，经核实需要重新评审，请对照材料重新认定。";

/// Takes the decision back, and opens the tasks of the panel again for the line, so that nobody confirms what was just
/// found wrong from the opinions that it rested on.
pub async fn review_again(work: &Work, asked: Asked<'_>, id: Id, code: &str, reason: &str) -> Result<()> {
    undo(work, asked, id, After::Notice, reason).await?;
    let Some(seated) = store::seated(work, id).await? else { return Ok(()) };
    let sent = SentBack {
        reason: TOLD.to_owned(),
        by: work.actor().operator()?.to_owned(),
        at: work.now(),
        codes: BTreeSet::from([code.to_owned()]),
    };
    let tasks = seated.value.panel.members.iter().map(|member| member.task);
    send_back::reopen(work, &asked.app.calendar.now(), id, &tasks.collect(), &sent).await
}
