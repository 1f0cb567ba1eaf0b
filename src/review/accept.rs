//! 受理: takes an application into review, refuses to take it, or asks for what is missing.

use super::domain::Refused;
use crate::application::domain::Application;
use crate::application::store::{self, Stored};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;

/// Something that is missing.
pub struct Item {
    /// 病种代码 that it is about; empty for all.
    pub code: String,
    /// 需补正内容.
    pub text: String,
}

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

/// 一次性告知补正: everything that is missing, at once. No more once an expert has given an opinion: opinions stand, so
/// whatever came after them would change nothing.
pub async fn request_supplement(work: &Work, calendar: &Calendar, id: Id, items: &[Item]) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let codes = stored.application.form().codes();
    let pending = stored.application.into_pending().map_err(Refusal::from)?;
    let faults = unknown(items, &codes);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let panel = super::store::seated(work, id).await?;
    if panel.is_some_and(|stored| stored.value.tasks.iter().any(|task| task.answered().is_some())) {
        return Err(Refusal::from(Refused::OpinionsGiven).into());
    }
    let wanted = items
        .iter()
        .map(|item| {
            Refusal::new(
                "SUPPLEMENT_WANTED",
                item.text.clone(),
                format!("the bureau asks for a supplement: {}", item.text),
            )
            .help("请补充后用 SupplementApplication 提交。", "add it and send it with SupplementApplication.")
            .about(item.code.clone())
        })
        .collect();
    store::save(work, calendar, stored.version, pending.ask(wanted, work.today())).await
}

/// Items about a disease that was not applied for.
fn unknown(items: &[Item], codes: &[String]) -> Vec<Violation> {
    let strange = |item: &Item| !item.code.is_empty() && !codes.contains(&item.code);
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| strange(item))
        .map(|(index, _)| {
            Violation::new(
                &format!("items[{index}].opsp_dise_code"),
                "不是本申请的病种",
                "is no disease of this application",
            )
        })
        .collect()
}
