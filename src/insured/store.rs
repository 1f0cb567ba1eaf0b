//! Insured people in their table, sealed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde::Deserialize;
use time::Date;

use super::domain::{History, Insured};
use super::row::{claim, insured};
use crate::db::batch::Batch;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::keys::Keys;
use crate::db::source::{Random, from_micros, micros};
use crate::db::work::View;
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::local_day;
use crate::kernel::period::Period;

/// An insured person as read.
pub struct Stored {
    /// The person.
    pub insured: Insured,
    /// The row's version.
    pub version: i64,
}

/// The person of this call.
pub async fn get(view: &View) -> Result<Stored> {
    let found = find(view).await?;
    found.map_or_else(|| Err(Error::NotFound(view.person()?.name())), Ok)
}

/// The person of this call, who is perhaps not there yet.
pub async fn find(view: &View) -> Result<Option<Stored>> {
    let person = view.person()?;
    let row = insured::Entity::find_by_id(person.psn_no.as_str().to_owned())
        .one(&view.conn())
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let insured = open(view.keys(), &row)?;
    Ok(Some(Stored { insured, version: row.version }))
}

/// A row with what is stored of it: computed before the transaction begins, so that nobody waits for it.
pub struct Prepared {
    /// The person.
    pub insured: Insured,
    /// Blind index of the certificate.
    pub index: Vec<u8>,
    body: Vec<u8>,
}

/// Seals a person and computes the index of the certificate.
pub fn prepare(keys: &Keys, random: &Random, insured: Insured) -> Result<Prepared> {
    let index = certno_index(keys, &insured.certificate())?;
    let body = seal(keys, random, &insured)?;
    Ok(Prepared { insured, index, body })
}

fn seal(keys: &Keys, random: &Random, insured: &Insured) -> Result<Vec<u8>> {
    keys.seal_value(random, &name(&insured.psn_no), insured)
}

/// A person of a batch as read.
pub struct Known {
    /// The person.
    pub insured: Insured,
    /// Blind index of the certificate.
    pub index: Vec<u8>,
    /// The row's version.
    pub version: i64,
}

/// Of some people those who are there. On PostgreSQL each statement sees what was committed until then: who came after
/// the others were locked is neither locked nor known to be within reach, and the batch has lost a race.
pub async fn known(batch: &Batch, people: &BTreeSet<PsnNo>) -> Result<BTreeMap<PsnNo, Known>> {
    let numbers = people.iter().map(PsnNo::as_str);
    let rows = insured::Entity::find()
        .filter(batch.db().among("psn_no", numbers))
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    let mut known = BTreeMap::new();
    for row in rows {
        let insured = open(batch.keys(), &row).map_err(Error::of_row)?;
        if !batch.has_locked(&insured.psn_no) {
            return Err(Error::Conflict);
        }
        let person = Known { insured, index: row.certno_index, version: row.version };
        known.insert(person.insured.psn_no.clone(), person);
    }
    Ok(known)
}

/// Of some certificates those that are claimed, by whom.
pub async fn claims(batch: &Batch, indexes: BTreeSet<Vec<u8>>) -> Result<BTreeMap<Vec<u8>, PsnNo>> {
    let rows = claim::Entity::find()
        .filter(batch.db().among("certno_index", indexes))
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    rows.into_iter().map(|row| Ok((row.certno_index, PsnNo::parse(&row.psn_no)?))).collect()
}

/// A row as it was taken over.
pub struct Taken<'a> {
    /// The row.
    pub row: &'a Prepared,
    /// The person after it: that of the row, or with more that is known.
    pub insured: Cow<'a, Insured>,
    /// The version of what is stored then.
    pub version: i64,
}

/// What a batch of rows comes to.
#[derive(Default)]
pub struct Changes<'a> {
    /// New people.
    pub new: Vec<Taken<'a>>,
    /// People of whom something changed.
    pub changed: Vec<Taken<'a>>,
    /// Everything that happened, in order.
    pub entries: Vec<(Person, Entry)>,
    /// Certificates that are nobody's any more.
    pub given_up: Vec<Vec<u8>>,
    /// Certificates with those whose they are now.
    pub claimed: Vec<(Vec<u8>, PsnNo)>,
}

