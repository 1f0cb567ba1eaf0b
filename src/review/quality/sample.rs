//! 抽取: in the step of a confirmation, the draw among what it decided, and of the experts who judge it again.

use super::advance::advance;
use super::domain::{QualityReview, Sampled, left};
use super::lot::lots;
use super::store;
use crate::application::domain::{Decided, Line, LineState};
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::Result;
use crate::review::draw::Seed;
use crate::review::panel::Seated;

/// A confirmation that was saved.
pub struct Confirmed<'a> {
    /// What it decided.
    pub decided: Decided,
    /// The officer who had accepted the application.
    pub accepted_by: String,
    /// The panel on which it rests.
    pub first: &'a Seated,
}

/// Draws. Whether or not there are experts for it, the confirmation stands.
pub async fn sample(
    work: &Work,
    catalogs: &Catalogs,
    calendar: &Calendar,
    confirmed: Confirmed<'_>,
) -> Result<()> {
    let Confirmed { decided, accepted_by, first } = confirmed;
    let filed = &decided.filed;
    let published = catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)?;
    let rate = |line: &Line| {
        let rate = published.catalog.disease(&line.code).map_or(0, |disease| disease.quality_sample_bp);
        (line.code.clone(), u32::try_from(rate).unwrap_or(0))
    };
    let rates: Vec<_> = decided.lines.iter().map(rate).collect();
    let seed = Seed(work.random().bytes());
    let lots = lots(seed, filed.case.id, &rates);
    if lots.is_empty() {
        return Ok(());
    }
    let approved =
        |code: &str| decided.lines.iter().any(|line| line.code == code && line.state == LineState::Approved);
    let review = QualityReview {
        id: work.new_id(),
        application: filed.case.id,
        area: filed.case.area.clone(),
        confirmed_on: decided.decided_on,
        accepted_by,
        seed: seed.hex(),
        lines: lots.into_iter().map(|lot| Sampled { approved: approved(&lot.opsp_dise_code), lot }).collect(),
        decided_by: decided.decided_by.clone(),
        shown_days: left(&filed.clock, calendar, first, decided.decided_on),
        panel: None,
        judged: Vec::new(),
        undone: false,
    };
    let stored = store::create(work, review.sample()).await?;
    advance(work, catalogs, calendar, stored.value.id).await?;
    Ok(())
}
