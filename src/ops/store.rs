//! The working calendar in its table. Where there is none, the embedded one is published first.

use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryOrder};
use serde::Serialize;

use super::row::{ActiveModel, Column, Entity, Model};
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::Owner;
use crate::db::{Db, failed};
use crate::kernel::access::Actor;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::error::{Error, Result};

#[derive(Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    #[serde(rename = "calendar.published")]
    Published { version: &'a str },
}

/// The calendar that was published last.
pub async fn calendar(db: &Db) -> Result<Calendar> {
    if let Some(row) = latest(db).await? {
        return parse(&row);
    }
    match publish(db, EMBEDDED.0, EMBEDDED.1).await {
        // Another instance was faster.
        Ok(()) | Err(Error::Conflict) => {}
        Err(error) => return Err(error),
    }
    let row = latest(db).await?.ok_or_else(|| Error::internal("a published calendar is not there"))?;
    parse(&row)
}

async fn latest(db: &Db) -> Result<Option<Model>> {
    Entity::find().order_by_desc(Column::PublishedAt).one(db.reader()).await.map_err(failed)
}

fn parse(row: &Model) -> Result<Calendar> {
    Calendar::parse(&row.version, &row.body)
        .map_err(|fault| Error::internal(format!("calendar {}: {fault}", row.version)))
}

async fn publish(db: &Db, version: &str, body: &str) -> Result<()> {
    let work = db.work(&Actor::system(), Owner::Nobody).await?;
    let row = ActiveModel {
        version: Set(version.to_owned()),
        body: Set(body.to_owned()),
        published_at: Set(micros(work.now())),
    };
    let entry = Entry::new(format!("calendars/{version}"), 1, &Event::Published { version })?;
    work.insert(row, entry).await?;
    work.commit().await
}
