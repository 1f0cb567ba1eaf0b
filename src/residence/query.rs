//! Reading filings, and whether one covers a place.

use time::Date;

use super::domain::{Filing, NotFiled};
use super::store::{self, Stored};
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// One filing.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    store::get(view, id).await
}

/// The filings of this call's person, newest first.
pub async fn list(view: &View, page_size: i32, page_token: &str) -> Result<Paged<Stored>> {
    let listing = format!("{}/residenceFilings", view.person()?.name());
    let page = Page::read(view, listing, page_size, 50, page_token)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.filing.facts().id.to_string())
}

/// The filing that covers a place on a day, or why none does.
pub async fn check(view: &View, place: &Region, day: Date) -> Result<Result<Filing, NotFiled>> {
    let area = &view.person()?.area;
    if area.pooling().contains(place) {
        return Ok(Err(NotFiled::AtHome { place: place.clone() }));
    }
    if let Some(filing) = filed(view, place, day).await? {
        return Ok(Ok(filing));
    }
    let waits = |stored: &Stored| {
        let facts = stored.filing.facts();
        matches!(stored.filing, Filing::Pending(_)) && facts.is_for(place, area) && facts.period.contains(day)
    };
    let place = place.clone();
    let pending = store::open(view).await?.iter().any(waits);
    Ok(Err(if pending { NotFiled::Pending { place } } else { NotFiled::None { place, day } }))
}

/// The valid filing of this call's person that covers a place on a day; the newest where there are several.
async fn filed(view: &View, place: &Region, day: Date) -> Result<Option<Filing>> {
    let area = &view.person()?.area;
    let stored = store::of_day(view, day).await?;
    Ok(stored.into_iter().map(|stored| stored.filing).find(|filing| filing.covers(place, day, area)))
}
