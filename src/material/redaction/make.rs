//! Making what experts get: a jpg is encoded anew, a pdf is given as it is.

use sha2::{Digest, Sha256};

use super::super::check::{Area, blackened, named};
use super::super::domain::{Material, MediaType};
use super::super::objects::path;
use super::super::whole;
use super::domain::Served;
use crate::app::App;
use crate::kernel::error::Result;
use crate::kernel::id::PsnNo;

/// What experts must not see.
pub struct Cover {
    /// Of a jpg: blackened.
    pub areas: Vec<Area>,
    /// Of a pdf: not to be found in the clear.
    pub texts: Vec<String>,
}

/// What came of it.
pub enum Made {
    /// This is what experts get. It lies in the object store.
    Served(Served),
    /// The picture does not decode.
    Unreadable,
    /// These of the texts stand in the pdf, by their places.
    NamesPerson(Vec<usize>),
    /// The file is not there any more.
    Gone,
}

/// Makes of a file of a person what experts get. It is put into the object store, unless it is only tried out; as long as
/// no redaction names it, it is collected there.
pub async fn make(
    app: &App,
    psn_no: &PsnNo,
    source: &Material,
    cover: Cover,
    only_tried: bool,
) -> Result<Made> {
    let reading = app.objects.get(&app.db, &path(psn_no, &source.sha256)).await?;
    let Some(reading) = reading else { return Ok(Made::Gone) };
    match source.media_type {
        MediaType::Pdf => {
            let look = move |bytes: &[u8]| Some(named(bytes, &cover.texts));
            Ok(match whole::made(app, reading, source.size_bytes, look).await? {
                Some(found) if found.is_empty() => Made::Served(Served {
                    sha256: source.sha256.clone(),
                    media_type: source.media_type,
                    size_bytes: source.size_bytes,
                }),
                Some(found) => Made::NamesPerson(found),
                None => Made::Unreadable,
            })
        }
        MediaType::Jpeg => {
            let draw = move |bytes: &[u8]| blackened(bytes, &cover.areas);
            let Some(copy) = whole::made(app, reading, source.size_bytes, draw).await? else {
                return Ok(Made::Unreadable);
            };
            let sha256: String = Sha256::digest(&copy).iter().map(|byte| format!("{byte:02x}")).collect();
            if !only_tried {
                app.objects.put(&app.db, &path(psn_no, &sha256), &copy).await?;
            }
            let size_bytes = i64::try_from(copy.len()).unwrap_or(i64::MAX);
            Ok(Made::Served(Served { sha256, media_type: MediaType::Jpeg, size_bytes }))
        }
    }
}
