//! The journal: what happened, written in the transaction in which it happened, keyed by its owner and unchained, so
//! that writers never wait for each other. Holds no personal data.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, QueryOrder, QuerySelect};
use serde::Serialize;
use time::OffsetDateTime;

use super::failed;
use super::source::{from_micros, micros};
use super::work::{View, Work};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;

/// What happened to one aggregate.
#[derive(Debug)]
pub struct Entry {
    aggregate: String,
    version: i64,
    event: String,
    data: String,
}

impl Entry {
    /// An entry from an event: an enum with `#[serde(tag = "type")]`, whose tag names the event.
    pub fn new<E: Serialize>(aggregate: String, version: i64, event: &E) -> Result<Self> {
        let mut data = serde_json::to_value(event).map_err(|error| Error::Internal(error.into()))?;
        let tag = data.as_object_mut().and_then(|object| object.remove("type"));
        let event = tag.and_then(|tag| tag.as_str().map(str::to_owned));
        let event = event.ok_or_else(|| Error::internal(format!("{aggregate}: an event without type")))?;
        Ok(Self { aggregate, version, event, data: data.to_string() })
    }

    pub(super) fn row(
        self,
        id: Id,
        owner: &str,
        area: &str,
        actor: &Actor,
        now: OffsetDateTime,
    ) -> ActiveModel {
        ActiveModel {
            owner: Set(owner.to_owned()),
            id: Set(id.0),
            area: Set(area.to_owned()),
            aggregate: Set(self.aggregate),
            version: Set(self.version),
            event: Set(self.event),
            data: Set(self.data),
            actor: Set(actor.word().to_owned()),
            caller: Set(actor.caller.clone()),
            operator: Set(actor.operator.clone()),
            at: Set(micros(now)),
            position: Set(None),
        }
    }
}

/// An entry of the journal, as it was written.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What happened, for example `application.submitted`.
    pub event: String,
    /// The aggregate's version after it.
    pub version: i64,
    /// Facts, as JSON.
    pub data: String,
    /// In which role it was done: `portal`, `bureau`, `expert`, `system`, ….
    pub actor: String,
    /// By which officer or expert; none where it was nobody's.
    pub operator: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    /// psn_no, admdvs or `system`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    /// In the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
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
    /// Position in the log, once it is there.
    pub position: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Work {
    pub(super) async fn record(&self, entry: Entry) -> Result<()> {
        let (owner, area) = (self.owner_key(), self.area_code());
        let row = entry.row(self.new_id(), owner, area, self.actor(), self.now());
        Entity::insert(row).exec_without_returning(&self.conn()).await.map_err(failed)?;
        Ok(())
    }

    /// Records that somebody looked at something confidential.
    pub async fn record_read(&self, resource: &str) -> Result<()> {
        #[derive(Serialize)]
        #[serde(tag = "type")]
        enum Read<'a> {
            #[serde(rename = "confidential.read")]
            Read { resource: &'a str },
        }
        let aggregate = format!("{resource}/reads/{}", self.new_id());
        self.record(Entry::new(aggregate, 1, &Read::Read { resource })?).await
    }
}

impl View {
    /// What happened to an aggregate of this call's owner, oldest first, after a version.
    pub async fn history(&self, aggregate: &str, after_version: i64, most: u64) -> Result<Vec<Recorded>> {
        let rows = Entity::find()
            .filter(Column::Owner.eq(self.owner_key()))
            .filter(Column::Aggregate.eq(aggregate))
            .filter(Column::Version.gt(after_version))
            .order_by_asc(Column::Version)
            .limit(most)
            .all(&self.conn())
            .await
            .map_err(failed)?;
        Ok(rows
            .into_iter()
            .map(|row| Recorded {
                event: row.event,
                version: row.version,
                data: row.data,
                actor: row.actor,
                operator: row.operator,
                at: from_micros(row.at),
            })
            .collect())
    }
}
