//! 提出异议: by anybody, while the notice is open.

use super::domain::{Filed, Objection};
use super::store::{self, Stored};
use crate::app::App;
use crate::db::work::{Owner, View, Work};
use crate::kernel::error::{Error, Refusal, Result};
use crate::notice::domain::Running;
use crate::notice::entry::store as entries;
use crate::notice::name;
use crate::notice::store as notices;

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
pub async fn claim(view: &View, entry_name: &str) -> Result<entries::Place> {
    let (area, notice, reference) = name::entry_parts(entry_name)?;
    notices::get(view, &area, notice).await.map_err(|error| name::absent(error, entry_name))?;
    let claim = entries::claim(view, reference).await?.filter(|claim| claim.notice == notice);
    claim.ok_or_else(|| Error::not_found(entry_name))
}

/// 提出异议. The entry moves too, so that this and the clearing of the entry exclude each other.
pub async fn file(work: &Work, app: &App, input: Input) -> Result<Stored> {
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
    entries::save(work, stored.version, step).await?;
    store::create(work, running.notice(), Objection::file(filed)).await
}

/// The entry of a name, with the proof that its notice is running.
async fn listed(work: &Work, app: &App, entry_name: &str) -> Result<(Running, entries::Stored)> {
    let (area, notice, reference) = name::entry_parts(entry_name)?;
    let claim = entries::claim(work, reference).await?.ok_or_else(|| Error::not_found(entry_name))?;
    let stored = entries::get(work, claim.entry).await?;
    if stored.entry.listing().name != entry_name {
        return Err(Error::not_found(entry_name));
    }
    let header = notices::get(work, &area, notice).await?;
    let running = header.notice.running(&app.calendar.now(), work.today()).map_err(Refusal::from)?;
    Ok((running, stored))
}
