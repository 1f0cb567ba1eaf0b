//! One transaction for many people, in set-based statements: on PostgreSQL a statement takes whole columns (UNNEST), on
//! SQLite many rows at once. What it writes carries its journal entries, as every `Work` does.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Alias, ArrayType, Expr, ExprTrait, LockType, OnConflict, Order, Query, Value};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseExecutor, DatabaseTransaction, DbBackend, EntityName,
    EntityTrait, IdenStatic, IntoActiveModel, Iterable, PrimaryKeyToColumn, Statement,
};
use time::OffsetDateTime;

use super::journal::{self, Entry};
use super::keys::Keys;
use super::{Db, failed};
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::region::Region;

/// Bound values of one statement on SQLite, which allows 32,766.
const BINDS: usize = 30_000;

/// One transaction for many people. Those who are there are locked, in the order of their numbers, so that two batches
/// wait for each other and never in a circle. Nothing stays unless it is committed.
pub struct Batch {
    db: Db,
    transaction: DatabaseTransaction,
    now: OffsetDateTime,
    actor: Actor,
    areas: BTreeMap<PsnNo, Region>,
}

impl Db {
    /// Begins a transaction for people of whom some are perhaps not there yet.
    pub async fn batch(&self, actor: &Actor, people: BTreeSet<PsnNo>) -> Result<Batch> {
        let transaction = self.begin().await?;
        let mut select = Query::select();
        let numbers = people.into_iter().map(|psn_no| psn_no.as_str().to_owned());
        select
            .columns(["psn_no", "insu_admdvs"].map(Alias::new))
            .from(Alias::new("insured"))
            .and_where(self.among("psn_no", numbers))
            .order_by(Alias::new("psn_no"), Order::Asc)
            .lock(LockType::Update);
        let mut areas = BTreeMap::new();
        for row in transaction.query_all(&select).await.map_err(failed)? {
            let psn_no: String = row.try_get("", "psn_no").map_err(failed)?;
            let code: String = row.try_get("", "insu_admdvs").map_err(failed)?;
            let area = Region::find(&code)
                .ok_or_else(|| Error::internal(format!("insured row in unknown area {code}")).of_row())?;
            areas.insert(PsnNo::parse(&psn_no)?, area);
        }
        let now = self.time().now();
        Ok(Batch { db: self.clone(), transaction, now, actor: actor.clone(), areas })
    }

    /// Whether a column has one of some values. On PostgreSQL the statement is the same for any number of them.
    pub fn among<V: Into<Value>>(&self, column: &'static str, values: impl IntoIterator<Item = V>) -> Expr {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let column = Expr::col(Alias::new(column));
        match values.first().map(Value::array_type) {
            Some(sort) if self.is_postgres() => {
                column.eq(PgFunc::any(Expr::val(Value::Array(sort, Some(Box::new(values))))))
            }
            _ => column.is_in(values),
        }
    }
}

impl Batch {
    /// Whether the caller may write to a person: one who is there lies within its reach; one who is not may be new.
    pub fn reaches(&self, psn_no: &PsnNo) -> bool {
        self.areas.get(psn_no).is_none_or(|area| self.actor.reaches(psn_no, area))
    }

    /// Whether a person was there when the batch began, and is locked.
    pub fn has_locked(&self, psn_no: &PsnNo) -> bool {
        self.areas.contains_key(psn_no)
    }

    /// The connection, for stores.
    pub fn conn(&self) -> DatabaseExecutor<'_> {
        DatabaseExecutor::from(&self.transaction)
    }

    /// The one instant of this batch: that of the moment in which all its people were free.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        self.db.keys()
    }

    /// The database, for what differs between the engines.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Inserts rows, or replaces those of people who are there and locked; with the entries of what happened, in order.
    pub async fn save<A>(&self, new: Vec<A>, changed: Vec<A>, entries: Vec<(Person, Entry)>) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        insert_all(&self.transaction, new, false).await?;
        insert_all(&self.transaction, changed, true).await?;
        let entry = |(person, entry): (Person, Entry)| {
            let (owner, area) = (person.psn_no.as_str(), person.area.as_str());
            entry.row(self.db.random().id(self.now), owner, area, &self.actor, self.now)
        };
        let rows: Vec<journal::ActiveModel> = entries.into_iter().map(entry).collect();
        insert_all(&self.transaction, rows, false).await
    }

    /// Replaces rows that this batch has locked, with the entries of what happened, in order: each with its owner and
    /// area, as the journal has them.
    pub async fn replace<A>(&self, rows: Vec<A>, entries: Vec<(String, Region, Entry)>) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        insert_all(&self.transaction, rows, true).await?;
        let entry = |(owner, area, entry): (String, Region, Entry)| {
            let id = self.db.random().id(self.now);
            entry.row(id, &owner, area.as_str(), &self.actor, self.now)
        };
        let rows: Vec<journal::ActiveModel> = entries.into_iter().map(entry).collect();
        insert_all(&self.transaction, rows, false).await
    }

    /// Inserts rows that belong to people whose entries this batch writes too.
    pub async fn insert_parts<A>(&self, rows: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        insert_all(&self.transaction, rows, false).await
    }

    /// Deletes exactly the rows, so many, that belong to people whose entries this batch writes too.
    pub async fn delete_parts<E: EntityTrait>(
        &self,
        statement: sea_orm::DeleteMany<E>,
        count: usize,
    ) -> Result<()> {
        let done = statement.exec(&self.transaction).await.map_err(failed)?;
        if usize::try_from(done.rows_affected).is_ok_and(|gone| gone == count) {
            Ok(())
        } else {
            Err(Error::Conflict)
        }
    }

    /// Commits.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(failed)?;
        self.db.committed().notify_one();
        Ok(())
    }

    /// Takes everything back.
    pub async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await.map_err(failed)
    }
}

