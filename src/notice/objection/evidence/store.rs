//! Files and copies of objections in their tables.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::failed;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::{Id, PsnNo};
use crate::notice::objection::domain::{File, Redacted};
use crate::notice::row::{copy, file};

/// The files of an objection about a person, without what is in them.
pub async fn files(view: &View, psn_no: &PsnNo, objection: Id) -> Result<Vec<File>> {
    use file::{Column, Entity};
    let rows: Vec<(i32, String, String, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Number)
        .column(Column::Sha256)
        .column(Column::MediaType)
        .column(Column::SizeBytes)
        .column(Column::CreatedAt)
        .filter(Column::PsnNo.eq(psn_no.as_str()))
        .filter(Column::ObjectionId.eq(objection.0))
        .order_by_asc(Column::Number)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let file = |(number, sha256, media_type, size_bytes, at)| File {
        number,
        sha256,
        media_type,
        size_bytes,
        added_at: from_micros(at),
    };
    Ok(rows.into_iter().map(file).collect())
}

/// One file with what is in it; none when it is not there.
pub async fn content(
    view: &View,
    psn_no: &PsnNo,
    objection: Id,
    number: i32,
) -> Result<Option<(File, Vec<u8>)>> {
    let key = (psn_no.as_str().to_owned(), objection.0, number);
    let row = file::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| {
        let content = view.keys().open(&file_place(objection, number), &row.content)?;
        let file = File {
            number,
            sha256: row.sha256,
            media_type: row.media_type,
            size_bytes: row.size_bytes,
            added_at: from_micros(row.created_at),
        };
        Ok((file, content))
    })
    .transpose()
}

/// Adds a file, in the step that tells it.
pub async fn add(work: &Work, objection: Id, added: &File, content: &[u8]) -> Result<()> {
    let place = file_place(objection, added.number);
    let row = file::ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        objection_id: Set(objection.0),
        number: Set(added.number),
        sha256: Set(added.sha256.clone()),
        media_type: Set(added.media_type.clone()),
        size_bytes: Set(added.size_bytes),
        content: Set(work.keys().seal(work.random(), &place, content)?),
        created_at: Set(micros(added.added_at)),
    };
    work.insert_part(row).await
}

/// Keeps the copy of an objection, in the step that tells it.
pub async fn keep_copy(work: &Work, objection: Id, made: &Redacted) -> Result<()> {
    use copy::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        objection_id: Set(objection.0),
        body: Set(work.seal(&copy_place(objection), made)?),
    };
    let key = [Column::PsnNo, Column::ObjectionId];
    let upsert = OnConflict::columns(key).update_column(Column::Body).to_owned();
    work.upsert_part(Entity::insert(row).on_conflict(upsert)).await
}

/// The copies of some objections about a person.
pub async fn copies(view: &View, psn_no: &PsnNo, objections: &[Id]) -> Result<BTreeMap<Id, Redacted>> {
    use copy::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(psn_no.as_str()))
        .filter(Column::ObjectionId.is_in(objections.iter().map(|id| id.0)))
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let read = |row: copy::Model| {
        let id = Id(row.objection_id);
        let made: Redacted = view.open(&copy_place(id), &row.body)?;
        Ok((id, made))
    };
    rows.into_iter().map(read).collect()
}

fn file_place(objection: Id, number: i32) -> String {
    format!("objections/{objection}/files/{number}")
}

fn copy_place(objection: Id) -> String {
    format!("objections/{objection}/copy")
}
