//! Benefits in their table.

use std::collections::{BTreeSet, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use super::domain::{Benefit, EndGround, Event, Replacement, Suspension};
use super::requalification;
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
use crate::kernel::period::Period;
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
    let row = row(&person.psn_no, &benefit, 1, &Kept::default())?;
    work.insert(row, Entry::new(name(person, benefit.id), 1, &step.event)?).await?;
    Ok(Stored { benefit, version: 1 })
}

/// The row of a benefit, with what else lies in it.
pub(super) fn row(psn_no: &PsnNo, benefit: &Benefit, version: i64, kept: &Kept) -> Result<ActiveModel> {
    Ok(ActiveModel {
        psn_no: Set(psn_no.as_str().to_owned()),
        id: Set(benefit.id.0),
        area: Set(benefit.area.as_str().to_owned()),
        insutype: Set(benefit.insutype.code()),
        opsp_dise_code: Set(benefit.code.clone()),
        begndate: Set(benefit.begndate.to_string()),
        enddate: Set(benefit.end.map(|(last, _)| last.to_string())),
        requalify_on: Set(benefit.requalify_on.map(|day| day.to_string())),
        suspensions: Set(json(&kept.clone().with(benefit))?),
        application_id: Set(benefit.application.0),
        entry_id: Set(benefit.entry.0),
        notice_entry: Set(benefit.notice_entry.clone()),
        certificate_id: Set(benefit.certificate.map(|id| id.0)),
        end_ground: Set(benefit.end.map(|(_, ground)| word(&ground)).transpose()?),
        version: Set(version),
        following: Set(json(&benefit.following)?),
        created_at: Set(micros(benefit.created_at)),
        replaces: Set(benefit.replacement.replaces.map(|id| id.0)),
        replaced_by: Set(benefit.replacement.replaced_by.map(|id| id.0)),
    })
}

/// Saves a step of a benefit that was read in `version`.
pub async fn save(work: &Work, version: i64, step: Step<Benefit, Event>) -> Result<Stored> {
    save_with(work, version, step, None).await
}

/// Saves a step of a benefit that was read in `version`, with what its officer said of it.
pub async fn save_with(
    work: &Work,
    version: i64,
    step: Step<Benefit, Event>,
    remark: Option<&str>,
) -> Result<Stored> {
    let (person, benefit) = (work.person()?, step.state);
    let kept = with_remark(work, &benefit, version + 1, remark).await?;
    let update = Entity::update_many()
        .col_expr(Column::Insutype, Expr::value(benefit.insutype.code()))
        .col_expr(Column::Following, Expr::value(json(&benefit.following)?))
        .col_expr(Column::Enddate, Expr::value(benefit.end.map(|(last, _)| last.to_string())))
        .col_expr(Column::RequalifyOn, Expr::value(benefit.requalify_on.map(|day| day.to_string())))
        .col_expr(Column::Suspensions, Expr::value(json(&kept)?))
        .col_expr(Column::CertificateId, Expr::value(benefit.certificate.map(|id| id.0)))
        .col_expr(Column::EndGround, Expr::value(benefit.end.map(|(_, ground)| word(&ground)).transpose()?))
        .col_expr(Column::ReplacedBy, Expr::value(benefit.replacement.replaced_by.map(|id| id.0)))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(benefit.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(name(person, benefit.id), version + 1, &step.event)?).await?;
    if let Event::Ended { enddate, .. } = &step.event {
        requalification::store::look_after_end(work, benefit.id, *enddate).await?;
    }
    Ok(Stored { benefit, version: version + 1 })
}

/// What lies in the column `suspensions`: days and grounds in plain, the officers' words sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    list: Vec<Suspension>,
    /// Not written where there is none, as in rows of before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lapses: Vec<Period>,
    /// `Vec<Remark>`, sealed, in base64; empty when there is none.
    remarks: String,
}

impl Kept {
    /// The days of a benefit, with the remarks there are.
    fn with(self, benefit: &Benefit) -> Self {
        Self { list: benefit.suspensions.clone(), lapses: benefit.lapses.clone(), ..self }
    }
}

/// Why an officer changed a benefit. Free text may hold personal data: it is sealed, and not in the journal.
#[derive(Serialize, Deserialize)]
struct Remark {
    /// The benefit's version that the change led to: its journal entry says who, what and when.
    version: i64,
    text: String,
}

/// The suspensions with all remarks there are, and one more. Nobody else writes: the person's row is locked.
async fn with_remark(work: &Work, benefit: &Benefit, version: i64, remark: Option<&str>) -> Result<Kept> {
    let person = work.person()?;
    let key = (person.psn_no.as_str().to_owned(), benefit.id.0);
    let row = Entity::find_by_id(key).one(&work.conn()).await.map_err(failed)?;
    let row = row.ok_or_else(|| Error::NotFound(name(person, benefit.id)))?;
    let before = kept(&row)?.with(benefit);
    let Some(text) = remark else { return Ok(before) };
    let place = name(person, benefit.id);
    let mut remarks: Vec<Remark> = Vec::new();
    if !before.remarks.is_empty() {
        let sealed = STANDARD.decode(&before.remarks).map_err(|error| Error::Internal(error.into()))?;
        remarks = work.open(&place, &sealed)?;
    }
    remarks.push(Remark { version, text: text.to_owned() });
    Ok(Kept { remarks: STANDARD.encode(work.seal(&place, &remarks)?), ..before })
}

