//! InsuredService.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use super::domain::{Held, Insured};
use super::eligibility;
use super::get;
use super::import::{Outcome, faults, import};
use super::refusal::NotTaken;
use super::store::Stored;
use crate::app::{App, Ask};
use crate::catalog::domain::Insutype;
use crate::catalog::grpc::insutype;
use crate::db::Db;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::PsnNo;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::proto::opsp::insured::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, read};
use crate::rpc::parse::{check, date_message, reason, to_date};
use crate::rpc::status::{Language, status};

/// The service.
pub struct Service {
    /// The parts of the server.
    pub app: App,
    /// What a person has and has applied for: features to the right know.
    pub held: Ask<Held>,
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
        read(self, request, |_, view, _| Box::pin(async move { Ok(message(&get::get(view).await?)) })).await
    }

    async fn import_insured(
        &self,
        request: Request<Streaming<pb::ImportInsuredRequest>>,
    ) -> Answer<Self::ImportInsuredStream> {
        let language = language(&request);
        let actor = actor(&request).map_err(|error| status(error, language))?;
        let (db, draining) = (self.app.db.clone(), self.app.draining.clone());
        let rows = Rows { db, draining, actor, language, input: Some(request.into_inner()) };
        Ok(Response::new(stream::unfold(rows, Rows::next).boxed()))
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
                    sample: published.catalog.sample,
                })
            })
        })
        .await
    }
}

/// The rows of one import, taken one after the other as the caller takes the results: nothing piles up, and a row is
/// done before the next one is looked at.
struct Rows {
    db: Db,
    draining: watch::Receiver<bool>,
    actor: Actor,
    language: Language,
    input: Option<Streaming<pb::ImportInsuredRequest>>,
}

impl Rows {
    async fn next(mut self) -> Option<(Result<pb::ImportInsuredResponse, Status>, Self)> {
        let input = self.input.as_mut()?;
        let message = tokio::select! {
            message = input.message() => message,
            // What was answered is done; the rest can be sent to another instance.
            _ = self.draining.wait_for(|draining| *draining) => {
                Err(status(Error::Unavailable("the server is going down"), self.language))
            }
        };
        let row = match message {
            Ok(row) => row?,
            Err(broken) => {
                self.input = None;
                return Some((Err(broken), self));
            }
        };
        let result = match self.take_over(&row).await {
            Ok(outcome) => Ok(result(row.row, outcome)),
            // Not the row's fault: the stream ends, and what was not answered can be sent again.
            Err(error) => {
                self.input = None;
                Err(status(error, self.language))
            }
        };
        Some((result, self))
    }

    async fn take_over(&self, row: &pb::ImportInsuredRequest) -> Result<Outcome> {
        let mut refusals = shape(row)?;
        if refusals.iter().all(|refusal| refusal.subject != "insu_admdvs")
            && Region::find(&row.insu_admdvs).is_none()
        {
            refusals.push(NotTaken::AreaUnknown.into());
        }
        let insured = insured(row);
        if let Some(insured) = &insured {
            let mut faults = faults(&self.actor, insured, local_day(self.db.time().now()));
            faults.retain(|fault| refusals.iter().all(|told| told.subject != fault.subject));
            refusals.extend(faults);
        }
        match insured {
            Some(insured) if refusals.is_empty() => import(&self.db, &self.actor, &insured).await,
            None if refusals.is_empty() => Err(Error::internal("a row of the right shape has no person")),
            Some(_) | None => Ok(Outcome::Refused(refusals)),
        }
    }
}

/// Everything that the contract's rules find wrong with a row.
fn shape(row: &pb::ImportInsuredRequest) -> Result<Vec<Refusal>> {
    let violations = match check(row) {
        Ok(()) => return Ok(Vec::new()),
        Err(Error::Invalid(violations)) => violations,
        Err(error) => return Err(error),
    };
    let refusal = |wrong: &Violation| {
        let (zh, en) = (format!("{} {}。", wrong.field, wrong.zh), format!("{} {}.", wrong.field, wrong.en));
        Refusal::new("ROW_INVALID", zh, en).about(&wrong.field)
    };
    Ok(violations.iter().map(refusal).collect())
}

/// The person of a row, as far as its fields can be read at all.
fn insured(row: &pb::ImportInsuredRequest) -> Option<Insured> {
    Some(Insured {
        psn_no: PsnNo::parse(&row.psn_no).ok()?,
        psn_cert_type: row.psn_cert_type.clone(),
        certno: row.certno.clone(),
        psn_name: row.psn_name.clone(),
        male: row.gend == "1",
        brdy: row.brdy.as_ref().and_then(to_date)?,
        tel: row.tel.clone(),
        addr: row.addr.clone(),
        insutype: Insutype::from_code(row.insutype)?,
        psn_type: row.psn_type.clone(),
        psn_insu_stas: row.psn_insu_stas.clone(),
        psn_clct_stas: row.psn_clct_stas.clone(),
        insu_admdvs: Region::find(&row.insu_admdvs)?,
        insured_since: row.insured_since.as_ref().and_then(to_date)?,
        paid_until: row.paid_until.as_ref().and_then(to_date)?,
    })
}

fn result(row: i64, outcome: Outcome) -> pb::ImportInsuredResponse {
    use pb::import_insured_response::Outcome as Word;
    let (word, refusals) = match outcome {
        Outcome::Created => (Word::Created, Vec::new()),
        Outcome::Updated => (Word::Updated, Vec::new()),
        Outcome::Unchanged => (Word::Unchanged, Vec::new()),
        Outcome::Refused(refusals) => (Word::Refused, refusals),
    };
    pb::ImportInsuredResponse { row, outcome: word.into(), reasons: refusals.iter().map(reason).collect() }
}

fn message(stored: &Stored) -> pb::Insured {
    let insured = &stored.insured;
    pb::Insured {
        name: format!("insured/{}", insured.psn_no),
        psn_no: insured.psn_no.to_string(),
        psn_cert_type: insured.psn_cert_type.clone(),
        certno: insured.certno.clone(),
        psn_name: insured.psn_name.clone(),
        gend: if insured.male { "1" } else { "2" }.to_owned(),
        brdy: Some(date_message(insured.brdy)),
        tel: insured.tel.clone(),
        addr: insured.addr.clone(),
        insutype: insutype(insured.insutype),
        psn_type: insured.psn_type.clone(),
        psn_insu_stas: insured.psn_insu_stas.clone(),
        psn_clct_stas: insured.psn_clct_stas.clone(),
        insu_admdvs: insured.insu_admdvs.to_string(),
        insured_since: Some(date_message(insured.insured_since)),
        paid_until: Some(date_message(insured.paid_until)),
        etag: stored.version.to_string(),
    }
}
