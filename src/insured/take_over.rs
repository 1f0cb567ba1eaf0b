//! Taking over rows of the platform: many in one transaction, each with its own outcome.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use super::domain::Insured;
use super::refusal::NotTaken;
use super::store::{self, Changes, Known, Prepared, Taken};
use crate::db::Db;
use crate::db::journal::Entry;
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::local_day;

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

/// Takes over one row.
pub async fn one(db: &Db, actor: &Actor, row: &Prepared) -> Result<Outcome> {
    let mut tries = 1;
    loop {
        match many(db, actor, &[row]).await {
            Err(Error::Conflict) if tries < TRIES => tries += 1,
            done => return done?.pop().ok_or_else(|| Error::internal("a row without an outcome")),
        }
    }
}

/// Takes over rows that have no faults, in one transaction and as if one after the other: an outcome each, in their
/// order. When it fails nothing was stored of any of them.
pub async fn many(db: &Db, actor: &Actor, rows: &[&Prepared]) -> Result<Vec<Outcome>> {
    let people: BTreeSet<_> = rows.iter().map(|row| row.insured.psn_no.clone()).collect();
    let batch = db.batch(actor, people.clone()).await?;
    let known = store::known(&batch, &people).await?;
    let indexes = rows.iter().map(|row| &row.index).chain(known.values().map(|known| &known.index));
    let claims = store::claims(&batch, indexes.cloned().collect()).await?;
    let mut fold = Fold::new(&known, &claims, local_day(batch.now()));
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        outcomes.push(fold.take_over(row, batch.reaches(&row.insured.psn_no))?);
    }
    let changes = fold.changes();
    if changes.entries.is_empty() {
        batch.rollback().await?;
    } else {
        store::save(&batch, changes).await?;
        batch.commit().await?;
    }
    Ok(outcomes)
}

/// A person as the rows so far have left it.
struct Current<'a> {
    insured: Cow<'a, Insured>,
    index: &'a [u8],
    version: i64,
    /// The row that says so; none while it is what is stored.
    row: Option<&'a Prepared>,
}

/// Rows one after the other, in memory: what the next one meets is what the last one left.
struct Fold<'a> {
    people: BTreeMap<&'a PsnNo, Current<'a>>,
    claims: BTreeMap<&'a [u8], &'a PsnNo>,
    known: &'a BTreeMap<PsnNo, Known>,
    claimed: &'a BTreeMap<Vec<u8>, PsnNo>,
    entries: Vec<(Person, Entry)>,
    today: Date,
}

impl<'a> Fold<'a> {
    fn new(known: &'a BTreeMap<PsnNo, Known>, claimed: &'a BTreeMap<Vec<u8>, PsnNo>, today: Date) -> Self {
        let current = |known: &'a Known| Current {
            insured: Cow::Borrowed(&known.insured),
            index: &known.index,
            version: known.version,
            row: None,
        };
        let people = known.iter().map(|(psn_no, known)| (psn_no, current(known))).collect();
        let claims = claimed.iter().map(|(index, psn_no)| (index.as_slice(), psn_no)).collect();
        Self { people, claims, known, claimed, entries: Vec::new(), today }
    }

    fn take_over(&mut self, row: &'a Prepared, reached: bool) -> Result<Outcome> {
        let psn_no = &row.insured.psn_no;
        if !reached {
            return Ok(NotTaken::PersonOutOfReach.into());
        }
        let current = self.people.get(psn_no);
        let before = current.map(|current| &*current.insured);
        let Some(step) = row.insured.clone().take_over(before, self.today) else {
            return Ok(Outcome::Unchanged);
        };
        if self.claims.get(row.index.as_slice()).is_some_and(|owner| *owner != psn_no) {
            return Ok(NotTaken::CertnoTaken.into());
        }
        if let Some(before) = current
            && before.index != row.index
            && self.claims.get(before.index) == Some(&psn_no)
        {
            self.claims.remove(before.index);
        }
        self.claims.insert(&row.index, psn_no);
        let version = current.map_or(0, |current| current.version) + 1;
        // What happens to a person is told where the person was insured until then.
        let area = current.map_or(&row.insured.insu_admdvs, |current| &current.insured.insu_admdvs);
        let person = Person { psn_no: psn_no.clone(), area: area.clone() };
        let entry = Entry::new(person.name(), version, &step.event)?;
        self.entries.push((person, entry));
        let insured =
            if step.state == row.insured { Cow::Borrowed(&row.insured) } else { Cow::Owned(step.state) };
        let after = Current { insured, index: &row.index, version, row: Some(row) };
        let before = self.people.insert(psn_no, after);
        Ok(if before.is_none() { Outcome::Created } else { Outcome::Updated })
    }

    /// What there is to save: of each person and each certificate how it ended.
    fn changes(self) -> Changes<'a> {
        let mut changes = Changes { entries: self.entries, ..Changes::default() };
        for (psn_no, current) in self.people {
            let Some(row) = current.row else { continue };
            let rows = if self.known.contains_key(psn_no) { &mut changes.changed } else { &mut changes.new };
            rows.push(Taken { row, insured: current.insured, version: current.version });
        }
        for (index, owner) in self.claimed {
            if self.claims.get(index.as_slice()) != Some(&owner) {
                changes.given_up.push(index.clone());
            }
        }
        for (index, owner) in self.claims {
            if self.claimed.get(index) != Some(owner) {
                changes.claimed.push((index.to_vec(), owner.clone()));
            }
        }
        changes
    }
}

#[cfg(test)]
#[path = "take_over_tests.rs"]
mod tests;
