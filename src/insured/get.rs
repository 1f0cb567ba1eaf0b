//! Reading a person. The answer holds personal data, so the journal says who looked.

use super::store::{self, Stored};
use crate::db::work::{Owner, View};
use crate::kernel::error::Result;

/// The person of this call. The read is recorded before it is answered.
pub async fn get(view: &View) -> Result<Stored> {
    let (person, stored) = (view.person()?, store::get(view).await?);
    let work = view.db().work(view.actor(), Owner::Person(person.psn_no.clone())).await?;
    work.record_read(&person.name()).await?;
    work.commit().await?;
    Ok(stored)
}
