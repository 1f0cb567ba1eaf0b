//! The log: the journal in one order, each position once and without a gap. One leased sequencer copies it.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryOrder, QuerySelect, Statement};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::batch::{array, insert_all};
use super::lease::Lease;
use super::source::from_micros;
use super::{Db, failed, journal, lease};
use crate::kernel::error::{Error, Result};

/// How many entries the sequencer copies at once.
const BATCH: u64 = 500;

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "log")]
pub struct Model {
    /// From 1, without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// The journal's id.
    pub id: Uuid,
    /// psn_no, admdvs or `system`.
    pub owner: String,
    /// The area it belongs to.
    pub area: String,
    /// Resource name.
    pub aggregate: String,
    /// Its version afterwards.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// Facts as JSON.
    pub data: String,
    /// Role.
    pub actor: String,
    /// Credential.
    pub caller: String,
    /// Officer or expert.
    pub operator: Option<String>,
    /// Microseconds.
    pub at: i64,
    /// SHA-256 over the entry.
    pub leaf: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// An entry of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// From 1, without a gap.
    pub position: i64,
    /// The area it belongs to; empty for the whole server.
    pub area: String,
    /// Resource name.
    pub aggregate: String,
    /// Its version afterwards.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// Facts as JSON.
    pub data: String,
    /// When.
    pub at: OffsetDateTime,
    /// SHA-256 over the entry.
    pub leaf: Vec<u8>,
}

impl Db {
    /// Copies what the journal has and the log has not. Returns how many entries.
    pub async fn sequence(&self, held: &Lease) -> Result<u64> {
        let mut done = 0;
        loop {
            let copied = self.sequence_batch(held).await?;
            done += copied;
            if copied < BATCH {
                return Ok(done);
            }
        }
    }

    async fn sequence_batch(&self, held: &Lease) -> Result<u64> {
        let transaction = self.begin().await?;
        // Fenced: whoever holds a later lease has raised it, and this batch ends here.
        let fence = lease::Entity::find()
            .filter(lease::Column::Name.eq("sequence"))
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(failed)?;
        if fence.is_none_or(|row| row.fence != held.fence) {
            return Err(Error::Conflict);
        }
        let waiting = journal::Entity::find()
            .filter(journal::Column::Position.is_null())
            .order_by_asc(journal::Column::At)
            .order_by_asc(journal::Column::Id)
            .limit(BATCH)
            .all(&transaction)
            .await
            .map_err(failed)?;
        let last = Entity::find().order_by_desc(Column::Position).one(&transaction).await.map_err(failed)?;
        let mut position = last.map_or(0, |row| row.position);
        let count = u64::try_from(waiting.len()).unwrap_or(0);
        let (mut rows, mut places) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
        for entry in in_order_of_versions(waiting) {
            position += 1;
            places.push((entry.owner.clone(), entry.id, position));
            rows.push(logged(entry, position));
        }
        number(&transaction, places).await?;
        insert_all(&transaction, rows, false).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(count)
    }

    /// Entries after a position, in order.
    pub async fn logged_after(&self, position: i64, most: u64) -> Result<Vec<Logged>> {
        let rows = Entity::find()
            .filter(Column::Position.gt(position))
            .order_by_asc(Column::Position)
            .limit(most)
            .all(self.reader())
            .await
            .map_err(failed)?;
        Ok(rows
            .into_iter()
            .map(|row| Logged {
                position: row.position,
                area: row.area,
                aggregate: row.aggregate,
                version: row.version,
                event: row.event,
                data: row.data,
                at: from_micros(row.at),
                leaf: row.leaf,
            })
            .collect())
    }

    /// The last position; 0 when the log is empty.
    pub async fn log_position(&self) -> Result<i64> {
        let last = Entity::find().order_by_desc(Column::Position).one(self.reader()).await.map_err(failed)?;
        Ok(last.map_or(0, |row| row.position))
    }
}

/// Writes into journal entries, each known by its owner and id, which position of the log is theirs.
async fn number(transaction: &DatabaseTransaction, places: Vec<(String, Uuid, i64)>) -> Result<()> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        for (owner, id, position) in places {
            columns[0].push(owner.into());
            columns[1].push(id.into());
            columns[2].push(position.into());
        }
        let sorts = [ArrayType::String, ArrayType::Uuid, ArrayType::BigInt];
        let arrays = sorts.into_iter().zip(columns).map(|(sort, values)| array(sort, values));
        let sql = "UPDATE journal SET position = place.position \
                   FROM UNNEST($1, $2, $3) AS place (owner, id, position) \
                   WHERE journal.owner = place.owner AND journal.id = place.id";
        let update = Statement::from_sql_and_values(DbBackend::Postgres, sql, arrays);
        transaction.execute_raw(update).await.map_err(failed)?;
        return Ok(());
    }
    for (owner, id, position) in places {
        journal::Entity::update_many()
            .col_expr(journal::Column::Position, Expr::value(position))
            .filter(journal::Column::Owner.eq(owner))
            .filter(journal::Column::Id.eq(id))
            .exec(transaction)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Clocks of several servers differ a little: within one aggregate the version decides. Each aggregate's entries take
/// the places that they have together, in the order of their versions.
fn in_order_of_versions(entries: Vec<journal::Model>) -> Vec<journal::Model> {
    let mut by_aggregate: BTreeMap<(String, String), Vec<journal::Model>> = BTreeMap::new();
    let places: Vec<_> = entries.iter().map(|entry| (entry.owner.clone(), entry.aggregate.clone())).collect();
    for entry in entries {
        by_aggregate.entry((entry.owner.clone(), entry.aggregate.clone())).or_default().push(entry);
    }
    for group in by_aggregate.values_mut() {
        group.sort_by_key(|entry| std::cmp::Reverse(entry.version));
    }
    places.iter().filter_map(|place| by_aggregate.get_mut(place).and_then(Vec::pop)).collect()
}

fn logged(entry: journal::Model, position: i64) -> ActiveModel {
    let mut leaf = Sha256::new();
    // Each part with its length before it, so that no two entries give the same bytes.
    let (version, at) = (entry.version.to_be_bytes(), entry.at.to_be_bytes());
    let parts: [&[u8]; 11] = [
        entry.id.as_bytes(),
        entry.owner.as_bytes(),
        entry.area.as_bytes(),
        entry.aggregate.as_bytes(),
        &version,
        entry.event.as_bytes(),
        entry.data.as_bytes(),
        entry.actor.as_bytes(),
        entry.caller.as_bytes(),
        entry.operator.as_deref().unwrap_or_default().as_bytes(),
        &at,
    ];
    for part in parts {
        leaf.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        leaf.update(part);
    }
    ActiveModel {
        position: Set(position),
        id: Set(entry.id),
        owner: Set(entry.owner),
        area: Set(entry.area),
        aggregate: Set(entry.aggregate),
        version: Set(entry.version),
        event: Set(entry.event),
        data: Set(entry.data),
        actor: Set(entry.actor),
        caller: Set(entry.caller),
        operator: Set(entry.operator),
        at: Set(entry.at),
        leaf: Set(leaf.finalize().to_vec()),
    }
}
