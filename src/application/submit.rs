//! Submits a draft.

use super::admission::admit;
use super::carry::carry;
use super::checklist::{Complete, complete};
use super::designation;
use super::domain::StepRefused;
use super::store::{self, Stored};
use crate::app::{App, Ask};
use crate::db::work::Work;
use crate::insured::domain::{Eligible, HeldBenefit};
use crate::kernel::error::{Error, Refusal, Result};
use crate::material;

/// Submits a draft that was just read: the clock of the review starts, and its materials are kept from now on. Refused
/// with everything that stands against it at once, in the person and in the papers.
pub async fn submit(
    app: &App,
    work: &Work,
    held_benefits: Ask<Vec<HeldBenefit>>,
    stored: Stored,
) -> Result<Stored> {
    let mut draft = stored.application.into_draft().map_err(Refusal::from)?;
    let today = work.today();
    let published = app.catalogs.in_force(work.area()?, today)?;
    let catalog = &published.catalog;
    draft.form = carry(work, catalog, held_benefits, draft.form).await?;
    let papers = material::store::get_all(work, &draft.form.materials).await?;
    let materials: Vec<_> = papers.iter().map(|paper| paper.material.clone()).collect();
    let own = Some(draft.case.id);
    let admitted = admit(work, catalog, held_benefits, &draft.form, own).await?;
    let kind = admitted.as_ref().map_or(draft.case.insutype, Eligible::insutype);
    let undesignated = designation::faults(&draft.form, catalog, kind);
    let complete = complete(&draft.form, catalog, &materials, today);
    let (eligible, complete) = both(admitted, complete, undesignated)?;
    material::store::mark_in_use(work, &papers).await?;
    material::store::claim_contents(work, &papers).await?;
    let step = draft.submit(&eligible, &complete, &published, today);
    store::save(work, &app.calendar.now(), stored.version, step).await
}

fn both(
    admitted: Result<Eligible, Vec<Refusal>>,
    complete: Result<Complete, Vec<StepRefused>>,
    undesignated: Vec<StepRefused>,
) -> Result<(Eligible, Complete)> {
    let (mut refusals, faults) = match (admitted, complete) {
        (Ok(eligible), Ok(complete)) if undesignated.is_empty() => return Ok((eligible, complete)),
        (admitted, complete) => (admitted.err().unwrap_or_default(), complete.err().unwrap_or_default()),
    };
    for refusal in faults.into_iter().chain(undesignated).map(Refusal::from) {
        // Both look the disease up: an unknown one is told once.
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    Err(Error::Refused(refusals))
}