pub(super) fn kept(row: &Model) -> Result<Kept> {
    serde_json::from_str(&row.suspensions)
        .map_err(|error| Error::internal(format!("benefit {}: impossible suspensions: {error}", row.id)))
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

pub(super) fn parse(row: Model) -> Result<Stored> {
    let impossible = |what: &str| Error::internal(format!("benefit {}: impossible row: {what}", row.id));
    let day = |text: &str| parse_date(text).ok_or_else(|| impossible("no date"));
    let end = match (&row.enddate, &row.end_ground) {
        (None, None) => None,
        (Some(last), Some(ground)) => {
            Some((day(last)?, unword(ground).ok_or_else(|| impossible("end_ground"))?))
        }
        _ => return Err(impossible("an end without ground, or the other way round")),
    };
    let kept = kept(&row)?;
    let benefit = Benefit {
        id: Id(row.id),
        area: Region::find(&row.area).ok_or_else(|| impossible("area"))?,
        insutype: Insutype::from_code(i32::from(row.insutype)).ok_or_else(|| impossible("insutype"))?,
        code: row.opsp_dise_code.clone(),
        begndate: day(&row.begndate)?,
        end,
        requalify_on: row.requalify_on.as_deref().map(day).transpose()?,
        suspensions: kept.list,
        lapses: kept.lapses,
        application: Id(row.application_id),
        entry: Id(row.entry_id),
        notice_entry: row.notice_entry.clone(),
        certificate: row.certificate_id.map(Id),
        following: serde_json::from_str(&row.following).map_err(|_| impossible("following"))?,
        created_at: from_micros(row.created_at),
        replacement: Replacement { replaces: row.replaces.map(Id), replaced_by: row.replaced_by.map(Id) },
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

/// Of some people the benefits that have a certificate and have not ended before a day.
pub async fn certified(db: &Db, people: BTreeSet<PsnNo>, day: Date) -> Result<Vec<(PsnNo, Id)>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let ongoing = Condition::any().add(Column::Enddate.is_null()).add(Column::Enddate.gte(day.to_string()));
    let find = Entity::find()
        .select_only()
        .columns([Column::PsnNo, Column::Id])
        .filter(Column::PsnNo.is_in(people.iter().map(PsnNo::as_str)))
        .filter(Column::CertificateId.is_not_null())
        .filter(ongoing)
        .order_by_asc(Column::PsnNo)
        .order_by_asc(Column::Id);
    let rows: Vec<(String, Uuid)> = find.into_tuple().all(db.reader()).await.map_err(failed)?;
    rows.into_iter().map(|(psn_no, id)| Ok((PsnNo::parse(&psn_no)?, Id(id)))).collect()
}

/// A benefit with its certificate, of anyone.
pub struct Certified {
    /// Whose it is.
    pub psn_no: PsnNo,
    /// The benefit.
    pub id: Id,
    /// Its last certificate.
    pub certificate: Id,
    /// The whole benefit, or what is wrong with its row.
    pub benefit: Result<Benefit>,
}

/// Benefits of anyone that have a certificate, in the order of their people, after one.
pub async fn all_certified(db: &Db, after: Option<(&PsnNo, Id)>, most: u64) -> Result<Vec<Certified>> {
    let mut find = Entity::find().filter(Column::CertificateId.is_not_null());
    if let Some((psn_no, id)) = after {
        let later = Column::PsnNo.gt(psn_no.as_str()).or(Column::Id.gt(id.0));
        // The first condition lets the database begin there.
        find = find.filter(Column::PsnNo.gte(psn_no.as_str())).filter(later);
    }
    let find = find.order_by_asc(Column::PsnNo).order_by_asc(Column::Id).limit(most);
    let rows = find.all(db.reader()).await.map_err(failed)?;
    let read = |row: Model| {
        let (psn_no, id) = (PsnNo::parse(&row.psn_no)?, Id(row.id));
        let Some(certificate) = row.certificate_id.map(Id) else { return Ok(None) };
        Ok(Some(Certified { psn_no, id, certificate, benefit: parse(row).map(|stored| stored.benefit) }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// How many benefits of an area and of what lies in it have not ended on a day, by disease and insured kind.
pub async fn running(db: &Db, area: &Region, day: Date) -> Result<Vec<(String, Insutype, i64)>> {
    let ongoing = Condition::any().add(Column::Enddate.is_null()).add(Column::Enddate.gte(day.to_string()));
    let rows: Vec<(String, i16, i64)> = Entity::find()
        .select_only()
        .columns([Column::OpspDiseCode, Column::Insutype])
        .column_as(Column::Id.count(), "benefits")
        .filter(Column::Area.starts_with(area.prefix()))
        .filter(ongoing)
        .group_by(Column::OpspDiseCode)
        .group_by(Column::Insutype)
        .order_by_asc(Column::OpspDiseCode)
        .order_by_asc(Column::Insutype)
        .into_tuple()
        .all(db.reader())
        .await
        .map_err(failed)?;
    let kind = |code: i16| Insutype::from_code(i32::from(code)).ok_or_else(|| Error::internal("insutype"));
    rows.into_iter().map(|(code, insutype, benefits)| Ok((code, kind(insutype)?, benefits))).collect()
}

/// Those of some people's benefits that were granted in an area or in what lies in it.
pub async fn granted_in(db: &Db, area: &Region, people: &[String]) -> Result<HashSet<Id>> {
    let rows: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::PsnNo.is_in(people))
        .filter(Column::Area.starts_with(area.prefix()))
        .into_tuple()
        .all(db.reader())
        .await
        .map_err(failed)?;
    Ok(rows.into_iter().map(Id).collect())
}
