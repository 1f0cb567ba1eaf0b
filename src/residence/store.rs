//! Filings in their table. The body is sealed; the columns beside it are for those who search.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use time::Date;

use super::domain::{Event, Facts, Filing};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::micros;
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// A filing as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The filing.
    pub filing: Filing,
    /// Its version.
    pub version: i64,
}

/// `insured/{psn_no}/residenceFilings/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/residenceFilings/{id}", person.name())
}

/// One filing of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let row = Entity::find_by_id((person.psn_no.as_str().to_owned(), id.0))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// Filings of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = of_person(view)?;
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    read(view, find.limit(most)).await
}

/// Filings of this call's person that are pending or valid, expired ones among them, newest first.
pub async fn open(view: &View) -> Result<Vec<Stored>> {
    read(view, of_person(view)?.filter(Column::State.is_in(["pending", "valid"]))).await
}

/// Filings of this call's person that are valid, or were before they were cancelled, and whose days hold a day.
pub async fn of_day(view: &View, day: Date) -> Result<Vec<Stored>> {
    let day = day.to_string();
    let find = of_person(view)?
        .filter(Column::State.is_in(["valid", "cancelled"]))
        .filter(Column::Begndate.lte(day.as_str()))
        .filter(Column::Enddate.is_null().or(Column::Enddate.gte(day.as_str())));
    read(view, find).await
}

/// Filings of all people that the bureau has to decide, person by person, after one of them.
pub async fn undecided(view: &View, after: Option<&(PsnNo, Id)>, most: u64) -> Result<Vec<(PsnNo, Id)>> {
    let mut find = Entity::find().filter(Column::State.eq("pending"));
    if let Some((psn_no, id)) = after {
        let same = Condition::all().add(Column::PsnNo.eq(psn_no.as_str())).add(Column::Id.gt(id.0));
        find = find.filter(Condition::any().add(Column::PsnNo.gt(psn_no.as_str())).add(same));
    }
    let find = find.order_by_asc(Column::PsnNo).order_by_asc(Column::Id).limit(most);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| Ok((PsnNo::parse(&row.psn_no)?, Id(row.id)))).collect()
}

/// Saves a new filing with its event.
pub async fn create(work: &Work, calendar: &Calendar, step: Step<Filing, Event>) -> Result<Stored> {
    let (person, filing) = (work.person()?, step.state);
    let facts = filing.facts();
    let place = name(person, facts.id);
    let row = ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(facts.id.0),
        area: Set(facts.area.as_str().to_owned()),
        kind: Set(facts.kind.code()),
        basis: Set(facts.basis.code()),
        state: Set(filing.word().to_owned()),
        places: Set(places(facts)),
        begndate: Set(facts.period.from.to_string()),
        enddate: Set(facts.period.to.map(|day| day.to_string())),
        body: Set(work.seal(&place, &filing)?),
        version: Set(1),
        created_at: Set(micros(facts.created_at)),
    };
    work.insert(row, Entry::new(place, 1, &step.event)?).await?;
    keep_deadline(work, calendar, &filing).await?;
    Ok(Stored { filing, version: 1 })
}

/// Saves a step of a filing that was read in `version`.
pub async fn save(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    step: Step<Filing, Event>,
) -> Result<Stored> {
    let (person, filing) = (work.person()?, step.state);
    let id = filing.facts().id;
    let place = name(person, id);
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(filing.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&place, &filing)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(place, version + 1, &step.event)?).await?;
    keep_deadline(work, calendar, &filing).await?;
    Ok(Stored { filing, version: version + 1 })
}

/// Copies the clock of a filing among the deadlines.
pub async fn keep_deadline(work: &Work, calendar: &Calendar, filing: &Filing) -> Result<()> {
    let facts = filing.facts();
    let subject = Subject {
        name: name(work.person()?, facts.id),
        id: facts.id,
        kind: Kind::Residence,
        area: facts.area.clone(),
        officer: String::new(),
        codes: Vec::new(),
        state: filing.word().to_owned(),
        within: None,
    };
    deadline::keep(work, calendar, &subject, filing.clock()).await
}

fn of_person(view: &View) -> Result<Select<Entity>> {
    let person = view.person()?;
    Ok(Entity::find().filter(Column::PsnNo.eq(person.psn_no.as_str())).order_by_desc(Column::Id))
}

async fn read(view: &View, find: Select<Entity>) -> Result<Vec<Stored>> {
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

fn places(facts: &Facts) -> String {
    facts.places.iter().map(Region::as_str).collect::<Vec<_>>().join(",")
}

/// The columns must say what the sealed body says: a row that was changed behind its back is an error.
fn parse(view: &View, row: Model) -> Result<Stored> {
    let place = format!("insured/{}/residenceFilings/{}", row.psn_no, row.id);
    let filing: Filing = view.open(&place, &row.body)?;
    let facts = filing.facts();
    let agrees = filing.word() == row.state
        && facts.id.0 == row.id
        && facts.area.as_str() == row.area
        && (facts.kind.code(), facts.basis.code()) == (row.kind, row.basis)
        && places(facts) == row.places
        && facts.period.from.to_string() == row.begndate
        && facts.period.to.map(|day| day.to_string()) == row.enddate
        && micros(facts.created_at) == row.created_at;
    if agrees {
        Ok(Stored { filing, version: row.version })
    } else {
        Err(Error::internal(format!("filing {}: impossible row in state {}", row.id, row.state)))
    }
}
