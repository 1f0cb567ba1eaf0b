//! The object store: files by path, sealed before they get here.

use std::collections::BTreeMap;
use std::fs::{read_dir, remove_file};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    PutPayloadMut,
};
use time::OffsetDateTime;

use super::s3;
use super::sealing::{Opening, Sealing};
use super::walk::Walk;
use crate::config::Config;
use crate::config::files::Place;
use crate::db::Db;
use crate::db::source::from_micros;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::mask::names;

/// A file that is larger goes in parts of this size. S3 takes none below 5 MiB.
const PART: usize = 8 << 20;
/// How often a write is tried whose folder goes meanwhile.
const TRIES: u32 = 10;
/// Below this lies everything.
pub(super) const ROOT: &str = "insured";

/// Where files lie.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The local folder, which lists in no order; none for a store that lists in the order of paths.
    folder: Option<PathBuf>,
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its path.
    pub path: String,
    /// When it was written, by the clock of the store.
    pub written_at: OffsetDateTime,
}

/// A sealed file on its way out.
pub struct Reading {
    db: Db,
    sealed: BoxStream<'static, object_store::Result<prost::bytes::Bytes>>,
    opening: Option<Opening>,
}

/// Where a person's content lies: below a name that logs know how to shorten. It is sealed for this place.
pub fn path(psn_no: &PsnNo, sha256: &str) -> String {
    format!("{ROOT}/{psn_no}/{sha256}")
}

