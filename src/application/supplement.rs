//! 补正.

use super::checklist::repeats;
use super::domain::Awaiting;
use super::store::{self, Stored};
use crate::app::{App, Tell};
use crate::db::work::Work;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;
use crate::material;
use crate::material::domain::Material;

/// What an applicant answers to a request for a supplement.
pub enum Answer {
    /// With these materials.
    Materials(Vec<Id>),
    /// 无补充材料: there is no further proof.
    NothingToAdd,
}

/// Answers a request for a supplement: the materials belong to the application from now on, and the clock runs on. One
/// that adds nothing is no answer: where there is nothing to add, that is said, and what the experts found stands.
pub async fn supplement(
    app: &App,
    work: &Work,
    stand: Tell,
    stored: Stored,
    answer: Answer,
) -> Result<Stored> {
    let awaiting = stored.application.into_awaiting().map_err(Refusal::from)?;
    let step = match answer {
        Answer::Materials(materials) => {
            take(work, &awaiting, &materials).await?;
            awaiting.supplement(&materials, work.today())
        }
        Answer::NothingToAdd => {
            let id = awaiting.filed.case.id;
            let step = awaiting.nothing_to_add(work.today()).map_err(Refusal::from)?;
            stand(app, work, id).await?;
            step
        }
    };
    store::save(work, &app.calendar.now(), stored.version, step).await
}

/// Takes materials into use that add something, each of them, or tells which do not.
async fn take(work: &Work, awaiting: &Awaiting, materials: &[Id]) -> Result<()> {
    let papers = material::store::get_all(work, materials).await?;
    if !awaiting.lacks_any(materials) {
        let zh = "所列材料均已在申请中，至少须有一份新材料；没有其他证明的，填 nothing_to_add（无补充材料）";
        let en =
            "names only materials that the application has already: add a new one, or say nothing_to_add";
        return Err(Error::invalid("materials", zh, en));
    }
    let there = material::store::get_all(work, &awaiting.filed.form.materials).await?;
    let plain = |papers: &[material::store::Stored]| -> Vec<Material> {
        papers.iter().map(|paper| paper.material.clone()).collect()
    };
    let repeats = repeats(&plain(&there), &plain(&papers));
    if !repeats.is_empty() {
        let fault = |(place, title): (usize, String)| {
            Violation::new(
                &format!("materials[{place}]"),
                format!("与“{title}”是同一文件，没有补充新内容，请换为新材料"),
                format!("is the same file as {title} and adds nothing: name a new one"),
            )
        };
        return Err(Error::Invalid(repeats.into_iter().map(fault).collect()));
    }
    material::store::mark_in_use(work, &papers).await?;
    material::store::claim_contents(work, &papers).await
}
