//! 材料清单: whether what an applicant hands in is all that the catalogue asks for.

use time::Date;

use super::domain::{Form, LineForm, MaterialFault, StepRefused};
use crate::catalog::domain::{Catalog, Level, MaterialKind, RequiredMaterial};
use crate::kernel::add_months;
use crate::kernel::id::Id;
use crate::material::domain::Material;

/// Proof that everything that the checklist asks for is there. Only `complete` makes one.
pub struct Complete(());

/// A line of the checklist, and the disease that asks for it; empty where every application needs it.
struct Wanted<'a> {
    code: &'a str,
    required: &'a RequiredMaterial,
}

/// The proof that a form and its materials serve the checklist, or everything that is wrong with them at once.
///
/// The common part of the checklist is asked for once, each disease's own part once a line. A material serves a line
/// of the checklist when it is of its kind; where the whole checklist names several papers of one kind, its title must
/// be the paper's name too. Where several could serve, one without fault is enough; where each has a fault, the faults
/// of the best one are told.
pub fn complete(
    form: &Form,
    catalog: &Catalog,
    materials: &[Material],
    today: Date,
) -> Result<Complete, Vec<StepRefused>> {
    let mut refused: Vec<_> = form.lines.iter().flat_map(|line| line_faults(line, catalog, today)).collect();
    refused.extend(unserved(&checklist(form, catalog), catalog, materials, today));
    refused.extend(unlike(materials));
    if refused.is_empty() { Ok(Complete(())) } else { Err(refused) }
}

/// What is missing or wrong where some papers are wanted for one disease, by the same rules: for what is asked outside
/// an application.
pub fn wanting(
    code: &str,
    papers: &[RequiredMaterial],
    catalog: &Catalog,
    materials: &[Material],
    today: Date,
) -> Vec<StepRefused> {
    let checklist: Vec<_> = papers.iter().map(|required| Wanted { code, required }).collect();
    let mut refused = unserved(&checklist, catalog, materials, today);
    refused.extend(unlike(materials));
    refused
}

/// Each line of a checklist that no material serves, with what is wrong with the best one.
fn unserved(
    checklist: &[Wanted<'_>],
    catalog: &Catalog,
    materials: &[Material],
    today: Date,
) -> Vec<StepRefused> {
    let mut refused = Vec::new();
    for wanted in checklist {
        let required = wanted.required;
        let faults = meant(checklist, required, materials)
            .map(|material| material_faults(required, material, catalog, today))
            .min_by_key(Vec::len)
            .unwrap_or_else(|| vec![MaterialFault::Missing]);
        refused.extend(faults.into_iter().map(|fault| StepRefused::Material {
            code: wanted.code.to_owned(),
            title: required.name.clone(),
            fault,
        }));
    }
    refused
}

/// Everything that is asked for.
fn checklist<'a>(form: &'a Form, catalog: &'a Catalog) -> Vec<Wanted<'a>> {
    let mut checklist: Vec<_> =
        catalog.materials.iter().map(|required| Wanted { code: "", required }).collect();
    for line in &form.lines {
        let own = catalog.disease(&line.code).map(|disease| disease.materials.as_slice());
        checklist
            .extend(own.unwrap_or_default().iter().map(|required| Wanted { code: &line.code, required }));
    }
    checklist
}

/// The materials that are meant for a line of the checklist, whether or not they serve it.
fn meant<'a>(
    checklist: &[Wanted<'_>],
    required: &'a RequiredMaterial,
    materials: &'a [Material],
) -> impl Iterator<Item = &'a Material> {
    let other =
        |other: &Wanted<'_>| other.required.kind == required.kind && other.required.name != required.name;
    let several = checklist.iter().any(other);
    let of_kind = materials.iter().filter(|material| material.kind == required.kind);
    of_kind.filter(move |material| !several || material.label.title == required.name)
}

