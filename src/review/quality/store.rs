//! Quality reviews in their table, their panels with them.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::domain::{QualityReview, State};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::application::store::name as application_name;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::step::Step;
use crate::review::domain::Event;
use crate::review::panel::{Panel, Seated};
use crate::review::store::{Stored, with_tasks};

/// `insured/{psn_no}/applications/{id}/qualityReviews/{id}`.
pub fn name(person: &Person, application: Id, id: Id) -> String {
    format!("{}/qualityReviews/{id}", application_name(person, application))
}

/// A quality review of this call's person.
pub async fn find(view: &View, id: Id) -> Result<Option<Stored<QualityReview>>> {
    let key = (view.person()?.psn_no.as_str().to_owned(), id.0);
    let row = Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| parse(view, row)).transpose()
}

/// The quality review that a task of this call's person serves.
pub async fn get(view: &View, id: Id) -> Result<Stored<QualityReview>> {
    find(view, id).await?.ok_or_else(|| Error::internal(format!("quality review {id} is gone")))
}

/// Every quality review of an application of this call's person, oldest first.
pub async fn of(view: &View, application: Id) -> Result<Vec<Stored<QualityReview>>> {
    let rows = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::ApplicationId.eq(application.0))
        .order_by_asc(Column::Id)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// The second panel of a quality review of this call's person, in the review's version; none where no line was drawn.
pub async fn seated(view: &View, id: Id) -> Result<Option<Stored<Seated>>> {
    let Some(Stored { value, version }) = find(view, id).await? else { return Ok(None) };
    let Some(panel) = value.panel else { return Ok(None) };
    Ok(Some(Stored { value: with_tasks(view, panel).await?, version }))
}

/// Which quality reviews are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In which states.
    pub states: Vec<State>,
    /// 病种代码 of a drawn line; empty for all.
    pub code: String,
}

/// Quality reviews in this call's area, oldest first, after an id: each with its person.
pub async fn list(view: &View, wanted: &Wanted, after: Option<Id>, most: u64) -> Result<Vec<(PsnNo, Id)>> {
    let mut find = Entity::find()
        .filter(Column::State.is_in(wanted.states.iter().map(|state| state.word())))
        .filter(Column::Area.starts_with(view.area()?.prefix()));
    if !wanted.code.is_empty() {
        find = find.filter(Column::Codes.contains(format!(" {} ", wanted.code)));
    }
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.0));
    }
    let rows = find.order_by_asc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| Ok((PsnNo::parse(&row.psn_no)?, Id(row.id)))).collect()
}

/// Applications in this call's area that a second panel judges, oldest first, after an id.
pub async fn judged(view: &View, after: Option<Id>, most: u64) -> Result<Vec<Id>> {
    let mut find = Entity::find()
        .select_only()
        .column(Column::ApplicationId)
        .filter(Column::State.is_in([State::Waiting, State::Short].map(State::word)))
        .filter(Column::Area.starts_with(view.area()?.prefix()));
    if let Some(after) = after {
        find = find.filter(Column::ApplicationId.gt(after.0));
    }
    let find = find.order_by_asc(Column::ApplicationId).limit(most);
    let rows: Vec<uuid::Uuid> = find.into_tuple().all(&view.conn()).await.map_err(failed)?;
    Ok(rows.into_iter().map(Id).collect())
}

/// Quality reviews of all people whose panel is short, person by person, after one of them.
pub async fn short(view: &View, after: Option<&(PsnNo, Id)>, most: u64) -> Result<Vec<(PsnNo, Id)>> {
    let mut find = Entity::find().filter(Column::State.eq(State::Short.word()));
    if let Some((psn_no, id)) = after {
        let same = Condition::all().add(Column::PsnNo.eq(psn_no.as_str())).add(Column::Id.gt(id.0));
        find = find.filter(Condition::any().add(Column::PsnNo.gt(psn_no.as_str())).add(same));
    }
    let find = find.order_by_asc(Column::PsnNo).order_by_asc(Column::Id).limit(most);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| Ok((PsnNo::parse(&row.psn_no)?, Id(row.id)))).collect()
}

/// Saves a new one with its event.
pub async fn create(work: &Work, step: Step<QualityReview, Event>) -> Result<Stored<QualityReview>> {
    let (person, review) = (work.person()?, step.state);
    let name = name(person, review.application, review.id);
    let row = ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(review.id.0),
        application_id: Set(review.application.0),
        area: Set(review.area.as_str().to_owned()),
        codes: Set(review.drawn().map(|code| format!(" {code} ")).collect()),
        state: Set(review.state().word().to_owned()),
        body: Set(work.seal(&name, &review)?),
        version: Set(1),
        created_at: Set(micros(work.now())),
    };
    work.insert(row, Entry::new(name, 1, &step.event)?).await?;
    Ok(Stored { value: review, version: 1 })
}

/// Saves a step of one that was read in `version`.
pub async fn save(
    work: &Work,
    version: i64,
    step: Step<QualityReview, Event>,
) -> Result<Stored<QualityReview>> {
    let (person, review) = (work.person()?, step.state);
    let name = name(person, review.application, review.id);
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(review.state().word()))
        .col_expr(Column::Body, Expr::value(work.seal(&name, &review)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(review.id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(name, version + 1, &step.event)?).await?;
    Ok(Stored { value: review, version: version + 1 })
}

/// Saves a step of the panel of one that was read in `version`. It is never a panel's first: that comes with its review.
pub async fn save_panel(work: &Work, version: Option<i64>, step: Step<Panel, Event>) -> Result<Panel> {
    let (Some(version), Some(id)) = (version, step.state.quality) else {
        return Err(Error::internal("a second panel comes with its quality review"));
    };
    let review = QualityReview { panel: Some(step.state.clone()), ..get(work, id).await?.value };
    save(work, version, Step::new(review, step.event)).await?;
    Ok(step.state)
}

fn parse(view: &View, row: Model) -> Result<Stored<QualityReview>> {
    let application = format!("insured/{}/applications/{}", row.psn_no, row.application_id);
    let value: QualityReview = view.open(&format!("{application}/qualityReviews/{}", row.id), &row.body)?;
    if value.state().word() != row.state || value.id.0 != row.id {
        let (id, state) = (row.id, row.state);
        return Err(Error::internal(format!("quality review {id}: impossible row in state {state}")));
    }
    Ok(Stored { value, version: row.version })
}
