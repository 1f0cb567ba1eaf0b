//! 撤销决定: a second officer takes a decision back, while nothing depends on it.

use super::agreement;
use super::not_taken_back::NotTakenBack;
use super::quality;
use super::receipt::domain::Basis;
use super::receipt::facts::make;
use super::receipt::store as receipts;
use crate::application::store::{self, Stored};
use crate::application::told::{Told, told};
use crate::application::undo::Ended;
use crate::db::work::{View, Work};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Takes the decision on an application back.
pub async fn undo(work: &Work, calendar: &Calendar, id: Id, reason: &str) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let ended = stored.application.into_ended().map_err(Refusal::from)?;
    let told = told(work, id).await?;
    let reasons = against(work, &ended, &told).await?;
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let of = receipts::last(work, id).await?;
    let made = make(work, ended.filed(), Basis::Undone { of, words: reason.to_owned() }).await?;
    match ended {
        Ended::Decided(decided) => {
            let accepted_by = told.accepted_by.ok_or_else(|| {
                Error::internal(format!("application {id}: decided, and the journal knows no acceptance"))
            })?;
            let mut step = decided.undo(&accepted_by).map_err(Refusal::from)?;
            step.event = step.event.sealed_by(&made.sha256);
            quality::undo::undo(work, calendar, id).await?;
            agreement::store::forget(work, id).await?;
            store::save(work, calendar, stored.version, step).await
        }
        Ended::Refused(refused) => {
            let mut step = refused.undo(work.today());
            step.event = step.event.sealed_by(&made.sha256);
            store::save(work, calendar, stored.version, step).await
        }
    }
}

/// Everything that stands against it.
async fn against(view: &View, ended: &Ended, told: &Told) -> Result<Vec<Refusal>> {
    let mut reasons = Vec::new();
    let decided_by = match ended {
        Ended::Decided(decided) => Some(decided.decided_by.as_str()),
        Ended::Refused(_) => told.ended.as_ref().map(|(by, _)| by.as_str()),
    };
    // Where nobody is known to have decided, nobody is known to be another one.
    let officer = view.actor().operator()?;
    if decided_by.is_none_or(|by| by == officer) {
        reasons.push(NotTakenBack::SamePerson);
    }
    for code in ended.moved_on() {
        let notice = told.notices.get(code).cloned().unwrap_or_default();
        reasons.push(NotTakenBack::InNotice { code: code.to_owned(), notice });
    }
    let filed = ended.filed();
    let again = store::codes_applied_again(view, filed.case.id).await?;
    for code in filed.form.codes().into_iter().filter(|code| again.contains(code)) {
        reasons.push(NotTakenBack::AppliedAgain { code });
    }
    Ok(reasons.into_iter().map(Refusal::from).collect())
}
