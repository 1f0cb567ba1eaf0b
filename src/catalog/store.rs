//! Published catalogues and lists: rows that are never changed, and the same in memory.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::{Date, OffsetDateTime};
use tokio::sync::watch;

use super::domain::{Catalog, Fault, InstitutionList, SAMPLE};
use super::import::{DOCUMENT, File};
use super::published::{Edition, PublishedList, Snapshot};
use super::refusal::NoCatalog;
use super::row;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{Owner, View, Work};
use crate::db::{Db, failed};
use crate::kernel::access::Actor;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::region::Region;

pub use super::published::{Cited, Published};

#[derive(Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    #[serde(rename = "catalog.published")]
    Catalog { version: &'a str, sha256: &'a str, sample: bool },
    #[serde(rename = "institutions.published")]
    Institutions { version: &'a str, sha256: &'a str, sample: bool },
}

/// What is published with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// `catalogs`.
    Catalogs,
    /// `institutionLists`.
    Lists,
}

impl Collection {
    /// Its word in resource names and in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Catalogs => "catalogs",
            Self::Lists => "institutionLists",
        }
    }
}

/// All published catalogues, read at start and followed since.
#[derive(Clone, Debug)]
pub struct Catalogs(Arc<watch::Sender<Arc<Snapshot>>>);

