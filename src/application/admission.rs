//! Whether the person may apply: what beginning, changing and submitting a draft ask alike.

use super::domain::Form;
use super::store::open_codes;
use crate::app::Ask;
use crate::catalog::domain::Catalog;
use crate::db::work::View;
use crate::insured;
use crate::insured::domain::{Eligible, Held, HeldBenefit};
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// The proof that nothing stands against the diseases today, or every reason that does. What the application `own` asks
/// for does not stand against itself, nor what it is to replace.
pub async fn admit(
    view: &View,
    catalog: &Catalog,
    held_benefits: Ask<Vec<HeldBenefit>>,
    form: &Form,
    own: Option<Id>,
) -> Result<Result<Eligible, Vec<Refusal>>> {
    let insured = insured::store::get(view).await?.insured;
    let held = Held { benefits: held_benefits(view).await?, applications: open_codes(view, own).await? };
    let codes = form.codes();
    let mut reasons: Vec<_> = form.kind.misfits(&codes, &held).into_iter().map(Refusal::from).collect();
    match insured.eligible(catalog, &codes, &form.kind.counted(held), view.today()) {
        Ok(eligible) if reasons.is_empty() => return Ok(Ok(eligible)),
        Ok(_) => {}
        Err(others) => reasons.extend(others.into_iter().map(Refusal::from)),
    }
    Ok(Err(reasons))
}
