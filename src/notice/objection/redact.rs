//! 脱敏: what the person whom an objection is about may see of it. The original stays as it was filed.

use super::domain::{Objection, Redacted};
use super::evidence;
use super::resolve::{find, unnamed};
use super::store::{self, About, Stored};
use crate::app::App;
use crate::db::page::{Page, Paged};
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// Writes the copy, or writes it anew.
pub async fn redact(work: &Work, app: &App, of: &str, ground: &str) -> Result<Stored> {
    let (stored, entry) = find(work, of).await?;
    unnamed(&stored, "ground", ground)?;
    let officer = work.actor().operator()?.to_owned();
    let copy = Redacted { ground: ground.to_owned(), officer, at: work.now() };
    let id = stored.objection.filed().id;
    evidence::store::keep_copy(work, id, &copy).await?;
    let about = About { calendar: &app.calendar.now(), listing: entry.entry.listing() };
    store::save(work, about, stored.version, stored.objection.redacted(ground)).await
}

/// The objections to this call's person's entries, newest first, each with its copy where there is one.
pub async fn copies(view: &View, page: Page) -> Result<Paged<(Objection, Option<Redacted>)>> {
    let psn_no = &view.person()?.psn_no;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::own(view, before, page.limit()).await?;
    let paged = page.close(view, rows, |stored| stored.objection.filed().id.to_string())?;
    let ids: Vec<_> = paged.items.iter().map(|stored| stored.objection.filed().id).collect();
    let mut copies = evidence::store::copies(view, psn_no, &ids).await?;
    let with_copy = |stored: Stored| {
        let copy = copies.remove(&stored.objection.filed().id);
        (stored.objection, copy)
    };
    let items = paged.items.into_iter().map(with_copy).collect();
    Ok(Paged { items, next_page_token: paged.next_page_token })
}
