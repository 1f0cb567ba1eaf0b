//! Redactions in their table.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::super::domain::MediaType;
use super::domain::{Event, Redaction, Served, Way};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// A redaction as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The redaction.
    pub redaction: Redaction,
    /// Its version.
    pub version: i64,
}

/// `insured/{psn_no}/applications/{id}/redactions/{id of the material}`.
pub fn name(person: &Person, application: Id, material: Id) -> String {
    place(person.psn_no.as_str(), application, material)
}

fn place(psn_no: &str, application: Id, material: Id) -> String {
    format!("insured/{psn_no}/applications/{application}/redactions/{material}")
}

/// What stands for a material before the experts of an application of this call's person; none while nothing does.
pub async fn find(view: &View, application: Id, material: Id) -> Result<Option<Stored>> {
    let key = (view.person()?.psn_no.as_str().to_owned(), application.0, material.0);
    let row = Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| parse(view, row)).transpose()
}

/// Everything that was redacted for an application of this call's person.
pub async fn of(view: &View, application: Id) -> Result<Vec<Redaction>> {
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::ApplicationId.eq(application.0))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| Ok(parse(view, row)?.redaction)).collect()
}

/// Whether a redaction of something of this call's person gives this content.
pub async fn has_content(view: &View, sha256: &str) -> Result<bool> {
    let same = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Sha256.eq(sha256));
    Ok(same.count(&view.conn()).await.map_err(failed)? > 0)
}

/// Of some contents of some people, those that a redaction gives.
pub async fn named(
    view: &View,
    people: &BTreeSet<&str>,
    contents: &BTreeSet<&str>,
) -> Result<Vec<(String, String)>> {
    Entity::find()
        .select_only()
        .column(Column::PsnNo)
        .column(Column::Sha256)
        .filter(Column::PsnNo.is_in(people.iter().copied()))
        .filter(Column::Sha256.is_in(contents.iter().copied()))
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)
}

/// Saves a redaction with its event: the first one, or one instead of what was read in `version`.
pub async fn save(work: &Work, version: Option<i64>, step: Step<Redaction, Event>) -> Result<Redaction> {
    let (person, redaction) = (work.person()?, step.state);
    let Redaction { application, material, .. } = redaction;
    let name = name(person, application, material);
    let body = work.seal(&name, &redaction.way)?;
    let served = &redaction.served;
    let next = version.unwrap_or(0) + 1;
    let entry = Entry::new(name, next, &step.event)?;
    match version {
        None => {
            let row = ActiveModel {
                psn_no: Set(person.psn_no.as_str().to_owned()),
                application_id: Set(application.0),
                material_id: Set(material.0),
                sha256: Set(served.sha256.clone()),
                media_type: Set(served.media_type.as_str().to_owned()),
                size_bytes: Set(served.size_bytes),
                operator: Set(redaction.operator.clone()),
                body: Set(body),
                version: Set(next),
                made_at: Set(micros(redaction.made_at)),
            };
            work.insert(row, entry).await?;
        }
        Some(version) => {
            let update = Entity::update_many()
                .col_expr(Column::Sha256, Expr::value(served.sha256.as_str()))
                .col_expr(Column::MediaType, Expr::value(served.media_type.as_str()))
                .col_expr(Column::SizeBytes, Expr::value(served.size_bytes))
                .col_expr(Column::Operator, Expr::value(redaction.operator.as_str()))
                .col_expr(Column::Body, Expr::value(body))
                .col_expr(Column::Version, Expr::value(next))
                .col_expr(Column::MadeAt, Expr::value(micros(redaction.made_at)))
                .filter(Column::PsnNo.eq(person.psn_no.as_str()))
                .filter(Column::ApplicationId.eq(application.0))
                .filter(Column::MaterialId.eq(material.0))
                .filter(Column::Version.eq(version));
            work.update(update, entry).await?;
        }
    }
    Ok(redaction)
}

fn parse(view: &View, row: Model) -> Result<Stored> {
    let (application, material) = (Id(row.application_id), Id(row.material_id));
    let place = place(&row.psn_no, application, material);
    let way: Way = view.open(&place, &row.body)?;
    let media_type = MediaType::from_name(&row.media_type)
        .ok_or_else(|| Error::internal(format!("{place}: impossible row of type {}", row.media_type)))?;
    let served = Served { sha256: row.sha256, media_type, size_bytes: row.size_bytes };
    let made_at = from_micros(row.made_at);
    let redaction = Redaction { application, material, way, served, operator: row.operator, made_at };
    Ok(Stored { redaction, version: row.version })
}
