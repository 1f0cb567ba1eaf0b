//! Whether a person may apply today.

use std::sync::Arc;

use super::domain::{Eligible, Held};
use super::store;
use crate::catalog::store::{Catalogs, Published};
use crate::db::work::View;
use crate::kernel::error::{Error, Refusal, Result};

/// The catalogue that is in force today where this call's person is insured.
pub fn catalog(view: &View, catalogs: &Catalogs) -> Result<Arc<Published>> {
    catalogs.in_force(view.area()?, view.today())
}

/// Proof that this call's person may apply for the diseases today, or every reason against it at once as
/// `Error::Refused`. `held` is what the person has and has applied for.
pub async fn eligible(view: &View, published: &Published, held: &Held, codes: &[String]) -> Result<Eligible> {
    let insured = store::get(view).await?.insured;
    insured
        .eligible(&published.catalog, codes, held, view.today())
        .map_err(|reasons| Error::Refused(reasons.into_iter().map(Refusal::from).collect()))
}
