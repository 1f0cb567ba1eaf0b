//! The certificate as a PDF, drawn when it is asked for: from what was sealed at issue, so the same bytes each time.

use super::domain::CertificateRefused;
use super::page::sheet;
use super::sheet::{SheetError, render};
use super::store;
use crate::app::App;
use crate::db::work::Owner;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// The page, once it is recorded who asked for it. A revoked paper is not printed any more.
pub async fn download(app: &App, actor: &Actor, owner: Owner, id: Id) -> Result<Vec<u8>> {
    let work = app.db.work(actor, owner).await?;
    let certificate = store::get(&work, id).await?.certificate;
    if let Some(revocation) = &certificate.revocation {
        let replaced = revocation.replaced_by.is_some();
        return Err(Refusal::from(CertificateRefused::Revoked { replaced }).into());
    }
    work.record_read(&store::name(work.person()?, id)).await?;
    work.commit().await?;
    let face = app.face.clone();
    // Tens of milliseconds of computing: not on a thread that answers calls.
    let drawn = tokio::task::spawn_blocking(move || render(&sheet(&certificate), &face)).await;
    drawn.map_err(|error| Error::Internal(error.into()))?.map_err(|error| failed(error, id))
}

fn failed(error: SheetError, id: Id) -> Error {
    match error {
        SheetError::Paper(error) => error.told(&format!("certificate {id}")),
        SheetError::Qr(_) => Error::internal(format!("certificate {id}: {error}")),
    }
}