/// Inserts rows of one table; with `replace`, each takes the place of the row with its key, if there is one.
pub(super) async fn insert_all<A>(conn: &DatabaseTransaction, rows: Vec<A>, replace: bool) -> Result<()>
where
    A: ActiveModelTrait + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    if rows.is_empty() {
        return Ok(());
    }
    if conn.get_database_backend() == DbBackend::Postgres {
        conn.execute_raw(unnest(rows, replace)).await.map_err(failed)?;
        return Ok(());
    }
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut insert = A::Entity::insert_many(rows.by_ref().take(BINDS / columns));
        if replace {
            insert = insert.on_conflict(replacing::<A::Entity>());
        }
        insert.exec_without_returning(conn).await.map_err(failed)?;
    }
    Ok(())
}

fn key<E: EntityTrait>() -> Vec<E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect()
}

fn replacing<E: EntityTrait>() -> OnConflict {
    let key = key::<E>();
    let is_key = |column: &E::Column| key.iter().any(|part| part.as_str() == column.as_str());
    let others: Vec<_> = E::Column::iter().filter(|column| !is_key(column)).collect();
    OnConflict::columns(key.iter().copied()).update_columns(others).to_owned()
}

/// The insert as one statement with an array a column, whatever the number of rows. A column without any value keeps
/// its default, which is none; one with some has a second array, which tells where.
fn unnest<A: ActiveModelTrait>(rows: Vec<A>, replace: bool) -> Statement {
    type Column<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;
    let (mut names, mut parts, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
    let quoted = |name: &str| format!("\"{name}\"");
    let mut place = |values: Vec<Value>, sort: ArrayType| {
        arrays.push(array(sort, values));
        format!("part.c{}", arrays.len())
    };
    for column in Column::<A>::iter() {
        let values: Vec<Option<Value>> =
            rows.iter().map(|row| row.get(column).into_value().filter(is_given)).collect();
        let Some(filler) = values.iter().flatten().next().cloned() else { continue };
        let sort = filler.array_type();
        names.push(quoted(column.as_str()));
        if values.iter().all(Option::is_some) {
            parts.push(place(values.into_iter().flatten().collect(), sort));
            continue;
        }
        let given = values.iter().map(|value| value.is_some().into()).collect();
        let values = values.into_iter().map(|value| value.unwrap_or_else(|| filler.clone())).collect();
        let (given, value) = (place(given, ArrayType::Bool), place(values, sort));
        parts.push(format!("CASE WHEN {given} THEN {value} END"));
    }
    let places = |prefix: &str| {
        let places: Vec<_> = (1..=arrays.len()).map(|place| format!("{prefix}{place}")).collect();
        places.join(", ")
    };
    let mut sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM UNNEST({}) AS part ({})",
        quoted(A::Entity::default().table_name()),
        names.join(", "),
        parts.join(", "),
        places("$"),
        places("c"),
    );
    if replace {
        let key: Vec<_> = key::<A::Entity>().iter().map(|column| quoted(column.as_str())).collect();
        // A column that no row has a value of is none afterwards, and not what it was.
        let all = Column::<A>::iter().map(|column| quoted(column.as_str()));
        let others = all.filter(|name| !key.contains(name));
        let set: Vec<_> = others.map(|name| format!("{name} = EXCLUDED.{name}")).collect();
        sql.push_str(&format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set.join(", ")));
    }
    Statement::from_sql_and_values(DbBackend::Postgres, sql, arrays)
}

fn is_given(value: &Value) -> bool {
    *value != value.as_null()
}

/// An array of values of one sort, for PostgreSQL.
pub(super) fn array(sort: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(sort, Some(Box::new(values)))
}
