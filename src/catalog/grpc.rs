//! CatalogService.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use time::OffsetDateTime;
use tonic::{Request, Status};

pub use super::convert::insutype;
use super::convert::{count, files, institution, message, national_code, policy, told, version};
use super::domain::{self, Catalog};
use super::import::File;
use super::publish::{self, Imported};
use super::store::{self, Published};
use crate::app::App;
use crate::db::Db;
use crate::db::page::Page;
use crate::db::source::micros;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::name_parts;
use crate::kernel::region::Region;
use crate::proto::google::r#type::Date as DateMessage;
use crate::proto::opsp::catalog::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write};
use crate::rpc::parse::{area, date_message, to_date};

/// The service, with those of its RPCs that read what lies to the right of the catalogue.
pub struct Service(pub App, pub Elsewhere);

/// RPCs that other features implement: each whole, from the request to the answer.
pub struct Elsewhere {
    /// GetForm.
    pub get_form: fn(App, Request<pb::GetFormRequest>) -> BoxFuture<'static, Answer<pb::Form>>,
    /// GetBlankForm.
    pub get_blank_form: fn(App, Request<pb::GetBlankFormRequest>) -> BoxFuture<'static, Answer<pb::Form>>,
    /// PreviewCatalog.
    pub preview_catalog:
        fn(App, Request<pb::PreviewCatalogRequest>) -> BoxFuture<'static, Answer<Previewing>>,
}

