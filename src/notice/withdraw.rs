//! 撤回: the bureau takes an entry, or a whole notice, back while it is open. The lines wait for the next notice as if they
//! had never been in this one.

use super::domain::{Recall, Withdrawal};
use super::entry::domain::Listing;
use super::entry::store as entries;
use super::name;
use super::objection::domain::Resolution;
use super::objection::file;
use super::objection::resolve::alone;
use super::objection::store::{self as objections, About};
use super::store::{self, Stored};
use crate::app::App;
use crate::application;
use crate::db::work::{Owner, View, Work};
use crate::kernel::access::Actor;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::review::undo::{After, Asked, undo};

/// 撤回 of one entry. Where the officer says so its line is not publicised again: the decision is undone in the same
/// step, under the conditions of every undoing.
pub async fn entry(
    work: &Work,
    asked: Asked<'_>,
    of: &str,
    reason: &str,
    to_review: bool,
) -> Result<entries::Stored> {
    let app = asked.app;
    let (area, notice, _) = name::entry_parts(of)?;
    let stored = file::entry(work, of).await?;
    let header = store::get(work, &area, notice).await?;
    let recall = header.notice.recall(&app.calendar.now(), work.today()).map_err(Refusal::from)?;
    let withdrawal = withdrawal(work, reason)?;
    let saved = take_out(work, app, stored, &recall, &withdrawal).await?;
    if to_review {
        alone(work, saved.entry.listing()).await?;
        undo(work, asked, saved.entry.listing().application, After::Notice, reason).await?;
    }
    Ok(saved)
}

/// 撤回 of a whole notice: the header at once, so that the public sees nothing of it any more; the entries follow person
/// by person.
pub async fn notice(work: &Work, app: &App, of: &str, reason: &str) -> Result<Stored> {
    let (area, id) = name::notice_parts(of)?;
    let stored = store::get(work, &area, id).await.map_err(|error| name::absent(error, of))?;
    let calendar = app.calendar.now();
    let recall = stored.notice.recall(&calendar, work.today()).map_err(Refusal::from)?;
    let open = stored.notice.into_open().map_err(Refusal::from)?;
    let step = open.withdraw(&recall, withdrawal(work, reason)?).map_err(Refusal::from)?;
    store::save(work, &calendar, stored.version, step).await
}

/// The job: takes the entries of withdrawn notices out. Answers how many; what fails keeps nothing else from being done,
/// and the first failure is told at the end.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure) = (0, None);
    for stored in store::in_state(&view, "withdrawing").await? {
        match clear(app, &view, &stored).await {
            Ok(count) => done += count,
            Err(error) => {
                let head = stored.notice.head();
                let name = store::name(&head.area, head.id);
                tracing::error!(notice.name = %name, error = %error, "a notice could not be withdrawn");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(done), Err)
}

/// Takes all entries out that have no outcome. When all went well the notice is not looked at again.
async fn clear(app: &App, view: &View, stored: &Stored) -> Result<u64> {
    let head = stored.notice.head();
    let recall = stored.notice.recall(&app.calendar.now(), view.today()).map_err(Refusal::from)?;
    let why = stored.notice.withdrawal();
    let why = why.ok_or_else(|| Error::internal("a notice is withdrawn without a reason"))?;
    let (mut done, mut failure) = (0, None);
    for place in entries::unsettled(view, head.id).await? {
        match step(app, &recall, why, &place).await {
            Ok(out) => done += u64::from(out),
            Err(error) => {
                let reference = &place.reference;
                tracing::error!(notice.reference = %reference, error = %error, "an entry could not be withdrawn");
                failure.get_or_insert(error);
            }
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    let current = store::get(&work, &head.area, head.id).await?;
    let step = current.notice.into_withdrawing().map_err(Refusal::from)?.complete();
    store::save(&work, &app.calendar.now(), current.version, step).await?;
    work.commit().await?;
    Ok(done + 1)
}

/// Takes one entry out in its person's own transaction. False when somebody was faster, by withdrawing or removing it.
async fn step(app: &App, recall: &Recall, why: &Withdrawal, place: &entries::Place) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(place.psn_no.clone())).await?;
    let stored = entries::get(&work, place.entry).await?;
    if !stored.entry.is_waiting() {
        work.rollback().await?;
        return Ok(false);
    }
    take_out(&work, app, stored, recall, why).await?;
    work.commit().await?;
    Ok(true)
}

/// The entry is withdrawn, whoever objected is told, and the line waits again: together or not at all.
async fn take_out(
    work: &Work,
    app: &App,
    stored: entries::Stored,
    recall: &Recall,
    withdrawal: &Withdrawal,
) -> Result<entries::Stored> {
    let (calendar, standing) = (app.calendar.now(), stored.entry.standing());
    let step = stored.entry.withdraw(recall, withdrawal.clone()).map_err(Refusal::from)?;
    let saved = entries::save(work, stored.version, step).await?;
    for id in standing {
        let objection = objections::get(work, id).await?;
        let resolution = Resolution {
            text: format!(
                "该条目已撤回公示：{}。如该病种再次公示，编号另定，如有异议请在新的公示期内另行提出。",
                withdrawal.reason
            ),
            officer: withdrawal.officer.clone(),
            at: work.now(),
        };
        let step = objection.objection.moot(resolution).map_err(Refusal::from)?;
        let about = About { calendar: &calendar, listing: saved.entry.listing() };
        objections::save(work, about, objection.version, step).await?;
    }
    unlist(work, &calendar, saved.entry.listing()).await?;
    Ok(saved)
}

/// The line of an entry that is out waits again.
pub(super) async fn unlist(work: &Work, calendar: &Calendar, listing: &Listing) -> Result<()> {
    let application = application::store::get(work, listing.application).await?;
    let decided = application.application.into_decided().map_err(Refusal::from)?;
    let notice = listing.name.split("/entries/").next().unwrap_or_default().to_owned();
    let step = decided.unlist(&listing.code, notice).map_err(Refusal::from)?;
    application::store::save(work, calendar, application.version, step).await?;
    Ok(())
}

fn withdrawal(work: &Work, reason: &str) -> Result<Withdrawal> {
    let officer = work.actor().operator()?.to_owned();
    Ok(Withdrawal { reason: reason.to_owned(), officer, at: work.now() })
}
