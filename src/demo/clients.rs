//! The callers of the demo, each with its own certificate.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use tonic::Request;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::proto::opsp as pb;

/// One channel a caller.
pub struct Clients {
    platform: Channel,
    portal: Channel,
    bureau: Channel,
    ops: Channel,
}

impl Clients {
    /// Connects all callers.
    pub async fn connect(data_dir: &Path, address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            platform: channel(data_dir, "platform", address).await?,
            portal: channel(data_dir, "portal", address).await?,
            bureau: channel(data_dir, "bureau", address).await?,
            ops: channel(data_dir, "ops", address).await?,
        })
    }

    /// Import, as the platform.
    pub fn insured(&self) -> pb::insured::v1::insured_service_client::InsuredServiceClient<Channel> {
        pb::insured::v1::insured_service_client::InsuredServiceClient::new(self.platform.clone())
    }

    /// Eligibility, as the portal.
    pub fn portal_insured(&self) -> pb::insured::v1::insured_service_client::InsuredServiceClient<Channel> {
        pb::insured::v1::insured_service_client::InsuredServiceClient::new(self.portal.clone())
    }

    /// The catalogue, as the portal.
    pub fn catalog(&self) -> pb::catalog::v1::catalog_service_client::CatalogServiceClient<Channel> {
        pb::catalog::v1::catalog_service_client::CatalogServiceClient::new(self.portal.clone())
    }

    /// Materials, as the portal.
    pub fn material(&self) -> pb::material::v1::material_service_client::MaterialServiceClient<Channel> {
        pb::material::v1::material_service_client::MaterialServiceClient::new(self.portal.clone())
    }

    /// Applications, as the portal.
    pub fn application(
        &self,
    ) -> pb::application::v1::application_service_client::ApplicationServiceClient<Channel> {
        pb::application::v1::application_service_client::ApplicationServiceClient::new(self.portal.clone())
    }

    /// Review, as the bureau's back office.
    pub fn review(&self) -> pb::review::v1::review_service_client::ReviewServiceClient<Channel> {
        pb::review::v1::review_service_client::ReviewServiceClient::new(self.bureau.clone())
    }

    /// Notices, as the bureau.
    pub fn notice(&self) -> pb::notice::v1::notice_service_client::NoticeServiceClient<Channel> {
        pb::notice::v1::notice_service_client::NoticeServiceClient::new(self.bureau.clone())
    }

    /// Notices, as the portal.
    pub fn portal_notice(&self) -> pb::notice::v1::notice_service_client::NoticeServiceClient<Channel> {
        pb::notice::v1::notice_service_client::NoticeServiceClient::new(self.portal.clone())
    }

    /// Benefits, as the platform.
    pub fn benefit(&self) -> pb::benefit::v1::benefit_service_client::BenefitServiceClient<Channel> {
        pb::benefit::v1::benefit_service_client::BenefitServiceClient::new(self.platform.clone())
    }

    /// Certificates, as the portal.
    pub fn certificate(
        &self,
    ) -> pb::certificate::v1::certificate_service_client::CertificateServiceClient<Channel> {
        pb::certificate::v1::certificate_service_client::CertificateServiceClient::new(self.portal.clone())
    }

    /// Settlements, as the platform.
    pub fn settlement(
        &self,
    ) -> pb::settlement::v1::settlement_service_client::SettlementServiceClient<Channel> {
        pb::settlement::v1::settlement_service_client::SettlementServiceClient::new(self.platform.clone())
    }

    /// Remote residence, as the portal.
    pub fn residence(
        &self,
    ) -> pb::residence::v1::remote_residence_service_client::RemoteResidenceServiceClient<Channel> {
        pb::residence::v1::remote_residence_service_client::RemoteResidenceServiceClient::new(
            self.portal.clone(),
        )
    }

    /// Events, as the platform.
    pub fn event(&self) -> pb::event::v1::event_service_client::EventServiceClient<Channel> {
        pb::event::v1::event_service_client::EventServiceClient::new(self.platform.clone())
    }

    /// Operations.
    pub fn ops(&self) -> pb::ops::v1::ops_service_client::OpsServiceClient<Channel> {
        pb::ops::v1::ops_service_client::OpsServiceClient::new(self.ops.clone())
    }
}

async fn channel(data_dir: &Path, caller: &str, address: SocketAddr) -> anyhow::Result<Channel> {
    let read = |name: &str| {
        let path = data_dir.join("tls").join(name);
        std::fs::read(&path).with_context(|| path.display().to_string())
    };
    let identity = Identity::from_pem(read(&format!("{caller}.pem"))?, read(&format!("{caller}.key"))?);
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read("ca.pem")?))
        .identity(identity)
        .domain_name("localhost");
    let endpoint = Channel::from_shared(format!("https://{address}"))?.tls_config(tls)?;
    endpoint.connect().await.with_context(|| format!("caller {caller}"))
}

/// A request of the portal for a person.
pub fn for_subject<T>(psn_no: &str, message: T) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-opsp-subject", psn_no.parse()?);
    Ok(request)
}

/// A request of the back office by an officer or expert.
pub fn by_operator<T>(operator: &str, message: T) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-opsp-operator", operator.parse()?);
    Ok(request)
}
