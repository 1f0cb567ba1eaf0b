//! When to look at which benefit again, in its table.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Date;
use uuid::Uuid;

use super::row::{ActiveModel, Column, Entity};
use crate::db::failed;
use crate::db::work::{View, Work};
use crate::kernel::error::Result;
use crate::kernel::id::{Id, PsnNo};

/// Keeps when to look again at a benefit of this call's person; on no day that is known, where none is named.
pub async fn keep(work: &Work, benefit: Id, look_on: Option<Date>) -> Result<()> {
    let row = ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        benefit_id: Set(benefit.0),
        look_on: Set(look_on.map(|day| day.to_string())),
    };
    let upsert =
        OnConflict::columns([Column::PsnNo, Column::BenefitId]).update_column(Column::LookOn).to_owned();
    work.upsert_part(Entity::insert(row).on_conflict(upsert)).await
}

/// Forgets a benefit of this call's person, which is over for good.
pub async fn forget(work: &Work, benefit: Id) -> Result<()> {
    let gone = Entity::delete_many()
        .filter(Column::PsnNo.eq(work.person()?.psn_no.as_str()))
        .filter(Column::BenefitId.eq(benefit.0));
    work.delete_part(gone).await
}

/// Has all benefits of some people looked at on a day, in one statement.
pub async fn wake(work: &Work, people: BTreeSet<String>, day: Date) -> Result<()> {
    let day = day.to_string();
    let later = Condition::any().add(Column::LookOn.is_null()).add(Column::LookOn.gt(day.as_str()));
    let update = Entity::update_many()
        .col_expr(Column::LookOn, Expr::value(day))
        .filter(work.db().among("psn_no", people))
        .filter(later);
    work.update_parts(update).await
}

/// A benefit that is to be looked at, and since which day.
#[derive(Clone, Debug)]
pub struct Due {
    look_on: String,
    /// The person.
    pub psn_no: PsnNo,
    /// The benefit.
    pub benefit: Id,
}

/// The next benefits that are to be looked at on a day, those that wait longest first, behind all of somebody who was
/// looked at.
pub async fn due(view: &View, day: Date, after: Option<&Due>, most: u64) -> Result<Vec<Due>> {
    let mut find = Entity::find()
        .select_only()
        .columns([Column::LookOn, Column::PsnNo])
        .column(Column::BenefitId)
        .filter(Column::LookOn.lte(day.to_string()));
    if let Some(Due { look_on, psn_no, .. }) = after {
        let same = Column::LookOn.eq(look_on.as_str()).and(Column::PsnNo.gt(psn_no.as_str()));
        find = find.filter(Condition::any().add(Column::LookOn.gt(look_on.as_str())).add(same));
    }
    let rows: Vec<(String, String, Uuid)> = find
        .order_by_asc(Column::LookOn)
        .order_by_asc(Column::PsnNo)
        .limit(most)
        .into_tuple()
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let due = |(look_on, psn_no, benefit): (String, String, Uuid)| {
        Ok(Due { look_on, psn_no: PsnNo::parse(&psn_no)?, benefit: Id(benefit) })
    };
    rows.into_iter().map(due).collect()
}
