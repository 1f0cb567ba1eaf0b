//! Repeated requests: a write with a `request_id` that was committed before answers as it did the first time; with
//! another payload it is refused.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sha2::{Digest, Sha256};
use time::Duration;

use super::source::micros;
use super::work::Work;
use super::{Db, failed};
use crate::kernel::error::{Error, Result};

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_claim")]
pub struct Model {
    /// psn_no, admdvs or `system`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    /// Credential.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The caller's UUID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: String,
    /// Of method and payload.
    pub digest: Vec<u8>,
    /// The first answer, sealed.
    pub answer: Vec<u8>,
    /// Microseconds.
    pub at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Method and payload in 32 bytes.
pub fn digest(method: &str, payload: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(method).chain_update([0]).chain_update(payload).finalize().into()
}

impl Work {
    /// The answer of the first time, if there was one.
    pub async fn repeated(&self, request_id: &str, digest: [u8; 32]) -> Result<Option<Vec<u8>>> {
        let key = (self.owner_key().to_owned(), self.actor().caller.clone(), request_id.to_ascii_lowercase());
        let Some(row) = Entity::find_by_id(key).one(&self.conn()).await.map_err(failed)? else {
            return Ok(None);
        };
        if row.digest != digest {
            return Err(Error::invalid(
                "request_id",
                "该 request_id 已用于另一内容的请求，请换用新的 request_id",
                "was used before with another payload: take a new request_id",
            ));
        }
        self.keys().open(&place(request_id), &row.answer).map(Some)
    }

    /// Keeps the answer. Two calls that got here at once: the second one fails with `Conflict`, is run again, and then
    /// finds the answer of the first.
    pub async fn keep_answer(&self, request_id: &str, digest: [u8; 32], answer: &[u8]) -> Result<()> {
        self.insert_part(ActiveModel {
            owner: Set(self.owner_key().to_owned()),
            caller: Set(self.actor().caller.clone()),
            request_id: Set(request_id.to_ascii_lowercase()),
            digest: Set(digest.to_vec()),
            answer: Set(self.keys().seal(self.random(), &place(request_id), answer)?),
            at: Set(micros(self.now())),
        })
        .await
    }
}

impl Db {
    /// Forgets answers that are older than so many days.
    pub async fn forget_answers(&self, days: i64) -> Result<u64> {
        let oldest = micros(self.time().now() - Duration::days(days));
        let done =
            Entity::delete_many().filter(Column::At.lt(oldest)).exec(self.writer()).await.map_err(failed)?;
        Ok(done.rows_affected)
    }
}

fn place(request_id: &str) -> String {
    format!("request/{}", request_id.to_ascii_lowercase())
}
