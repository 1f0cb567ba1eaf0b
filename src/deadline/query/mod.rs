//! What runs in an area.

pub mod store;

use store::Wanted;

use super::store::Stored;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;

/// One page, the earliest due first.
pub async fn list(view: &View, wanted: &Wanted, page: Page) -> Result<Paged<Stored>> {
    let rows = store::running(view, wanted, page.after.as_deref(), page.limit()).await?;
    page.close(view, rows, Stored::key)
}
