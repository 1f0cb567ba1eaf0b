//! Experts in their table. What names or describes them is sealed.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::{Expert, Relation, Term, resource};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::review::domain::Event;
use crate::review::row::expert;
use crate::review::store::Stored;

impl Stored<Expert> {
    /// Its etag.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }
}

/// What of an expert is sealed.
#[derive(Serialize, Deserialize)]
struct Card {
    name: String,
    specialties: Vec<String>,
    diag_dr_codg: String,
    #[serde(default)]
    term: Term,
    #[serde(default)]
    relations: Vec<Relation>,
}

/// Whether an expert of this call's area signs in under a name.
pub async fn operator_taken(view: &View, operator: &str) -> Result<bool> {
    let same = expert::Entity::find()
        .filter(expert::Column::Area.eq(view.area()?.as_str()))
        .filter(expert::Column::Operator.eq(operator));
    same.count(&view.conn()).await.map(|count| count > 0).map_err(failed)
}

/// Saves a new expert with its event.
pub async fn create(work: &Work, step: Step<Expert, Event>) -> Result<Stored<Expert>> {
    let expert = step.state;
    let row = expert::ActiveModel {
        area: Set(expert.area.as_str().to_owned()),
        id: Set(expert.id.0),
        operator: Set(expert.operator.clone()),
        fixmedins_code: Set(expert.card.fixmedins_code.clone()),
        body: Set(sealed_card(work, &expert)?),
        version: Set(1),
        created_at: Set(micros(work.now())),
    };
    work.insert(row, Entry::new(expert.resource(), 1, &step.event)?).await?;
    Ok(Stored { value: expert, version: 1 })
}

/// Saves a step of an expert who was read in `version`.
pub async fn save(work: &Work, version: i64, step: Step<Expert, Event>) -> Result<Stored<Expert>> {
    use expert::Column;
    let expert = step.state;
    let update = expert::Entity::update_many()
        .col_expr(Column::FixmedinsCode, Expr::value(&expert.card.fixmedins_code))
        .col_expr(Column::Body, Expr::value(sealed_card(work, &expert)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::Area.eq(expert.area.as_str()))
        .filter(Column::Id.eq(expert.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(expert.resource(), version + 1, &step.event)?).await?;
    Ok(Stored { value: expert, version: version + 1 })
}

fn sealed_card(work: &Work, expert: &Expert) -> Result<Vec<u8>> {
    let super::Card { name, specialties, diag_dr_codg, term, relations, .. } = expert.card.clone();
    work.seal(&expert.resource(), &Card { name, specialties, diag_dr_codg, term, relations })
}

/// An expert in the registry of this call's area.
pub async fn get(view: &View, id: Id) -> Result<Stored<Expert>> {
    let area = view.area()?;
    let row = expert::Entity::find_by_id((area.as_str().to_owned(), id.0)).one(&view.conn()).await;
    parse(view, row.map_err(failed)?.ok_or_else(|| Error::NotFound(resource(area, id)))?)
}

/// Experts in the registry of this call's area, oldest first, after an id.
pub async fn list(view: &View, after: Option<Id>, most: u64) -> Result<Vec<Stored<Expert>>> {
    let mut find = expert::Entity::find().filter(expert::Column::Area.eq(view.area()?.as_str()));
    if let Some(after) = after {
        find = find.filter(expert::Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(expert::Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// Experts in the registries of some areas, and of everything within one.
pub async fn of(view: &View, areas: &[Region], within: &Region) -> Result<Vec<Expert>> {
    let named = expert::Column::Area.is_in(areas.iter().map(Region::as_str));
    let rows = expert::Entity::find()
        .filter(Condition::any().add(named).add(expert::Column::Area.starts_with(within.prefix())))
        .order_by_asc(expert::Column::Id)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| Ok(parse(view, row)?.value)).collect()
}

fn parse(view: &View, row: expert::Model) -> Result<Stored<Expert>> {
    let id = Id(row.id);
    let area = Region::find(&row.area)
        .ok_or_else(|| Error::internal(format!("expert {id}: impossible row in area {}", row.area)))?;
    let Card { name, specialties, diag_dr_codg, term, relations } =
        view.open(&resource(&area, id), &row.body)?;
    let fixmedins_code = row.fixmedins_code;
    let card = super::Card { name, fixmedins_code, specialties, diag_dr_codg, term, relations };
    Ok(Stored { value: Expert { id, area, operator: row.operator, card }, version: row.version })
}
