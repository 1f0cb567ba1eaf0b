//! Leases: of all server instances, one at a time holds a job. A fence rises with each lease, so that one which woke
//! up too late cannot write over its successor.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{Condition, QueryOrder};
use time::{Duration, OffsetDateTime};

use super::source::{from_micros, micros};
use super::{Db, failed};
use crate::kernel::error::Result;

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Name of the job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The instance that holds it.
    pub holder: Option<String>,
    /// Microseconds.
    pub leased_until: i64,
    /// Rises with each lease.
    pub fence: i64,
    /// Microseconds.
    pub last_run: Option<i64>,
    /// How much it did.
    pub last_done: i64,
    /// Without personal data; empty when it went well.
    pub last_error: String,
    /// Behind which a job that goes round goes on; empty at its beginning.
    pub bookmark: String,
    /// Microseconds, by the machine's clock: until then such a job does nothing.
    pub rests_until: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// A job that is held.
#[derive(Debug)]
pub struct Lease {
    name: String,
    holder: String,
    /// Greater than that of every earlier lease of the job.
    pub fence: i64,
    /// Behind which a job that goes round goes on; empty at its beginning.
    pub bookmark: String,
    rests_until: OffsetDateTime,
}

/// How a job stands.
#[derive(Clone, Debug)]
pub struct JobState {
    /// Name.
    pub name: String,
    /// The instance that holds it now.
    pub holder: Option<String>,
    /// When it last ended.
    pub last_run: Option<OffsetDateTime>,
    /// How much it did.
    pub last_done: i64,
    /// Empty when it went well.
    pub last_error: String,
}

impl Lease {
    /// Whether a job that went round rests, by the machine's clock.
    pub fn rests(&self, now: OffsetDateTime) -> bool {
        now < self.rests_until
    }
}

impl Db {
    /// Takes a job that nobody holds, or whose holder's time is over.
    pub async fn lease(&self, name: &str, holder: &str, seconds: i64) -> Result<Option<Lease>> {
        if Entity::find_by_id(name.to_owned()).one(self.reader()).await.map_err(failed)?.is_none() {
            self.add_job(name).await?;
        }
        // Leases follow the machine's clock, whatever a simulated one says.
        let now = super::source::TimeSource::Real.now();
        let taken = Entity::update_many()
            .col_expr(Column::Holder, Expr::value(holder))
            .col_expr(Column::LeasedUntil, Expr::value(micros(now + Duration::seconds(seconds))))
            .col_expr(Column::Fence, Expr::col(Column::Fence).add(1))
            .filter(Column::Name.eq(name))
            .filter(Condition::any().add(Column::Holder.is_null()).add(Column::LeasedUntil.lt(micros(now))))
            .exec(self.writer())
            .await
            .map_err(failed)?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        let row = Entity::find_by_id(name.to_owned()).one(self.writer()).await.map_err(failed)?;
        let ours = row.filter(|row| row.holder.as_deref() == Some(holder));
        Ok(ours.map(|row| Lease {
            name: row.name,
            holder: holder.to_owned(),
            fence: row.fence,
            bookmark: row.bookmark,
            rests_until: from_micros(row.rests_until),
        }))
    }

    /// Keeps how far a job that goes round has come, and until when it rests. One that lost its lease keeps nothing.
    pub async fn bookmark(&self, lease: &Lease, bookmark: &str, rests_until: OffsetDateTime) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::Bookmark, Expr::value(bookmark))
            .col_expr(Column::RestsUntil, Expr::value(micros(rests_until)))
            .filter(Column::Name.eq(&lease.name))
            .filter(Column::Fence.eq(lease.fence))
            .exec(self.writer())
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Ends a job's rest: somebody asks for it.
    pub async fn wake(&self, name: &str) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::RestsUntil, Expr::value(0))
            .filter(Column::Name.eq(name))
            .exec(self.writer())
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// A job that was never run.
    async fn add_job(&self, name: &str) -> Result<()> {
        let row = ActiveModel {
            name: Set(name.to_owned()),
            holder: Set(None),
            leased_until: Set(0),
            fence: Set(0),
            last_run: Set(None),
            last_done: Set(0),
            last_error: Set(String::new()),
            bookmark: Set(String::new()),
            rests_until: Set(0),
        };
        let once = OnConflict::column(Column::Name).do_nothing().to_owned();
        Entity::insert(row).on_conflict(once).exec_without_returning(self.writer()).await.map_err(failed)?;
        Ok(())
    }

    /// Gives a job back and says what it did.
    pub async fn release(&self, lease: Lease, done: i64, error: &str) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::Holder, Expr::value(Option::<String>::None))
            .col_expr(Column::LastRun, Expr::value(Some(micros(self.time().now()))))
            .col_expr(Column::LastDone, Expr::value(done))
            .col_expr(Column::LastError, Expr::value(error))
            .filter(Column::Name.eq(lease.name))
            .filter(Column::Fence.eq(lease.fence))
            .filter(Column::Holder.eq(lease.holder))
            .exec(self.writer())
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// How the jobs stand, by name.
    pub async fn jobs(&self) -> Result<Vec<JobState>> {
        let rows = Entity::find().order_by_asc(Column::Name).all(self.reader()).await.map_err(failed)?;
        let now = micros(super::source::TimeSource::Real.now());
        Ok(rows
            .into_iter()
            .map(|row| JobState {
                // One whose lease has run out holds it no more.
                holder: row.holder.filter(|_| row.leased_until >= now),
                name: row.name,
                last_run: row.last_run.map(from_micros),
                last_done: row.last_done,
                last_error: row.last_error,
            })
            .collect())
    }
}
