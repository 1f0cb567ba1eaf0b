//! CertificateService.

use tonic::{Request, Response, Status};

use super::domain::{Certificate, Verdict};
use super::download::download;
use super::revoke::revoke;
use super::status::list::StatusList;
use super::status::publish as status_list;
use super::verify::verify;
use super::{issue, query, store};
use crate::app::App;
use crate::db::Db;
use crate::db::public::PublicKey;
use crate::db::work::{Owner, View};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::proto::opsp::certificate::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, person, read, write};
use crate::rpc::parse::{check, date_message, timestamp};
use crate::rpc::status::status;

/// Bytes of a piece of a PDF or a status list.
const PIECE: usize = 64 << 10;

/// What is answered in pieces.
type Pieces<T> = tokio_stream::Iter<std::vec::IntoIter<std::result::Result<T, Status>>>;

/// The service.
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::certificate_service_server::CertificateService for Service {
    async fn get_certificate(&self, request: Request<pb::GetCertificateRequest>) -> Answer<pb::Certificate> {
        read(self, request, |_, view, input| {
            Box::pin(async move { message(view, store::get(view, id(&input.name)?).await?.certificate) })
        })
        .await
    }

    async fn list_certificates(
        &self,
        request: Request<pb::ListCertificatesRequest>,
    ) -> Answer<pb::ListCertificatesResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let paged = query::list(view, &input.parent, input.page_size, &input.page_token).await?;
                let messages = paged.items.into_iter().map(|stored| message(view, stored.certificate));
                Ok(pb::ListCertificatesResponse {
                    certificates: messages.collect::<Result<_>>()?,
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn revoke_certificate(
        &self,
        request: Request<pb::RevokeCertificateRequest>,
    ) -> Answer<pb::Certificate> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let reissue = input.reissue.unwrap_or(true);
                let revoked = revoke(&service.0, work, id(&input.name)?, &input.reason, reissue).await?;
                message(work, revoked)
            })
        })
        .await
    }

    async fn issue_certificate(
        &self,
        request: Request<pb::IssueCertificateRequest>,
    ) -> Answer<pb::Certificate> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let [_, benefit] = name_parts(&input.benefit, ["insured", "benefits"])?;
                message(work, issue::again(&service.0, work, Id::parse(benefit)?).await?)
            })
        })
        .await
    }

    type DownloadCertificateStream = Pieces<pb::DownloadCertificateResponse>;

    async fn download_certificate(
        &self,
        request: Request<pb::DownloadCertificateRequest>,
    ) -> Answer<Self::DownloadCertificateStream> {
        let language = language(&request);
        let answer = async {
            let actor = actor(&request)?;
            let input = request.get_ref();
            check(input)?;
            let pdf = download(&self.0, &actor, person(&input.name)?, id(&input.name)?).await?;
            let piece = |chunk: &[u8]| Ok(pb::DownloadCertificateResponse { chunk: chunk.to_vec() });
            Ok(tokio_stream::iter(pdf.chunks(PIECE).map(piece).collect::<Vec<_>>()))
        };
        answer.await.map(Response::new).map_err(|error| status(error, language))
    }

    async fn verify_certificate(
        &self,
        request: Request<pb::VerifyCertificateRequest>,
    ) -> Answer<pb::VerifyCertificateResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let verified = verify(view, &input.qr_text).await?;
                let verdict = verdict(verified.verdict).into();
                let (number, sample) = (verified.number, verified.sample);
                Ok(pb::VerifyCertificateResponse { verdict, number, sample })
            })
        })
        .await
    }

    async fn get_verification_keys(
        &self,
        request: Request<pb::GetVerificationKeysRequest>,
    ) -> Answer<pb::GetVerificationKeysResponse> {
        read(self, request, |_, view, _| {
            Box::pin(async move {
                let key = |(id, key): (&str, &PublicKey)| pb::VerificationKey {
                    id: id.to_owned(),
                    algorithm: key.algorithm().name().to_owned(),
                    public_key: key.bytes(),
                    sign_from_time: key.from.map(timestamp),
                };
                let keys = view.keys().public().iter().map(key).collect();
                Ok(pb::GetVerificationKeysResponse { keys })
            })
        })
        .await
    }

    type GetStatusListStream = Pieces<pb::GetStatusListResponse>;

    async fn get_status_list(
        &self,
        request: Request<pb::GetStatusListRequest>,
    ) -> Answer<Self::GetStatusListStream> {
        let language = language(&request);
        let answer = async {
            let actor = actor(&request)?;
            let input = request.get_ref();
            check(input)?;
            let view = self.0.db.view(&actor, Owner::Nobody).await?;
            let (list, entries) = status_list::read(&view, &input.if_version).await?;
            let head = pb::GetStatusListResponse { list: Some(list_message(list)?), entries: Vec::new() };
            let piece =
                |chunk: &[u8]| pb::GetStatusListResponse { list: None, entries: vec![chunk.to_vec()] };
            let pieces = std::iter::once(head).chain(entries.chunks(PIECE).map(piece)).map(Ok);
            Ok(tokio_stream::iter(pieces.collect::<Vec<_>>()))
        };
        answer.await.map(Response::new).map_err(|error| status(error, language))
    }
}

fn list_message(list: StatusList) -> Result<pb::StatusList> {
    Ok(pb::StatusList {
        version: list.version(),
        issue_time: Some(timestamp(list.issued_at)),
        expire_time: Some(timestamp(list.expires_at)),
        count: i32::try_from(list.count).map_err(|error| Error::Internal(error.into()))?,
        key_id: list.key_id,
        signature: list.signature,
    })
}

/// The id of `insured/{psn_no}/certificates/{id}`.
fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "certificates"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn message(view: &View, certificate: Certificate) -> Result<pb::Certificate> {
    let person = view.person()?;
    let (revoke_date, revoke_reason, replaced_by) = match certificate.revocation {
        None => (None, String::new(), None),
        Some(revocation) => (Some(date_message(revocation.on)), revocation.reason, revocation.replaced_by),
    };
    Ok(pb::Certificate {
        name: store::name(person, certificate.id),
        number: certificate.number,
        benefit: crate::benefit::store::name(person, certificate.benefit),
        issue_time: Some(timestamp(certificate.created_at)),
        begndate: Some(date_message(certificate.snapshot.begndate)),
        qr_text: certificate.snapshot.qr_text,
        sample: certificate.snapshot.sample,
        catalog_version: certificate.snapshot.cited.catalog_version,
        catalog_sha256: certificate.snapshot.cited.catalog_sha256,
        revoke_date,
        revoke_reason,
        replaced_by: replaced_by.map(|id| store::name(person, id)).unwrap_or_default(),
    })
}

fn verdict(verdict: Verdict) -> pb::verify_certificate_response::Verdict {
    use pb::verify_certificate_response::Verdict as Wire;
    match verdict {
        Verdict::Valid => Wire::Valid,
        Verdict::Suspended => Wire::Suspended,
        Verdict::Ended => Wire::Ended,
        Verdict::Revoked => Wire::Revoked,
        Verdict::Forged => Wire::Forged,
    }
}
