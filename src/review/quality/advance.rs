//! What comes next of a second panel: experts are drawn, a third where they differ, and in the end what it found is told.

use super::domain::QualityReview;
use super::store;
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::review::agreement;
use crate::review::agreement::domain::{Confirmation, judgements};
use crate::review::assign::{Reviewed, THIRD};
use crate::review::domain::Refused;
use crate::review::panel::Seated;
use crate::review::replace::related;
use crate::review::store::{self as reviews, Stored};

/// Does what can be done now. False when that is nothing: opinions are out, or nobody can be drawn.
pub async fn advance(work: &Work, catalogs: &Catalogs, calendar: &Calendar, id: Id) -> Result<bool> {
    let review = store::get(work, id).await?;
    let Some(seated) = store::seated(work, id).await?.filter(|_| review.value.is_open()) else {
        return Ok(false);
    };
    let missing = match seated.value.needs_third() {
        Ok(()) => 0,
        Err(Refused::PanelShort { missing }) => missing,
        // 回避: whoever came out to be related is replaced first, as on a first panel.
        Err(Refused::PanelComplete) if !related(work, &seated.value).await?.is_empty() => return Ok(false),
        Err(Refused::PanelComplete) => return judge(work, review, &seated.value).await,
        Err(_) => return Ok(false),
    };
    let reviewed = Reviewed::again(work, catalogs, calendar, review.value).await?;
    match reviewed.draw_further(&seated.value, missing.max(THIRD)).await? {
        Ok(drawn) => {
            reviewed.seat(seated, &drawn).await?;
        }
        // It waits for somebody, and the job looks again.
        Err(_) if missing > 0 => return Ok(false),
        Err(_) => {
            reviews::save_panel(work, Some(seated.version), seated.value.panel.lack()).await?;
        }
    }
    Ok(true)
}

async fn judge(work: &Work, review: Stored<QualityReview>, seated: &Seated) -> Result<bool> {
    let Some(step) = review.value.judge(seated) else { return Ok(false) };
    let review = store::save(work, review.version, step).await?.value;
    let confirmation = Confirmation::from(&review);
    agreement::store::judge(work, review.application, &review.judged).await?;
    agreement::store::keep(work, &confirmation, &judgements(seated)).await?;
    Ok(true)
}