/// Saves what a batch of rows comes to.
pub async fn save(batch: &Batch, changes: Changes<'_>) -> Result<()> {
    let now = micros(batch.now());
    let row = |Taken { row, insured, version }: Taken<'_>| {
        let body = match &insured {
            Cow::Borrowed(_) => row.body.clone(),
            Cow::Owned(insured) => seal(batch.keys(), batch.db().random(), insured)?,
        };
        Ok(insured::ActiveModel {
            psn_no: Set(insured.psn_no.as_str().to_owned()),
            insu_admdvs: Set(insured.insu_admdvs.as_str().to_owned()),
            insutype: Set(insured.insutype.code()),
            certno_index: Set(row.index.clone()),
            body: Set(body),
            version: Set(version),
            updated_at: Set(now),
        })
    };
    let count = changes.given_up.len();
    if count > 0 {
        let given_up = batch.db().among("certno_index", changes.given_up);
        batch.delete_parts(claim::Entity::delete_many().filter(given_up), count).await?;
    }
    let claims = changes.claimed.into_iter().map(|(index, psn_no)| claim::ActiveModel {
        certno_index: Set(index),
        psn_no: Set(psn_no.as_str().to_owned()),
    });
    batch.insert_parts(claims.collect()).await?;
    let new = changes.new.into_iter().map(row).collect::<Result<_>>()?;
    let changed = changes.changed.into_iter().map(row).collect::<Result<_>>()?;
    batch.save(new, changed, changes.entries).await
}

/// Who has a certificate, wherever insured.
pub async fn claimed_by(view: &View, certificate: &str) -> Result<Option<PsnNo>> {
    let index = certno_index(view.keys(), certificate)?;
    let row = claim::Entity::find_by_id(index).one(&view.conn()).await.map_err(failed)?;
    row.map(|row| PsnNo::parse(&row.psn_no)).transpose()
}

fn name(psn_no: &PsnNo) -> String {
    format!("insured/{psn_no}")
}

/// Opens a row. One from before the day of its states was kept tells no more than that they are known since it was last
/// changed. One from before spells were told says in two dates what became a spell and a payment.
fn open(keys: &Keys, row: &insured::Model) -> Result<Insured> {
    #[derive(Deserialize)]
    struct Dates {
        insured_since: Date,
        paid_until: Date,
    }
    let name = format!("insured/{}", row.psn_no);
    let mut insured: Insured = keys.open_value(&name, &row.body)?;
    if insured.psn_no.as_str() != row.psn_no || insured.insu_admdvs.as_str() != row.insu_admdvs {
        return Err(Error::internal(format!("{name}: the sealed body is of another row")));
    }
    if insured.history.is_empty() {
        let Dates { insured_since, paid_until } = keys.open_value(&name, &row.body)?;
        insured.history = History::since(insured.spell(Period::since(insured_since)), paid_until);
    }
    insured.stated = insured.stated.or_since(local_day(from_micros(row.updated_at)));
    Ok(insured)
}

fn certno_index(keys: &Keys, certificate: &str) -> Result<Vec<u8>> {
    keys.blind_index("certno", certificate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insured::domain::Stated;
    use crate::insured::sample;
    use time::macros::{date, datetime};

    #[test]
    fn a_row_from_before_there_were_spells_reads_as_one_spell_and_one_payment() {
        let random = Random::seeded(1);
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        let mut body = serde_json::to_value(sample::person()).unwrap();
        let fields = body.as_object_mut().unwrap();
        fields.remove("history");
        fields.remove("death_date");
        fields.remove("stated");
        let day = |day: Date| serde_json::to_value(day).unwrap();
        fields.insert("insured_since".to_owned(), day(date!(2010 - 01 - 01)));
        fields.insert("paid_until".to_owned(), day(date!(2025 - 12 - 31)));
        let sealed = |place: &str| insured::Model {
            psn_no: "62090000001".to_owned(),
            insu_admdvs: "620902".to_owned(),
            insutype: 310,
            certno_index: Vec::new(),
            body: keys.seal_value(&random, place, &body).unwrap(),
            version: 1,
            // The next day in China.
            updated_at: micros(datetime!(2025-03-03 16:00 UTC)),
        };
        let known = Insured { stated: Stated::since(date!(2025 - 03 - 04)), ..sample::person() };
        assert!(open(&keys, &sealed("insured/62090000001")).unwrap() == known);
        assert!(open(&keys, &sealed("insured/62090000002")).is_err());
    }
}
