//! 处理异议 and 申请复核: the bureau decides at any time, and who objected may appeal against a dismissal.

use super::domain::{Appeal, Resolution};
use super::store::{self, About, Stored};
use crate::app::App;
use crate::application;
use crate::db::work::Work;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::notice::domain::Refused;
use crate::notice::entry::domain::Dismissal;
use crate::notice::entry::store as entries;
use crate::notice::refusal::objection_upheld;
use crate::notice::store as notices;
use crate::notice::{name, open, withdraw};
use crate::review::undo::{Asked, undo};

/// What the bureau finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 异议成立: the line is rejected.
    Rejected,
    /// 异议成立: the decision on the application is undone, and it is reviewed again.
    ToReview,
    /// 异议不成立.
    Dismissed,
}

/// 处理异议. Upheld, the entry is removed and the line with it; dismissed as the last one, the entry is listed again, or
/// undisputed when the notice is over and nobody can appeal any more.
pub async fn resolve(
    work: &Work,
    asked: Asked<'_>,
    of: &str,
    outcome: Outcome,
    text: &str,
) -> Result<Stored> {
    let app = asked.app;
    let (stored, entry) = find(work, of).await?;
    let calendar = app.calendar.now();
    let resolution =
        Resolution { text: text.to_owned(), officer: work.actor().operator()?.to_owned(), at: work.now() };
    if outcome != Outcome::Dismissed {
        let to_review = outcome == Outcome::ToReview;
        let id = stored.objection.filed().id;
        let step = stored.objection.uphold(resolution, to_review).map_err(Refusal::from)?;
        let entry = remove(work, asked, entry, id, to_review.then_some(text)).await?;
        let about = About { calendar: &calendar, listing: entry.entry.listing() };
        return store::save(work, about, stored.version, step).await;
    }
    let (area, notice, _) = name::entry_parts(&entry.entry.listing().name)?;
    // Read under the person's lock: where it says open, the job that closes it has yet to come to this entry.
    let header = notices::get(work, &area, notice).await?.notice;
    let rules = open::rules(app, header.head())?.catalog.rules.objection;
    let window = Clock::start(work.today(), rules.appeal_working_days);
    let window = Some(window).filter(|_| rules.appeals > 0 && !entry.entry.is_removed());
    let id = stored.objection.filed().id;
    let step = stored.objection.dismiss(resolution, window).map_err(Refusal::from)?;
    let appeal = step.state.resolved().and_then(|resolved| resolved.window.clone());
    let dismissal = Dismissal { on: work.today(), appeal };
    let moved = entry.entry.dismiss(id, header.over().as_ref(), dismissal).map_err(Refusal::from)?;
    let entry = entries::save(work, entry.version, moved).await?;
    let about = About { calendar: &calendar, listing: entry.entry.listing() };
    store::save(work, about, stored.version, step).await
}

/// 申请复核 by whoever knows the objection's name: the entry is held again, until another officer has decided.
pub async fn appeal(work: &Work, app: &App, of: &str, ground: &str) -> Result<Stored> {
    let (stored, entry) = find(work, of).await?;
    let (area, notice, _) = name::entry_parts(&entry.entry.listing().name)?;
    let header = notices::get(work, &area, notice).await?.notice;
    let rules = open::rules(app, header.head())?.catalog.rules.objection;
    let (calendar, today) = (app.calendar.now(), work.today());
    let appeal = Appeal { ground: ground.to_owned(), at: work.now() };
    let clock = Clock::start(today, rules.working_days);
    let id = stored.objection.filed().id;
    let step = stored.objection.appeal(appeal, clock, &calendar, today).map_err(Refusal::from)?;
    let held = entry.entry.appeal(id).map_err(Refusal::from)?;
    let entry = entries::save(work, entry.version, held).await?;
    let about = About { calendar: &calendar, listing: entry.entry.listing() };
    store::save(work, about, stored.version, step).await
}

/// The objection of a name and its entry.
pub async fn find(work: &Work, of: &str) -> Result<(Stored, entries::Stored)> {
    let (entry_name, id) = name::objection_parts(of)?;
    let stored = store::get(work, id).await.map_err(|error| name::absent(error, of))?;
    if stored.objection.filed().entry_name != entry_name {
        return Err(Error::not_found(of));
    }
    let entry = entries::get(work, stored.objection.filed().entry).await?;
    Ok((stored, entry))
}

/// Removes the entry, and with the first objection that is upheld the application's line: it is rejected, or, with the
/// words for that, its decision is undone.
async fn remove(
    work: &Work,
    asked: Asked<'_>,
    stored: entries::Stored,
    objection: Id,
    to_review: Option<&str>,
) -> Result<entries::Stored> {
    let calendar = &asked.app.calendar.now();
    let removed_before = stored.entry.is_removed();
    if removed_before && to_review.is_some() {
        return Err(Refusal::from(Refused::EntryRemoved).into());
    }
    let step = stored.entry.uphold(objection).map_err(Refusal::from)?;
    let saved = entries::save(work, stored.version, step).await?;
    let listing = saved.entry.listing();
    match to_review {
        _ if removed_before => {}
        Some(words) => {
            withdraw::unlist(work, calendar, listing).await?;
            undo(work, asked, listing.application, words).await?;
        }
        None => {
            let application = application::store::get(work, listing.application).await?;
            let decided = application.application.into_decided().map_err(Refusal::from)?;
            let step =
                decided.object(&listing.code, objection_upheld(&listing.code)).map_err(Refusal::from)?;
            application::store::save(work, calendar, application.version, step).await?;
        }
    }
    Ok(saved)
}
