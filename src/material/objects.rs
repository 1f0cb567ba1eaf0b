//! The object store: files by path, encrypted before they get here.

use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

/// Where files lie.
#[derive(Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    /// A local folder, which is made when it is not there.
    pub fn local(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?)))
    }
}
