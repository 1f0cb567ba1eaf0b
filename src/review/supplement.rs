//! 一次性告知补正: asks the applicant for everything that is missing, at once.

use std::collections::BTreeSet;

use super::domain::{Answered, Refused, Task};
use super::once::{Item, Known, Paper, refusals};
use super::panel::Seated;
use super::store as reviews;
use crate::application::domain::{Asked, Filed};
use crate::application::store::{self, Stored};
use crate::catalog::store::Catalogs;
use crate::db::work::{View, Work};
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;

/// What helps where papers of the checklist are asked for.
const PAPERS: (&str, &str) =
    ("请补充后用 SupplementApplication 提交。", "add it and send it with SupplementApplication.");
/// What helps where it is only proof of the criteria.
const PROOF: (&str, &str) = (
    "请补充后用 SupplementApplication 提交；没有其他证明的，填 nothing_to_add（无补充材料）。",
    "add it and send it with SupplementApplication, or say there with nothing_to_add that there is none.",
);

/// Asks for a supplement. Opinions stand, so that nothing is asked for once an expert has given one; unless all have and
/// found a line UNKNOWN: then they judge that line anew, with what comes in.
pub async fn request(
    work: &Work,
    catalogs: &Catalogs,
    calendar: &Calendar,
    id: Id,
    items: &[Item],
) -> Result<Stored> {
    let stored = store::get(work, id).await?;
    let pending = stored.application.into_pending().map_err(Refusal::from)?;
    let filed = pending.filed();
    let faults = faults(items, &filed.form.codes());
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let judged = reviews::seated(work, id).await?.map(|stored| stored.value).filter(Seated::has_opinion);
    let unknown = match &judged {
        Some(seated) => Some(seated.wanting().ok_or(Refused::OpinionsGiven).map_err(Refusal::from)?),
        None => None,
    };
    let published = catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)?;
    let papers = papers(work, filed).await?;
    let known = Known {
        catalog: &published.catalog,
        form: &filed.form,
        requests: &filed.requests,
        papers: &papers,
        unknown: unknown.as_deref(),
    };
    let asked = known.asked(items).map_err(refusals)?;
    let only_proof = asked.iter().all(|asked| matches!(asked, Asked::Fact { .. }));
    let help = if only_proof { PROOF } else { PAPERS };
    let wanted = |(item, asked): (&Item, &Asked)| wanted(item, asked, &known).help(help.0, help.1);
    let wanted = items.iter().zip(&asked).map(wanted).collect();
    if let Some(seated) = judged {
        let codes = asked.iter().map(|asked| asked.code().to_owned()).collect();
        reopen(work, calendar, seated, &codes, filed.form.materials.len()).await?;
    }
    let step = pending.ask(asked, wanted, work.actor().operator()?, work.today());
    store::save(work, calendar, stored.version, step).await
}

/// What was handed in, in order.
async fn papers(view: &View, filed: &Filed) -> Result<Vec<Paper>> {
    let stored = crate::material::store::get_all(view, &filed.form.materials).await?;
    let paper = |material: crate::material::domain::Material| Paper {
        kind: material.kind,
        title: material.label.title,
    };
    Ok(stored.into_iter().map(|stored| paper(stored.material)).collect())
}

/// The experts judge these lines anew once the supplement is there.
async fn reopen(
    work: &Work,
    calendar: &Calendar,
    seated: Seated,
    codes: &BTreeSet<String>,
    seen: usize,
) -> Result<()> {
    for member in &seated.panel.members {
        let stored = reviews::task(work, member.task, &member.operator).await?;
        let answered: Answered = match stored.value {
            Task::Answered(answered) => answered,
            Task::Open(_) | Task::Closed(_) => continue,
        };
        let step = answered.reopen(codes, seen, work.today());
        reviews::save_task(work, calendar, stored.version, step).await?;
    }
    Ok(())
}

/// 无补充材料: what the experts had found stands again, unless something came in that they have not judged.
pub async fn stand(work: &Work, calendar: &Calendar, id: Id) -> Result<()> {
    let materials = store::get(work, id).await?.application.form().materials.len();
    let Some(seated) = reviews::seated(work, id).await? else { return Ok(()) };
    for member in &seated.value.panel.members {
        let stored = reviews::task(work, member.task, &member.operator).await?;
        let Task::Open(open) = stored.value else { continue };
        if let Some(step) = open.stand(materials) {
            reviews::save_task(work, calendar, stored.version, step).await?;
        }
    }
    Ok(())
}

/// What the applicant reads of an item.
fn wanted(item: &Item, asked: &Asked, known: &Known<'_>) -> Refusal {
    let (words, text) = (known.words(asked), &item.text);
    let (zh, en) = match asked {
        Asked::Paper { .. } => (
            format!("请补正材料“{words}”：{text}"),
            format!("the bureau asks for the material {words}: {text}"),
        ),
        Asked::Fact { fact, .. } => (
            format!("请补充能证明“{words}”的材料：{text}"),
            format!("the bureau asks for proof of the criterion {fact}: {text}"),
        ),
    };
    Refusal::new("SUPPLEMENT_WANTED", zh, en).about(item.code.clone())
}

/// Items about a disease that was not applied for, or about a paper and a fact at once.
fn faults(items: &[Item], codes: &[String]) -> Vec<Violation> {
    let mut faults = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if !item.code.is_empty() && !codes.contains(&item.code) {
            faults.push(Violation::new(
                &format!("items[{index}].opsp_dise_code"),
                "不是本申请的病种",
                "is no disease of this application",
            ));
        }
        if !item.fact.is_empty() && (item.kind.is_some() || !item.title.is_empty()) {
            faults.push(Violation::new(
                &format!("items[{index}].fact"),
                "材料与标准只能指明其一",
                "names a fact beside a material: one of them",
            ));
        }
    }
    faults
}
