//! Reads what is stored about a person: a fixed number of queries, whatever there is.

use super::domain::{ITEMS_MAX, Known, Made};
use crate::app::App;
use crate::application::store as applications;
use crate::benefit::accumulator::store as accumulators;
use crate::benefit::requalification::store as requalifications;
use crate::benefit::store as benefits;
use crate::db::work::View;
use crate::insured;
use crate::kernel::error::Result;
use crate::kernel::local_day;
use crate::notice::entry::domain::Entry;
use crate::notice::entry::store as entries;
use crate::notice::name::entry_parts;
use crate::notice::objection::store as objections;
use crate::notice::store as notices;
use crate::residence::store as filings;

/// One more than is told: then there are more.
const READ: u64 = 201;

/// What is stored about this call's person.
pub async fn gather(view: &View, app: &App) -> Result<Known> {
    let (area, today) = (view.area()?, view.today());
    let stored = applications::list(view, None, READ).await?;
    let benefits = benefits::list(view, None, READ).await?;
    let filings = filings::list(view, None, READ).await?;
    let rounds = requalifications::list(view, None, READ).await?;
    let more =
        [stored.len(), benefits.len(), filings.len(), rounds.len()].into_iter().any(|read| read > ITEMS_MAX);
    let entries = entries::own_running(view, READ).await?;
    let entries: Vec<_> = entries.into_iter().map(|stored| stored.entry).collect();
    let held = entries.iter().any(|entry| matches!(entry, Entry::Objected(_)));
    let objections = if held { objections::waiting(view, READ).await? } else { Vec::new() };
    Ok(Known {
        insured: insured::store::get(view).await?.insured,
        published: app.catalogs.now().of_day(area, today, None),
        applications: stored.into_iter().map(|stored| made(view, app, stored)).collect::<Result<_>>()?,
        notices: notices(view, &entries).await?,
        entries,
        objections: objections.into_iter().map(|stored| stored.objection).collect(),
        benefits: benefits.into_iter().map(|stored| stored.benefit).collect(),
        requalifications: rounds.into_iter().map(|stored| stored.round).collect(),
        used: accumulators::used_in(view, today.year()).await?,
        filings: filings.into_iter().map(|stored| stored.filing).collect(),
        more,
    })
}

/// An application with the catalogue that it goes by.
fn made(view: &View, app: &App, stored: applications::Stored) -> Result<Made> {
    let area = &stored.application.case().area;
    let published = match stored.application.filed() {
        Some(filed) => Some(app.catalogs.named(area, filed.appy_date, &filed.catalog_sha256)?),
        None => app.catalogs.now().of_day(area, view.today(), None),
    };
    let changed_on = local_day(stored.updated_at);
    Ok(Made { application: stored.application, changed_on, published })
}

async fn notices(view: &View, entries: &[Entry]) -> Result<Vec<crate::notice::domain::Notice>> {
    let mut names = Vec::new();
    for entry in entries {
        let (area, id, _) = entry_parts(&entry.listing().name)?;
        names.push((area, id));
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Ok(notices::of_names(view, &names).await?.into_iter().map(|stored| stored.notice).collect())
}
