//! What a person has, whether it is in force on a day, and what is left of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::Date;

use super::accumulator::{self, Used};
use super::domain::{self, Benefit, Standing};
use super::store::{self, Stored};
use crate::app::App;
use crate::catalog::domain::Insutype;
use crate::catalog::store::Published;
use crate::db::page::{Page, Paged};
use crate::db::work::View;
use crate::insured;
use crate::insured::domain::{HeldBenefit, NotEligible, Source};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::money::Money;

/// Items of a page without the caller's saying so.
const SIZE: usize = 50;

/// Whether a benefit is in force on a day, and what it may still pay in that day's year.
pub struct Check {
    /// Why it is not in force; none when it is.
    pub reasons: Vec<Refusal>,
    /// The benefit in force, or the newest one that is not.
    pub benefit: Option<Id>,
    /// 年度支付限额.
    pub limit: Money,
    /// 年度已支付.
    pub used: Money,
    /// The catalogue in force on that day.
    pub published: Arc<Published>,
}

/// What was allowed and used in a year.
pub struct Year {
    /// 年度.
    pub year: i32,
    /// 险种 today, whose limit it is.
    pub insutype: Insutype,
    /// 年度支付限额, as in force today.
    pub limit: Money,
    /// What was used, whatever the insured kind.
    pub used: Used,
}

/// Benefits of this call's person, newest first.
pub async fn list(view: &View, parent: &str, size: i32, token: &str) -> Result<Paged<Stored>> {
    let page = Page::read(view, format!("benefits/{parent}"), size, SIZE, token)?;
    let before = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, before, page.limit()).await?;
    page.close(view, rows, |stored| stored.benefit.id.to_string())
}

/// This call's person's benefits that have not ended as of today: in force, suspended or yet to begin; each disease once,
/// until the last of its benefits ends. One that was left behind in another pooling area is not among them.
pub async fn held(view: &View) -> Result<Vec<HeldBenefit>> {
    let (today, area) = (view.today(), &view.person()?.area);
    let stored = store::list(view, None, u64::from(u32::MAX)).await?.into_iter();
    let benefits = stored.map(|stored| stored.benefit);
    let mut held: BTreeMap<String, HeldBenefit> = BTreeMap::new();
    for benefit in benefits.filter(|one| one.is_of(area) && one.standing(today) != Standing::Ended) {
        let last = benefit.end.map(|(last, _)| last);
        let in_force = benefit.in_force(today, area).is_ok();
        let source = Source { benefit: benefit.id, application: benefit.application, in_force };
        let first = || HeldBenefit { code: benefit.code.clone(), last, sources: Vec::new() };
        let own = held.entry(benefit.code.clone()).or_insert_with(first);
        own.last = own.last.zip(last).map(|(one, other)| one.max(other));
        own.sources.push(source);
    }
    Ok(held.into_values().collect())
}

/// Whether this call's person has the benefit for a disease on a day, with every reason against it.
pub async fn check(view: &View, app: &App, code: &str, day: Date) -> Result<Check> {
    let insured = insured::store::get(view).await?.insured;
    let published = app.catalogs.asked(&insured.insu_admdvs, day)?;
    let benefits = of_disease(view, code).await?;
    let mut reasons = Vec::new();
    let found = domain::in_force(&benefits, code, day, &insured.insu_admdvs);
    let benefit = match &found {
        Ok(in_force) => Some(in_force.benefit()),
        Err(_) => benefits.first().map(|newest| newest.id),
    };
    let insurance = insured.standing_on(day);
    reasons.extend(found.err().filter(|reason| reason.is_news_beside(&insurance)).map(Refusal::from));
    reasons.extend(insurance.into_iter().map(Refusal::from));
    let limit = match published.catalog.disease(code) {
        Some(disease) => {
            let kind = insured.home_insutype_on(day);
            if !disease.insutypes.contains(&kind) {
                let code = code.to_owned();
                reasons.push(NotEligible::KindNotOpen { code, kind, met_on: None }.into());
            }
            domain::highest_limit(&published.catalog, disease, kind, insured.retired_on(day))
        }
        None => {
            reasons.push(NotEligible::UnknownDisease { code: code.to_owned() }.into());
            Money::ZERO
        }
    };
    let used = accumulator::read(view, day.year(), code).await?.fund();
    Ok(Check { reasons, benefit, limit, used, published })
}

/// 年度累计 of this call's person for a disease; of this year when none is named.
pub async fn year(view: &View, app: &App, code: &str, year: Option<i32>) -> Result<Year> {
    let insured = insured::store::get(view).await?.insured;
    let published = app.catalogs.asked(&insured.insu_admdvs, view.today())?;
    let disease = published
        .catalog
        .disease(code)
        .ok_or_else(|| Error::not_found(&format!("areas/{}/diseases/{code}", published.area)))?;
    let today = view.today();
    let insutype = insured.home_insutype_on(today);
    let limit = domain::highest_limit(&published.catalog, disease, insutype, insured.retired_on(today));
    let year = year.unwrap_or_else(|| view.today().year());
    let used = accumulator::read(view, year, code).await?;
    Ok(Year { year, insutype, limit, used })
}

/// A person's benefits for a disease, newest first.
async fn of_disease(view: &View, code: &str) -> Result<Vec<Benefit>> {
    Ok(store::of_disease(view, code).await?.into_iter().map(|stored| stored.benefit).collect())
}