impl Catalogs {
    /// Reads them. Where there is none, the sample is published first.
    pub async fn load(db: &Db) -> Result<Self> {
        let mut snapshot = read(db.reader(), &Snapshot::default()).await?;
        if snapshot.catalogs.is_empty() {
            match publish_sample(db).await {
                // Another instance was faster.
                Ok(()) | Err(Error::Conflict) => snapshot = read(db.reader(), &Snapshot::default()).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(Self(Arc::new(watch::Sender::new(Arc::new(snapshot)))))
    }

    /// Takes up what was published since, here or by another instance. A cheap look where there is nothing new.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        self.take_up(db.reader()).await
    }

    /// The same over a connection that is at hand.
    pub async fn take_up(&self, conn: &impl ConnectionTrait) -> Result<()> {
        let catalogs = row::Entity::find().count(conn).await.map_err(failed)?;
        let lists = row::list::Entity::find().count(conn).await.map_err(failed)?;
        let known = self.now();
        if usize::try_from(catalogs + lists).is_ok_and(|found| found == known.size()) {
            return Ok(());
        }
        let found = Arc::new(read(conn, &known).await?);
        // Of two that look at once the one that saw more stays.
        self.0.send_if_modified(|known| {
            let newer = found.size() > known.size();
            if newer {
                *known = found;
            }
            newer
        });
        Ok(())
    }

    /// What is published now.
    pub fn now(&self) -> Arc<Snapshot> {
        self.0.borrow().clone()
    }

    /// The catalogue in force for an insured area on a day. Where there is none, the area's catalogue is not found.
    pub fn in_force(&self, area: &Region, day: Date) -> Result<Arc<Published>> {
        self.as_known(area, day, None)
    }

    /// The same, as it was known at an instant.
    pub fn as_known(
        &self,
        area: &Region,
        day: Date,
        known_at: Option<OffsetDateTime>,
    ) -> Result<Arc<Published>> {
        let none = || Error::not_found(&format!("areas/{}/catalog in force on {day}", area.pooling()));
        self.now().of_day(area, day, known_at).ok_or_else(none)
    }

    /// The very catalogue that something was filed under on a day. What another instance published a moment ago is taken
    /// up within a second.
    pub fn named(&self, area: &Region, day: Date, sha256: &str) -> Result<Arc<Published>> {
        let found = self.now().named(area, day, sha256);
        found.ok_or(Error::Unavailable("a catalogue that was just published is not taken up yet"))
    }

    /// The catalogue in force on a day, or where that does not satisfy the last one before it that does.
    pub fn latest(
        &self,
        area: &Region,
        day: Date,
        satisfies: impl Fn(&Catalog) -> bool,
    ) -> Option<Arc<Published>> {
        self.now().latest(area, day, satisfies)
    }

    /// The catalogue in force on a day of a person's that a question is about: where there is none, it is refused.
    pub fn asked(&self, area: &Region, day: Date) -> Result<Arc<Published>> {
        self.now().of_day(area, day, None).ok_or_else(|| Refusal::from(NoCatalog { day }).into())
    }

    /// The catalogues in force on a day, by area.
    pub fn all_in_force(&self, day: Date) -> Vec<Arc<Published>> {
        let snapshot = self.now();
        let mut areas: Vec<_> = snapshot.catalogs.iter().map(|published| published.area.clone()).collect();
        areas.sort();
        areas.dedup();
        areas.iter().filter_map(|area| snapshot.of_day(area, day, None)).collect()
    }
}

/// Everything that is published; what was read before is not read anew.
async fn read(conn: &impl ConnectionTrait, known: &Snapshot) -> Result<Snapshot> {
    let mut catalogs = known.catalogs.clone();
    let rows = row::Entity::find().order_by_asc(row::Column::PublishedAt);
    for row in rows.all(conn).await.map_err(failed)? {
        let is_row =
            |other: &Arc<Published>| other.area.as_str() == row.area && other.catalog.version == row.version;
        if !known.catalogs.iter().any(is_row) {
            catalogs.push(Arc::new(parse(row)?));
        }
    }
    let mut lists = known.lists.clone();
    let rows = row::list::Entity::find().order_by_asc(row::list::Column::PublishedAt);
    for row in rows.all(conn).await.map_err(failed)? {
        let is_row =
            |other: &Arc<PublishedList>| other.list.area == row.area && other.list.version == row.version;
        if !known.lists.iter().any(is_row) {
            lists.push(Arc::new(parse_list(row)?));
        }
    }
    Ok(Snapshot::new(catalogs, lists))
}

fn parse(row: row::Model) -> Result<Published> {
    let kept = Kept {
        name: format!("areas/{}/catalogs/{}", row.area, row.version),
        area: &row.area,
        in_force_from: &row.in_force_from,
        sha256: &row.sha256,
        body: &row.body,
        published_at: row.published_at,
    };
    let (catalog, edition) = kept.open::<Catalog>()?;
    let Edition { area, from, sha256, published_at } = edition;
    Ok(Published {
        institutions_version: catalog.version.clone(),
        institutions_sha256: sha256.clone(),
        catalog,
        area,
        from,
        sha256,
        published_at,
    })
}

fn parse_list(row: row::list::Model) -> Result<PublishedList> {
    let kept = Kept {
        name: format!("areas/{}/institutionLists/{}", row.area, row.version),
        area: &row.area,
        in_force_from: &row.in_force_from,
        sha256: &row.sha256,
        body: &row.body,
        published_at: row.published_at,
    };
    let (list, edition) = kept.open()?;
    Ok(PublishedList { list, edition })
}

/// What both tables keep.
struct Kept<'a> {
    name: String,
    area: &'a str,
    in_force_from: &'a str,
    sha256: &'a str,
    body: &'a str,
    published_at: i64,
}

impl Kept<'_> {
    fn open<T: DeserializeOwned>(&self) -> Result<(T, Edition)> {
        let broken = |what: &str| Error::internal(format!("{}: {what}", self.name));
        let content = serde_json::from_str(self.body).map_err(|error| broken(&error.to_string()))?;
        if Catalog::sha256(self.body) != self.sha256 {
            return Err(broken("its content does not have the hash it was published with"));
        }
        let edition = Edition {
            area: Region::find(self.area).ok_or_else(|| broken("unknown area"))?,
            from: parse_date(self.in_force_from).ok_or_else(|| broken("no date"))?,
            sha256: self.sha256.to_owned(),
            published_at: from_micros(self.published_at),
        };
        Ok((content, edition))
    }
}

