//! 处理异议 and 申请复核: the bureau decides at any time, and who objected may appeal against a dismissal.

use super::domain::{Appeal, Refused as NotResolved, Resolution};
use super::store::{self, About, Stored};
use crate::app::App;
use crate::application;
use crate::db::work::Work;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;
use crate::notice::domain::Refused;
use crate::notice::entry::domain::{Dismissal, Listing};
use crate::notice::entry::store as entries;
use crate::notice::refusal::objection_upheld;
use crate::notice::store as notices;
use crate::notice::{name, open, withdraw};
use crate::review::objected::review_again;
use crate::review::undo::Asked;

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

/// What the bureau says of it.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// The outcome.
    pub outcome: Outcome,
    /// 处理意见, for the objector.
    pub text: &'a str,
    /// 核实情况, for the person whom it is about; empty where it is dismissed.
    pub finding: &'a str,
}

/// 处理异议. Upheld, the entry is removed and the line with it; dismissed as the last one, the entry is listed again, or
/// undisputed when the notice is over and nobody can appeal any more.
pub async fn resolve(work: &Work, asked: Asked<'_>, of: &str, found: Found<'_>) -> Result<Stored> {
    let app = asked.app;
    let (stored, entry) = find(work, of).await?;
    let calendar = app.calendar.now();
    let officer = work.actor().operator()?.to_owned();
    let resolution = Resolution { text: found.text.to_owned(), officer, at: work.now() };
    by_another(work, &entry, &resolution.officer).await?;
    if found.outcome != Outcome::Dismissed {
        unnamed(&stored, "finding", found.finding)?;
        let id = stored.objection.filed().id;
        // What became of the line is settled by the first one that is upheld.
        let to_review = entry.entry.removed().unwrap_or(found.outcome == Outcome::ToReview);
        let step = stored.objection.uphold(resolution, to_review, found.finding).map_err(Refusal::from)?;
        let entry = remove(work, asked, entry, id, found).await?;
        let about = About { calendar: &calendar, listing: entry.entry.listing() };
        return store::save(work, about, stored.version, step).await;
    }
    let (area, notice, _) = name::entry_parts(&entry.entry.listing().name)?;
    // Read under the person's lock: where it says open, the job that closes it has yet to come to this entry.
    let header = notices::get(work, &area, notice).await?.notice;
    let rules = open::rules(app, header.head())?.catalog.rules.objection;
    let window = Clock::start(work.today(), rules.appeal_working_days);
    let window = Some(window).filter(|_| rules.appeals > 0 && entry.entry.removed().is_none());
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

/// Whoever decided on the line does not judge what is said against that.
async fn by_another(work: &Work, stored: &entries::Stored, officer: &str) -> Result<()> {
    let listing = stored.entry.listing();
    let application = application::store::get(work, listing.application).await?.application;
    match application.into_decided() {
        Ok(decided) if decided.decided_by == officer => Err(Refusal::from(NotResolved::OwnDecision).into()),
        // While it is reviewed again nobody has decided on it.
        _ => Ok(()),
    }
}

/// Words for the person whom an objection is about must not tell who objected.
pub fn unnamed(stored: &Stored, field: &str, words: &str) -> Result<()> {
    if !stored.objection.is_named_in(words) {
        return Ok(());
    }
    let zh = "当事人可见，不得写明异议人的姓名或电话";
    let en = "is read by the person concerned: it must not hold name or telephone of who objected";
    Err(Error::Invalid(vec![Violation::new(field, zh, en)]))
}

/// Removes the entry, and with the first objection that is upheld the application's line: it is rejected, or its
/// decision is undone.
async fn remove(
    work: &Work,
    asked: Asked<'_>,
    stored: entries::Stored,
    objection: Id,
    found: Found<'_>,
) -> Result<entries::Stored> {
    let calendar = &asked.app.calendar.now();
    let (removed, to_review) = (stored.entry.removed(), found.outcome == Outcome::ToReview);
    if removed == Some(false) && to_review {
        return Err(Refusal::from(Refused::EntryRemoved).into());
    }
    let step = stored.entry.uphold(objection, to_review).map_err(Refusal::from)?;
    let saved = entries::save(work, stored.version, step).await?;
    let listing = saved.entry.listing();
    if removed.is_some() {
        return Ok(saved);
    }
    if to_review {
        withdraw::unlist(work, calendar, listing).await?;
        alone(work, listing).await?;
        review_again(work, asked, listing.application, &listing.code, found.text).await?;
        return Ok(saved);
    }
    let application = application::store::get(work, listing.application).await?;
    let decided = application.application.into_decided().map_err(Refusal::from)?;
    let reason = objection_upheld(&listing.code, found.finding);
    let step = decided.object(&listing.code, reason).map_err(Refusal::from)?;
    application::store::save(work, calendar, application.version, step).await?;
    Ok(saved)
}

/// Only a line whose decision no other line rests on goes back to review, once it is out of its notice.
pub async fn alone(work: &Work, listing: &Listing) -> Result<()> {
    let application = application::store::get(work, listing.application).await?.application;
    let Ok(ended) = application.into_ended() else { return Ok(()) };
    let (entries, done) = ended.beside();
    if entries.is_empty() && done.is_empty() {
        return Ok(());
    }
    Err(Refusal::from(Refused::OtherLines { entries, done }).into())
}
