//! 撤销决定: a second officer takes a decision back, while nothing depends on it.

use std::collections::BTreeMap;

use super::agreement;
use super::not_taken_back::NotTakenBack;
use super::quality;
use super::receipt::domain::Basis;
use super::receipt::facts::make;
use super::receipt::store as receipts;
use crate::app::{App, Ask};
use crate::application::store::{self, Stored};
use crate::application::told::told;
use crate::application::undo::Ended;
use crate::db::work::Work;
use crate::insured::domain::{Held, HeldBenefit, NotEligible};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Whom taking a decision back asks.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The server's own.
    pub app: &'a App,
    /// Benefits that the person holds.
    pub held_benefits: Ask<Vec<HeldBenefit>>,
}

/// What a decision is taken back for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nobody outside the bureau has seen it: the clock goes on.
    Decision,
    /// It was in a public notice: the clock stood still since.
    Notice,
}

/// Takes the decision on an application back.
pub async fn undo(work: &Work, asked: Asked<'_>, id: Id, after: After, reason: &str) -> Result<Stored> {
    let Asked { app, held_benefits } = asked;
    let stored = store::get(work, id).await?;
    let ended = stored.application.into_ended().map_err(Refusal::from)?;
    let told = told(work, id).await?;
    let decided_by = match &ended {
        Ended::Decided(decided) => Some(decided.decided_by.as_str()),
        Ended::Refused(_) => told.ended.as_ref().map(|(by, _)| by.as_str()),
    };
    let beside = beside(app, work, held_benefits, &ended).await?;
    let reasons = reasons(&ended, decided_by, work.actor().operator()?, &told.notices, beside);
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let calendar = &app.calendar.now();
    let of = receipts::last(work, id).await?;
    let made = make(work, ended.filed(), Basis::Undone { of, words: reason.to_owned() }).await?;
    match ended {
        Ended::Decided(decided) => {
            let accepted_by = told.accepted_by.ok_or_else(|| {
                Error::internal(format!("application {id}: decided, and the journal knows no acceptance"))
            })?;
            let decided = match after {
                After::Decision => decided,
                After::Notice => decided.standing_still(work.actor().operator()?, work.today()),
            };
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

/// What the person holds and has applied for by now that the diseases cannot come back beside: what admission asks of
/// who applies for them today.
async fn beside(
    app: &App,
    work: &Work,
    held_benefits: Ask<Vec<HeldBenefit>>,
    ended: &Ended,
) -> Result<Vec<NotEligible>> {
    let codes = ended.given_up();
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let published = app.catalogs.in_force(work.area()?, work.today())?;
    let applications = store::open_codes(work, None).await?;
    let held = Held { benefits: held_benefits(work).await?, applications };
    let held = ended.filed().form.kind.counted(held);
    Ok(held.beside(&published.catalog, &codes))
}

/// Everything that stands against it. Pure. `decided_by`: none where that is not known.
pub fn reasons(
    ended: &Ended,
    decided_by: Option<&str>,
    officer: &str,
    notices: &BTreeMap<String, String>,
    beside: Vec<NotEligible>,
) -> Vec<Refusal> {
    let mut reasons = Vec::new();
    // Where nobody is known to have decided, nobody is known to be another one.
    if decided_by.is_none_or(|by| by == officer) {
        reasons.push(NotTakenBack::SamePerson);
    }
    for code in ended.moved_on() {
        let notice = notices.get(code).cloned().unwrap_or_default();
        reasons.push(NotTakenBack::InNotice { code: code.to_owned(), notice });
    }
    reasons.extend(beside.into_iter().map(NotTakenBack::Beside));
    reasons.into_iter().map(Refusal::from).collect()
}
