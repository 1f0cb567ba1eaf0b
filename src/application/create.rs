//! Begins a draft.

use super::admission::admit;
use super::carry::carry;
use super::domain::{Draft, Form};
use super::store::{self, Stored};
use crate::app::{App, Ask};
use crate::db::work::Work;
use crate::insured::domain::HeldBenefit;
use crate::kernel::error::{Error, Result};
use crate::material;

/// Begins a draft for somebody who may apply; refused with every reason at once.
pub async fn create(
    app: &App,
    work: &Work,
    held_benefits: Ask<Vec<HeldBenefit>>,
    form: Form,
) -> Result<Stored> {
    let published = app.catalogs.in_force(work.area()?, work.today())?;
    material::store::get_all(work, &form.materials).await?;
    let admitted = admit(work, &published.catalog, held_benefits, &form, None).await?;
    let eligible = admitted.map_err(Error::Refused)?;
    let form = carry(work, &published.catalog, held_benefits, form).await?;
    let step = Draft::begin(&eligible, work.new_id(), form, work.now());
    store::create(work, &app.calendar.now(), step).await
}
