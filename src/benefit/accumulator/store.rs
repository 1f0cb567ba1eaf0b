//! Accumulators in their table.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Key, KindUsed, Used};
use crate::benefit::row::accumulator;
use crate::catalog::domain::Insutype;
use crate::db::failed;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::money::Money;

/// What this call's person has used in a year, by insured kind.
pub async fn used(view: &View, of: i32, code: &str) -> Result<Vec<KindUsed>> {
    use accumulator::Column;
    let rows = accumulator::Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Year.eq(year(of)?))
        .filter(Column::OpspDiseCode.eq(code))
        .order_by_asc(Column::Insutype)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(kind_used).collect()
}

/// Everything that this call's person has used in a year, by disease.
pub async fn used_in(view: &View, of: i32) -> Result<BTreeMap<String, Used>> {
    use accumulator::Column;
    let rows = accumulator::Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::Year.eq(year(of)?))
        .order_by_asc(Column::Insutype)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let mut used: BTreeMap<String, Used> = BTreeMap::new();
    for row in rows {
        used.entry(row.opsp_dise_code.clone()).or_default().kinds.push(kind_used(row)?);
    }
    Ok(used)
}

fn kind_used(row: accumulator::Model) -> Result<KindUsed> {
    let insutype = Insutype::from_code(i32::from(row.insutype));
    Ok(KindUsed {
        insutype: insutype.ok_or_else(|| Error::internal("an accumulator of no insutype"))?,
        used: Money(row.used_fen),
        deductible_used: Money(row.deductible_used_fen),
        version: row.version,
    })
}

/// Writes the row of a kind that has drawn nothing yet. What is drawn comes by `add_used`, whose guard counts all kinds.
pub async fn insert_used(work: &Work, key: &Key) -> Result<()> {
    work.insert_part(accumulator::ActiveModel {
        psn_no: Set(work.person()?.psn_no.as_str().to_owned()),
        insutype: Set(key.insutype.code()),
        year: Set(year(key.year)?),
        opsp_dise_code: Set(key.code.clone()),
        used_fen: Set(0),
        deductible_used_fen: Set(0),
        version: Set(0),
    })
    .await
}

/// Adds amounts, negative ones too, to what was read in `version`. With a limit, the database itself sees to it that
/// the sum over all insured kinds stays within.
pub async fn add_used(
    work: &Work,
    key: &Key,
    version: i64,
    (fund, deductible): (i64, i64),
    limit: Option<Money>,
) -> Result<()> {
    use accumulator::{Column, Entity};
    let psn_no = work.person()?.psn_no.as_str();
    let mut update = Entity::update_many()
        .col_expr(Column::UsedFen, Expr::col(Column::UsedFen).add(fund))
        .col_expr(Column::DeductibleUsedFen, Expr::col(Column::DeductibleUsedFen).add(deductible))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(psn_no))
        .filter(Column::Insutype.eq(key.insutype.code()))
        .filter(Column::Year.eq(year(key.year)?))
        .filter(Column::OpspDiseCode.eq(key.code.as_str()))
        .filter(Column::Version.eq(version));
    if let Some(limit) = limit {
        let mut sum = Query::select();
        sum.expr(Expr::col(Column::UsedFen).sum())
            .from(Entity)
            .and_where(Expr::col(Column::PsnNo).eq(psn_no))
            .and_where(Expr::col(Column::Year).eq(year(key.year)?))
            .and_where(Expr::col(Column::OpspDiseCode).eq(key.code.as_str()));
        let sum = Expr::SubQuery(None, Box::new(sum.into()));
        update = update.filter(sum.add(fund).lte(limit.0));
    }
    work.update_part(update).await
}

fn year(year: i32) -> Result<i16> {
    i16::try_from(year).map_err(|_| Error::internal(format!("year {year} has no accumulator")))
}
