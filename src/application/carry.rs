//! 免再提交: what an earlier application handed in and does not grow old is not asked for again (社会保险经办条例 31).

use super::checklist::carried;
use super::domain::Form;
use super::store;
use crate::app::Ask;
use crate::catalog::domain::Catalog;
use crate::db::work::View;
use crate::insured::domain::HeldBenefit;
use crate::kernel::error::Result;
use crate::material;
use crate::material::domain::Material;

/// The form with what it may take over from the application of the benefit that it builds on.
pub async fn carry(
    view: &View,
    catalog: &Catalog,
    held_benefits: Ask<Vec<HeldBenefit>>,
    mut form: Form,
) -> Result<Form> {
    let Some(benefit) = form.kind.benefit() else { return Ok(form) };
    let held = held_benefits(view).await?;
    let Some(source) = held.iter().find_map(|own| own.source(benefit)) else { return Ok(form) };
    let earlier = store::get(view, source.application).await?.application;
    let there = plain(material::store::get_there(view, &earlier.form().materials).await?);
    let own = plain(material::store::get_all(view, &form.materials).await?);
    let carried = carried(&form, catalog, (&own, &there), view.today());
    form.materials.extend(carried);
    Ok(form)
}

fn plain(papers: Vec<material::store::Stored>) -> Vec<Material> {
    papers.into_iter().map(|paper| paper.material).collect()
}
