//! Status lists in their table. The last one holds; the one before it stays for those who are reading it.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::domain::Entries;
use super::list::StatusList;
use super::row::{ActiveModel, Column, Entity};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};

/// A list as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Which one, from 1.
    pub serial: i64,
    /// What is signed of it.
    pub list: StatusList,
}

/// What happened.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "status_list.published")]
    Published { entries: usize, key_id: String, sha256: String },
}

type Row = (i64, i64, i64, String, Vec<u8>, Vec<u8>, i64);

/// The current list, without its entries; none before the first one.
pub async fn current(view: &View) -> Result<Option<Stored>> {
    let columns = [
        Column::Serial,
        Column::IssuedAt,
        Column::ExpiresAt,
        Column::KeyId,
        Column::Signature,
        Column::Sha256,
        Column::EntryCount,
    ];
    let find = Entity::find().select_only().columns(columns).order_by_desc(Column::Serial);
    let row: Option<Row> = find.into_tuple().one(&view.conn()).await.map_err(failed)?;
    row.map(parse).transpose()
}

fn parse((serial, issued_at, expires_at, key_id, signature, sha256, count): Row) -> Result<Stored> {
    let impossible = || Error::internal(format!("status list {serial}: impossible row"));
    let list = StatusList {
        issued_at: from_micros(issued_at),
        expires_at: from_micros(expires_at),
        count: usize::try_from(count).map_err(|_| impossible())?,
        sha256: sha256.try_into().map_err(|_| impossible())?,
        key_id,
        signature,
    };
    Ok(Stored { serial, list })
}

/// The entries of a list; none when two later ones were published since it was read.
pub async fn entries(view: &View, serial: i64) -> Result<Option<Vec<u8>>> {
    let find = Entity::find().select_only().column(Column::Entries).filter(Column::Serial.eq(serial));
    find.into_tuple().one(&view.conn()).await.map_err(failed)
}

/// Saves a list as the next one. Another instance that was faster makes this a lost race.
pub async fn publish(work: &Work, serial: i64, list: &StatusList, entries: &Entries) -> Result<()> {
    let row = ActiveModel {
        serial: Set(serial),
        issued_at: Set(micros(list.issued_at)),
        expires_at: Set(micros(list.expires_at)),
        key_id: Set(list.key_id.clone()),
        signature: Set(list.signature.clone()),
        sha256: Set(list.sha256.to_vec()),
        entry_count: Set(i64::try_from(list.count).map_err(|error| Error::Internal(error.into()))?),
        entries: Set(entries.bytes().to_vec()),
    };
    let event = Event::Published { entries: list.count, key_id: list.key_id.clone(), sha256: list.version() };
    work.delete_part(Entity::delete_many().filter(Column::Serial.lt(serial - 1))).await?;
    work.insert(row, Entry::new("certificateStatusList".to_owned(), serial, &event)?).await
}
