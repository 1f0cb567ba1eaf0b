//! What may be seen of a notice, and by whom.

use super::objection;
use super::store::{self, Stored, StoredEntry, StoredObjection};
use crate::app::App;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::access::Role;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::region::Region;
use crate::rpc::parse::area;

/// Which page of a listing is asked for.
pub struct Wanted<'a> {
    /// The parent as it was named.
    pub parent: &'a str,
    /// At most this many.
    pub size: i32,
    /// As it was given.
    pub token: &'a str,
}

/// Items of a page without the caller's saying so.
const SIZE: usize = 50;

/// The notice of `areas/{admdvs}/notices/{id}`.
pub async fn notice(view: &View, name: &str) -> Result<Stored> {
    let (area, id) = parts(name)?;
    store::get(view, &area, id).await
}

/// The notices of an area, newest first.
pub async fn notices(view: &View, wanted: Wanted<'_>) -> Result<Paged<Stored>> {
    let [area] = name_parts(wanted.parent, ["areas"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(wanted.parent))?;
    let page = page(view, "notices", &wanted)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, &area, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.notice.head().id.to_string())
}

/// The entries of a notice. The public sees those that were not removed, and only in the notice's days; the bureau of
/// the area sees all of them always.
pub async fn entries(view: &View, app: &App, wanted: Wanted<'_>) -> Result<Paged<StoredEntry>> {
    let (area, id) = parts(wanted.parent)?;
    let stored = store::get(view, &area, id).await?;
    let inside = is_bureau_of(view, wanted.parent)?;
    let page = page(view, "entries", &wanted)?;
    if !inside && stored.notice.running(&app.calendar.now(), view.today()).is_err() {
        return page.close(view, Vec::new(), |_: &StoredEntry| String::new());
    }
    let rows = store::entries(view, id, page.after.as_deref(), inside, page.limit()).await?;
    page.close(view, rows, |stored| stored.entry.listing().reference.clone())
}

/// The objections of a notice, oldest first.
pub async fn objections(view: &View, wanted: Wanted<'_>) -> Result<Paged<StoredObjection>> {
    let (area, id) = parts(wanted.parent)?;
    store::get(view, &area, id).await?;
    let page = page(view, "objections", &wanted)?;
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::objections(view, id, after, page.limit()).await?;
    page.close(view, rows, |stored| stored.objection.filed().id.to_string())
}

/// One objection by its name. Who knows it was told it: its id cannot be guessed.
pub async fn objection(view: &View, name: &str) -> Result<StoredObjection> {
    let (entry_name, id) = objection::split(name)?;
    let claim = objection::claim(view, entry_name).await.map_err(|error| objection::absent(error, name))?;
    let found = store::objection_about(view, &claim.psn_no, id).await;
    let stored = found.map_err(|error| objection::absent(error, name))?;
    if store::objection_name(&stored.objection) != name {
        return Err(Error::not_found(name));
    }
    Ok(stored)
}

/// Whether the caller is the bureau of the area that a name begins with.
pub fn is_bureau_of(view: &View, name: &str) -> Result<bool> {
    let actor = view.actor();
    Ok(actor.role == Some(Role::Bureau) && actor.holds(&area(name)?))
}

fn page(view: &View, what: &str, wanted: &Wanted<'_>) -> Result<Page> {
    Page::read(view, format!("{what}/{}", wanted.parent), wanted.size, SIZE, wanted.token)
}

fn parts(name: &str) -> Result<(Region, Id)> {
    let [area, id] = name_parts(name, ["areas", "notices"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(name))?;
    Ok((area, Id::parse(id)?))
}