/// 免再提交: of what an earlier application had (`there`), what serves a line of the checklist that asks for no age and for
/// which the form names nothing (`own`). The application form is said and signed anew; and what shows more than who it is
/// must be that very paper, by its name.
pub fn carried(
    form: &Form,
    catalog: &Catalog,
    (own, there): (&[Material], &[Material]),
    today: Date,
) -> Vec<Id> {
    let checklist = checklist(form, catalog);
    let mut carried = Vec::new();
    for Wanted { required, .. } in &checklist {
        let lasting = required.months_max == 0 && required.kind != MaterialKind::ApplicationForm;
        if !lasting || meant(&checklist, required, own).next().is_some() {
            continue;
        }
        let serves = |paper: &&Material| {
            let same = required.kind.is_identity() || paper.label.title == required.name;
            same && material_faults(required, paper, catalog, today).is_empty()
        };
        let found = meant(&checklist, required, there).find(serves).map(|paper| paper.id);
        carried.extend(found.filter(|id| !carried.contains(id)));
    }
    carried
}

/// What is wrong among materials that must be unlike each other: a side of the identity card is there once, and one file
/// is not handed in under two titles.
fn unlike(materials: &[Material]) -> Vec<StepRefused> {
    let mut refused = Vec::new();
    let mut fault = |title: &str, fault: MaterialFault| {
        refused.push(StepRefused::Material { code: String::new(), title: title.to_owned(), fault });
    };
    for side in [MaterialKind::IdCardFront, MaterialKind::IdCardBack] {
        let mut of_side = materials.iter().filter(|material| material.kind == side);
        if let (Some(first), Some(_)) = (of_side.next(), of_side.next()) {
            fault(&first.label.title, MaterialFault::Several);
        }
    }
    for (at, material) in materials.iter().enumerate() {
        let line = |material: &Material| (material.kind, material.label.title.clone());
        let same = materials[..at]
            .iter()
            .find(|other| other.sha256 == material.sha256 && line(other) != line(material));
        if let Some(other) = same {
            let other = other.label.title.clone();
            fault(&material.label.title, MaterialFault::SameContent { other });
        }
    }
    refused
}

/// Which of the materials that come in are a file that is there, or comes in before them: their place, and the title of
/// the other one. A material that is there itself is not told: naming it again does no harm.
pub fn repeats(there: &[Material], coming: &[Material]) -> Vec<(usize, String)> {
    let repeat = |(place, material): (usize, &Material)| {
        if there.iter().any(|known| known.id == material.id) {
            return None;
        }
        let mut before = there.iter().chain(&coming[..place]);
        let same = before.find(|other| other.sha256 == material.sha256)?;
        Some((place, same.label.title.clone()))
    };
    coming.iter().enumerate().filter_map(repeat).collect()
}

fn line_faults(line: &LineForm, catalog: &Catalog, today: Date) -> Vec<StepRefused> {
    let code = || line.code.clone();
    let mut faults = Vec::new();
    if catalog.disease(&line.code).is_none() {
        faults.push(StepRefused::DiseaseUnknown { code: code() });
    }
    if catalog.institution(&line.ide_fixmedins_no).is_none() {
        let fixmedins_code = line.ide_fixmedins_no.clone();
        faults.push(StepRefused::InstitutionUnknown { code: code(), fixmedins_code });
    }
    if line.hosp_ide_date > today {
        faults.push(StepRefused::IdentifiedInFuture { code: code() });
    }
    faults
}

fn material_faults(
    required: &RequiredMaterial,
    material: &Material,
    catalog: &Catalog,
    today: Date,
) -> Vec<MaterialFault> {
    let label = &material.label;
    let mut faults = Vec::new();
    if !required.formats.iter().any(|format| format == material.media_type.format()) {
        faults.push(MaterialFault::Format { formats: required.formats.clone() });
    }
    let oldest = add_months(today, -required.months_max);
    if required.months_max > 0 && label.issued_on.is_none_or(|day| day < oldest) {
        faults.push(MaterialFault::TooOld { months_max: required.months_max });
    }
    if label.issued_on.is_some_and(|day| day > today) {
        faults.push(MaterialFault::IssuedInFuture);
    }
    if required.colour && material.checks.facts.colour == Some(false) {
        faults.push(MaterialFault::Grey);
    }
    if required.seal && !material.is_sealed() {
        faults.push(MaterialFault::Seal);
    }
    let least = required.hospital_min;
    let issuer = catalog.institution(&label.fixmedins_code);
    if least > Level::None && issuer.is_none_or(|institution| institution.level() < least) {
        faults.push(MaterialFault::Issuer { least });
    }
    faults
}

#[cfg(test)]
#[path = "checklist_tests.rs"]
mod tests;
