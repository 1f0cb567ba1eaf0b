//! Whether the person may apply: what beginning, changing and submitting a draft ask alike.

use super::store::open_codes;
use crate::app::Ask;
use crate::catalog::domain::Catalog;
use crate::db::work::View;
use crate::insured;
use crate::insured::domain::{Eligible, Held, HeldBenefit};
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;

/// The proof that nothing stands against the diseases today, or every reason that does. What the application `own` asks
/// for does not stand against itself.
pub async fn admit(
    view: &View,
    catalog: &Catalog,
    held_benefits: Ask<Vec<HeldBenefit>>,
    codes: &[String],
    own: Option<Id>,
) -> Result<Result<Eligible, Vec<Refusal>>> {
    let insured = insured::store::get(view).await?.insured;
    let held = Held { benefits: held_benefits(view).await?, applications: open_codes(view, own).await? };
    let eligible = insured.eligible(catalog, codes, &held, view.today());
    Ok(eligible.map_err(|reasons| reasons.into_iter().map(Refusal::from).collect()))
}
