//! One transaction a write. A `View` reads within a scope that was checked; a `Work` is a view that can also write, and
//! every write of it carries its journal entry.

use std::ops::Deref;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DeleteMany,
    EntityTrait, Insert, IntoActiveModel, UpdateMany,
};
use time::{Date, OffsetDateTime};

use super::journal::Entry;
use super::keys::Keys;
use super::source::{Random, TimeSource};
use super::{Db, failed};
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;
use crate::kernel::region::Region;

/// Whom a call is about, before it is known whether the caller may reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// One person.
    Person(PsnNo),
    /// One person, found through public or area matter that the caller may touch, whether or not it reaches the person
    /// as such. `rpc::call` lets it pass only for methods of those scopes.
    Through(PsnNo),
    /// One area.
    Area(Region),
    /// Nobody: public matter, or the whole server.
    Nobody,
}

/// What a caller was found to reach.
enum Reach {
    Person(Person),
    Area(Region),
    Nobody,
}

enum Connection {
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

/// Reads within a checked scope.
pub struct View {
    db: Db,
    connection: Connection,
    now: OffsetDateTime,
    actor: Actor,
    reach: Reach,
}

/// A view that can also write. Nothing stays unless it is committed.
pub struct Work(View);

impl Deref for Work {
    type Target = View;

    fn deref(&self) -> &View {
        &self.0
    }
}

impl Db {
    /// Begins reading.
    pub async fn view(&self, actor: &Actor, owner: Owner) -> Result<View> {
        let connection = Connection::Pool(self.reader().clone());
        View::reach(self.clone(), connection, actor, owner).await
    }

    /// Begins a transaction. A person's row is locked first: of all that write for one person, one at a time goes on,
    /// so that within a person nothing can be lost to a race.
    pub async fn work(&self, actor: &Actor, owner: Owner) -> Result<Work> {
        let connection = Connection::Transaction(self.begin().await?);
        View::reach(self.clone(), connection, actor, owner).await.map(Work)
    }
}

impl View {
    async fn reach(db: Db, connection: Connection, actor: &Actor, owner: Owner) -> Result<Self> {
        let mut view = Self::unscoped(db, connection, actor);
        view.reach = match owner {
            Owner::Nobody => Reach::Nobody,
            Owner::Area(area) if actor.holds(&area) => Reach::Area(area),
            Owner::Area(area) => return Err(Error::not_found(&format!("areas/{area}"))),
            Owner::Person(psn_no) => {
                let person = view.find_person(psn_no).await?;
                if !actor.reaches(&person.psn_no, &person.area) {
                    return Err(Error::NotFound(person.name()));
                }
                Reach::Person(person)
            }
            Owner::Through(psn_no) => Reach::Person(view.find_claimed(psn_no).await?),
        };
        view.start_now();
        Ok(view)
    }

    fn unscoped(db: Db, connection: Connection, actor: &Actor) -> Self {
        let now = db.time().now();
        Self { db, connection, now, actor: actor.clone(), reach: Reach::Nobody }
    }

    /// The instant is that of the moment in which the person was free: a call that waited is not judged by an earlier
    /// day, and ids and instants follow the order of the commits.
    fn start_now(&mut self) {
        self.now = self.db.time().now();
    }

    /// A person whom a claim table names. One who is not there is our fault, and the caller is not told the number.
    async fn find_claimed(&self, psn_no: PsnNo) -> Result<Person> {
        match self.find_person(psn_no).await {
            Err(Error::NotFound(_)) => Err(Error::internal("a claim names a person who is not there")),
            found => found,
        }
    }

    async fn find_person(&self, psn_no: PsnNo) -> Result<Person> {
        let name = Alias::new;
        let mut select = Query::select();
        select
            .column(name("insu_admdvs"))
            .from(name("insured"))
            .and_where(Expr::col(name("psn_no")).eq(psn_no.as_str()));
        if matches!(self.connection, Connection::Transaction(_)) {
            select.lock(LockType::Update);
        }
        let row = self.conn().query_one(&select).await.map_err(failed)?;
        let row = row.ok_or_else(|| Error::NotFound(format!("insured/{psn_no}")))?;
        let code: String = row.try_get("", "insu_admdvs").map_err(failed)?;
        let area = Region::find(&code)
            .ok_or_else(|| Error::internal(format!("insured row in unknown area {code}")))?;
        Ok(Person { psn_no, area })
    }

    /// The connection, for stores.
    pub fn conn(&self) -> DatabaseExecutor<'_> {
        match &self.connection {
            Connection::Pool(pool) => DatabaseExecutor::from(pool),
            Connection::Transaction(transaction) => DatabaseExecutor::from(transaction),
        }
    }

    /// The one instant of this call.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The day of this call, in China.
    pub fn today(&self) -> Date {
        local_day(self.now)
    }

