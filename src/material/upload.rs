//! Taking in a file: received whole, examined, put into the object store, and then named by a row.

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::check::{self, Finding, Seen};
use super::domain::{Checks, Content, Label, Material, MediaType, TooMany};
use super::objects::path;
use super::scan::scan;
use super::store::{self, Stored};
use crate::app::App;
use crate::catalog::domain::MaterialKind;
use crate::catalog::files::FileRules;
use crate::db::work::Work;
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result, Violation};
use crate::kernel::id::PsnNo;

/// Files that are examined at once: a picture unfolds to hundreds of megabytes.
pub static EXAMINED: Semaphore = Semaphore::const_new(2);

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
    /// Looks whether it is a whole file of the type that it is said to be and as the rules want it, and has it scanned.
    pub async fn examine(
        self,
        app: &App,
        psn_no: &PsnNo,
        rules: FileRules,
        claimed: Option<MediaType>,
    ) -> Result<Examined> {
        let slot = EXAMINED.acquire().await.map_err(|error| Error::Internal(error.into()))?;
        let examined = tokio::task::spawn_blocking(move || {
            // Held until the work is over, also when the caller is long gone.
            let _slot = slot;
            self.content(&rules, claimed).map_err(invalid)
        });
        let (bytes, content) = match examined.await {
            Ok(examined) => examined?,
            // Hostile bytes may bring a decoder down. It is the file that is refused then.
            Err(failure) if failure.is_panic() => return Err(Finding::Truncated.into()),
            Err(failure) => return Err(Error::Internal(failure.into())),
        };
        scan(&app.config.files, &bytes).await?;
        let path = path(psn_no, &content.sha256);
        Ok(Examined { content, path, bytes })
    }

    fn content(
        self,
        rules: &FileRules,
        claimed: Option<MediaType>,
    ) -> Result<(Vec<u8>, Content), Vec<Finding>> {
        let Seen { media_type, facts, findings } = check::examine(&self.bytes, rules)?;
        if claimed.is_some_and(|claimed| claimed != media_type) {
            return Err(vec![Finding::TypeDiffers { found: media_type }]);
        }
        let sha256 = Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let size_bytes = i64::try_from(self.bytes.len()).unwrap_or(i64::MAX);
        let checks = Checks { facts, findings };
        Ok((self.bytes, Content { media_type, size_bytes, sha256, checks }))
    }
}

fn invalid(findings: Vec<Finding>) -> Error {
    Error::Invalid(findings.into_iter().map(Violation::from).collect())
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
    use super::*;

    fn jpg() -> Received {
        Received { bytes: include_bytes!("../demo/id-front.jpg").to_vec() }
    }

    #[test]
    fn a_file_is_taken_with_what_it_shows() {
        let whole = jpg().bytes;
        let (bytes, content) = jpg().content(&FileRules::default(), Some(MediaType::Jpeg)).unwrap();
        let sha256: String = Sha256::digest(&whole).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes, whole);
        assert_eq!((content.sha256, content.media_type), (sha256, MediaType::Jpeg));
        assert_eq!(usize::try_from(content.size_bytes).unwrap(), whole.len());
        assert_eq!(content.checks.facts.colour, Some(true));
    }

    #[test]
    fn a_file_is_what_it_is_said_to_be() {
        let taken =
            |claimed| jpg().content(&FileRules::default(), claimed).map(|(_, found)| found.media_type);
        assert_eq!(taken(None), Ok(MediaType::Jpeg));
        assert_eq!(taken(Some(MediaType::Jpeg)), Ok(MediaType::Jpeg));
        assert_eq!(taken(Some(MediaType::Pdf)), Err(vec![Finding::TypeDiffers { found: MediaType::Jpeg }]));
    }
}
