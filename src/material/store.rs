//! Materials in their table.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::domain::{Checks, Event, Label, Material, MediaType};
use super::redaction;
use super::row::claim;
use super::row::material::{ActiveModel, Column, Entity, Model};
use crate::catalog::domain::MaterialKind;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;

/// A material as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The material.
    pub material: Material,
    /// Its version.
    pub version: i64,
}

/// `insured/{psn_no}/materials/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/materials/{id}", person.name())
}

/// One material of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let row = Entity::find_by_id((person.psn_no.as_str().to_owned(), id.0))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// Some materials of this call's person, in the order asked for; NOT_FOUND names the first that is not there.
pub async fn get_all(view: &View, ids: &[Id]) -> Result<Vec<Stored>> {
    let person = view.person()?;
    let found = get_there(view, ids).await?;
    ids.iter()
        .map(|id| {
            let stored = found.iter().find(|stored| stored.material.id == *id);
            stored.cloned().ok_or_else(|| Error::NotFound(name(person, *id)))
        })
        .collect()
}

/// Those of some materials of this call's person that are there.
pub async fn get_there(view: &View, ids: &[Id]) -> Result<Vec<Stored>> {
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// Materials of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// How many materials this call's person has.
pub async fn count(view: &View) -> Result<u64> {
    let own = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    own.count(&view.conn()).await.map_err(failed)
}

/// Whether a material of this call's person has this content, or experts get it.
pub async fn has_content(view: &View, sha256: &str) -> Result<bool> {
    let same = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Sha256.eq(sha256));
    let has = same.count(&view.conn()).await.map_err(failed)? > 0;
    Ok(has || redaction::store::has_content(view, sha256).await?)
}

/// Of some contents, each of a person, those that a material of theirs has or that experts get.
pub async fn named(view: &View, contents: &[(PsnNo, String)]) -> Result<Vec<(String, String)>> {
    let people = contents.iter().map(|(psn_no, _)| psn_no.as_str()).collect::<BTreeSet<_>>();
    let hashes = contents.iter().map(|(_, sha256)| sha256.as_str()).collect::<BTreeSet<_>>();
    let mut named: Vec<(String, String)> = Entity::find()
        .select_only()
        .column(Column::PsnNo)
        .column(Column::Sha256)
        .filter(Column::PsnNo.is_in(people.iter().copied()))
        .filter(Column::Sha256.is_in(hashes.iter().copied()))
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    named.extend(redaction::store::named(view, &people, &hashes).await?);
    Ok(named)
}

/// Saves a new material with its event.
pub async fn create(work: &Work, step: Step<Material, Event>) -> Result<Stored> {
    let (person, material) = (work.person()?, step.state);
    let row = ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(material.id.0),
        kind: Set(material.kind.code()),
        media_type: Set(material.media_type.as_str().to_owned()),
        size_bytes: Set(material.size_bytes),
        sha256: Set(material.sha256.clone()),
        in_use: Set(false),
        body: Set(work.seal(&name(person, material.id), &material.label)?),
        checks: Set(Some(
            serde_json::to_string(&material.checks).map_err(|error| Error::Internal(error.into()))?,
        )),
        version: Set(1),
        created_at: Set(micros(material.created_at)),
    };
    work.insert(row, Entry::new(name(person, material.id), 1, &step.event)?).await?;
    Ok(Stored { material, version: 1 })
}

/// Marks materials that something is submitted with: they can no longer be deleted.
pub async fn mark_in_use(work: &Work, materials: &[Stored]) -> Result<()> {
    let person = work.person()?;
    for stored in materials.iter().filter(|stored| !stored.material.in_use) {
        let id = stored.material.id;
        let update = Entity::update_many()
            .col_expr(Column::InUse, Expr::value(true))
            .col_expr(Column::Version, Expr::value(stored.version + 1))
            .filter(Column::PsnNo.eq(person.psn_no.as_str()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Version.eq(stored.version));
        work.update(update, Entry::new(name(person, id), stored.version + 1, &Event::Used {})?).await?;
    }
    Ok(())
}

/// Deletes a material that was read in its version, with its event.
pub async fn delete(work: &Work, stored: &Stored, event: &Event) -> Result<()> {
    let person = work.person()?;
    let id = stored.material.id;
    let delete = Entity::delete_many()
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(stored.version));
    work.delete(delete, Entry::new(name(person, id), stored.version + 1, event)?).await
}

/// Remembers whose contents these are: the person is locked, so each is claimed once. By a keyed index only, which tells
/// nothing without the key.
pub async fn claim_contents(work: &Work, materials: &[Stored]) -> Result<()> {
    let psn_no = work.person()?.psn_no.as_str();
    let mut indexes = Vec::new();
    for stored in materials {
        let index = content_index(work, &stored.material.sha256)?;
        if !indexes.contains(&index) {
            indexes.push(index);
        }
    }
    let known = claim::Entity::find()
        .filter(claim::Column::PsnNo.eq(psn_no))
        .filter(claim::Column::ContentIndex.is_in(indexes.clone()))
        .all(&work.conn())
        .await
        .map_err(failed)?;
    for index in indexes {
        if known.iter().all(|row| row.content_index != index) {
            let row = claim::ActiveModel { content_index: Set(index), psn_no: Set(psn_no.to_owned()) };
            work.insert_part(row).await?;
        }
    }
    Ok(())
}

/// Which of some contents were handed in for somebody else than this call's person: their hashes, never whose.
pub async fn seen_elsewhere(view: &View, contents: &[&str]) -> Result<Vec<String>> {
    let psn_no = view.person()?.psn_no.as_str();
    let indexes = contents.iter().map(|sha256| content_index(view, sha256)).collect::<Result<Vec<_>>>()?;
    let others = claim::Entity::find()
        .filter(claim::Column::ContentIndex.is_in(indexes.clone()))
        .filter(claim::Column::PsnNo.ne(psn_no))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let pairs = contents.iter().zip(&indexes);
    let seen = pairs.filter(|(_, index)| others.iter().any(|row| row.content_index == **index));
    Ok(seen.map(|(sha256, _)| (*sha256).to_owned()).collect())
}

fn content_index(view: &View, sha256: &str) -> Result<Vec<u8>> {
    view.db().keys().blind_index("content", sha256)
}

fn parse(view: &View, row: Model) -> Result<Stored> {
    let place = format!("insured/{}/materials/{}", row.psn_no, row.id);
    let label: Label = view.open(&place, &row.body)?;
    let impossible = || Error::internal(format!("{place}: impossible row"));
    let checks = match &row.checks {
        Some(text) => serde_json::from_str(text).map_err(|_| impossible())?,
        None => Checks::default(),
    };
    let material = Material {
        id: Id(row.id),
        kind: MaterialKind::from_code(i32::from(row.kind)).ok_or_else(impossible)?,
        media_type: MediaType::from_name(&row.media_type).ok_or_else(impossible)?,
        size_bytes: row.size_bytes,
        sha256: row.sha256,
        in_use: row.in_use,
        label,
        checks,
        created_at: from_micros(row.created_at),
    };
    Ok(Stored { material, version: row.version })
}
