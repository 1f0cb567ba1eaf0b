//! Certificates in their tables.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::domain::{Certificate, Event, Revocation, Snapshot};
use super::row::certificate::{Column, Model};
use super::row::{certificate, claim};
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::db::{Db, failed};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;

/// `insured/{psn_no}/certificates/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/certificates/{id}", person.name())
}

/// A certificate as it was read.
#[derive(Clone)]
pub struct Stored {
    /// The certificate.
    pub certificate: Certificate,
    /// Its version.
    pub version: i64,
}

/// One certificate of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), id.0);
    let row = certificate::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// Certificates of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = certificate::Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

fn parse(view: &View, row: Model) -> Result<Stored> {
    let place = name(view.person()?, Id(row.id));
    let snapshot: Snapshot = view.open(&place, &row.body)?;
    let revocation: Option<Revocation> = match (row.revoked, &row.revocation) {
        (false, None) => None,
        (true, Some(sealed)) => Some(view.open(&revocation_place(&place), sealed)?),
        _ => {
            return Err(Error::internal(format!(
                "{place}: revoked without a reason, or the other way round"
            )));
        }
    };
    let certificate = Certificate {
        id: Id(row.id),
        benefit: Id(row.benefit_id),
        number: row.number,
        revocation,
        snapshot,
        created_at: from_micros(row.created_at),
    };
    Ok(Stored { certificate, version: row.version })
}

/// Apart from the body's, so that neither opens in the other's place.
fn revocation_place(place: &str) -> String {
    format!("{place}/revocation")
}

/// Revoked certificates of anyone, in the order of their people, after one.
pub async fn revoked(db: &Db, after: Option<(&PsnNo, Id)>, most: u64) -> Result<Vec<(PsnNo, Id)>> {
    let mut find = certificate::Entity::find()
        .select_only()
        .columns([Column::PsnNo, Column::Id])
        .filter(Column::Revoked.eq(true));
    if let Some((psn_no, id)) = after {
        let later = Column::PsnNo.gt(psn_no.as_str()).or(Column::Id.gt(id.0));
        // The first condition lets the database begin there.
        find = find.filter(Column::PsnNo.gte(psn_no.as_str())).filter(later);
    }
    let find = find.order_by_asc(Column::PsnNo).order_by_asc(Column::Id).limit(most);
    let rows: Vec<(String, Uuid)> = find.into_tuple().all(db.reader()).await.map_err(failed)?;
    rows.into_iter().map(|(psn_no, id)| Ok((PsnNo::parse(&psn_no)?, Id(id)))).collect()
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
        revoked: Set(false),
        body: Set(work.seal(&place, &certificate.snapshot)?),
        version: Set(1),
        created_at: Set(micros(certificate.created_at)),
        revocation: Set(None),
    };
    work.insert(row, Entry::new(place, 1, &step.event)?).await
}

/// Saves the revocation of a certificate that was read in `version`.
pub async fn save(work: &Work, version: i64, step: Step<Certificate, Event>) -> Result<Stored> {
    let (person, certificate) = (work.person()?, step.state);
    let place = name(person, certificate.id);
    let revocation = certificate.revocation.as_ref();
    let sealed = revocation.map(|told| work.seal(&revocation_place(&place), told)).transpose()?;
    let update = certificate::Entity::update_many()
        .col_expr(Column::Revoked, Expr::value(sealed.is_some()))
        .col_expr(Column::Revocation, Expr::value(sealed))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(certificate.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(place, version + 1, &step.event)?).await?;
    Ok(Stored { certificate, version: version + 1 })
}
