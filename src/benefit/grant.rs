//! 待遇生效: a benefit for each entry of a notice that ended undisputed.

use std::sync::Arc;

use super::domain::{Benefit, Event, Under};
use super::following;
use super::store::{self, Stored};
use crate::app::App;
use crate::application;
use crate::application::domain::{Filed, Kind};
use crate::catalog::store::Published;
use crate::db::work::{Owner, Work};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::step::Step;
use crate::notice::domain::Undisputed;
use crate::notice::entry::store as entries;

/// The job. Answers how many benefits were granted; what fails keeps nothing else from being done, and the first
/// failure is told at the end.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure) = (0, None);
    for place in entries::undisputed(&view).await? {
        match grant(app, &place).await {
            Ok(granted) => done += u64::from(granted),
            Err(error) => {
                let reference = &place.reference;
                tracing::error!(notice.reference = %reference, error = %error, "a benefit could not be granted");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(done), Err)
}

/// Grants the benefit of one entry in its person's own transaction: the benefit, the line and the entry move together
/// or not at all. False when another run was faster, or when the person has the benefit from elsewhere.
async fn grant(app: &App, place: &entries::Place) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(place.psn_no.clone())).await?;
    let stored = entries::get(&work, place.entry).await?;
    let Some(undisputed) = stored.entry.undisputed() else {
        work.rollback().await?;
        return Ok(false);
    };
    let (code, line) = (undisputed.code().to_owned(), undisputed.application());
    let application = application::store::get(&work, line).await?;
    let decided = application.application.into_decided().map_err(Refusal::from)?;
    let published = rules(app, &undisputed, &decided.filed)?;
    let disease = published
        .catalog
        .disease(&code)
        .ok_or_else(|| Error::internal(format!("no catalogue has disease {code} any more")))?;
    let old = replaced(&work, &decided.filed).await?;
    let under = Under {
        disease,
        rules: &published.catalog.rules,
        cited: published.cited(),
        replaces: old.as_ref().map(|old| &old.benefit),
    };
    let step = Benefit::grant(undisputed, under, work.new_id(), work.now());
    let (id, granted) = create(&work, step, old, &place.reference).await?;
    let step = decided.grant(&code, store::name(work.person()?, id)).map_err(Refusal::from)?;
    application::store::save(&work, &app.calendar.now(), application.version, step).await?;
    let step = stored.entry.conclude().map_err(Refusal::from)?;
    entries::save(&work, stored.version, step).await?;
    work.commit().await?;
    Ok(granted)
}

/// 病情变化: the benefit that the application is to replace.
async fn replaced(work: &Work, filed: &Filed) -> Result<Option<Stored>> {
    match filed.form.kind {
        Kind::Changed { benefit } => store::get(work, benefit).await.map(Some),
        Kind::New | Kind::Added { .. } => Ok(None),
    }
}

/// Creates the benefit and ends what it replaces, unless the person has one for the disease in those days. That cannot be as long as nobody may
/// apply for what he holds. Should it be so all the same, the line is served by the benefit that is there: two for one
/// disease would pay twice, and a line that is tried forever would serve nobody.
async fn create(
    work: &Work,
    step: Step<Benefit, Event>,
    old: Option<Stored>,
    reference: &str,
) -> Result<(Id, bool)> {
    let held = store::of_disease(work, &step.state.code).await?;
    if let Some(other) = held.iter().find(|other| other.benefit.overlaps(&step.state)) {
        let benefit = other.benefit.id;
        tracing::error!(notice.reference = %reference, benefit.id = %benefit, "the benefit is held already: the line is served by it");
        return Ok((benefit, false));
    }
    if let Some(Stored { benefit, version }) = old
        && let Some(ended) = benefit.replaced_by(&step.state)
    {
        store::save(work, version, ended).await?;
    }
    let benefit = store::create(work, step).await?.benefit;
    // What the platform told since it was applied for is taken over at once, and not here: nothing of it holds up a grant.
    following::store::keep(work, benefit.id, Some(work.today())).await?;
    Ok((benefit.id, true))
}

/// The rules of the day on which the notice was over; where they do not know the disease any more, those of
/// the very catalogue under which it was submitted, so that nobody loses what was decided, whatever was published since.
fn rules(app: &App, undisputed: &Undisputed, filed: &Filed) -> Result<Arc<Published>> {
    let current = app.catalogs.in_force(undisputed.area(), undisputed.closed_on())?;
    if current.catalog.disease(undisputed.code()).is_some() {
        return Ok(current);
    }
    app.catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)
}
