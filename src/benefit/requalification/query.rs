//! Reading re-qualifications: one's own, and those of an area that the bureau looks for.

use super::store::{self, Stored, Wanted};
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// Items of a page without the caller's saying so.
const SIZE: usize = 50;

/// Those of this call's person, newest first.
pub async fn list(view: &View, size: i32, token: &str) -> Result<Paged<Stored>> {
    let listing = format!("{}/requalifications", view.person()?.name());
    let page = Page::read(view, listing, size, SIZE, token)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.round.head().id.to_string())
}

/// Those of this call's area, the earliest due first.
pub async fn due(view: &View, wanted: &Wanted, size: i32, token: &str) -> Result<Paged<Stored>> {
    let listing = format!("areas/{}/requalifications {wanted:?}", view.area()?);
    let page = Page::read(view, listing, size, SIZE, token)?;
    let rows = store::of_area(view, wanted, page.after.as_deref(), page.limit()).await?;
    page.close(view, rows, Stored::key)
}
