//! Receipts in their table: the body sealed, its hash beside it. Written once, never changed.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::domain::{self, Receipt};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::application::store::name;
use crate::db::failed;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;

/// A receipt as it was read.
#[derive(Clone)]
pub struct Kept {
    /// From 1.
    pub number: i32,
    /// SHA-256 over the body, as it was kept beside it.
    pub sha256: String,
    /// Canonical JSON; none where what is sealed does not open.
    pub body: Option<String>,
    /// When it was kept.
    pub at: OffsetDateTime,
}

/// Number of the last receipt of an application of this call's person; 0 where there is none.
pub async fn last(view: &View, application: Id) -> Result<i32> {
    let own = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::ApplicationId.eq(application.0));
    let last = own.order_by_desc(Column::Number).one(&view.conn()).await.map_err(failed)?;
    Ok(last.map_or(0, |row| row.number))
}

/// Keeps a receipt in the step that makes its decision; gives its hash.
pub async fn keep(work: &Work, receipt: &Receipt) -> Result<String> {
    let person = work.person()?;
    let (application, number) = (receipt.facts.application, receipt.number);
    let body = domain::canonical(&domain::value(receipt)?);
    let sha256 = domain::sha256(&body);
    let place = place(&name(person, application), number);
    let row = ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        application_id: Set(application.0),
        number: Set(number),
        sha256: Set(sha256.clone()),
        body: Set(work.seal(&place, &body)?),
        created_at: Set(micros(work.now())),
    };
    work.insert_part(row).await?;
    Ok(sha256)
}

/// Receipts of an application of this call's person, in order, after a number.
pub async fn list(view: &View, application: Id, after: i32, most: u64) -> Result<Vec<Kept>> {
    let person = view.person()?;
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::ApplicationId.eq(application.0))
        .filter(Column::Number.gt(after))
        .order_by_asc(Column::Number)
        .limit(most)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let application = name(person, application);
    Ok(rows.into_iter().map(|row| read(view, &application, row)).collect())
}

/// A body that does not open is a finding of whoever reads it, and hides no other receipt.
fn read(view: &View, application: &str, row: Model) -> Kept {
    let body = view.open(&place(application, row.number), &row.body).ok();
    Kept { number: row.number, sha256: row.sha256, body, at: from_micros(row.created_at) }
}

/// Under which name a receipt is sealed.
fn place(application: &str, number: i32) -> String {
    format!("{application}/receipts/{number}")
}
