//! 缩略图: a small picture of a file, made when it is asked for. Nothing of it is kept.

use std::sync::Arc;

use super::check;
use super::domain::{Material, NoThumbnail};
use super::download::download;
use super::upload::EXAMINED;
use crate::app::App;
use crate::db::work::View;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// A material as a jpg whose longer side has at most so many pixels. The read is recorded as that of the whole.
pub async fn thumbnail(view: &View, app: &App, id: Id, side: usize) -> Result<Vec<u8>> {
    let (stored, mut reading) = download(view, app, id).await?;
    let Material { media_type, size_bytes, .. } = stored.material;
    let room = u32::try_from(size_bytes >> 10).map_err(|error| Error::Internal(error.into()))?;
    let room = Arc::clone(&app.file_memory).acquire_many_owned(room).await;
    let room = room.map_err(|error| Error::Internal(error.into()))?;
    let mut content = Vec::new();
    while let Some(piece) = reading.next().await? {
        content.extend_from_slice(&piece);
    }
    let slot = EXAMINED.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    let made = tokio::task::spawn_blocking(move || {
        let _held = (slot, room);
        check::thumbnail(&content, media_type, side)
    });
    match made.await {
        Ok(Some(jpg)) => Ok(jpg),
        Ok(None) => Err(Refusal::from(NoThumbnail).into()),
        Err(failure) if failure.is_panic() => Err(Refusal::from(NoThumbnail).into()),
        Err(failure) => Err(Error::Internal(failure.into())),
    }
}
