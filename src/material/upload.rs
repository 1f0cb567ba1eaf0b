//! Taking in a file: received whole, examined, put into the object store, and then named by a row.

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::domain::{Content, Label, Material, MediaType, TooMany};
use super::objects::path;
use super::scan::scan;
use super::sniff::{Fault, sniff};
use super::store::{self, Stored};
use crate::app::App;
use crate::catalog::domain::MaterialKind;
use crate::db::work::Work;
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;

/// Files that are examined at once: a picture unfolds to hundreds of megabytes.
static EXAMINED: Semaphore = Semaphore::const_new(2);

/// A file that was received whole.
pub struct Received {
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A file that may come in.
pub struct Examined {
    /// What its bytes say.
    pub content: Content,
    /// Where it goes.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Received {
    /// Looks whether it is a whole file of the type that it is said to be, and has it scanned.
    pub async fn examine(self, app: &App, psn_no: &PsnNo, claimed: Option<MediaType>) -> Result<Examined> {
        let slot = EXAMINED.acquire().await.map_err(|error| Error::Internal(error.into()))?;
        let examined = tokio::task::spawn_blocking(move || {
            // Held until the work is over, also when the caller is long gone.
            let _slot = slot;
            self.content(claimed)
        });
        let (bytes, content) = match examined.await {
            Ok(examined) => examined?,
            // Hostile bytes may bring a decoder down. It is the file that is refused then.
            Err(failure) if failure.is_panic() => return Err(Fault::Truncated.into()),
            Err(failure) => return Err(Error::Internal(failure.into())),
        };
        scan(&app.config.files, &bytes).await?;
        let path = path(psn_no, &content.sha256);
        Ok(Examined { content, path, bytes })
    }

    fn content(self, claimed: Option<MediaType>) -> Result<(Vec<u8>, Content), Fault> {
        let found = sniff(&self.bytes)?;
        if claimed.is_some_and(|claimed| claimed != found) {
            return Err(Fault::TypeDiffers { found });
        }
        let sha256 = Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let size_bytes = i64::try_from(self.bytes.len()).unwrap_or(i64::MAX);
        Ok((self.bytes, Content { media_type: found, size_bytes, sha256 }))
    }
}

/// Writes the row of a file that lies in the object store.
pub async fn upload(
    work: &Work,
    app: &App,
    kind: MaterialKind,
    label: Label,
    content: Content,
) -> Result<Stored> {
    let Person { psn_no, .. } = work.person()?;
    if let Some(fault) = label.fault(work.today()) {
        return Err(Error::Invalid(vec![fault]));
    }
    let most = app.config.limits.materials_per_person;
    if store::count(work).await? >= most {
        return Err(Error::Exhausted(Box::new(TooMany { most }.into())));
    }
    // The same content may have been deleted since it was put there. From here on the person is locked, and so is it.
    if !app.objects.has(&path(psn_no, &content.sha256)).await? {
        return Err(Error::Conflict);
    }
    store::create(work, Material::uploaded(work.new_id(), kind, content, label, work.now())).await
}

#[cfg(test)]
mod tests {
    use super::super::sniff::tests::pdf;
    use super::*;

    #[test]
    fn a_file_is_what_it_is_said_to_be() {
        let whole = pdf("");
        let taken =
            |claimed| Received { bytes: whole.clone() }.content(claimed).map(|(_, found)| found.media_type);
        assert_eq!(taken(None), Ok(MediaType::Pdf));
        assert_eq!(taken(Some(MediaType::Pdf)), Ok(MediaType::Pdf));
        assert_eq!(taken(Some(MediaType::Jpeg)), Err(Fault::TypeDiffers { found: MediaType::Pdf }));
    }
}
