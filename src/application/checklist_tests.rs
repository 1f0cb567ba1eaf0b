use super::*;
use crate::application::domain::Kind;
use crate::catalog::domain::{Disease, MaterialKind, SAMPLE};
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::material::domain::{Checks, Label, MediaType};
use time::macros::{date, datetime};
use uuid::Uuid;

const TODAY: Date = date!(2025 - 03 - 03);

fn form(codes: &[&str]) -> Form {
    let line = |code: &&str| LineForm {
        code: (*code).to_owned(),
        ide_fixmedins_no: "H62090200001".to_owned(),
        hosp_ide_date: TODAY,
        diag_dr_codg: "D1".to_owned(),
        diag_dr_name: "李医生".to_owned(),
    };
    Form {
        appy_rea: String::new(),
        tel: "13800000000".to_owned(),
        agent: None,
        lines: codes.iter().map(line).collect(),
        materials: Vec::new(),
        dcla_souc: "03".to_owned(),
        kind: Kind::New,
    }
}

fn material(required: &RequiredMaterial) -> Material {
    Material {
        id: Id(Uuid::nil()),
        kind: required.kind,
        media_type: MediaType::Jpeg,
        size_bytes: 1,
        sha256: format!("{:?} {}", required.kind, required.name),
        in_use: false,
        label: Label {
            title: required.name.clone(),
            issued_on: Some(add_months(TODAY, -required.months_max)),
            fixmedins_code: "H62090200001".to_owned(),
            sealed: true,
        },
        checks: Checks::default(),
        created_at: datetime!(2025-03-03 01:00 UTC),
    }
}

/// Everything that the checklist asks for, spoilt by `spoil`, must give these reasons about these diseases.
fn check(codes: &[&str], spoil: impl Fn(&mut Form, &mut Vec<Material>), expected: &[(&str, &str)]) {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let mut form = form(codes);
    let own = codes.iter().filter_map(|code| catalog.disease(code)).flat_map(|disease| &disease.materials);
    let mut materials: Vec<_> = catalog.materials.iter().chain(own).map(material).collect();
    spoil(&mut form, &mut materials);
    let refused = complete(&form, &catalog, &materials, TODAY).err().unwrap_or_default();
    let refusals: Vec<_> = refused.into_iter().map(Refusal::from).collect();
    let found: Vec<_> =
        refusals.iter().map(|refusal| (refusal.subject.as_str(), refusal.reason.as_ref())).collect();
    assert_eq!(found, expected);
}

fn report(materials: &mut [Material]) -> &mut Material {
    materials.iter_mut().find(|material| material.kind == MaterialKind::ExamReport).unwrap()
}

#[test]
fn what_the_checklist_asks_for_is_complete() {
    check(&["M01600"], |_, _| {}, &[]);
    check(&["M01600", "M00500"], |_, _| {}, &[]);
}

#[test]
fn every_fault_of_a_line_is_told() {
    check(&["NONE"], |_, _| {}, &[("NONE", "DISEASE_UNKNOWN")]);
    check(
        &["M01600"],
        |form, _| {
            form.lines[0].ide_fixmedins_no = "H00000000000".to_owned();
            form.lines[0].hosp_ide_date = date!(2025 - 03 - 04);
        },
        &[("M01600", "INSTITUTION_UNKNOWN"), ("M01600", "IDENTIFIED_IN_FUTURE")],
    );
}

