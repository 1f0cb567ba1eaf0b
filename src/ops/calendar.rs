//! 导入工作日历, in the contract's words, with what it does to everything that is due.

use crate::app::App;
use crate::calendar::domain::Announcement;
use crate::calendar::import::{Imported, import};
use crate::db::work::Work;
use crate::deadline::sweep::derive;
use crate::kernel::error::{Error, Result};
use crate::proto::opsp::ops::v1 as pb;
use crate::rpc::parse::date_message;

/// Publishes a year of the calendar.
pub async fn publish(
    app: &App,
    work: &Work,
    input: &pb::ImportCalendarRequest,
) -> Result<pb::ImportCalendarResponse> {
    let announced =
        Announcement::read(input.year, &input.notice_number, &input.content).map_err(Error::Invalid)?;
    let Imported { before, after } = import(work, &app.calendar, &input.calendar_version, announced).await?;
    let effect = derive::effect(work, &after).await?;
    let days = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
    let examples = effect.examples.into_iter().map(|(stored, derived)| pb::DeadlineMove {
        resource: stored.subject.name.clone(),
        kind: stored.subject.kind.word().to_owned(),
        due_date_before: stored.due_date().map(date_message),
        due_date: derived.due.map(|due| date_message(due.date)),
        provisional: derived.due.is_some_and(|due| due.provisional),
    });
    Ok(pb::ImportCalendarResponse {
        calendar_version: after.version().to_owned(),
        version_before: before.version().to_owned(),
        working_days: days(after.working_days(input.year)),
        working_days_before: days(before.working_days(input.year)),
        deadlines_running: count(effect.running),
        deadlines_moved: count(effect.moved),
        examples: examples.collect(),
    })
}
