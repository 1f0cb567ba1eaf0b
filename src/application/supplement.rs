//! 补正.

use super::store::{self, Stored};
use crate::app::App;
use crate::db::work::Work;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::material;

/// Answers a request for a supplement: the materials belong to the application from now on, and the clock runs on. One
/// that adds nothing is no answer.
pub async fn supplement(app: &App, work: &Work, stored: Stored, materials: &[Id]) -> Result<Stored> {
    let awaiting = stored.application.into_awaiting().map_err(Refusal::from)?;
    let papers = material::store::get_all(work, materials).await?;
    if !awaiting.lacks_any(materials) {
        let zh = "所列材料均已在申请中，至少须有一份新材料";
        return Err(Error::invalid("materials", zh, "names only materials that the application has already"));
    }
    material::store::mark_in_use(work, &papers).await?;
    material::store::claim_contents(work, &papers).await?;
    let step = awaiting.supplement(materials, work.today());
    store::save(work, &app.calendar.now(), stored.version, step).await
}
