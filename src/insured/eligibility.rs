//! Whether a person may apply today.

use std::sync::Arc;

use super::domain::{Eligible, Held};
use super::store;
use crate::catalog::domain::{Catalog, RequiredMaterial};
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

/// What an application for the diseases has to bring besides, though none of it stands against it: an institution's
/// assessment where a disease takes one, and the papers of the checklist.
pub fn needs(catalog: &Catalog, codes: &[String]) -> Vec<Refusal> {
    let mut needs: Vec<_> = catalog.materials.iter().map(|paper| paper_needed(paper, "")).collect();
    for disease in codes.iter().filter_map(|code| catalog.disease(code)) {
        if disease.assessment {
            needs.push(assessment_needed(&disease.code));
        }
        needs.extend(disease.materials.iter().map(|paper| paper_needed(paper, &disease.code)));
    }
    needs
}

fn paper_needed(paper: &RequiredMaterial, code: &str) -> Refusal {
    let (zh, en) = (format!("须提交:{}。", paper.name), format!("to be brought: {}.", paper.name));
    Refusal::new("MATERIAL_NEEDED", zh, en).about(code)
}

fn assessment_needed(code: &str) -> Refusal {
    Refusal::new(
        "ASSESSMENT_NEEDED",
        format!("病种 {code} 须先由定点医疗机构评估。"),
        format!("disease {code} takes the assessment of a designated institution first."),
    )
    .help(
        "请到该病种的定点医疗机构评估，申请时填写评估机构、日期与医师。",
        "be assessed at an institution designated for it, and name institution, day and doctor in the application.",
    )
    .about(code)
}
