//! Replaces what a draft says.

use super::admission::admit;
use super::carry::carry;
use super::domain::Form;
use super::store::{self, Stored};
use crate::app::{App, Ask};
use crate::db::work::Work;
use crate::insured::domain::HeldBenefit;
use crate::kernel::error::{Error, Refusal, Result};
use crate::material;

/// Replaces what a draft that was just read says; refused with every reason at once.
pub async fn update(
    app: &App,
    work: &Work,
    held_benefits: Ask<Vec<HeldBenefit>>,
    stored: Stored,
    form: Form,
) -> Result<Stored> {
    let draft = stored.application.into_draft().map_err(Refusal::from)?;
    let published = app.catalogs.in_force(work.area()?, work.today())?;
    material::store::get_all(work, &form.materials).await?;
    let own = Some(draft.case.id);
    let admitted = admit(work, &published.catalog, held_benefits, &form, own).await?;
    let eligible = admitted.map_err(Error::Refused)?;
    let form = carry(work, &published.catalog, held_benefits, form).await?;
    store::save(work, &app.calendar.now(), stored.version, draft.update(&eligible, form)).await
}
