//! What may be seen of a notice, and by whom.

use super::store::{self, Stored, StoredEntry, StoredObjection};
use crate::app::App;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::access::Role;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::region::Region;

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
    let actor = view.actor();
    let inside = actor.role == Some(Role::Bureau) && actor.holds(&area);
    let page = page(view, "entries", &wanted)?;
    if !inside && stored.notice.running(&app.calendar, view.today()).is_err() {
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

fn page(view: &View, what: &str, wanted: &Wanted<'_>) -> Result<Page> {
    Page::read(view, format!("{what}/{}", wanted.parent), wanted.size, SIZE, wanted.token)
}

fn parts(name: &str) -> Result<(Region, Id)> {
    let [area, id] = name_parts(name, ["areas", "notices"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(name))?;
    Ok((area, Id::parse(id)?))
}
