//! CatalogService.

use tonic::Request;

use super::criteria::Criterion;
use super::domain::{self, Catalog, HospitalRule, Insutype, Level};
use crate::app::App;
use crate::db::Db;
use crate::db::page::Page;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::name_parts;
use crate::kernel::region::Region;
use crate::proto::google::r#type::Date as DateMessage;
use crate::proto::opsp::catalog::v1 as pb;
use crate::proto::opsp::common::v1 as common;
use crate::rpc::call::{Answer, Serves, read};
use crate::rpc::parse::{area, date_message, to_date};

/// The service.
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::catalog_service_server::CatalogService for Service {
    async fn get_disease(&self, request: Request<pb::GetDiseaseRequest>) -> Answer<pb::Disease> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let published = service
                    .0
                    .catalogs
                    .in_force(&area(&input.name)?, as_of(input.as_of.as_ref(), view.today()))?;
                let disease = disease(&published.catalog, &input.name)?;
                Ok(message(&published.catalog, disease))
            })
        })
        .await
    }

    async fn list_diseases(
        &self,
        request: Request<pb::ListDiseasesRequest>,
    ) -> Answer<pb::ListDiseasesResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let day = as_of(input.as_of.as_ref(), view.today());
                let published = service.0.catalogs.in_force(&area(&input.parent)?, day)?;
                let listing = format!("diseases/{}/{}", input.parent, published.sha256);
                let page = Page::read(view, listing, input.page_size, 100, &input.page_token)?;
                let mut rows: Vec<_> = published.catalog.diseases.iter().collect();
                rows.sort_by(|left, right| left.code.cmp(&right.code));
                rows.retain(|disease| page.after.as_ref().is_none_or(|after| disease.code > *after));
                let paged = page.close(view, rows, |disease| disease.code.clone())?;
                Ok(pb::ListDiseasesResponse {
                    diseases: paged
                        .items
                        .into_iter()
                        .map(|disease| message(&published.catalog, disease))
                        .collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn list_policies(
        &self,
        request: Request<pb::ListPoliciesRequest>,
    ) -> Answer<pb::ListPoliciesResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let day = as_of(input.as_of.as_ref(), view.today());
                let published = service.0.catalogs.in_force(&area(&input.parent)?, day)?;
                let disease = disease(&published.catalog, &input.parent)?;
                Ok(pb::ListPoliciesResponse {
                    policies: published.catalog.policies(disease).into_iter().map(policy).collect(),
                    catalog_version: published.catalog.version.clone(),
                    sample: published.catalog.sample,
                })
            })
        })
        .await
    }

    async fn list_institutions(
        &self,
        request: Request<pb::ListInstitutionsRequest>,
    ) -> Answer<pb::ListInstitutionsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let day = as_of(input.as_of.as_ref(), view.today());
                let published = service.0.catalogs.in_force(&area(&input.parent)?, day)?;
                let listing = format!("institutions/{}/{}", input.parent, published.sha256);
                let page = Page::read(view, listing, input.page_size, 100, &input.page_token)?;
                let mut rows: Vec<_> =
                    published.catalog.institutions.iter().filter(|row| row.is_designated(day)).collect();
                rows.sort_by(|left, right| left.fixmedins_code.cmp(&right.fixmedins_code));
                rows.retain(|row| page.after.as_ref().is_none_or(|after| row.fixmedins_code > *after));
                let paged = page.close(view, rows, |row| row.fixmedins_code.clone())?;
                Ok(pb::ListInstitutionsResponse {
                    institutions: paged.items.into_iter().map(institution).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }
}

fn as_of(day: Option<&DateMessage>, today: time::Date) -> time::Date {
    day.and_then(to_date).unwrap_or(today)
}

/// The disease of `areas/{admdvs}/diseases/{code}`. A name in a county is a name in its pooling area.
fn disease<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a domain::Disease> {
    let [area, code] = name_parts(name, ["areas", "diseases"])?;
    let known = Region::find(area).is_some();
    catalog.disease(code).filter(|_| known).ok_or_else(|| Error::not_found(name))
}

fn message(catalog: &Catalog, disease: &domain::Disease) -> pb::Disease {
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
    }
}

/// 险种 in the contract's words.
pub fn insutype(kind: Insutype) -> i32 {
    match kind {
        Insutype::Employee => common::Insutype::Employee,
        Insutype::Resident => common::Insutype::Resident,
    }
    .into()
}

fn required(material: &domain::RequiredMaterial) -> pb::RequiredMaterial {
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

fn criterion(node: &Criterion) -> pb::Criterion {
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

fn policy(row: &domain::Policy) -> pb::Policy {
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

fn institution(row: &domain::Institution) -> pb::Institution {
    pb::Institution {
        fixmedins_code: row.fixmedins_code.clone(),
        fixmedins_name: row.fixmedins_name.clone(),
        hosp_lv: row.hosp_lv.clone(),
        admdvs: row.admdvs.clone(),
        begndate: parse_date(&row.begndate).map(date_message),
        enddate: row.enddate.as_deref().and_then(parse_date).map(date_message),
    }
}
