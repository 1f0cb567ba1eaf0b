//! Benefits in their table.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::Date;
use uuid::Uuid;

use super::domain::{Benefit, EndGround, Event, Suspension};
use super::row::benefit::{ActiveModel, Column, Entity, Model};
use crate::catalog::domain::Insutype;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::db::{Db, failed};
use crate::kernel::access::Person;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A benefit as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The benefit.
    pub benefit: Benefit,
    /// Its version.
    pub version: i64,
}

/// `insured/{psn_no}/benefits/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/benefits/{id}", person.name())
}

/// One benefit of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let row = Entity::find_by_id((person.psn_no.as_str().to_owned(), id.0))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    parse(row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// Benefits of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

/// Benefits of this call's person for a disease, newest first.
pub async fn of_disease(view: &View, code: &str) -> Result<Vec<Stored>> {
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::OpspDiseCode.eq(code))
        .order_by_desc(Column::Id)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

/// Saves a new benefit with its event.
pub async fn create(work: &Work, step: Step<Benefit, Event>) -> Result<Stored> {
    let (person, benefit) = (work.person()?, step.state);
    let row = ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(benefit.id.0),
        area: Set(benefit.area.as_str().to_owned()),
        insutype: Set(benefit.insutype.code()),
        opsp_dise_code: Set(benefit.code.clone()),
        begndate: Set(benefit.begndate.to_string()),
        enddate: Set(benefit.end.map(|(last, _)| last.to_string())),
        requalify_on: Set(benefit.requalify_on.map(|day| day.to_string())),
        suspensions: Set(json(&benefit.suspensions)?),
        application_id: Set(benefit.application.0),
        entry_id: Set(benefit.entry.0),
        notice_entry: Set(benefit.notice_entry.clone()),
        certificate_id: Set(benefit.certificate.map(|id| id.0)),
        end_ground: Set(benefit.end.map(|(_, ground)| word(&ground)).transpose()?),
        version: Set(1),
        created_at: Set(micros(benefit.created_at)),
    };
    work.insert(row, Entry::new(name(person, benefit.id), 1, &step.event)?).await?;
    Ok(Stored { benefit, version: 1 })
}

/// Saves a step of a benefit that was read in `version`.
pub async fn save(work: &Work, version: i64, step: Step<Benefit, Event>) -> Result<Stored> {
    let (person, benefit) = (work.person()?, step.state);
    let update = Entity::update_many()
        .col_expr(Column::Enddate, Expr::value(benefit.end.map(|(last, _)| last.to_string())))
        .col_expr(Column::RequalifyOn, Expr::value(benefit.requalify_on.map(|day| day.to_string())))
        .col_expr(Column::Suspensions, Expr::value(json(&benefit.suspensions)?))
        .col_expr(Column::CertificateId, Expr::value(benefit.certificate.map(|id| id.0)))
        .col_expr(Column::EndGround, Expr::value(benefit.end.map(|(_, ground)| word(&ground)).transpose()?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(benefit.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(name(person, benefit.id), version + 1, &step.event)?).await?;
    Ok(Stored { benefit, version: version + 1 })
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.into()))
}

fn word(ground: &EndGround) -> Result<String> {
    json(ground).map(|quoted| quoted.trim_matches('"').to_owned())
}

fn unword<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

fn parse(row: Model) -> Result<Stored> {
    let impossible = |what: &str| Error::internal(format!("benefit {}: impossible row: {what}", row.id));
    let day = |text: &str| parse_date(text).ok_or_else(|| impossible("no date"));
    let end = match (&row.enddate, &row.end_ground) {
        (None, None) => None,
        (Some(last), Some(ground)) => {
            Some((day(last)?, unword(ground).ok_or_else(|| impossible("end_ground"))?))
        }
        _ => return Err(impossible("an end without ground, or the other way round")),
    };
    let suspensions: Vec<Suspension> =
        serde_json::from_str(&row.suspensions).map_err(|error| impossible(&error.to_string()))?;
    let benefit = Benefit {
        id: Id(row.id),
        area: Region::find(&row.area).ok_or_else(|| impossible("area"))?,
        insutype: Insutype::from_code(i32::from(row.insutype)).ok_or_else(|| impossible("insutype"))?,
        code: row.opsp_dise_code.clone(),
        begndate: day(&row.begndate)?,
        end,
        requalify_on: row.requalify_on.as_deref().map(day).transpose()?,
        suspensions,
        application: Id(row.application_id),
        entry: Id(row.entry_id),
        notice_entry: row.notice_entry.clone(),
        certificate: row.certificate_id.map(Id),
        created_at: from_micros(row.created_at),
    };
    Ok(Stored { benefit, version: row.version })
}

/// Benefits of anyone that are running on a day and have no certificate, oldest first, after an id.
pub async fn without_certificate(
    db: &Db,
    day: Date,
    after: Option<Id>,
    most: u64,
) -> Result<Vec<(PsnNo, Id)>> {
    let ongoing = Condition::any().add(Column::Enddate.is_null()).add(Column::Enddate.gte(day.to_string()));
    let mut find = Entity::find()
        .select_only()
        .columns([Column::PsnNo, Column::Id])
        .filter(Column::CertificateId.is_null())
        .filter(Column::Begndate.lte(day.to_string()))
        .filter(ongoing);
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.0));
    }
    let rows: Vec<(String, Uuid)> =
        find.order_by_asc(Column::Id).limit(most).into_tuple().all(db.reader()).await.map_err(failed)?;
    rows.into_iter().map(|(psn_no, id)| Ok((PsnNo::parse(&psn_no)?, Id(id)))).collect()
}
