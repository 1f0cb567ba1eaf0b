//! Reading settlements.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use time::Date;

use super::store::{self, Stored};
use crate::benefit::requalification::run::LastDays;
use crate::db::batch::Batch;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::{Id, PsnNo};

/// When some people settled last for each disease, from a day on.
pub fn last_settled<'a>(
    batch: &'a Batch,
    people: &'a BTreeSet<PsnNo>,
    since: Date,
) -> BoxFuture<'a, Result<LastDays>> {
    Box::pin(store::last_settled(batch, people, since))
}

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
