//! What every service holds: cheap to clone, made once at start.

use std::sync::Arc;

use crate::calendar::store::Calendars;
use crate::catalog::store::Catalogs;
use crate::config::Config;
use crate::pdf::Face;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};

use crate::db::Db;
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::material::objects::Objects;

/// The parts of a running server.
#[derive(Clone)]
pub struct App {
    /// The database, its keys, the clock, ids and chance.
    pub db: Db,
    /// Published catalogues.
    pub catalogs: Catalogs,
    /// The working days, as they are known now.
    pub calendar: Calendars,
    /// Files.
    pub objects: Objects,
    /// How many KiB of whole files may still be taken into memory.
    pub file_memory: Arc<Semaphore>,
    /// The font of certificates.
    pub face: Face,
    /// The settings.
    pub config: Arc<Config>,
    /// Last position of the event log, as this instance's sequencer knows it.
    pub log: Arc<watch::Sender<i64>>,
    /// True once the server takes no new calls. Its sender lives as long as the server: without it, streams end.
    pub draining: watch::Receiver<bool>,
}

/// A question that a feature asks of those to its right: `server.rs` gives the answer when it assembles the services.
pub type Ask<T> = for<'a> fn(&'a View) -> BoxFuture<'a, Result<T>>;

/// What a feature has those to its right do about something of its own, in the same transaction.
pub type Tell = for<'a> fn(&'a App, &'a Work, Id) -> BoxFuture<'a, Result<()>>;
