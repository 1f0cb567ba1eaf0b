//! What the catalogue says, in the contract's words.

use time::OffsetDateTime;

use super::criteria::Criterion;
use super::domain::{self, Catalog, HospitalRule, Insutype, Level};
use super::import::File;
use super::store::Published;
use crate::kernel::calendar::parse_date;
use crate::proto::opsp::catalog::v1 as pb;
use crate::proto::opsp::common::v1 as common;
use crate::rpc::parse::{date_message, timestamp};

/// The national code of a disease; empty for a local one without any.
pub fn national_code(disease: &domain::Disease) -> &str {
    match disease.code_status {
        domain::CodeStatus::Provisional => &disease.national_code,
        domain::CodeStatus::Verified | domain::CodeStatus::Assumed => disease.national(),
    }
}

/// Files as they were sent.
pub fn files(files: &[pb::CatalogFile]) -> Vec<File> {
    files.iter().map(|file| File { name: file.name.clone(), content: file.content.clone() }).collect()
}

/// Faults in the contract's words.
pub fn told(faults: Vec<domain::Fault>) -> Vec<pb::CatalogFault> {
    let fault = |fault: domain::Fault| pb::CatalogFault {
        file: fault.file,
        line: i32::try_from(fault.line).unwrap_or(i32::MAX),
        path: fault.path,
        text_zh: fault.zh,
        text_en: fault.en,
    };
    faults.into_iter().map(fault).collect()
}

/// A version in the contract's words.
pub fn version(catalog: &Catalog, sha256: &str, published_at: OffsetDateTime) -> pb::CatalogVersion {
    let rules = &catalog.rules;
    let requalification = &rules.requalification;
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    pb::CatalogVersion {
        name: format!("areas/{}/catalogs/{}", catalog.area, catalog.version),
        admdvs: catalog.area.clone(),
        version: catalog.version.clone(),
        in_force_from: parse_date(&catalog.in_force_from).map(date_message),
        sha256: sha256.to_owned(),
        sample: catalog.sample,
        source: catalog.source.clone(),
        publish_time: Some(timestamp(published_at)),
        diseases: count(catalog.diseases.len()),
        policies: count(catalog.policies.len()),
        institutions: count(catalog.institutions.len()),
        review_working_days: days(rules.review_working_days),
        notice_working_days: days(rules.notice_working_days),
        continuous_months: rules.insurance.continuous_months,
        gap_days_max: rules.insurance.gap_days_max,
        grace_days: rules.insurance.grace_days,
        acceptance_working_days: days(rules.acceptance_working_days),
        extension_working_days: days(rules.extension_working_days),
        opinion_working_days: days(rules.opinion_working_days),
        residence_working_days: days(rules.residence_working_days),
        remedy_days: days(rules.remedy_days),
        publish_disease: rules.publish_disease,
        anonymous_objections: rules.objection.anonymous,
        objection_working_days: days(rules.objection.working_days),
        objection_appeals: days(rules.objection.appeals),
        appeal_working_days: days(rules.objection.appeal_working_days),
        publish_disease_basis: rules.publish_disease_basis.clone(),
        requalify_open_days: days(requalification.open_days),
        requalify_remind_days: requalification.remind_days.iter().copied().map(days).collect(),
        requalify_grace_days: days(requalification.grace_days),
        requalify_settled_months: requalification.settled_months,
        requalify_year_end: requalification.at == domain::RequalifyAt::YearEnd,
        requalify_return_months: requalification.return_months,
        requalify_working_days: days(requalification.decide_working_days),
    }
}

/// A count in the contract's words.
pub fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A disease in the contract's words.
pub fn message(published: &Published, disease: &domain::Disease) -> pb::Disease {
    let catalog = &published.catalog;
    pb::Disease {
        name: format!("areas/{}/diseases/{}", catalog.area, disease.code),
        opsp_dise_code: disease.code.clone(),
        opsp_dise_name: disease.name.clone(),
        code_status: match disease.code_status {
            domain::CodeStatus::Verified => pb::CodeStatus::Verified,
            domain::CodeStatus::Assumed => pb::CodeStatus::Assumed,
            domain::CodeStatus::Provisional => pb::CodeStatus::Provisional,
        }
        .into(),
        group_name: catalog.group_name(disease).to_owned(),
        insutypes: disease.insutypes.iter().map(|kind| insutype(*kind)).collect(),
        assessment_required: disease.assessment,
        requalify_months: disease.requalify_months,
        requalify_bring: disease.requalify_bring.clone(),
        exclusions: disease.exclusions.clone(),
        materials: catalog.checklist(disease).map(required).collect(),
        criteria: Some(criterion(&disease.criteria)),
        catalog_version: catalog.version.clone(),
        sample: catalog.sample,
        national_opsp_dise_code: national_code(disease).to_owned(),
        age_min: disease.age_min,
        age_max: disease.age_max,
        catalog_sha256: published.sha256.clone(),
        quality_sample_bp: disease.quality_sample_bp,
        requalify_materials: disease.requalify_materials.iter().map(required).collect(),
        benefit_start: benefit_start(disease.start(&catalog.rules)),
    }
}