impl Objects {
    /// The store that the settings name.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        match (Place::parse(&config.materials)?, &config.files.s3) {
            (Place::Folder(folder), _) => {
                Self::local(&config.path(&folder)).with_context(|| format!("materials: {}", config.materials))
            }
            (Place::Bucket { bucket, prefix }, Some(settings)) => {
                let store = PrefixStore::new(s3::open(config, settings, &bucket)?, prefix);
                Ok(Self { store: Arc::new(store), folder: None })
            }
            (Place::Bucket { .. }, None) => anyhow::bail!("files.s3: is not set"),
        }
    }

    /// A local folder, which is made when it is not there.
    pub fn local(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // A row must never outlive its file in a power cut: written through to the disk, as the database is.
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), folder: Some(folder.to_owned()) })
    }

    /// Seals content for a path and stores it there, whole or not at all. False when there was a file already: it
    /// stays.
    pub async fn put(&self, db: &Db, path: &str, content: &[u8]) -> Result<bool> {
        let mut sealing = Sealing::new(db.keys(), db.random(), path, content);
        let path = ObjectPath::from(path);
        if content.len() > PART {
            return self.put_in_parts(&path, sealing).await;
        }
        let payload = part(&mut sealing)?.unwrap_or_default();
        let mut tries = 1;
        let done = loop {
            match self.store.put_opts(&path, payload.clone(), PutMode::Create.into()).await {
                Err(error) if tries < TRIES && is_folder_gone(&error) => tries += 1,
                done => break done,
            }
        };
        match done {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn put_in_parts(&self, path: &ObjectPath, sealing: Sealing<'_>) -> Result<bool> {
        // Two that write the same path at once write the same content: the last one stays, whole.
        if self.has(path.as_ref()).await? {
            return Ok(false);
        }
        let mut tries = 1;
        let begun = loop {
            match self.store.put_multipart(path).await {
                Err(error) if tries < TRIES && is_folder_gone(&error) => tries += 1,
                begun => break begun,
            }
        };
        let mut upload = begun.map_err(|error| failed(&error))?;
        let Err(error) = fill(upload.as_mut(), sealing).await else { return Ok(true) };
        if let Err(left) = upload.abort().await {
            tracing::warn!(
                error = cause(&left),
                "parts of a file that was not stored were left in the object store"
            );
        }
        Err(error)
    }

    /// Reads a file; none when it is not there.
    pub async fn get(&self, db: &Db, path: &str) -> Result<Option<Reading>> {
        let found = match self.store.get(&ObjectPath::from(path)).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let opening = Some(Opening::new(path.to_owned()));
        Ok(Some(Reading { db: db.clone(), sealed: found.into_stream(), opening }))
    }

    /// Whether a file is there.
    pub async fn has(&self, path: &str) -> Result<bool> {
        match self.store.head(&ObjectPath::from(path)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Deletes a file. One that is not there is deleted already.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self.store.delete(&ObjectPath::from(path)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) if is_folder_gone(&error) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Everything below a folder, in the order of paths.
    pub async fn below(&self, folder: &str) -> Result<Vec<Object>> {
        let mut listed = self.store.list(Some(&ObjectPath::from(folder)));
        let mut found = BTreeMap::new();
        while let Some(meta) = listed.next().await {
            let object = object(meta.map_err(|error| failed(&error))?);
            found.insert(object.path.clone(), object);
        }
        Ok(found.into_values().collect())
    }

    /// Goes through all files from behind a path on, in the order of paths; from the first one, when the path is empty.
    pub fn walk(&self, behind: &str) -> Walk {
        Walk::begin(&self.store, self.folder.as_deref(), behind)
    }

    /// Deletes what writes that were killed left in local folders before an instant, and says how many: files that the
    /// store itself never lists. Elsewhere that is the store's own matter.
    pub async fn sweep_unfinished(&self, folders: Vec<String>, before: OffsetDateTime) -> Result<u64> {
        let Some(root) = self.folder.clone() else { return Ok(0) };
        let swept = tokio::task::spawn_blocking(move || {
            folders.iter().map(|folder| sweep(&root.join(folder), before.into())).sum::<io::Result<u64>>()
        });
        let swept = swept.await.map_err(|failure| Error::Internal(failure.into()))?;
        swept.map_err(|error| Error::internal(format!("materials: {error}")))
    }
}

/// The store writes to `path#number` first.
fn sweep(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut done = 0;
    let entries = match read_dir(folder) {
        // Who deletes its last file deletes it too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let is_unfinished = entry.file_name().to_string_lossy().contains('#');
        let swept = if entry.file_type()?.is_dir() {
            sweep(&entry.path(), before)
        } else if is_unfinished {
            let written_at = entry.metadata().and_then(|meta| meta.modified());
            written_at.and_then(|at| if at <= before { remove_file(entry.path()).map(|()| 1) } else { Ok(0) })
        } else {
            Ok(0)
        };
        match swept {
            Ok(count) => done += count,
            // Others delete too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

impl Reading {
    /// The next piece; none at the end. A file that is cut off or was tampered with fails before its end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let keys = self.db.keys();
        while let Some(opening) = &mut self.opening {
            if let Some(piece) = opening.next(keys)? {
                return Ok(Some(piece));
            }
            match self.sealed.next().await {
                Some(bytes) => opening.push(&bytes.map_err(|error| failed(&error))?),
                None => return self.opening.take().map_or(Ok(None), |opening| opening.end(keys)),
            }
        }
        Ok(None)
    }
}

/// Fills an upload in parts and completes it.
async fn fill(upload: &mut dyn MultipartUpload, mut sealing: Sealing<'_>) -> Result<()> {
    while let Some(payload) = part(&mut sealing)? {
        upload.put_part(payload).await.map_err(|error| failed(&error))?;
    }
    upload.complete().await.map(|_| ()).map_err(|error| failed(&error))
}

/// The next part of a file.
fn part(sealing: &mut Sealing<'_>) -> Result<Option<PutPayload>> {
    let mut payload = PutPayloadMut::new();
    for sealed in sealing {
        payload.push(sealed?.into());
        if payload.content_length() >= PART {
            break;
        }
    }
    Ok((!payload.is_empty()).then(|| payload.freeze()))
}

pub(super) fn object(meta: ObjectMeta) -> Object {
    Object { path: meta.location.to_string(), written_at: from_micros(meta.last_modified.timestamp_micros()) }
}

/// The store's error as ours. Its own text names the path and so the person: only its cause is kept.
pub(super) fn failed(error: &StoreError) -> Error {
    match error {
        StoreError::Generic { .. }
        | StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. } => {
            tracing::warn!(error = cause(error), "the object store failed");
            Error::Unavailable("the object store is away")
        }
        _ => Error::internal(format!("object store: {}", cause(error))),
    }
}

/// What is behind it, without the numbers of people that addresses have.
fn cause(error: &StoreError) -> String {
    names(&deepest(error).to_string())
}

/// Whether a local folder went while something was done in it: who deletes its last file deletes it too.
fn is_folder_gone(error: &StoreError) -> bool {
    let cause = deepest(error).downcast_ref::<io::Error>();
    matches!(error, StoreError::Generic { .. })
        && cause.is_some_and(|it| it.kind() == io::ErrorKind::NotFound)
}

fn deepest(error: &StoreError) -> &(dyn std::error::Error + 'static) {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