async fn publish_sample(db: &Db) -> Result<()> {
    let faults = |faults: Vec<Fault>| {
        Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let catalog = Catalog::parse(SAMPLE).map_err(faults)?;
    let area =
        Region::find(&catalog.area).ok_or_else(|| Error::internal("the sample is for an unknown area"))?;
    let work = db.work(&Actor::system(), Owner::Area(area)).await?;
    publish(&work, &catalog, &[File { name: DOCUMENT.to_owned(), content: SAMPLE.to_owned() }]).await?;
    work.commit().await
}

/// The content of something as it is kept, and its hash.
pub fn body<T: Serialize>(content: &T) -> Result<(String, String)> {
    let body = serde_json::to_string(content).map_err(|error| Error::Internal(error.into()))?;
    let sha256 = Catalog::sha256(&body);
    Ok((body, sha256))
}

/// The hash and the instant of a version that is published already, from the database: memory may be behind.
pub async fn find(
    view: &View,
    collection: Collection,
    area: &str,
    version: &str,
) -> Result<Option<(String, OffsetDateTime)>> {
    let key = (area.to_owned(), version.to_owned());
    Ok(match collection {
        Collection::Catalogs => {
            let row = row::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
            row.map(|row| (row.sha256, from_micros(row.published_at)))
        }
        Collection::Lists => {
            let row = row::list::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
            row.map(|row| (row.sha256, from_micros(row.published_at)))
        }
    })
}

/// Publishes a catalogue with the files that it was made from.
pub async fn publish(work: &Work, catalog: &Catalog, files: &[File]) -> Result<()> {
    let (body, sha256) = body(catalog)?;
    let aggregate = format!("areas/{}/catalogs/{}", catalog.area, catalog.version);
    let event = Event::Catalog { version: &catalog.version, sha256: &sha256, sample: catalog.sample };
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
    work.insert(row, entry).await?;
    keep(work, Collection::Catalogs, &catalog.area, &catalog.version, files).await
}

/// Publishes a list of institutions with the files that it was made from.
pub async fn publish_list(work: &Work, list: &InstitutionList, files: &[File]) -> Result<()> {
    let (body, sha256) = body(list)?;
    let aggregate = format!("areas/{}/institutionLists/{}", list.area, list.version);
    let event = Event::Institutions { version: &list.version, sha256: &sha256, sample: list.sample };
    let entry = Entry::new(aggregate, 1, &event)?;
    let row = row::list::ActiveModel {
        area: Set(list.area.clone()),
        version: Set(list.version.clone()),
        in_force_from: Set(list.in_force_from.clone()),
        sha256: Set(sha256),
        sample: Set(list.sample),
        body: Set(body),
        published_at: Set(micros(work.now())),
    };
    work.insert(row, entry).await?;
    keep(work, Collection::Lists, &list.area, &list.version, files).await
}

async fn keep(work: &Work, collection: Collection, area: &str, version: &str, files: &[File]) -> Result<()> {
    for file in files {
        let row = row::file::ActiveModel {
            kind: Set(collection.word().to_owned()),
            area: Set(area.to_owned()),
            version: Set(version.to_owned()),
            name: Set(file.name.clone()),
            content: Set(file.content.clone()),
        };
        work.insert_part(row).await?;
    }
    Ok(())
}

/// The files of a version, by name; none when it does not exist or was published before files were kept.
pub async fn files(view: &View, collection: &str, area: &str, version: &str) -> Result<Vec<File>> {
    let rows = row::file::Entity::find()
        .filter(row::file::Column::Kind.eq(collection))
        .filter(row::file::Column::Area.eq(area))
        .filter(row::file::Column::Version.eq(version))
        .order_by_asc(row::file::Column::Name);
    let rows = rows.all(&view.conn()).await.map_err(failed)?;
    Ok(rows.into_iter().map(|row| File { name: row.name, content: row.content }).collect())
}
