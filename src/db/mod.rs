//! The storage mechanism: connections, one transaction a write (`Work`), the journal, repeated requests, pages, leases.

pub mod batch;
pub mod error;
pub mod journal;
pub mod keys;
pub mod lease;
pub mod log;
pub mod page;
pub mod public;
pub mod repeat;
mod signer;
pub mod source;
pub mod work;

use std::sync::Arc;
use std::time::Duration;

use opsp_migrations::Migrator;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Notify;

use crate::kernel::error::{Error, Result};
use error::from_db;
use keys::Keys;
use source::{Random, TimeSource};

/// Number of connections that wait for reads on SQLite: more of them only wait for each other.
const SQLITE_READERS: u32 = 4;
/// Number under which PostgreSQL knows the lock of the migrations.
const MIGRATION_LOCK: i64 = 0x6f70_7370;

/// The database, and what every transaction needs beside it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    keys: Keys,
    time: TimeSource,
    random: Random,
    committed: Notify,
    settings: Settings,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
    /// Connections to PostgreSQL.
    pub pool: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout: Duration,
    /// How long a statement may run, and a session may sit in a transaction: the callers' longest deadline. On
    /// PostgreSQL.
    pub statement_timeout: Duration,
}

impl Db {
    /// Connects. Does not migrate.
    pub async fn open(settings: &Settings, keys: Keys, time: TimeSource, random: Random) -> Result<Self> {
        let (writer, reader) = if settings.url.starts_with("sqlite:") {
            (sqlite(settings, 1).await?, sqlite(settings, SQLITE_READERS).await?)
        } else {
            let pool = Database::connect(bounded(settings)).await.map_err(from_db)?;
            (pool.clone(), pool)
        };
        let inner = Inner {
            writer,
            reader,
            keys,
            time,
            random,
            committed: Notify::new(),
            settings: settings.clone(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Brings the schema up to date. Several instances may do so at once: on PostgreSQL one waits for the other.
    pub async fn migrate(&self) -> Result<()> {
        if !self.is_postgres() {
            return Migrator::up(&self.0.writer, None).await.map_err(from_db);
        }
        // On connections of its own, without the bounds of calls: a migration may take its time.
        let pool = Database::connect(options(&self.0.settings, 2)).await.map_err(from_db)?;
        let guard = pool.begin().await.map_err(from_db)?;
        let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
        guard.execute_unprepared(&lock).await.map_err(from_db)?;
        Migrator::up(&pool, None).await.map_err(from_db)?;
        guard.commit().await.map_err(from_db)?;
        pool.close().await.map_err(from_db)
    }

    /// Takes the schema back to nothing.
    pub async fn migrate_down(&self) -> Result<()> {
        Migrator::down(&self.0.writer, None).await.map_err(from_db)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.0.reader.ping().await.map_err(from_db)
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.0.writer.get_database_backend() == DbBackend::Postgres
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The clock.
    pub fn time(&self) -> &TimeSource {
        &self.0.time
    }

    /// The source of ids and chance.
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// Wakes the one who waits when something was committed here, also when it happened just before.
    pub fn committed(&self) -> &Notify {
        &self.0.committed
    }

    /// A new id, in the order of time.
    pub fn new_id(&self) -> crate::kernel::id::Id {
        self.0.random.id(self.0.time.now())
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.0.reader
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }

    /// Begins a transaction in a task of its own, which ends even when the caller goes away in the middle: for a BEGIN
    /// whose answer nobody awaits the driver queues no ROLLBACK, and the connection would go back to the pool with a
    /// transaction that is open and nobody's.
    pub(crate) async fn begin(&self) -> Result<sea_orm::DatabaseTransaction> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let options = if self.is_postgres() { TransactionOptions::default() } else { immediate };
        let writer = self.0.writer.clone();
        let begun = tokio::spawn(async move { writer.begin_with_options(options).await });
        begun.await.map_err(|error| Error::Internal(error.into()))?.map_err(from_db)
    }

    /// Closes all connections.
    pub async fn close(&self) -> Result<()> {
        self.0.reader.clone().close().await.map_err(from_db)?;
        self.0.writer.clone().close().await.map_err(from_db)
    }
}

fn options(settings: &Settings, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(settings.url.clone());
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .sqlx_logging(false);
    options
}

/// For calls on PostgreSQL: the caller's deadline reaches the database, and nobody waits for a lock for ever.
fn bounded(settings: &Settings) -> ConnectOptions {
    let mut options = options(settings, settings.pool);
    let millis = settings.statement_timeout.as_millis();
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.options([
            ("statement_timeout", millis.to_string()),
            ("lock_timeout", (millis / 3).to_string()),
            ("idle_in_transaction_session_timeout", (millis * 2).to_string()),
        ])
    });
    options
}

async fn sqlite(settings: &Settings, connections: u32) -> Result<DatabaseConnection> {
    let mut options = options(settings, connections);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
    });
    Database::connect(options).await.map_err(from_db)
}

/// The error of a database call, for stores.
pub fn failed(error: DbErr) -> Error {
    from_db(error)
}