/// 待遇开始 in the contract's words.
fn benefit_start(start: domain::BenefitStart) -> i32 {
    match start {
        domain::BenefitStart::NoticeClosed => pb::BenefitStart::NoticeClosed,
        domain::BenefitStart::Approved => pb::BenefitStart::Approved,
        domain::BenefitStart::FirstOfNextMonth => pb::BenefitStart::FirstOfNextMonth,
    }
    .into()
}

/// 险种 in the contract's words.
pub fn insutype(kind: Insutype) -> i32 {
    match kind {
        Insutype::Employee => common::Insutype::Employee,
        Insutype::Resident => common::Insutype::Resident,
    }
    .into()
}

/// A line of a checklist in the contract's words.
pub fn required(material: &domain::RequiredMaterial) -> pb::RequiredMaterial {
    let media_type =
        |format: &String| if format == "pdf" { "application/pdf" } else { "image/jpeg" }.to_owned();
    pb::RequiredMaterial {
        kind: i32::from(material.kind.code()),
        title: material.name.clone(),
        media_types: material.formats.iter().map(media_type).collect(),
        months_max: material.months_max,
        seal_required: material.seal,
        colour_required: material.colour,
        hospital_level_min: level(material.hospital_min),
    }
}

fn level(level: Level) -> i32 {
    match level {
        Level::None => pb::HospitalLevel::Unspecified,
        Level::Primary => pb::HospitalLevel::Primary,
        Level::Secondary => pb::HospitalLevel::Secondary,
        Level::Tertiary => pb::HospitalLevel::Tertiary,
    }
    .into()
}

/// A criteria tree in the contract's words.
pub fn criterion(node: &Criterion) -> pb::Criterion {
    if let Criterion::Fact { fact, text } = node {
        return pb::Criterion {
            fact: fact.clone(),
            text_zh: text.clone(),
            at_least: 0,
            children: Vec::new(),
        };
    }
    let (needed, children) = node.children();
    pb::Criterion {
        fact: String::new(),
        text_zh: String::new(),
        at_least: i32::try_from(needed).unwrap_or(i32::MAX),
        children: children.iter().map(criterion).collect(),
    }
}

/// A policy row in the contract's words.
pub fn policy(row: &domain::Policy) -> pb::Policy {
    pb::Policy {
        insutype: insutype(row.insutype),
        person: match row.person {
            domain::PersonRule::Any => "any",
            domain::PersonRule::Working => "working",
            domain::PersonRule::Retired => "retired",
        }
        .to_owned(),
        hospital_level: level(match row.hospital {
            HospitalRule::Any => Level::None,
            HospitalRule::Primary => Level::Primary,
            HospitalRule::Secondary => Level::Secondary,
            HospitalRule::Tertiary => Level::Tertiary,
        }),
        place: match row.place {
            domain::PlaceRule::Any => "any",
            domain::PlaceRule::Home => "home",
            domain::PlaceRule::Remote => "remote",
        }
        .to_owned(),
        ratio_bp: row.ratio_bp.0,
        limit_fen: row.limit_fen.0,
        deductible_fen: row.deductible_fen.0,
        ways: row.ways.clone(),
    }
}

/// An institution in the contract's words.
pub fn institution(row: &domain::Institution) -> pb::Institution {
    pb::Institution {
        fixmedins_code: row.fixmedins_code.clone(),
        fixmedins_name: row.fixmedins_name.clone(),
        hosp_lv: row.hosp_lv.clone(),
        admdvs: row.admdvs.clone(),
        begndate: parse_date(&row.begndate).map(date_message),
        enddate: row.enddate.as_deref().and_then(parse_date).map(date_message),
        insutypes: row.insutypes.iter().map(|kind| insutype(*kind)).collect(),
        opsp_dise_codes: row.diseases.clone(),
    }
}
