//! One way through every unary call. A write is checked, scoped, claimed by its `request_id`, run in one transaction,
//! answered as the first time when it is repeated, taken back when it is `validate_only`, and run again when it lost
//! a race. A verb can forget none of it.

use futures_util::future::BoxFuture;
use prost::Message;
use tonic::{Request, Response, Status};

use super::parse::{self, Check};
use super::status::{Language, status};
use crate::db::Db;
use crate::db::repeat::digest;
use crate::db::work::{Owner, View, Work};
use crate::kernel::access::{Actor, Scope};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::region::Region;

/// How often a write that lost a race is run before the caller is told.
const TRIES: u32 = 5;

/// A request as its method's options describe it. Generated.
pub trait Call: Message + Check {
    /// Path of the method.
    const METHOD: &'static str;
    /// What it reaches.
    const SCOPE: Scope;
    /// Name or number of whom it is about.
    fn owner(&self) -> &str;
    /// What makes a write repeatable.
    fn request_id(&self) -> &str {
        ""
    }
    /// Whether a write is only tried out.
    fn validate_only(&self) -> bool {
        false
    }
}

/// A service: whatever it needs, and the database.
pub trait Serves: Sync {
    /// The database.
    fn db(&self) -> &Db;
}

/// What a handler answers.
pub type Answer<T> = std::result::Result<Response<T>, Status>;

/// A read.
pub async fn read<S, Q, A, V>(service: &S, request: Request<Q>, verb: V) -> Answer<A>
where
    S: Serves,
    Q: Call,
    V: for<'a> FnOnce(&'a S, &'a View, &'a Q) -> BoxFuture<'a, Result<A>>,
{
    let language = language(&request);
    let answer = async {
        let actor = actor(&request)?;
        let input = request.get_ref();
        parse::check(input)?;
        let view = service.db().view(&actor, owner(input)?).await?;
        verb(service, &view, input).await
    };
    answer.await.map(Response::new).map_err(|error| status(error, language))
}

/// A write about whom the request names.
pub async fn write<S, Q, A, V>(service: &S, request: Request<Q>, verb: V) -> Answer<A>
where
    S: Serves,
    Q: Call,
    A: Message + Default,
    V: for<'a> Fn(&'a S, &'a Work, &'a Q) -> BoxFuture<'a, Result<A>>,
{
    write_for(service, request, |_, input| Box::pin(async move { owner(input) }), verb).await
}

/// A write about somebody whom only a claim table knows: `find` looks, outside the transaction.
pub async fn write_for<S, Q, A, F, V>(service: &S, request: Request<Q>, find: F, verb: V) -> Answer<A>
where
    S: Serves,
    Q: Call,
    A: Message + Default,
    F: for<'a> Fn(&'a View, &'a Q) -> BoxFuture<'a, Result<Owner>>,
    V: for<'a> Fn(&'a S, &'a Work, &'a Q) -> BoxFuture<'a, Result<A>>,
{
    let language = language(&request);
    let answer = async {
        let actor = actor(&request)?;
        let input = request.get_ref();
        parse::check(input)?;
        let view = service.db().view(&actor, Owner::Nobody).await?;
        let owner = find(&view, input).await?;
        admit(&actor, input, &owner)?;
        let mut tries = 1;
        loop {
            match once(service, &actor, owner.clone(), input, &verb).await {
                Err(Error::Conflict) if tries < TRIES => tries += 1,
                done => return done,
            }
        }
    };
    answer.await.map(Response::new).map_err(|error| status(error, language))
}

/// Whether a write may go through to a person whom its caller need not reach: in public matter always, for the options
/// of the method say who may call it; in an area's matter for those who hold the area that the request names.
fn admit<Q: Call>(actor: &Actor, input: &Q, owner: &Owner) -> Result<()> {
    if !matches!(owner, Owner::Through(_)) {
        return Ok(());
    }
    match Q::SCOPE {
        Scope::Public => Ok(()),
        Scope::Area if actor.holds(&parse::area(input.owner())?) => Ok(()),
        Scope::Area => Err(Error::not_found(input.owner())),
        Scope::Person | Scope::System => {
            Err(Error::internal(format!("{}: its scope does not lead through to a person", Q::METHOD)))
        }
    }
}

async fn once<S, Q, A, V>(service: &S, actor: &Actor, owner: Owner, input: &Q, verb: &V) -> Result<A>
where
    S: Serves,
    Q: Call,
    A: Message + Default,
    V: for<'a> Fn(&'a S, &'a Work, &'a Q) -> BoxFuture<'a, Result<A>>,
{
    let work = service.db().work(actor, owner).await?;
    let digest = digest(Q::METHOD, &input.encode_to_vec());
    if !input.validate_only()
        && let Some(first) = work.repeated(input.request_id(), digest).await?
    {
        return A::decode(first.as_slice()).map_err(|error| Error::Internal(error.into()));
    }
    let answer = verb(service, &work, input).await?;
    if input.validate_only() {
        work.rollback().await?;
    } else {
        work.keep_answer(input.request_id(), digest, &answer.encode_to_vec()).await?;
        work.commit().await?;
    }
    Ok(answer)
}

/// Who calls: put there by authentication, without which no call gets here.
pub fn actor<T>(request: &Request<T>) -> Result<Actor> {
    let actor = request.extensions().get::<Actor>().cloned();
    actor.ok_or_else(|| Error::internal("a call got past authentication"))
}

/// What the caller reads.
pub fn language<T>(request: &Request<T>) -> Language {
    Language::of(request.metadata().as_ref())
}

/// Whom a request is about.
fn owner<Q: Call>(input: &Q) -> Result<Owner> {
    let name = input.owner();
    match Q::SCOPE {
        Scope::Person => person(name),
        Scope::Area => parse::area(name).map(Owner::Area),
        Scope::Public | Scope::System => Ok(Owner::Nobody),
    }
}

/// The person of `insured/{psn_no}/…` or of a bare number.
pub fn person(name: &str) -> Result<Owner> {
    let number = name.strip_prefix("insured/").unwrap_or(name);
    PsnNo::parse(number.split('/').next().unwrap_or_default()).map(Owner::Person)
}

/// The area of a code.
pub fn area(code: &str) -> Result<Owner> {
    Region::find(code).map(Owner::Area).ok_or_else(|| Error::not_found(&format!("areas/{code}")))
}
