//! 异议: filed by anybody while a notice is open, and resolved by the bureau at any time.

use super::domain::{Filed, Objection, Resolution, Running};
use super::refusal::objection_upheld;
use super::store::{self, Place, StoredEntry, StoredObjection};
use crate::app::App;
use crate::application;
use crate::db::work::{Owner, View, Work};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::region::Region;

/// What somebody says against an entry.
pub struct Input {
    /// The entry's resource name.
    pub entry_name: String,
    /// 异议理由.
    pub ground: String,
    /// 异议人姓名.
    pub objector_name: String,
    /// 异议人电话.
    pub objector_tel: String,
}

/// The person behind an entry, `areas/{admdvs}/notices/{id}/entries/{reference}`. Who objects need not reach them, and
/// is told nothing of them.
pub async fn person(view: &View, entry_name: &str) -> Result<Owner> {
    Ok(Owner::Through(claim(view, entry_name).await?.psn_no))
}

/// Where the entry of a name is.
pub async fn claim(view: &View, entry_name: &str) -> Result<Place> {
    let (area, notice, reference) = parts(entry_name)?;
    store::get(view, &area, notice).await.map_err(|error| absent(error, entry_name))?;
    let claim = store::claim(view, reference).await?.filter(|claim| claim.notice == notice);
    claim.ok_or_else(|| Error::not_found(entry_name))
}

/// 提出异议. The entry moves too, so that this and the clearing of the entry exclude each other.
pub async fn file(work: &Work, app: &App, input: Input) -> Result<StoredObjection> {
    let (running, stored) = listed(work, app, &input.entry_name).await?;
    let filed = Filed {
        id: work.new_id(),
        entry: stored.entry.listing().id,
        entry_name: input.entry_name,
        ground: input.ground,
        objector_name: input.objector_name,
        objector_tel: input.objector_tel,
        filed_at: work.now(),
    };
    let step = stored.entry.object(&running, filed.id).map_err(Refusal::from)?;
    store::save_entry(work, stored.version, step).await?;
    store::create_objection(work, running.notice(), Objection::file(filed)).await
}

/// 处理异议: upheld, the entry is removed and the line with it; dismissed as the last one, the entry is listed again, or
/// undisputed when the notice is over.
pub async fn resolve(
    work: &Work,
    app: &App,
    name: &str,
    upheld: bool,
    text: &str,
) -> Result<StoredObjection> {
    let (entry_name, id) = split(name)?;
    let stored = store::objection(work, id).await.map_err(|error| absent(error, name))?;
    if stored.objection.filed().entry_name != entry_name {
        return Err(Error::not_found(name));
    }
    let entry = store::entry(work, stored.objection.filed().entry).await?;
    let resolution =
        Resolution { text: text.to_owned(), officer: work.actor().operator()?.to_owned(), at: work.now() };
    if upheld {
        let step = stored.objection.uphold(resolution).map_err(Refusal::from)?;
        remove(work, app, entry, id).await?;
        return store::save_objection(work, stored.version, step).await;
    }
    let step = stored.objection.dismiss(resolution).map_err(Refusal::from)?;
    let (area, notice, _) = parts(entry_name)?;
    // Read under the person's lock: where it says open, the job that closes it has yet to come to this entry.
    let over = store::get(work, &area, notice).await?.notice.over();
    let moved = entry.entry.dismiss(id, over.as_ref(), work.today()).map_err(Refusal::from)?;
    store::save_entry(work, entry.version, moved).await?;
    store::save_objection(work, stored.version, step).await
}

/// Removes the entry, and with the first objection that is upheld the application's line.
async fn remove(work: &Work, app: &App, stored: StoredEntry, objection: Id) -> Result<()> {
    let removed_before = stored.entry.is_removed();
    let step = stored.entry.uphold(objection).map_err(Refusal::from)?;
    let saved = store::save_entry(work, stored.version, step).await?;
    if removed_before {
        return Ok(());
    }
    let listing = saved.entry.listing();
    let application = application::store::get(work, listing.application).await?;
    let decided = application.application.into_decided().map_err(Refusal::from)?;
    let step = decided.object(&listing.code, objection_upheld(&listing.code)).map_err(Refusal::from)?;
    application::store::save(work, &app.calendar.now(), application.version, step).await?;
    Ok(())
}

/// The entry of a name, with the proof that its notice is running.
async fn listed(work: &Work, app: &App, entry_name: &str) -> Result<(Running, StoredEntry)> {
    let (area, notice, reference) = parts(entry_name)?;
    let claim = store::claim(work, reference).await?.ok_or_else(|| Error::not_found(entry_name))?;
    let stored = store::entry(work, claim.entry).await?;
    if stored.entry.listing().name != entry_name {
        return Err(Error::not_found(entry_name));
    }
    let header = store::get(work, &area, notice).await?;
    let running = header.notice.running(&app.calendar.now(), work.today()).map_err(Refusal::from)?;
    Ok((running, stored))
}

/// `…/entries/{reference}/objections/{id}` as the entry's name and the objection's id.
pub fn split(name: &str) -> Result<(&str, Id)> {
    let (entry_name, id) = name.split_once("/objections/").ok_or_else(|| Error::not_found(name))?;
    Ok((entry_name, Id::parse(id).map_err(|error| absent(error, name))?))
}

fn parts(entry_name: &str) -> Result<(Region, Id, &str)> {
    let [area, notice, reference] = name_parts(entry_name, ["areas", "notices", "entries"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(entry_name))?;
    Ok((area, Id::parse(notice).map_err(|error| absent(error, entry_name))?, reference))
}

/// What is not there is named as the caller named it.
pub fn absent(error: Error, name: &str) -> Error {
    if matches!(error, Error::NotFound(_)) { Error::not_found(name) } else { error }
}
