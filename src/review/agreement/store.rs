//! Judgements in their table.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::domain::{Agreement, By, Confirmation, Judgement, Wanted};
use super::row::{ActiveModel, Column, Entity};
use crate::db::failed;
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::review::domain::Finding;
use crate::review::quality::domain::Judged;

/// Keeps what the members of a panel found of an application of this call's person, in the step in which that counts.
pub async fn keep(work: &Work, confirmation: &Confirmation, judgements: &[Judgement]) -> Result<()> {
    for judgement in judgements {
        let row = ActiveModel {
            psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
            application_id: Set(confirmation.application.0),
            opsp_dise_code: Set(judgement.code.clone()),
            expert: Set(judgement.expert.clone()),
            area: Set(confirmation.area.as_str().to_owned()),
            confirmed_on: Set(confirmation.on.to_string()),
            met: Set(i16::from(judgement.met)),
            agrees: Set(i16::from(judgement.agrees)),
            judged: Set(0),
            judged_agrees: Set(0),
        };
        work.insert_part(row).await?;
    }
    Ok(())
}

/// Holds what was found of an application of this call's person against what its second panel found, whose own opinions
/// are not kept yet.
pub async fn judge(work: &Work, application: Id, lines: &[Judged]) -> Result<()> {
    for line in lines {
        for met in [true, false] {
            let agrees = met == (line.found == Finding::Met);
            let update = Entity::update_many()
                .col_expr(Column::Judged, Expr::value(1_i16))
                .col_expr(Column::JudgedAgrees, Expr::value(i16::from(agrees)))
                .filter(Column::PsnNo.eq(work.person()?.psn_no.as_str()))
                .filter(Column::ApplicationId.eq(application.0))
                .filter(Column::OpspDiseCode.eq(&line.code))
                .filter(Column::Met.eq(i16::from(met)));
            work.update_parts(update).await?;
        }
    }
    Ok(())
}

/// Forgets what was found of an application of this call's person, in the step that takes its decision back.
pub async fn forget(work: &Work, application: Id) -> Result<()> {
    let all = Entity::delete_many()
        .filter(Column::PsnNo.eq(work.person()?.psn_no.as_str()))
        .filter(Column::ApplicationId.eq(application.0));
    work.delete_part(all).await
}

/// How far experts agree in this call's area, by their own key, after one.
pub async fn list(view: &View, wanted: Wanted, after: Option<&str>, most: u64) -> Result<Vec<Agreement>> {
    let key = match wanted.by {
        By::Expert => Column::Expert,
        By::Disease => Column::OpspDiseCode,
    };
    let mut find = Entity::find()
        .select_only()
        .column(key)
        .column_as(Column::Agrees.count(), "opinions")
        .column_as(Column::Agrees.sum(), "agreeing")
        .column_as(Column::Judged.sum(), "judged")
        .column_as(Column::JudgedAgrees.sum(), "judged_agreeing")
        .filter(Column::Area.starts_with(view.area()?.prefix()));
    if let Some(from) = wanted.from {
        find = find.filter(Column::ConfirmedOn.gte(from.to_string()));
    }
    if let Some(until) = wanted.until {
        find = find.filter(Column::ConfirmedOn.lte(until.to_string()));
    }
    if let Some(after) = after {
        find = find.filter(key.gt(after));
    }
    let rows: Vec<(String, i64, i64, i64, i64)> = find
        .group_by(key)
        .order_by_asc(key)
        .limit(most)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let row = |(key, opinions, agreeing, judged, judged_agreeing)| Agreement {
        key,
        opinions,
        agreeing,
        judged,
        judged_agreeing,
    };
    Ok(rows.into_iter().map(row).collect())
}