#[test]
fn the_common_part_is_asked_for_once() {
    check(
        &["M01600", "M00500"],
        |_, materials| materials.clear(),
        &[("", "MATERIAL_MISSING"); 6]
            .into_iter()
            .chain([("M01600", "MATERIAL_MISSING"), ("M00500", "MATERIAL_MISSING")])
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_fault_of_a_material_is_told() {
    let spoilt = |spoil: fn(&mut Material), reason: &'static str| {
        check(&["M01600"], |_, materials| spoil(report(materials)), &[("M01600", reason)]);
    };
    spoilt(|material| material.kind = MaterialKind::Other, "MATERIAL_MISSING");
    spoilt(|material| material.label.issued_on = Some(date!(2024 - 03 - 02)), "MATERIAL_TOO_OLD");
    spoilt(|material| material.label.issued_on = None, "MATERIAL_TOO_OLD");
    spoilt(|material| material.label.issued_on = Some(date!(2025 - 03 - 04)), "MATERIAL_ISSUED_IN_FUTURE");
    spoilt(|material| material.label.sealed = false, "MATERIAL_SEAL");
    spoilt(|material| material.label.fixmedins_code = String::new(), "MATERIAL_ISSUER");
    spoilt(|material| material.label.fixmedins_code = "H62092100001".to_owned(), "MATERIAL_ISSUER");
}

#[test]
fn a_signature_that_covers_the_file_is_a_seal() {
    let sign = |_: &mut Form, materials: &mut Vec<Material>| {
        report(materials).label.sealed = false;
        report(materials).checks.facts.signed = true;
    };
    check(&["M01600"], sign, &[]);
}

#[test]
fn colour_is_asked_for_where_it_can_be_told() {
    let front = |colour| {
        move |_: &mut Form, materials: &mut Vec<Material>| {
            assert_eq!(materials[0].kind, MaterialKind::IdCardFront);
            materials[0].checks.facts.colour = colour;
        }
    };
    check(&["M01600"], front(None), &[]);
    check(&["M01600"], front(Some(true)), &[]);
    check(&["M01600"], front(Some(false)), &[("", "MATERIAL_GREY")]);
    let grey = |_: &mut Form, materials: &mut Vec<Material>| {
        report(materials).checks.facts.colour = Some(false);
    };
    check(&["M01600"], grey, &[]);
}

#[test]
fn each_side_of_the_card_is_there_once_and_no_file_twice() {
    let twice = |_: &mut Form, materials: &mut Vec<Material>| {
        let mut second = materials[1].clone();
        second.sha256 = "another".to_owned();
        materials.push(second);
    };
    check(&["M01600"], twice, &[("", "MATERIAL_SEVERAL")]);
    let same = |_: &mut Form, materials: &mut Vec<Material>| {
        materials[1].sha256 = materials[0].sha256.clone();
        report(materials).sha256 = "x".to_owned();
    };
    check(&["M01600"], same, &[("", "MATERIAL_SAME_CONTENT")]);
    // A second copy under the same title is of no use, but of no harm.
    let copy = |_: &mut Form, materials: &mut Vec<Material>| {
        let copy = report(materials).clone();
        materials.push(copy);
    };
    check(&["M01600"], copy, &[]);
}

#[test]
fn what_comes_in_is_no_file_that_is_there() {
    let paper = |id: u128, title: &str, sha256: &str| {
        let mut paper = material(&Catalog::parse(SAMPLE).unwrap().materials[0]);
        (paper.id, paper.label.title) = (Id(Uuid::from_u128(id)), title.to_owned());
        paper.sha256 = sha256.to_owned();
        paper
    };
    let there = [paper(1, "病历", "x"), paper(2, "报告", "y")];
    let found = |coming: &[Material]| repeats(&there, coming);
    assert_eq!(found(&[paper(3, "新报告", "z"), there[0].clone()]), []);
    assert_eq!(found(&[there[1].clone(), paper(3, "报告", "y")]), [(1, "报告".to_owned())]);
    let twice = [paper(3, "证明", "z"), paper(4, "病历", "x"), paper(5, "另一份", "z")];
    assert_eq!(found(&twice), [(1, "病历".to_owned()), (2, "证明".to_owned())]);
}

#[test]
fn a_format_that_is_not_taken_is_told_with_those_that_are() {
    let mut catalog = Catalog::parse(SAMPLE).unwrap();
    catalog.materials.truncate(1);
    catalog.materials[0].formats = vec!["pdf".to_owned()];
    let papers: Vec<_> = catalog.materials.iter().map(material).collect();
    let refused = complete(&form(&[]), &catalog, &papers, TODAY).err().unwrap_or_default();
    let [StepRefused::Material { fault: MaterialFault::Format { formats }, .. }] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert_eq!(formats, &["pdf"]);
}

#[test]
fn a_material_without_age_rule_needs_no_date_but_none_in_the_future() {
    let front = |day| move |_: &mut Form, materials: &mut Vec<Material>| materials[0].label.issued_on = day;
    check(&["M01600"], front(None), &[]);
    check(&["M01600"], front(Some(date!(1990 - 01 - 01))), &[]);
    check(&["M01600"], front(Some(date!(2025 - 03 - 04))), &[("", "MATERIAL_ISSUED_IN_FUTURE")]);
}

#[test]
fn titles_matter_only_where_one_kind_occurs_under_several_names() {
    let rename = |_: &mut Form, materials: &mut Vec<Material>| {
        report(materials).label.title = "检查报告".to_owned();
    };
    check(&["M01600"], rename, &[]);
    check(&["M01600", "M00500"], rename, &[("M01600", "MATERIAL_MISSING")]);
    // Both ask for 肾功能检查报告: one paper serves both.
    let one = |_: &mut Form, materials: &mut Vec<Material>| {
        let last = materials.iter().rposition(|material| material.kind == MaterialKind::ExamReport);
        materials.remove(last.unwrap());
    };
    check(&["M07803", "M07804"], one, &[]);
}

#[test]
fn one_good_material_is_enough_and_the_best_bad_one_is_told() {
    let with = |first: fn(&mut Material), second: fn(&mut Material)| {
        move |_: &mut Form, materials: &mut Vec<Material>| {
            let mut other = report(materials).clone();
            first(report(materials));
            second(&mut other);
            materials.push(other);
        }
    };
    let unsealed = |material: &mut Material| material.label.sealed = false;
    check(&["M01600"], with(unsealed, |_| {}), &[]);
    let bare = |material: &mut Material| {
        material.label.sealed = false;
        material.label.issued_on = None;
    };
    check(&["M01600"], with(bare, unsealed), &[("M01600", "MATERIAL_SEAL")]);
    check(&["M01600"], with(bare, bare), &[("M01600", "MATERIAL_TOO_OLD"), ("M01600", "MATERIAL_SEAL")]);
}

#[test]
fn what_does_not_grow_old_is_carried_where_nothing_is_named_instead() {
    use MaterialKind::{IdCardBack, IdCardFront, InsuranceCard};
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let numbered = |(required, number): (&RequiredMaterial, u128)| {
        let mut paper = material(required);
        paper.id = Id(Uuid::from_u128(number));
        paper
    };
    let there: Vec<_> = catalog.materials.iter().zip(1..).map(numbered).collect();
    let found = |codes: &[&str], own: &[Material], there: &[Material]| -> Vec<MaterialKind> {
        let carried = carried(&form(codes), &catalog, (own, there), TODAY);
        let kind = |id: &Id| there.iter().find(|paper| paper.id == *id).unwrap().kind;
        carried.iter().map(kind).collect()
    };
    assert_eq!(found(&["M03900"], &[], &there), [IdCardFront, IdCardBack, InsuranceCard]);
    assert_eq!(
        found(&["M03900"], &there[..1], &there),
        [IdCardBack, InsuranceCard],
        "the own one comes first"
    );
    assert_eq!(found(&["M03900"], &there, &there), []);
    assert_eq!(found(&["M03900"], &[], &[]), []);
    let mut grey = there.clone();
    grey[0].checks.facts.colour = Some(false);
    assert_eq!(
        found(&["M03900"], &[], &grey),
        [IdCardBack, InsuranceCard],
        "what would be refused is not carried"
    );
}

#[test]
fn of_what_shows_more_than_who_it_is_only_the_very_paper_is_carried() {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let lasting = |disease: &&Disease| disease.materials.iter().any(|paper| paper.months_max == 0);
    let disease = catalog.diseases.iter().find(lasting).unwrap();
    let pathology = disease.materials.iter().find(|paper| paper.months_max == 0).unwrap();
    assert_eq!((pathology.name.as_str(), pathology.kind), ("病理学检查报告", MaterialKind::ExamReport));
    let carried = |title: &str| {
        let mut paper = material(pathology);
        paper.label.title = title.to_owned();
        super::carried(&form(&[&disease.code]), &catalog, (&[], &[paper]), TODAY).len()
    };
    assert_eq!((carried(&pathology.name), carried("血糖检查报告")), (1, 0));
}
