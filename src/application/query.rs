//! What can be asked about applications.

use std::sync::Arc;

use time::Date;

use super::domain::Application;
use super::store::{self, Stored};
use crate::catalog::store::{Catalogs, Published};
use crate::db::journal::Recorded;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};

/// The application of a name of this call's person.
pub async fn get(view: &View, name: &str) -> Result<Stored> {
    let [_, id] = name_parts(name, ["insured", "applications"])?;
    store::get(view, Id::parse(id).map_err(|_| Error::not_found(name))?).await
}

/// The catalogue that an application goes by: the very one under which it was submitted; of a draft the one of today.
pub fn published(catalogs: &Catalogs, application: &Application, today: Date) -> Result<Arc<Published>> {
    let area = &application.case().area;
    match application.filed() {
        Some(filed) => catalogs.named(area, filed.appy_date, &filed.catalog_sha256),
        None => catalogs.in_force(area, today),
    }
}

/// A page of the applications of this call's person, newest first.
pub async fn list(view: &View, page: Page) -> Result<Paged<Stored>> {
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.application.case().id.to_string())
}

/// A page of what happened to an application, oldest first.
pub async fn timeline(view: &View, name: &str, page: Page) -> Result<Paged<Recorded>> {
    let stored = get(view, name).await?;
    let aggregate = store::name(view.person()?, stored.application.case().id);
    let after = match page.after.as_deref().map(str::parse) {
        Some(version) => version.map_err(|_| Error::internal("a timeline page goes on after no version"))?,
        None => 0,
    };
    let rows = view.history(&aggregate, after, page.limit()).await?;
    page.close(view, rows, |recorded| recorded.version.to_string())
}
