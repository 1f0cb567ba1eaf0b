//! Versions of the calendar: rows that are never changed, and the newest of them in memory.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryOrder};
use serde::Serialize;
use tokio::sync::watch;

use super::row::{ActiveModel, Column, Entity, Model};
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{Owner, Work};
use crate::db::{Db, failed};
use crate::kernel::access::Actor;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::error::{Error, Result};

/// What happened to the calendar.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    #[serde(rename = "calendar.published")]
    Published {
        version: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        year: Option<i32>,
        notice_number: &'a str,
    },
}

/// The calendar that was published last, read at start and followed since.
#[derive(Clone, Debug)]
pub struct Calendars(Arc<watch::Sender<Arc<Calendar>>>);

impl Calendars {
    /// Reads it. Where there is none, the embedded one is published first.
    pub async fn load(db: &Db) -> Result<Self> {
        let calendar = match latest(db.reader()).await? {
            Some(row) => parse(&row)?,
            None => first(db).await?,
        };
        Ok(Self(Arc::new(watch::Sender::new(Arc::new(calendar)))))
    }

    /// Takes up what was published since, here or by another instance. A cheap look where there is nothing new.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        self.take_up(db.reader()).await
    }

    /// The same over a connection that is at hand.
    pub async fn take_up(&self, conn: &impl ConnectionTrait) -> Result<()> {
        let row = latest(conn).await?.ok_or_else(|| Error::internal("the calendar is not there"))?;
        if row.version != self.now().version() {
            self.0.send_replace(Arc::new(parse(&row)?));
        }
        Ok(())
    }

    /// The calendar as this instance knows it now.
    pub fn now(&self) -> Arc<Calendar> {
        self.0.borrow().clone()
    }
}

async fn first(db: &Db) -> Result<Calendar> {
    let embedded = Calendar::parse(EMBEDDED.0, EMBEDDED.1)
        .map_err(|fault| Error::internal(format!("the embedded calendar: {fault}")))?;
    let work = db.work(&Actor::system(), Owner::Nobody).await?;
    let published = async {
        let event = Event::Published { version: embedded.version(), year: None, notice_number: "" };
        let entry = Entry::new(format!("calendars/{}", embedded.version()), 1, &event)?;
        work.insert(row(&embedded, micros(work.now())), entry).await?;
        work.commit().await
    };
    match published.await {
        // Another instance was faster.
        Ok(()) | Err(Error::Conflict) => {}
        Err(error) => return Err(error),
    }
    newest(db.reader()).await
}

/// The version with a name, if it was published.
pub async fn named(work: &Work, version: &str) -> Result<Option<Calendar>> {
    let row = Entity::find_by_id(version.to_owned()).one(&work.conn()).await.map_err(failed)?;
    row.as_ref().map(parse).transpose()
}

/// Publishes what was announced for a year. Of two that publish at once on the same calendar one loses, and looks again.
pub async fn publish(work: &Work, next: &Calendar, year: i32) -> Result<()> {
    let count = Entity::find().count(&work.conn()).await.map_err(failed)?;
    let count = i64::try_from(count).map_err(|error| Error::Internal(error.into()))?;
    let before = latest(&work.conn()).await?.map_or(0, |row| row.published_at);
    let (version, notice_number) = (next.version(), next.notice_number(year));
    let event = Event::Published { version, year: Some(year), notice_number };
    // The newest is the one in force: no two have the same instant.
    let row = row(next, micros(work.now()).max(before + 1));
    work.insert(row, Entry::new("calendars".to_owned(), count, &event)?).await
}

/// The version in force, from the table.
pub async fn newest(conn: &impl ConnectionTrait) -> Result<Calendar> {
    parse(&latest(conn).await?.ok_or_else(|| Error::internal("the calendar is not there"))?)
}

async fn latest(conn: &impl ConnectionTrait) -> Result<Option<Model>> {
    Entity::find().order_by_desc(Column::PublishedAt).one(conn).await.map_err(failed)
}

fn row(calendar: &Calendar, published_at: i64) -> ActiveModel {
    ActiveModel {
        version: Set(calendar.version().to_owned()),
        body: Set(calendar.text()),
        published_at: Set(published_at),
    }
}

fn parse(row: &Model) -> Result<Calendar> {
    Calendar::parse(&row.version, &row.body)
        .map_err(|fault| Error::internal(format!("calendar {}: {fault}", row.version)))
}
