//! What may be seen of a notice, and by whom.

use super::entry::store as entries;
use super::name;
use super::objection::domain::{File, Redacted};
use super::objection::evidence::store as evidence;
use super::objection::file::claim;
use super::objection::store as objections;
use super::store::{self, Stored};
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

/// The notice of `areas/{admdvs}/notices/{id}`: for the bureau of its area always, for the public in its days. At any
/// other time the public is told that there is none.
pub async fn notice(view: &View, app: &App, of: &str) -> Result<Stored> {
    let (area, id) = name::notice_parts(of)?;
    let stored = store::get(view, &area, id).await.map_err(|error| name::absent(error, of))?;
    let is_seen = is_bureau_of(view, of)? || is_public(view, app, &stored);
    if is_seen { Ok(stored) } else { Err(Error::not_found(of)) }
}

/// The notices of an area, newest first: for its bureau all of them, for the public those that are open.
pub async fn notices(view: &View, app: &App, wanted: Wanted<'_>) -> Result<Paged<Stored>> {
    let [area] = name_parts(wanted.parent, ["areas"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(wanted.parent))?;
    let inside = is_bureau_of(view, wanted.parent)?;
    let page = page(view, if inside { "notices" } else { "notices/open" }, &wanted)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let state = (!inside).then_some("open");
    let rows = store::list(view, &area, state, before, page.limit()).await?;
    let mut paged = page.close(view, rows, |stored| stored.notice.head().id.to_string())?;
    // The job that closes it may not have come to one whose days are over.
    paged.items.retain(|stored| inside || is_public(view, app, stored));
    Ok(paged)
}

/// The entries of a notice. The public sees those that stand, and only in the notice's days; the bureau of the area sees
/// all of them always.
pub async fn entries(view: &View, app: &App, wanted: Wanted<'_>) -> Result<Paged<entries::Stored>> {
    let id = notice(view, app, wanted.parent).await?.notice.head().id;
    let inside = is_bureau_of(view, wanted.parent)?;
    let page = page(view, "entries", &wanted)?;
    let rows = entries::list(view, id, page.after.as_deref(), inside, page.limit()).await?;
    page.close(view, rows, |stored| stored.entry.listing().reference.clone())
}

/// The objections of a notice, oldest first.
pub async fn objections(view: &View, wanted: Wanted<'_>) -> Result<Paged<objections::Stored>> {
    let (area, id) = name::notice_parts(wanted.parent)?;
    store::get(view, &area, id).await?;
    let page = page(view, "objections", &wanted)?;
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = objections::list(view, id, after, page.limit()).await?;
    page.close(view, rows, |stored| stored.objection.filed().id.to_string())
}

/// One objection by its name. Who knows it was told it: its id cannot be guessed.
pub async fn objection(view: &View, of: &str) -> Result<objections::Stored> {
    let (entry_name, id) = name::objection_parts(of)?;
    let claim = claim(view, entry_name).await.map_err(|error| name::absent(error, of))?;
    let found = objections::about(view, &claim.psn_no, id).await;
    let stored = found.map_err(|error| name::absent(error, of))?;
    if objections::name(&stored.objection) != of {
        return Err(Error::not_found(of));
    }
    Ok(stored)
}

/// What comes with an objection: its copy, and its files without what is in them.
pub async fn evidence(view: &View, of: &str) -> Result<(Option<Redacted>, Vec<File>)> {
    let (entry_name, id) = name::objection_parts(of)?;
    let psn_no = claim(view, entry_name).await?.psn_no;
    let copy = evidence::copies(view, &psn_no, &[id]).await?.remove(&id);
    Ok((copy, evidence::files(view, &psn_no, id).await?))
}

/// Whether the caller is the bureau of the area that a name begins with.
pub fn is_bureau_of(view: &View, of: &str) -> Result<bool> {
    let actor = view.actor();
    Ok(actor.role == Some(Role::Bureau) && actor.holds(&area(of)?))
}

fn is_public(view: &View, app: &App, stored: &Stored) -> bool {
    stored.notice.running(&app.calendar.now(), view.today()).is_ok()
}

fn page(view: &View, what: &str, wanted: &Wanted<'_>) -> Result<Page> {
    Page::read(view, format!("{what}/{}", wanted.parent), wanted.size, SIZE, wanted.token)
}
