//! Reading a file.

use super::objects::{Reading, path};
use super::store::{self, Stored};
use crate::app::App;
use crate::db::work::{Owner, View};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;

/// A material with its content, to be read piece by piece. The read is recorded before anything of it is answered.
pub async fn download(view: &View, app: &App, id: Id) -> Result<(Stored, Reading)> {
    let person = view.person()?;
    let stored = store::get(view, id).await?;
    let path = path(&person.psn_no, &stored.material.sha256);
    let Some(content) = app.objects.get(&app.db, &path).await? else {
        // It may have been deleted between the two looks.
        store::get(view, id).await?;
        return Err(Error::internal(format!("material {id}: its content is not in the object store")));
    };
    let work = view.db().work(view.actor(), Owner::Person(person.psn_no.clone())).await?;
    work.record_read(&store::name(person, id)).await?;
    work.commit().await?;
    Ok((stored, content))
}
