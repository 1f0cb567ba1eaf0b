//! Many people's benefits and re-qualifications, read and written in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Date;
use uuid::Uuid;

use crate::benefit::domain::Benefit;
use crate::benefit::requalification::row as rounds;
use crate::benefit::requalification::store::{self, RUNNING, Stored};
use crate::benefit::row::benefit;
use crate::benefit::store::{Kept, kept, parse, row};
use crate::db::batch::Batch;
use crate::db::journal::Entry;
use crate::db::{Db, failed};
use crate::kernel::access::Person;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};

/// A place in the order in which things come up: a day, a person, an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The day.
    pub day: Date,
    /// Whose.
    pub psn_no: PsnNo,
    /// Of a benefit, or of a re-qualification.
    pub id: Id,
}

impl Key {
    /// As text, for a bookmark.
    pub fn text(&self) -> String {
        format!("{}/{}/{}", self.day, self.psn_no, self.id)
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let [day, psn_no, id] = parts.as_slice() else { return None };
        Some(Self { day: parse_date(day)?, psn_no: PsnNo::parse(psn_no).ok()?, id: Id::parse(id).ok()? })
    }

    fn of((day, psn_no, id): (String, String, Uuid)) -> Result<Self> {
        let day = parse_date(&day).ok_or_else(|| Error::internal(format!("{id}: no day")))?;
        Ok(Self { day, psn_no: PsnNo::parse(&psn_no)?, id: Id(id) })
    }

    fn tuple(&self) -> Expr {
        let values =
            [Expr::value(self.day.to_string()), Expr::value(self.psn_no.as_str()), Expr::value(self.id.0)];
        Expr::tuple(values)
    }
}

/// Benefits that have not ended and are to be re-qualified until a day, behind a key.
pub async fn coming_up(
    db: &Db,
    (today, until): (Date, Date),
    after: Option<&Key>,
    most: u64,
) -> Result<Vec<Key>> {
    use benefit::{Column, Entity};
    let ongoing = Condition::any().add(Column::Enddate.is_null()).add(Column::Enddate.gte(today.to_string()));
    let order = [Column::RequalifyOn, Column::PsnNo, Column::Id];
    let mut find = Entity::find()
        .select_only()
        .columns(order)
        .filter(Column::RequalifyOn.lte(until.to_string()))
        .filter(ongoing);
    if let Some(after) = after {
        find = find.filter(Expr::tuple(order.map(Expr::col)).gt(after.tuple()));
    }
    let find = order.into_iter().fold(find, |find, column| find.order_by_asc(column)).limit(most);
    let rows: Vec<(String, String, Uuid)> = find.into_tuple().all(db.reader()).await.map_err(failed)?;
    rows.into_iter().map(Key::of).collect()
}

/// Re-qualifications that have something to do by themselves on a day, behind a key.
pub async fn due(db: &Db, today: Date, after: Option<&Key>, most: u64) -> Result<Vec<Key>> {
    use rounds::{Column, Entity};
    let order = [Column::NextOn, Column::PsnNo, Column::Id];
    let mut find = Entity::find().select_only().columns(order).filter(Column::NextOn.lte(today.to_string()));
    if let Some(after) = after {
        find = find.filter(Expr::tuple(order.map(Expr::col)).gt(after.tuple()));
    }
    let find = order.into_iter().fold(find, |find, column| find.order_by_asc(column)).limit(most);
    let rows: Vec<(String, String, Uuid)> = find.into_tuple().all(db.reader()).await.map_err(failed)?;
    rows.into_iter().map(Key::of).collect()
}

/// A benefit of a batch, with what else lies in its row.
pub struct Held {
    /// The benefit.
    pub benefit: Benefit,
    version: i64,
    kept: Kept,
}

/// Some benefits of people who are locked. All of theirs are read: a person has few, and two lists in one key would have
/// PostgreSQL look for each pair of both.
pub async fn benefits(
    batch: &Batch,
    people: &BTreeSet<PsnNo>,
    ids: &BTreeSet<Id>,
) -> Result<BTreeMap<Id, Held>> {
    let rows = benefit::Entity::find()
        .filter(batch.db().among("psn_no", people.iter().map(PsnNo::as_str)))
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    let held = |row: benefit::Model| {
        let kept = kept(&row)?;
        let stored = parse(row)?;
        Ok((stored.benefit.id, Held { benefit: stored.benefit, version: stored.version, kept }))
    };
    rows.into_iter().filter(|row| ids.contains(&Id(row.id))).map(held).collect()
}

/// Benefits of some people of which a round is not over.
pub async fn running(batch: &Batch, people: &BTreeSet<PsnNo>) -> Result<BTreeSet<Id>> {
    use rounds::{Column, Entity};
    let rows: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::BenefitId)
        .filter(batch.db().among("psn_no", people.iter().map(PsnNo::as_str)))
        .filter(Column::State.is_in(RUNNING))
        .into_tuple()
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    Ok(rows.into_iter().map(Id).collect())
}

/// Some rounds of people who are locked.
pub async fn rounds(batch: &Batch, people: &BTreeSet<PsnNo>, ids: &BTreeSet<Id>) -> Result<Vec<Stored>> {
    let rows = rounds::Entity::find()
        .filter(batch.db().among("psn_no", people.iter().map(PsnNo::as_str)))
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    let wanted = rows.into_iter().filter(|row| ids.contains(&Id(row.id)));
    wanted.map(|row| store::parse(batch.keys(), row)).collect()
}

/// What a batch comes to.
#[derive(Default)]
pub struct Changes {
    new: Vec<rounds::ActiveModel>,
    changed: Vec<rounds::ActiveModel>,
    benefits: Vec<benefit::ActiveModel>,
    entries: Vec<(Person, Entry)>,
}

impl Changes {
    /// How many re-qualifications something happened to.
    pub fn len(&self) -> usize {
        self.new.len() + self.changed.len()
    }

    /// Adds a step of a person's re-qualification, which was read in a version, or is new; and of its benefit.
    pub fn add(
        &mut self,
        batch: &Batch,
        person: &Person,
        (held, version): (&Held, Option<i64>),
        advance: crate::benefit::requalification::domain::Advance,
    ) -> Result<()> {
        let psn_no = &person.psn_no;
        let mut ends = held.benefit.end;
        if let Some(step) = advance.benefit {
            let next = held.version + 1;
            self.benefits.push(row(psn_no, &step.state, next, &held.kept)?);
            let name = crate::benefit::store::name(person, step.state.id);
            self.entries.push((person.clone(), Entry::new(name, next, &step.event)?));
            ends = step.state.end;
        }
        let round = advance.round.state;
        let (random, next) = (batch.db().random(), version.unwrap_or(0) + 1);
        let ends = ends.map(|(last, _)| last);
        let saved = store::row((batch.keys(), random), psn_no, &round, next, ends)?;
        let name = store::name(psn_no, round.head().id);
        self.entries.push((person.clone(), Entry::new(name, next, &advance.round.event)?));
        if version.is_some() { &mut self.changed } else { &mut self.new }.push(saved);
        Ok(())
    }

    /// Saves it all.
    pub async fn save(self, batch: &Batch) -> Result<()> {
        batch.save(self.new, self.changed, self.entries).await?;
        batch.save(Vec::new(), self.benefits, Vec::new()).await
    }
}
