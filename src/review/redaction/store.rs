//! What experts opened, in its table.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::row::{ActiveModel, Column, Entity};
use crate::db::failed;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::material::redaction::store as redactions;

/// Keeps that a content was given out for a material of a task. Belongs to the reading that is recorded with it.
pub async fn keep(work: &Work, task: Id, material: Id, sha256: &str) -> Result<()> {
    let row = ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        task_id: Set(task.0),
        material_id: Set(material.0),
        sha256: Set(sha256.to_owned()),
        read_at: Set(micros(work.now())),
    };
    let key = [Column::PsnNo, Column::TaskId, Column::MaterialId, Column::Sha256];
    let first = OnConflict::columns(key).do_nothing().to_owned();
    work.upsert_part(Entity::insert(row).on_conflict(first)).await
}

/// The materials of an application of this call's person that were opened for a task, as experts get them now: a copy from
/// before a new redaction is another one.
pub async fn opened(view: &View, task: Id, application: Id) -> Result<BTreeSet<Id>> {
    let now = redactions::of(view, application).await?;
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::TaskId.eq(task.0))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let read: BTreeSet<_> = rows.into_iter().map(|row| (Id(row.material_id), row.sha256)).collect();
    let materials = now.into_iter().map(|redaction| (redaction.material, redaction.served.sha256));
    Ok(materials.filter(|served| read.contains(served)).map(|(material, _)| material).collect())
}
