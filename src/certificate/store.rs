//! Certificates in their tables.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::domain::{Certificate, Event, Snapshot};
use super::row::{certificate, claim};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;

/// `insured/{psn_no}/certificates/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/certificates/{id}", person.name())
}

/// One certificate of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Certificate> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), id.0);
    let row = certificate::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    let row = row.ok_or_else(|| Error::NotFound(name(person, id)))?;
    let snapshot: Snapshot = view.open(&name(person, id), &row.body)?;
    Ok(Certificate {
        id: Id(row.id),
        benefit: Id(row.benefit_id),
        number: row.number,
        revoked: row.revoked,
        snapshot,
        created_at: from_micros(row.created_at),
    })
}

/// Whose certificate it is; none when there is no such certificate.
pub async fn holder(view: &View, id: Id) -> Result<Option<PsnNo>> {
    let row = claim::Entity::find_by_id(id.0).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| PsnNo::parse(&row.psn_no)).transpose()
}

/// Saves a new certificate with its event.
pub async fn create(work: &Work, step: Step<Certificate, Event>) -> Result<()> {
    let (person, certificate) = (work.person()?, step.state);
    let psn_no = person.psn_no.as_str().to_owned();
    let place = name(person, certificate.id);
    work.insert_part(claim::ActiveModel { id: Set(certificate.id.0), psn_no: Set(psn_no.clone()) }).await?;
    let row = certificate::ActiveModel {
        psn_no: Set(psn_no),
        id: Set(certificate.id.0),
        benefit_id: Set(certificate.benefit.0),
        number: Set(certificate.number),
        revoked: Set(certificate.revoked),
        body: Set(work.seal(&place, &certificate.snapshot)?),
        version: Set(1),
        created_at: Set(micros(certificate.created_at)),
    };
    work.insert(row, Entry::new(place, 1, &step.event)?).await
}
