//! Published catalogues: rows that are never changed, and the same in memory.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryOrder};
use serde::Serialize;
use time::Date;

use super::domain::{Catalog, Fault, SAMPLE};
use super::refusal::NoCatalog;
use super::row;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{Owner, Work};
use crate::db::{Db, failed};
use crate::kernel::access::Actor;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::region::Region;

#[derive(Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    #[serde(rename = "catalog.published")]
    Published { version: &'a str, sha256: &'a str, sample: bool },
}

/// A published catalogue.
#[derive(Debug)]
pub struct Published {
    /// What it says.
    pub catalog: Catalog,
    /// 统筹区.
    pub area: Region,
    /// First day on which it is in force.
    pub from: Date,
    /// SHA-256 over its content, hexadecimal.
    pub sha256: String,
}

/// All published catalogues, read once at start.
#[derive(Clone, Debug)]
pub struct Catalogs(Arc<Vec<Arc<Published>>>);

impl Catalogs {
    /// Reads them. Where there is none, the sample is published first.
    pub async fn load(db: &Db) -> Result<Self> {
        let mut rows = all(db).await?;
        if rows.is_empty() {
            match publish_sample(db).await {
                // Another instance was faster.
                Ok(()) | Err(Error::Conflict) => rows = all(db).await?,
                Err(error) => return Err(error),
            }
        }
        rows.into_iter().map(parse).collect::<Result<Vec<_>>>().map(|list| Self(Arc::new(list)))
    }

    /// The catalogue in force for an insured area on a day. Where there is none, the area's catalogue is not found.
    pub fn in_force(&self, area: &Region, day: Date) -> Result<Arc<Published>> {
        let none = || Error::not_found(&format!("areas/{}/catalog in force on {day}", area.pooling()));
        self.of_day(area, day).ok_or_else(none)
    }

    /// The same for a question about a person's day: where there is none, the question is refused.
    pub fn asked(&self, area: &Region, day: Date) -> Result<Arc<Published>> {
        self.of_day(area, day).ok_or_else(|| Refusal::from(NoCatalog { day }).into())
    }

    fn of_day(&self, area: &Region, day: Date) -> Option<Arc<Published>> {
        let pooling = area.pooling();
        let found = self.0.iter().filter(|published| published.area == pooling && published.from <= day);
        found.max_by_key(|published| published.from).cloned()
    }

    /// The catalogues in force on a day, by area.
    pub fn all_in_force(&self, day: Date) -> Vec<Arc<Published>> {
        let mut areas: Vec<_> = self.0.iter().map(|published| published.area.clone()).collect();
        areas.sort();
        areas.dedup();
        areas.iter().filter_map(|area| self.of_day(area, day)).collect()
    }
}

async fn all(db: &Db) -> Result<Vec<row::Model>> {
    row::Entity::find().order_by_asc(row::Column::InForceFrom).all(db.reader()).await.map_err(failed)
}

fn parse(row: row::Model) -> Result<Arc<Published>> {
    let broken = |what: &str| Error::internal(format!("catalog {} of {}: {what}", row.version, row.area));
    let catalog: Catalog = serde_json::from_str(&row.body).map_err(|error| broken(&error.to_string()))?;
    let area = Region::find(&row.area).ok_or_else(|| broken("unknown area"))?;
    let from = parse_date(&row.in_force_from).ok_or_else(|| broken("no date"))?;
    if Catalog::sha256(&row.body) != row.sha256 {
        return Err(broken("its content does not have the hash it was published with"));
    }
    Ok(Arc::new(Published { catalog, area, from, sha256: row.sha256 }))
}

async fn publish_sample(db: &Db) -> Result<()> {
    let faults = |faults: Vec<Fault>| {
        Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let catalog = Catalog::parse(SAMPLE).map_err(faults)?;
    let area =
        Region::find(&catalog.area).ok_or_else(|| Error::internal("the sample is for an unknown area"))?;
    let work = db.work(&Actor::system(), Owner::Area(area)).await?;
    publish(&work, &catalog).await?;
    work.commit().await
}

async fn publish(work: &Work, catalog: &Catalog) -> Result<()> {
    let body = serde_json::to_string(catalog).map_err(|error| Error::Internal(error.into()))?;
    let sha256 = Catalog::sha256(&body);
    let aggregate = format!("areas/{}/catalogs/{}", catalog.area, catalog.version);
    let event = Event::Published { version: &catalog.version, sha256: &sha256, sample: catalog.sample };
    let entry = Entry::new(aggregate, 1, &event)?;
    let row = row::ActiveModel {
        area: Set(catalog.area.clone()),
        version: Set(catalog.version.clone()),
        in_force_from: Set(catalog.in_force_from.clone()),
        sha256: Set(sha256),
        sample: Set(catalog.sample),
        body: Set(body),
        published_at: Set(micros(work.now())),
    };
    work.insert(row, entry).await
}