    /// Who calls.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The person that the call is about.
    pub fn person(&self) -> Result<&Person> {
        match &self.reach {
            Reach::Person(person) => Ok(person),
            Reach::Area(_) | Reach::Nobody => Err(Error::internal("a call without person asks for one")),
        }
    }

    /// The area that the call is about: the one that it names, or the one where its person is insured.
    pub fn area(&self) -> Result<&Region> {
        match &self.reach {
            Reach::Person(person) => Ok(&person.area),
            Reach::Area(area) => Ok(area),
            Reach::Nobody => Err(Error::internal("a call without area asks for one")),
        }
    }

    /// The key under which entries and repeated requests of this call lie.
    pub fn owner_key(&self) -> &str {
        match &self.reach {
            Reach::Person(person) => person.psn_no.as_str(),
            Reach::Area(area) => area.as_str(),
            Reach::Nobody => "system",
        }
    }

    pub(super) fn area_code(&self) -> &str {
        match &self.reach {
            Reach::Person(person) => person.area.as_str(),
            Reach::Area(area) => area.as_str(),
            Reach::Nobody => "",
        }
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        self.db.keys()
    }

    /// The source of chance.
    pub fn random(&self) -> &Random {
        self.db.random()
    }

    /// The clock.
    pub fn time(&self) -> &TimeSource {
        self.db.time()
    }

    /// The database, for verbs that look into a claim table or begin a work of their own.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// A new id.
    pub fn new_id(&self) -> Id {
        self.db.random().id(self.now)
    }

    /// Seals a value for a place.
    pub fn seal<T: serde::Serialize>(&self, place: &str, value: &T) -> Result<Vec<u8>> {
        self.keys().seal_value(self.random(), place, value)
    }

    /// Opens a value.
    pub fn open<T: for<'de> serde::Deserialize<'de>>(&self, place: &str, sealed: &[u8]) -> Result<T> {
        self.keys().open_value(place, sealed)
    }
}

impl Work {
    /// Inserts an aggregate's first row, with its entry.
    pub async fn insert<A>(&self, row: A, entry: Entry) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.insert_part(row).await?;
        self.record(entry).await
    }

    /// Changes an aggregate's row, with its entry. The statement must name the version that was read: a row that is
    /// not there any more is a lost race.
    pub async fn update<E: EntityTrait>(&self, statement: UpdateMany<E>, entry: Entry) -> Result<()> {
        self.update_part(statement).await?;
        self.record(entry).await
    }

    /// Deletes an aggregate's row, with its entry.
    pub async fn delete<E: EntityTrait>(&self, statement: DeleteMany<E>, entry: Entry) -> Result<()> {
        let done = statement.exec(&self.conn()).await.map_err(failed)?;
        if done.rows_affected != 1 {
            return Err(Error::Conflict);
        }
        self.record(entry).await
    }

    /// Inserts a row that belongs to an aggregate whose entry this work writes too.
    pub async fn insert_part<A>(&self, row: A) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        A::Entity::insert(row).exec_without_returning(&self.conn()).await.map_err(failed)?;
        Ok(())
    }

    /// Changes exactly one row that belongs to an aggregate whose entry this work writes too.
    pub async fn update_part<E: EntityTrait>(&self, statement: UpdateMany<E>) -> Result<()> {
        let done = statement.exec(&self.conn()).await.map_err(failed)?;
        if done.rows_affected == 1 { Ok(()) } else { Err(Error::Conflict) }
    }

    /// Changes the rows, if any, that belong to an aggregate whose entry this work writes too.
    pub async fn update_parts<E: EntityTrait>(&self, statement: UpdateMany<E>) -> Result<()> {
        statement.exec(&self.conn()).await.map_err(failed)?;
        Ok(())
    }

    /// Inserts a row that belongs to an aggregate whose entry this work writes too, or does what the statement says
    /// where it is there already.
    pub async fn upsert_part<A: ActiveModelTrait>(&self, statement: Insert<A>) -> Result<()> {
        statement.exec_without_returning(&self.conn()).await.map_err(failed)?;
        Ok(())
    }

    /// Deletes the rows, if any, that belong to an aggregate whose entry this work writes too.
    pub async fn delete_part<E: EntityTrait>(&self, statement: DeleteMany<E>) -> Result<()> {
        statement.exec(&self.conn()).await.map_err(failed)?;
        Ok(())
    }

    /// Commits.
    pub async fn commit(self) -> Result<()> {
        let View { db, connection, .. } = self.0;
        match connection {
            Connection::Transaction(transaction) => transaction.commit().await.map_err(failed)?,
            Connection::Pool(_) => return Err(Error::internal("a work without transaction")),
        }
        db.committed().notify_one();
        Ok(())
    }

    /// Takes everything back.
    pub async fn rollback(self) -> Result<()> {
        match self.0.connection {
            Connection::Transaction(transaction) => transaction.rollback().await.map_err(failed),
            Connection::Pool(_) => Err(Error::internal("a work without transaction")),
        }
    }
}
