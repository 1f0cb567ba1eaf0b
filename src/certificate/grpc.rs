//! CertificateService.

use tonic::{Request, Response, Status};

use super::domain::{Certificate, Verdict};
use super::download::download;
use super::store;
use super::verify::verify;
use crate::app::App;
use crate::db::Db;
use crate::db::work::View;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::proto::opsp::certificate::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, person, read};
use crate::rpc::parse::{check, date_message, timestamp};
use crate::rpc::status::status;

/// Bytes of a piece of the PDF.
const PIECE: usize = 64 << 10;

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
            Box::pin(async move { message(view, store::get(view, id(&input.name)?).await?) })
        })
        .await
    }

    type DownloadCertificateStream =
        tokio_stream::Iter<std::vec::IntoIter<std::result::Result<pb::DownloadCertificateResponse, Status>>>;

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
                Ok(pb::VerifyCertificateResponse { verdict, number: verified.number })
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
                let key = |(id, public_key): (String, [u8; 32])| pb::VerificationKey {
                    id,
                    algorithm: "Ed25519".to_owned(),
                    public_key: public_key.to_vec(),
                };
                let keys = view.keys().verification_keys().into_iter().map(key).collect();
                Ok(pb::GetVerificationKeysResponse { keys })
            })
        })
        .await
    }
}

/// The id of `insured/{psn_no}/certificates/{id}`.
fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "certificates"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn message(view: &View, certificate: Certificate) -> Result<pb::Certificate> {
    let person = view.person()?;
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
