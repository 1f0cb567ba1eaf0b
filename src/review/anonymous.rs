//! What is left of a material's label when nothing of it may tell who the applicant is. Pure.

use super::domain::task_name;
use crate::catalog::domain::{Catalog, MaterialKind};
use crate::kernel::id::Id;
use crate::material::domain::Material;

/// A material as an expert sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its id, which the expert does not get to see.
    pub id: Id,
    /// Its place in the application, from 1. A supplement only adds behind, so that it stays.
    pub number: usize,
    /// What the expert reads.
    pub title: String,
    /// Whether the bureau has redacted it, so that the expert can open it.
    pub ready: bool,
    /// Whether the expert has opened it.
    pub opened: bool,
}

impl Shown {
    /// `reviewTasks/{id}/materials/{number}`.
    pub fn name(&self, task: Id) -> String {
        Self::name_of(task, self.number)
    }

    /// The name of the material of a task with a number.
    pub fn name_of(task: Id, number: usize) -> String {
        format!("{}/materials/{number}", task_name(task))
    }
}

/// The materials of an application, in its order, as an expert sees them; those that show who it is are left out. `ready`
/// are those that were redacted.
pub fn shown(materials: &[Material], checklist: &[&str], ready: &[Id]) -> Vec<Shown> {
    let one = |(place, material): (usize, &Material)| {
        let title = title(material.kind, &material.label.title, checklist)?;
        let (id, ready) = (material.id, ready.contains(&material.id));
        Some(Shown { id, number: place + 1, title, ready, opened: false })
    };
    materials.iter().enumerate().filter_map(one).collect()
}

/// How an expert gets to see a material: by its kind, and by its title when that is a name of the checklist. Any other
/// title is the applicant's own words, which may tell who it is. None for papers that show it anyway.
fn title(kind: MaterialKind, said: &str, checklist: &[&str]) -> Option<String> {
    let name = match kind {
        MaterialKind::IdCardFront
        | MaterialKind::IdCardBack
        | MaterialKind::InsuranceCard
        | MaterialKind::ApplicationForm => return None,
        MaterialKind::DiagnosisCertificate => "诊断证明",
        MaterialKind::MedicalRecord => "住院或门诊病历",
        MaterialKind::ExamReport => "检查检验报告",
        MaterialKind::ResidenceProof => "异地居住证明",
        MaterialKind::Referral => "转诊证明",
        MaterialKind::Other => "其他",
    };
    if checklist.contains(&said) { Some(format!("{name}：{said}")) } else { Some(name.to_owned()) }
}

/// Names of the papers that the catalogue asks for: of every application, and for the diseases of a task. Where that is
/// about some of its application's diseases only, no name tells that there are others.
pub fn checklist<'a>(catalog: &'a Catalog, codes: &[&str]) -> Vec<&'a str> {
    let own = codes.iter().filter_map(|code| catalog.disease(code));
    let own = own.flat_map(|disease| &disease.materials);
    catalog.materials.iter().chain(own).map(|required| required.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_checklists_or_is_not_shown() {
        let title = |kind, said| title(kind, said, &["血糖检验报告"]);
        assert_eq!(title(MaterialKind::IdCardFront, "血糖检验报告"), None);
        assert_eq!(title(MaterialKind::ApplicationForm, "申请表"), None);
        assert_eq!(
            title(MaterialKind::ExamReport, "血糖检验报告").as_deref(),
            Some("检查检验报告：血糖检验报告")
        );
        for said in ["", "张三的血糖检验报告", "Zhang San", "血糖检验报告 "] {
            assert_eq!(title(MaterialKind::ExamReport, said).as_deref(), Some("检查检验报告"));
        }
        for kind in MaterialKind::ALL {
            assert_eq!(title(kind, "x").is_none(), kind.is_identity(), "{kind:?}");
        }
    }
}
