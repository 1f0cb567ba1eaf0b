//! 处理异议: by the bureau, at any time.

use super::domain::Resolution;
use super::store::{self, Stored};
use crate::app::App;
use crate::application;
use crate::db::work::Work;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::notice::entry::store as entries;
use crate::notice::name;
use crate::notice::refusal::objection_upheld;
use crate::notice::store as notices;

/// 处理异议: upheld, the entry is removed and the line with it; dismissed as the last one, the entry is listed again, or
/// undisputed when the notice is over.
pub async fn resolve(work: &Work, app: &App, of: &str, upheld: bool, text: &str) -> Result<Stored> {
    let (entry_name, id) = name::objection_parts(of)?;
    let stored = store::get(work, id).await.map_err(|error| name::absent(error, of))?;
    if stored.objection.filed().entry_name != entry_name {
        return Err(Error::not_found(of));
    }
    let entry = entries::get(work, stored.objection.filed().entry).await?;
    let resolution =
        Resolution { text: text.to_owned(), officer: work.actor().operator()?.to_owned(), at: work.now() };
    if upheld {
        let step = stored.objection.uphold(resolution).map_err(Refusal::from)?;
        remove(work, app, entry, id).await?;
        return store::save(work, stored.version, step).await;
    }
    let step = stored.objection.dismiss(resolution).map_err(Refusal::from)?;
    let (area, notice, _) = name::entry_parts(entry_name)?;
    // Read under the person's lock: where it says open, the job that closes it has yet to come to this entry.
    let over = notices::get(work, &area, notice).await?.notice.over();
    let moved = entry.entry.dismiss(id, over.as_ref(), work.today()).map_err(Refusal::from)?;
    entries::save(work, entry.version, moved).await?;
    store::save(work, stored.version, step).await
}

/// Removes the entry, and with the first objection that is upheld the application's line.
async fn remove(work: &Work, app: &App, stored: entries::Stored, objection: Id) -> Result<()> {
    let removed_before = stored.entry.is_removed();
    let step = stored.entry.uphold(objection).map_err(Refusal::from)?;
    let saved = entries::save(work, stored.version, step).await?;
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
