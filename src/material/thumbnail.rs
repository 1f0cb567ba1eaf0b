//! 缩略图: a small picture of a file, made when it is asked for. Nothing of it is kept.

use super::domain::{MediaType, NoThumbnail};
use super::download::download;
use super::objects::Reading;
use super::{check, whole};
use crate::app::App;
use crate::db::work::View;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// Longest side of a thumbnail, in pixels, where none is asked for.
const SIDE: usize = 512;

/// A material as a jpg whose longer side has at most so many pixels. The read is recorded as that of the whole.
pub async fn thumbnail(view: &View, app: &App, id: Id, side_max: i32) -> Result<Vec<u8>> {
    let (stored, reading) = download(view, app, id).await?;
    small(app, reading, (stored.material.media_type, stored.material.size_bytes), side_max).await
}

/// A file of a type and a size as such a jpg; of the usual size where none is asked for.
pub async fn small(
    app: &App,
    reading: Reading,
    (media_type, size_bytes): (MediaType, i64),
    side_max: i32,
) -> Result<Vec<u8>> {
    let side = usize::try_from(side_max).ok().filter(|side| *side > 0).unwrap_or(SIDE);
    let made =
        whole::made(app, reading, size_bytes, move |content| check::thumbnail(content, media_type, side));
    made.await?.ok_or_else(|| Refusal::from(NoThumbnail).into())
}
