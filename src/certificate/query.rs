//! The certificates of a person.

use super::store::{self, Stored};
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// Items of a page without the caller's saying so.
const SIZE: usize = 50;

/// Certificates of this call's person, newest first.
pub async fn list(view: &View, parent: &str, size: i32, token: &str) -> Result<Paged<Stored>> {
    let page = Page::read(view, format!("certificates/{parent}"), size, SIZE, token)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.certificate.id.to_string())
}
