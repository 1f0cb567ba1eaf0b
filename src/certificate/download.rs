//! The certificate as a PDF, drawn when it is asked for: from what was sealed at issue, so the same bytes each time.

use super::page::sheet;
use super::sheet::{SheetError, render};
use super::store;
use crate::app::App;
use crate::db::work::Owner;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// The page, once it is recorded who asked for it.
pub async fn download(app: &App, actor: &Actor, owner: Owner, id: Id) -> Result<Vec<u8>> {
    let work = app.db.work(actor, owner).await?;
    let certificate = store::get(&work, id).await?;
    work.record_read(&store::name(work.person()?, id)).await?;
    work.commit().await?;
    let face = app.face.clone();
    // Tens of milliseconds of computing: not on a thread that answers calls.
    let drawn = tokio::task::spawn_blocking(move || render(&sheet(&certificate), &face)).await;
    drawn.map_err(|error| Error::Internal(error.into()))?.map_err(|error| failed(error, id))
}

fn failed(error: SheetError, id: Id) -> Error {
    match error {
        // The character is of a name: it stays out of the log and of the answer.
        SheetError::Glyph(_) => {
            tracing::error!(certificate.id = %id, "the font of certificates lacks a character of a name");
            let refusal = Refusal::new(
                "GLYPH_MISSING",
                "证明所用字体缺少姓名中的生僻字，暂不能生成。",
                "the font of certificates lacks a rare character of the name.",
            );
            refusal.help("请联系经办机构更换字体。", "ask the bureau to set a font that has it.").into()
        }
        SheetError::NotChinese | SheetError::Overfull | SheetError::Qr(_) | SheetError::Pdf(_) => {
            Error::internal(format!("certificate {id}: {error}"))
        }
    }
}
