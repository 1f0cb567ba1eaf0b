//! Steps of many people's re-qualifications in one transaction: the pure steps of one, over what was read of all.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use time::Date;

use self::store::{Changes, Held, benefits, rounds, running};
pub use self::store::{Key, coming_up, due};
use super::domain::{Advance, Found, Opening, Requalification, open};
use super::store::{Stored, advance, get};
use crate::app::App;
use crate::benefit::store as one;
use crate::catalog::published::Published;
use crate::db::batch::Batch;
use crate::db::work::Owner;
use crate::insured::domain::Insured;
use crate::insured::store as insured;
use crate::kernel::access::{Actor, Person};
use crate::kernel::add_months;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// Whose disease, and the last day on which something was settled for it.
pub type LastDays = BTreeMap<(PsnNo, String), Date>;

/// The question to what lies to the right: when some people settled last for each disease, from a day on.
pub type LastSettled = for<'a> fn(&'a Batch, &'a BTreeSet<PsnNo>, Date) -> BoxFuture<'a, Result<LastDays>>;

/// What is known of the people of a batch, all of whom are locked.
struct Known<'a> {
    app: &'a App,
    batch: &'a Batch,
    people: BTreeMap<PsnNo, Insured>,
    settled: LastDays,
    today: Date,
}

impl<'a> Known<'a> {
    async fn of(
        app: &'a App,
        batch: &'a Batch,
        people: &BTreeSet<PsnNo>,
        last_settled: LastSettled,
    ) -> Result<Self> {
        let today = local_day(batch.now());
        let known = insured::known(batch, people).await?;
        let months = app.catalogs.all_in_force(today);
        let months = months.iter().map(|published| published.catalog.rules.requalification.settled_months);
        // Rounds that were opened under other rules look as far back as those: a year more is more than enough.
        let since = add_months(today, -months.max().unwrap_or(0) - 12);
        let settled = last_settled(batch, people, since).await?;
        let people = known.into_iter().map(|(psn_no, known)| (psn_no, known.insured)).collect();
        Ok(Self { app, batch, people, settled, today })
    }

    fn found(&self, psn_no: &PsnNo, code: &str) -> Result<(Person, Found)> {
        let insured = self
            .people
            .get(psn_no)
            .ok_or_else(|| Error::internal("a benefit belongs to a person who is not there").of_row())?;
        let person = Person { psn_no: psn_no.clone(), area: insured.insu_admdvs.clone() };
        let settled = self.settled.get(&(psn_no.clone(), code.to_owned())).copied();
        Ok((person, Found::of(insured, settled, self.today)))
    }

    /// The catalogue in force where a person is insured. Where there is none nobody is asked anything.
    fn published(&self, person: &Person) -> Option<std::sync::Arc<Published>> {
        self.app.catalogs.in_force(&person.area, self.today).ok()
    }

    fn open(&self, psn_no: &PsnNo, held: &Held) -> Result<Option<(Person, Advance)>> {
        let benefit = &held.benefit;
        let (person, found) = self.found(psn_no, &benefit.code)?;
        let Some(published) = self.published(&person) else { return Ok(None) };
        let opening = Opening {
            id: self.batch.db().random().id(self.batch.now()),
            disease: published.catalog.disease(&benefit.code),
            rules: &published.catalog.rules.requalification,
            cited: published.cited(),
            now: self.batch.now(),
        };
        let advance = open(opening, benefit, &found).map_err(Refusal::from)?;
        Ok(advance.map(|advance| (person, advance)))
    }
}

/// Opens the rounds of these benefits, or renews them by data. Gives how many; one that is not due yet, or that somebody
/// was faster with, is none of them.
pub async fn open_all(app: &App, last_settled: LastSettled, keys: &[Key]) -> Result<usize> {
    let people: BTreeSet<PsnNo> = keys.iter().map(|key| key.psn_no.clone()).collect();
    let batch = app.db.batch(&Actor::system(), people.clone()).await?;
    let known = Known::of(app, &batch, &people, last_settled).await?;
    let ids: BTreeSet<Id> = keys.iter().map(|key| key.id).collect();
    let held = benefits(&batch, &people, &ids).await?;
    let running = running(&batch, &people).await?;
    let mut changes = Changes::default();
    for key in keys {
        let Some(held) = held.get(&key.id).filter(|_| !running.contains(&key.id)) else { continue };
        if let Some((person, advance)) = known.open(&key.psn_no, held)? {
            changes.add(&batch, &person, (held, None), advance)?;
        }
    }
    finish(batch, changes).await
}

/// Does what the day asks for of these re-qualifications. Gives how many something happened to.
pub async fn look_all(app: &App, last_settled: LastSettled, keys: &[Key]) -> Result<usize> {
    let people: BTreeSet<PsnNo> = keys.iter().map(|key| key.psn_no.clone()).collect();
    let batch = app.db.batch(&Actor::system(), people.clone()).await?;
    let known = Known::of(app, &batch, &people, last_settled).await?;
    let ids: BTreeSet<Id> = keys.iter().map(|key| key.id).collect();
    let stored = rounds(&batch, &people, &ids).await?;
    let ids: BTreeSet<Id> = stored.iter().map(|stored| stored.round.head().benefit).collect();
    let held = benefits(&batch, &people, &ids).await?;
    let (mut changes, mut answered) = (Changes::default(), Vec::new());
    for Stored { psn_no, round, version } in stored {
        // What an officer has to decide has a deadline, which ends with it: in a work of its own.
        if matches!(round, Requalification::Answered(_)) {
            answered.push((psn_no, round.head().id));
            continue;
        }
        let (person, found) = known.found(&psn_no, &round.head().code)?;
        let none = || Error::internal("a re-qualification without its benefit").of_row();
        let held = held.get(&round.head().benefit).ok_or_else(none)?;
        if let Some(advance) = round.look(&held.benefit, &found).map_err(Refusal::from)? {
            changes.add(&batch, &person, (held, Some(version)), advance)?;
        }
    }
    let mut done = finish(batch, changes).await?;
    for (psn_no, id) in answered {
        done += usize::from(look_one(app, psn_no, id).await?);
    }
    Ok(done)
}

async fn finish(batch: Batch, changes: Changes) -> Result<usize> {
    let count = changes.len();
    if count == 0 {
        batch.rollback().await?;
    } else {
        changes.save(&batch).await?;
        batch.commit().await?;
    }
    Ok(count)
}

/// Looks at one that was answered: there is nothing to decide any more once its benefit is over.
async fn look_one(app: &App, psn_no: PsnNo, id: Id) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let stored = get(&work, id).await?;
    let benefit = one::get(&work, stored.round.head().benefit).await?;
    let insured = insured::get(&work).await?.insured;
    let found = Found::of(&insured, None, work.today());
    match stored.round.look(&benefit.benefit, &found).map_err(Refusal::from)? {
        Some(step) => {
            advance(&work, &app.calendar.now(), stored.version, benefit, step).await?;
            work.commit().await?;
            Ok(true)
        }
        None => {
            work.rollback().await?;
            Ok(false)
        }
    }
}
