//! Something made of a whole file, in memory and apart from the calls: hostile bytes may bring a decoder down.

use std::sync::Arc;

use super::objects::Reading;
use super::upload::EXAMINED;
use crate::app::App;
use crate::kernel::error::{Error, Result};

/// Reads a file to its end, when there is room for it, and makes something of it. None where nothing can be made.
pub async fn made<T: Send + 'static>(
    app: &App,
    mut reading: Reading,
    size_bytes: i64,
    make: impl FnOnce(&[u8]) -> Option<T> + Send + 'static,
) -> Result<Option<T>> {
    // A copy that was encoded anew may be larger than what was uploaded, and than all the room: it waits for all of it.
    let whole = i64::try_from(app.config.files.memory_bytes).unwrap_or(i64::MAX);
    let room = u32::try_from(size_bytes.min(whole) >> 10).map_err(|error| Error::Internal(error.into()))?;
    let room = Arc::clone(&app.file_memory).acquire_many_owned(room).await;
    let room = room.map_err(|error| Error::Internal(error.into()))?;
    let mut content = Vec::new();
    while let Some(piece) = reading.next().await? {
        content.extend_from_slice(&piece);
    }
    let slot = EXAMINED.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    let made = tokio::task::spawn_blocking(move || {
        let _held = (slot, room);
        make(&content)
    });
    match made.await {
        Ok(made) => Ok(made),
        Err(failure) if failure.is_panic() => Ok(None),
        Err(failure) => Err(Error::Internal(failure.into())),
    }
}
