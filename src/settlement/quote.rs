//! What a bill comes to now: the reading that preview and settlement share.

use super::admission::{self, Admitted, Known};
use super::calculation::{self, Before};
use super::domain::{Bill, Event, Made, Settled, Source};
use super::store;
use crate::benefit::accumulator::{self, Key, Used};
use crate::catalog::domain::Insutype;
use crate::catalog::store::Catalogs;
use crate::db::work::View;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::money::Money;
use crate::kernel::step::Step;
use crate::{benefit, insured, residence};

/// What a bill comes to.
#[expect(clippy::large_enum_variant, reason = "one a call, on its stack")]
pub enum Quote {
    /// It was settled before.
    Again(store::Stored),
    /// What settling it now would make.
    New(New),
}

/// A settlement that is not yet saved, and what it draws.
pub struct New {
    /// The settlement.
    pub step: Step<Settled, Event>,
    /// The accumulator that it draws on.
    pub key: Key,
    /// How that stands.
    pub before: Used,
    /// The limit that it must not exceed.
    pub limit: Money,
}

/// Reads what a bill comes to. The same bill again is the same settlement again.
pub async fn quote(view: &View, catalogs: &Catalogs, bill: Bill) -> Result<Quote> {
    let faults = bill.faults(view.today());
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if let Some(earlier) = store::find(view, &bill.key).await? {
        let settlement = earlier.settlement.again(&bill).map_err(Refusal::from)?;
        return Ok(Quote::Again(store::Stored { settlement, ..earlier }));
    }
    new(view, catalogs, bill).await.map(Quote::New)
}

async fn new(view: &View, catalogs: &Catalogs, bill: Bill) -> Result<New> {
    let area = &view.person()?.area;
    let day = bill.service_day;
    let published = catalogs.asked(area, day)?;
    let insured = insured::store::get(view).await?.insured;
    let benefits = benefit::store::of_disease(view, &bill.code).await?;
    let away = admission::institution(&published.catalog, &bill)
        .map(|(_, region)| region)
        .filter(|region| !area.pooling().contains(region));
    let not_filed = match away {
        Some(region) => residence::query::check(view, &region, day).await?.err(),
        None => None,
    };
    let benefits = benefits.iter().map(|stored| &stored.benefit).collect();
    let known = Known { insured: &insured, area, benefits, not_filed };
    let Admitted { in_force, policy, case } = admission::admit(&published.catalog, &bill, &known)?;
    let key = key(case.insutype, &bill);
    let before = accumulator::read(view, key.year, &key.code).await?;
    let spent = Before { used: before.fund(), deductible_used: before.deductible() };
    let calculated = calculation::settle(&bill, &in_force, policy, &spent);
    let source = Source {
        catalog_version: published.catalog.version.clone(),
        catalog_sha256: published.sha256.clone(),
        institutions_version: published.institutions_version.clone(),
        institutions_sha256: published.institutions_sha256.clone(),
        sample: published.catalog.sample,
    };
    let made = Made { id: view.new_id(), case, before: spent, calculated, source, now: view.now() };
    Ok(New { step: Settled::new(bill, &in_force, made), key, before, limit: policy.limit_fen })
}

/// The accumulator of a bill: insured kind and year of the service, disease.
pub fn key(insutype: Insutype, bill: &Bill) -> Key {
    Key { insutype, year: bill.service_day.year(), code: bill.code.clone() }
}
