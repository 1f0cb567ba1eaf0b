//! Taking over people from the platform, one row a transaction.

use time::Date;

use super::domain::Insured;
use super::refusal::NotTaken;
use super::store;
use crate::db::Db;
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Refusal, Result};

/// How often a row that lost a race is run before the stream is told.
const TRIES: u32 = 5;

/// What was done with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person is new.
    Created,
    /// Something changed.
    Updated,
    /// It says what is known already; nothing was written.
    Unchanged,
    /// Nothing was stored, for each of these reasons.
    Refused(Vec<Refusal>),
}

impl From<NotTaken> for Outcome {
    fn from(reason: NotTaken) -> Self {
        Self::Refused(vec![reason.into()])
    }
}

/// Everything that stands against a row before anything is looked up.
pub fn faults(actor: &Actor, row: &Insured, today: Date) -> Vec<Refusal> {
    let mut faults = row.faults(today);
    if !actor.holds(&row.insu_admdvs) {
        faults.push(NotTaken::AreaOutOfReach.into());
    }
    faults
}

/// Takes over a row that has no faults.
pub async fn import(db: &Db, actor: &Actor, row: &Insured) -> Result<Outcome> {
    let mut tries = 1;
    loop {
        match once(db, actor, row).await {
            Err(Error::Conflict) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

async fn once(db: &Db, actor: &Actor, row: &Insured) -> Result<Outcome> {
    let person = Person { psn_no: row.psn_no.clone(), area: row.insu_admdvs.clone() };
    let work = match db.work_for_new(actor, person).await {
        Err(Error::NotFound(_)) => return Ok(NotTaken::PersonOutOfReach.into()),
        begun => begun?,
    };
    let known = store::find(&work).await?;
    let Some(step) = row.clone().take_over(known.as_ref().map(|known| &known.insured)) else {
        work.rollback().await?;
        return Ok(Outcome::Unchanged);
    };
    if !store::claim_certificate(&work, row).await? {
        work.rollback().await?;
        return Ok(NotTaken::CertnoTaken.into());
    }
    let outcome = match &known {
        None => {
            store::create(&work, step).await?;
            Outcome::Created
        }
        Some(known) => {
            store::save(&work, known, step).await?;
            Outcome::Updated
        }
    };
    work.commit().await?;
    Ok(outcome)
}
