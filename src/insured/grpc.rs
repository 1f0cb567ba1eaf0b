//! InsuredService.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::convert::message;
use super::domain::Held;
use super::eligibility::{self, needs};
use super::import::Import;
use super::{find, get};
use crate::app::{App, Ask};
use crate::db::Db;
use crate::kernel::error::{Error, Result};
use crate::proto::opsp::insured::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, read};
use crate::rpc::parse::reason;
use crate::rpc::status::status;

/// The service.
pub struct Service {
    /// The parts of the server.
    pub app: App,
    /// What a person has and has applied for: features to the right know.
    pub held: Ask<Held>,
    /// GetCase, whole: it reads what lies to the right.
    pub get_case: fn(App, Request<pb::GetCaseRequest>) -> BoxFuture<'static, Answer<pb::Case>>,
}

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.app.db
    }
}

#[tonic::async_trait]
impl pb::insured_service_server::InsuredService for Service {
    type ImportInsuredStream = BoxStream<'static, Result<pb::ImportInsuredResponse, Status>>;

    async fn get_insured(&self, request: Request<pb::GetInsuredRequest>) -> Answer<pb::Insured> {
        read(self, request, |_, view, _| {
            Box::pin(async move { Ok(message(&get::get(view).await?, view.today())) })
        })
        .await
    }

    async fn find_insured(&self, request: Request<pb::FindInsuredRequest>) -> Answer<pb::Insured> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let found = find::find(view, &input.parent, &input.psn_cert_type, &input.certno).await?;
                Ok(message(&found, view.today()))
            })
        })
        .await
    }

    async fn import_insured(
        &self,
        request: Request<Streaming<pb::ImportInsuredRequest>>,
    ) -> Answer<Self::ImportInsuredStream> {
        let language = language(&request);
        let actor = actor(&request).map_err(|error| status(error, language))?;
        let (db, draining) = (self.app.db.clone(), self.app.draining.clone());
        let import = Import { db, draining, actor, language };
        Ok(Response::new(import.run(request.into_inner())))
    }

    async fn check_eligibility(
        &self,
        request: Request<pb::CheckEligibilityRequest>,
    ) -> Answer<pb::CheckEligibilityResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let published = eligibility::catalog(view, &service.app.catalogs)?;
                let held = (service.held)(view).await?;
                let found = eligibility::eligible(view, &published, &held, &input.opsp_dise_codes).await;
                let reasons = match found {
                    Ok(_) => Vec::new(),
                    Err(Error::Refused(reasons)) => reasons,
                    Err(error) => return Err(error),
                };
                Ok(pb::CheckEligibilityResponse {
                    eligible: reasons.is_empty(),
                    reasons: reasons.iter().map(reason).collect(),
                    catalog_version: published.catalog.version.clone(),
                    catalog_sha256: published.sha256.clone(),
                    sample: published.catalog.sample,
                    needs: needs(&published.catalog, &input.opsp_dise_codes).iter().map(reason).collect(),
                })
            })
        })
        .await
    }

    async fn get_case(&self, request: Request<pb::GetCaseRequest>) -> Answer<pb::Case> {
        (self.get_case)(self.app.clone(), request).await
    }
}
