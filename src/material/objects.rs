//! The object store: files by path, encrypted before they get here.

use std::path::Path;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode};

use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;

/// Where files lie.
#[derive(Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

/// Where a person's content lies: below a name that logs know how to shorten. It is sealed for this place.
pub fn path(psn_no: &PsnNo, sha256: &str) -> String {
    format!("insured/{psn_no}/{sha256}")
}

impl Objects {
    /// A local folder, which is made when it is not there.
    pub fn local(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // A row must never outlive its file in a power cut: written through to the disk, as the database is.
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self(Arc::new(store)))
    }

    /// Stores a file, whole or not at all. One that is there already stays: its path is the hash of its content.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let (path, mode) = (ObjectPath::from(path), PutMode::Create.into());
        match self.0.put_opts(&path, bytes.to_vec().into(), mode).await {
            Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Reads a file; none when it is not there.
    pub async fn get(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let found = match self.0.get(&ObjectPath::from(path)).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        found.bytes().await.map(|bytes| Some(bytes.to_vec())).map_err(|error| failed(&error))
    }

    /// Whether a file is there.
    pub async fn has(&self, path: &str) -> Result<bool> {
        match self.0.head(&ObjectPath::from(path)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Deletes a file. One that is not there is deleted already.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self.0.delete(&ObjectPath::from(path)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// The store's error as ours. Its own text names the path and so the person: only its cause is kept.
fn failed(error: &StoreError) -> Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match error {
        StoreError::Generic { .. }
        | StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. } => {
            tracing::warn!(error = %cause, "the object store failed");
            Error::Unavailable("the object store is away")
        }
        _ => Error::internal(format!("object store: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_kept_once_and_goes_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        let path = path(&PsnNo::parse("62090000001").unwrap(), &"ab".repeat(32));
        assert_eq!(objects.get(&path).await.unwrap(), None);
        objects.put(&path, b"first").await.unwrap();
        objects.put(&path, b"second").await.unwrap();
        assert!(objects.has(&path).await.unwrap());
        assert_eq!(objects.get(&path).await.unwrap().as_deref(), Some(b"first".as_slice()));
        objects.delete(&path).await.unwrap();
        objects.delete(&path).await.unwrap();
        assert!(!objects.has(&path).await.unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