/// The answer of PreviewCatalog, as it comes.
pub type Previewing = BoxStream<'static, std::result::Result<pb::PreviewCatalogResponse, Status>>;

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
                let day = as_of(input.as_of.as_ref(), view.today());
                let known = known_at(input.known_at.as_ref())?;
                let published = service.0.catalogs.as_known(&area(&input.name)?, day, known)?;
                let disease = disease(&published.catalog, &input.name)?;
                Ok(message(&published, disease))
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
                let known = known_at(input.known_at.as_ref())?;
                let published = service.0.catalogs.as_known(&area(&input.parent)?, day, known)?;
                let national = &input.national_opsp_dise_code;
                let listing = format!("diseases/{}/{}/{national}", input.parent, published.sha256);
                let page = Page::read(view, listing, input.page_size, 100, &input.page_token)?;
                let mut rows: Vec<_> = published.catalog.diseases.iter().collect();
                rows.sort_by(|left, right| left.code.cmp(&right.code));
                rows.retain(|disease| national.is_empty() || national_code(disease) == national);
                rows.retain(|disease| page.after.as_ref().is_none_or(|after| disease.code > *after));
                let paged = page.close(view, rows, |disease| disease.code.clone())?;
                Ok(pb::ListDiseasesResponse {
                    diseases: paged.items.into_iter().map(|disease| message(&published, disease)).collect(),
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
                let known = known_at(input.known_at.as_ref())?;
                let published = service.0.catalogs.as_known(&area(&input.parent)?, day, known)?;
                let disease = disease(&published.catalog, &input.parent)?;
                Ok(pb::ListPoliciesResponse {
                    policies: published.catalog.policies(disease).into_iter().map(policy).collect(),
                    catalog_version: published.catalog.version.clone(),
                    sample: published.catalog.sample,
                    catalog_sha256: published.sha256.clone(),
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
                let known = known_at(input.known_at.as_ref())?;
                let published = service.0.catalogs.as_known(&area(&input.parent)?, day, known)?;
                let list_version = published.institutions_version.clone();
                let listing = format!("institutions/{}/{}/{list_version}", input.parent, published.sha256);
                let page = Page::read(view, listing, input.page_size, 100, &input.page_token)?;
                let mut rows: Vec<_> =
                    published.catalog.institutions.iter().filter(|row| row.is_designated(day)).collect();
                rows.sort_by(|left, right| left.fixmedins_code.cmp(&right.fixmedins_code));
                rows.retain(|row| page.after.as_ref().is_none_or(|after| row.fixmedins_code > *after));
                let paged = page.close(view, rows, |row| row.fixmedins_code.clone())?;
                Ok(pb::ListInstitutionsResponse {
                    institutions: paged.items.into_iter().map(institution).collect(),
                    next_page_token: paged.next_page_token,
                    list_version,
                    list_sha256: published.institutions_sha256.clone(),
                })
            })
        })
        .await
    }

    async fn get_form(&self, request: Request<pb::GetFormRequest>) -> Answer<pb::Form> {
        (self.1.get_form)(self.0.clone(), request).await
    }

    async fn get_blank_form(&self, request: Request<pb::GetBlankFormRequest>) -> Answer<pb::Form> {
        (self.1.get_blank_form)(self.0.clone(), request).await
    }

    type PreviewCatalogStream = Previewing;

    async fn preview_catalog(&self, request: Request<pb::PreviewCatalogRequest>) -> Answer<Previewing> {
        (self.1.preview_catalog)(self.0.clone(), request).await
    }

    async fn import_catalog(
        &self,
        request: Request<pb::ImportCatalogRequest>,
    ) -> Answer<pb::ImportCatalogResponse> {
        let answer = write(self, request, |service, work, input| {
            Box::pin(async move {
                let files = files(&input.files);
                match publish::catalog(work, &service.0.catalogs, &files).await? {
                    Imported::Done { content, sha256, published_at } => {
                        let catalog = Some(version(&content, &sha256, published_at));
                        Ok(pb::ImportCatalogResponse { catalog, faults: Vec::new() })
                    }
                    Imported::Faulty(faults) if input.validate_only => {
                        Ok(pb::ImportCatalogResponse { catalog: None, faults: told(faults) })
                    }
                    Imported::Faulty(faults) => Err(publish::refused(&faults)),
                }
            })
        })
        .await?;
        self.follow().await;
        Ok(answer)
    }

    async fn import_institutions(
        &self,
        request: Request<pb::ImportInstitutionsRequest>,
    ) -> Answer<pb::ImportInstitutionsResponse> {
        let answer = write(self, request, |service, work, input| {
            Box::pin(async move {
                let files = files(&input.files);
                match publish::institutions(work, &service.0.catalogs, &files).await? {
                    Imported::Done { content, sha256, .. } => Ok(pb::ImportInstitutionsResponse {
                        name: format!("areas/{}/institutionLists/{}", content.area, content.version),
                        sha256,
                        in_force_from: parse_date(&content.in_force_from).map(date_message),
                        institutions: count(content.institutions.len()),
                        faults: Vec::new(),
                    }),
                    Imported::Faulty(faults) if input.validate_only => {
                        Ok(pb::ImportInstitutionsResponse { faults: told(faults), ..Default::default() })
                    }
                    Imported::Faulty(faults) => Err(publish::refused(&faults)),
                }
            })
        })
        .await?;
        self.follow().await;
        Ok(answer)
    }

    async fn list_catalogs(
        &self,
        request: Request<pb::ListCatalogsRequest>,
    ) -> Answer<pb::ListCatalogsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let area = area(&input.parent)?.pooling();
                let page =
                    Page::read(view, format!("catalogs/{area}"), input.page_size, 100, &input.page_token)?;
                let snapshot = service.0.catalogs.now();
                let key = |row: &Arc<Published>| {
                    format!("{:020} {}", micros(row.published_at), row.catalog.version)
                };
                let mut rows: Vec<_> = snapshot.catalogs.iter().filter(|row| row.area == area).collect();
                rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
                rows.retain(|row| page.after.as_ref().is_none_or(|after| key(row) < *after));
                let paged = page.close(view, rows, |row| key(row))?;
                let catalogs = paged.items.into_iter();
                Ok(pb::ListCatalogsResponse {
                    catalogs: catalogs
                        .map(|row| version(&row.catalog, &row.sha256, row.published_at))
                        .collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn get_catalog_source(
        &self,
        request: Request<pb::GetCatalogSourceRequest>,
    ) -> Answer<pb::CatalogSource> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let none = || Error::not_found(&input.name);
                let parts: Vec<_> = input.name.split('/').collect();
                let [_, area, collection, version] = parts.as_slice() else { return Err(none()) };
                let found = store::files(view, collection, area, version).await?;
                if found.is_empty() {
                    return Err(none());
                }
                let file = |file: File| pb::CatalogFile { name: file.name, content: file.content };
                Ok(pb::CatalogSource {
                    name: input.name.clone(),
                    files: found.into_iter().map(file).collect(),
                })
            })
        })
        .await
    }
}

impl Service {
    /// Takes up at once what was published here. Should that fail, the look of each second does it.
    async fn follow(&self) {
        if let Err(error) = self.0.catalogs.refresh(&self.0.db).await {
            tracing::warn!(%error, "what was published is taken up a moment later");
        }
    }
}

/// The instant of `known_at`; none when it is not given.
fn known_at(instant: Option<&prost_types::Timestamp>) -> Result<Option<OffsetDateTime>> {
    let Some(instant) = instant else { return Ok(None) };
    let whole = OffsetDateTime::from_unix_timestamp(instant.seconds).ok();
    let nanos = u32::try_from(instant.nanos).ok();
    let known = whole.zip(nanos).and_then(|(whole, nanos)| whole.replace_nanosecond(nanos).ok());
    known.map(Some).ok_or_else(|| Error::invalid("known_at", "不是有效时点", "is no instant"))
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
