//! 答复: the person hands in papers, says that the benefit is still needed, or asks for an officer.

use super::domain::{Answer, Found};
use super::store::{self, Stored};
use crate::app::App;
use crate::application::checklist;
use crate::benefit::store as benefits;
use crate::db::work::Work;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::material::domain::Material;
use crate::{insured, material};

/// Answers a re-qualification. Everything that stands against the answer is told at once; who asks for an officer is
/// heard whatever is missing.
pub async fn answer(work: &Work, app: &App, id: Id, answer: Answer) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let benefit = benefits::get(work, stored.round.head().benefit).await?;
    let insured = insured::store::get(work).await?.insured;
    let found = Found::of(&insured, None, work.today());
    let papers = material::store::get_all(work, &answer.materials).await?;
    let mut refusals: Vec<_> = stored.round.against(&answer, &found).into_iter().map(Refusal::from).collect();
    if !answer.ask_officer {
        let head = stored.round.head();
        let published = app.catalogs.in_force(&head.area, work.today())?;
        let files: Vec<Material> = papers.iter().map(|paper| paper.material.clone()).collect();
        let wanting = checklist::wanting(&head.code, &head.papers, &published.catalog, &files, work.today());
        refusals.extend(wanting.into_iter().map(Refusal::from));
    }
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    material::store::mark_in_use(work, &papers).await?;
    material::store::claim_contents(work, &papers).await?;
    let advance = stored.round.answer(answer, &benefit.benefit, &found).map_err(Refusal::from)?;
    store::advance(work, &app.calendar.now(), stored.version, benefit, advance).await
}
