//! A walk through the object store in the order of paths: each file once, and of any number of files and people never
//! more in memory than a page and some names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::read_dir;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore};

use super::objects::{Object, ROOT, failed, object};
use crate::kernel::error::{Error, Result};

/// Names of people that are read ahead from a folder: it must be read as often as it has so many.
const AHEAD: usize = 10_000;

/// A walk.
pub struct Walk(Way);

/// The next files of a walk.
pub struct Page {
    /// The files, as many as were asked for, or the last ones.
    pub files: Vec<Object>,
    /// The people, `insured/{psn_no}`, through whose local folders it came to the end.
    pub passed: Vec<String>,
}

enum Way {
    /// Of a store that lists in the order of paths.
    Listed(BoxStream<'static, object_store::Result<ObjectMeta>>),
    /// Of a folder, which lists in no order.
    Folder(Folder),
}

struct Folder {
    store: Arc<dyn ObjectStore>,
    root: PathBuf,
    behind: String,
    ahead: VecDeque<String>,
}

impl Walk {
    /// Begins behind a path, or with the first file when the path is empty. `folder` is the local folder, if it is one.
    pub(super) fn begin(store: &Arc<dyn ObjectStore>, folder: Option<&Path>, behind: &str) -> Self {
        let root = ObjectPath::from(ROOT);
        Self(match folder {
            Some(folder) => Way::Folder(Folder {
                store: Arc::clone(store),
                root: folder.join(ROOT),
                behind: behind.to_owned(),
                ahead: VecDeque::new(),
            }),
            None if behind.is_empty() => Way::Listed(store.list(Some(&root))),
            None => Way::Listed(store.list_with_offset(Some(&root), &ObjectPath::from(behind))),
        })
    }

    /// The next files, at most so many; fewer only at the end.
    pub async fn next(&mut self, most: usize) -> Result<Page> {
        match &mut self.0 {
            Way::Folder(folder) => folder.next(most).await,
            Way::Listed(listed) => {
                let mut files = Vec::new();
                while files.len() < most
                    && let Some(meta) = listed.next().await
                {
                    files.push(object(meta.map_err(|error| failed(&error))?));
                }
                Ok(Page { files, passed: Vec::new() })
            }
        }
    }
}

impl Folder {
    async fn next(&mut self, most: usize) -> Result<Page> {
        let mut page = Page { files: Vec::new(), passed: Vec::new() };
        while page.files.len() < most {
            if self.ahead.is_empty() {
                self.ahead = self.look_ahead().await?;
            }
            let Some(person) = self.ahead.front() else { break };
            let room = most - page.files.len();
            let files = self.files(person, room).await?;
            match files.last() {
                Some(last) if files.len() == room => self.behind = last.path.clone(),
                _ => {
                    self.behind = end(person);
                    page.passed.push(person.clone());
                    self.ahead.pop_front();
                }
            }
            page.files.extend(files);
        }
        Ok(page)
    }

    async fn look_ahead(&self) -> Result<VecDeque<String>> {
        let (root, behind) = (self.root.clone(), self.behind.clone());
        let found = tokio::task::spawn_blocking(move || people(&root, &behind, AHEAD)).await;
        let found = found.map_err(|failure| Error::Internal(failure.into()))?;
        found.map_err(|error| Error::internal(format!("materials: {error}")))
    }

    /// The next files of one person, in order. One has few: they may be listed again for each page.
    async fn files(&self, person: &str, most: usize) -> Result<Vec<Object>> {
        let mut listed = self.store.list(Some(&ObjectPath::from(person)));
        let mut next = BTreeMap::new();
        while let Some(meta) = listed.next().await {
            let object = object(meta.map_err(|error| failed(&error))?);
            if object.path > self.behind {
                next.insert(object.path.clone(), object);
            }
            if next.len() > most {
                next.pop_last();
            }
        }
        Ok(next.into_values().collect())
    }
}

/// Behind all that lies in a folder: the next character is that behind the slash.
fn end(folder: &str) -> String {
    format!("{folder}0")
}

/// The next folders of people in which something can lie that is behind a path, in the order of what lies in them.
fn people(root: &Path, behind: &str, most: usize) -> io::Result<VecDeque<String>> {
    let entries = match read_dir(root) {
        // Nothing was stored yet, or all of it went.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(VecDeque::new()),
        entries => entries?,
    };
    let mut next = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        let person = format!("{ROOT}/{}", entry.file_name().to_string_lossy());
        if end(&person).as_str() > behind && entry.file_type()?.is_dir() {
            next.insert(format!("{person}/"));
        }
        if next.len() > most {
            next.pop_last();
        }
    }
    Ok(next.iter().map(|person| person.trim_end_matches('/').to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_ahead_in_the_order_of_what_lies_in_them_and_never_more_than_asked_for() {
        let root = tempfile::tempdir().unwrap();
        assert!(people(&root.path().join("not there"), "", 9).unwrap().is_empty());
        for name in ["62", "62-1", "620", "621", "7"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        std::fs::write(root.path().join("0"), b"no folder").unwrap();
        let next = |behind: &str, most| Vec::from(people(root.path(), behind, most).unwrap());
        assert_eq!(
            next("", 9),
            ["insured/62-1", "insured/62", "insured/620", "insured/621", "insured/7"],
            "a hyphen comes before the slash"
        );
        assert_eq!(next("", 2), ["insured/62-1", "insured/62"]);
        assert_eq!(next("insured/62/ab", 2), ["insured/62", "insured/620"]);
        assert_eq!(next(&end("insured/62"), 2), ["insured/620", "insured/621"]);
        assert_eq!(next(&end("insured/7"), 2), [""; 0]);
    }
}
