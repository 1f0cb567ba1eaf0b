//! 受理: takes an application into review, or refuses to take it.

use crate::application::domain::Application;
use crate::application::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// 受理.
pub async fn accept(work: &Work, calendar: &Calendar, id: Id) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let submitted = stored.application.into_submitted().map_err(Refusal::from)?;
    let step = submitted.accept(work.actor().operator()?);
    store::save(work, calendar, stored.version, step).await
}

/// 不予受理: of what was submitted, or of what waits for its applicant and was never accepted.
pub async fn refuse(work: &Work, calendar: &Calendar, id: Id, reason: &str) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let refusal = Refusal::new("NOT_ACCEPTED", reason, format!("the bureau does not accept it: {reason}"))
        .help(
            "请按所述理由处理后重新申请，或向经办机构申请复核。",
            "cure the reason and apply again, or ask the bureau to look again.",
        );
    let step = match stored.application {
        Application::AwaitingSupplement(awaiting) => awaiting.refuse(vec![refusal]),
        other => other.into_submitted().map(|submitted| submitted.refuse(vec![refusal])),
    };
    store::save(work, calendar, stored.version, step.map_err(Refusal::from)?).await
}
