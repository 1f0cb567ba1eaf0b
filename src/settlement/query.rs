//! Reading settlements.

use super::store::{self, Stored};
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// One settlement.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    store::get(view, id).await
}

/// The settlements of this call's person, newest first.
pub async fn list(view: &View, page_size: i32, page_token: &str) -> Result<Paged<Stored>> {
    let listing = format!("{}/settlements", view.person()?.name());
    let page = Page::read(view, listing, page_size, 50, page_token)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.settlement.id().to_string())
}
