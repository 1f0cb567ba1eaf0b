//! Puts the parts together, serves them, and takes them down in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::app::App;
use crate::calendar::store::Calendars;
use crate::catalog::store::Catalogs;
use crate::config::{Config, Tls};
use crate::contract::SERVICES;
use crate::db::Db;
use crate::db::keys::Keys;
use crate::db::source::{Random, TimeSource};
use crate::db::work::{View, Work};
use crate::insured::domain::{Held, HeldBenefit};
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::local_day;
use crate::material::objects::Objects;
use crate::pdf::Face;
use crate::proto::opsp as pb;
use crate::rpc::auth::AuthLayer;
use crate::rpc::trace::TraceLayer;
use crate::{
    application, benefit, calendar, catalog, certificate, insured, material, notice, ops, residence, review,
    settlement, worker,
};

/// How often readiness is looked at.
const READINESS: Duration = Duration::from_secs(1);
/// How long the database may take to answer that it is there.
const ANSWER: Duration = Duration::from_secs(3);
/// How long it may take to take up what was published.
const TAKING_UP: Duration = Duration::from_secs(30);
/// How long the connections to the database may take to close.
const CLOSING: Duration = Duration::from_secs(2);
/// How long a caller may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The contract as reflection shows it.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// A running server.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub app: App,
    health: HealthReporter,
    draining: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
    timed: JoinHandle<()>,
    ready: JoinHandle<()>,
}

/// Opens everything that a server needs. The schema is brought up to date, and where there is no catalogue the sample
/// is published.
pub async fn open(
    config: Config,
    time: TimeSource,
    random: Random,
) -> anyhow::Result<(App, watch::Sender<bool>)> {
    config.verify()?;
    let keys = Keys::load(&config.path(&config.keys))?;
    let font = std::fs::read(&config.font).with_context(|| {
        format!(
            "font {}: install fonts-wqy-microhei, or name another font with Chinese glyphs",
            config.font.display()
        )
    })?;
    let face = Face::parse(font).with_context(|| format!("font {}", config.font.display()))?;
    let objects = Objects::open(&config)?;
    let file_memory = Arc::new(Semaphore::new(config.files.memory_bytes >> 10));
    let db = Db::open(&config.database(), keys, time, random).await?;
    db.migrate().await?;
    let catalogs = Catalogs::load(&db).await?;
    let calendar = Calendars::load(&db).await?;
    let position = db.log_position().await?;
    let (draining, drained) = watch::channel(false);
    let app = App {
        db,
        catalogs,
        calendar,
        objects,
        file_memory,
        face,
        config: Arc::new(config),
        log: Arc::new(watch::Sender::new(position)),
        draining: drained,
    };
    Ok((app, draining))
}

/// Starts serving, and the timed work with it.
pub async fn start(config: Config, time: TimeSource, random: Random) -> anyhow::Result<Running> {
    let (app, draining) = open(config, time, random).await?;
    let (health, health_service) = tonic_health::server::health_reporter();
    // tonic-health calls the server as a whole SERVING from the first moment on: it is not, yet.
    set_health(&health, ServingStatus::NotServing).await;
    let incoming = TcpIncoming::bind(app.config.listen)
        .with_context(|| format!("listening on {}", app.config.listen))?
        .with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let limits = &app.config.limits;
    let mut builder = Server::builder()
        .max_concurrent_streams(limits.streams)
        .http2_max_header_list_size(limits.header_bytes)
        .http2_keepalive_interval(Some(Duration::from_secs(30)));
    if let Some(tls) = &app.config.tls {
        builder = builder.tls_config(transport_security(&app.config, tls)?)?;
    }
    let trace = TraceLayer {
        slots: Arc::new(Semaphore::new(limits.calls)),
        deadline: Duration::from_millis(limits.deadline_ms),
    };
    let auth = AuthLayer(Arc::new(app.config.callers()?));
    let (stop, stopped) = watch::channel(false);
    let router = builder.layer(trace).layer(auth).add_routes(routes(&app)).add_service(health_service);
    let router = with_reflection(router)?;
    let serving = tokio::spawn(router.serve_with_incoming_shutdown(incoming, raised(stopped.clone())));
    let timed = tokio::spawn(worker::run(app.clone(), worker::JOBS, stopped.clone()));
    let ready = tokio::spawn(readiness(app.clone(), health.clone(), draining.subscribe()));
    Ok(Running { address, app, health, draining, stop, serving, timed, ready })
}

impl Running {
    /// Goes down in order: says so, takes calls for a moment longer, finishes what is under way within its limit,
    /// closes the database.
    pub async fn stop(self) -> anyhow::Result<()> {
        let limits = self.app.config.limits.clone();
        self.draining.send_replace(true);
        self.ready.abort();
        set_health(&self.health, ServingStatus::NotServing).await;
        tokio::time::sleep(Duration::from_millis(limits.linger_ms)).await;
        self.stop.send_replace(true);
        // Streams that watch health would never end by themselves.
        let mut health = self.health;
        for service in SERVICES.iter().chain(&[""]) {
            health.clear_service_status(service).await;
        }
        let end = Instant::now() + Duration::from_millis(limits.drain_ms);
        let (serving, timed) = (self.serving.abort_handle(), self.timed.abort_handle());
        match timeout_at(end, self.serving).await {
            Ok(served) => served.context("the server's task")?.context("serving")?,
            Err(_) => {
                tracing::warn!(
                    drain_ms = limits.drain_ms,
                    "calls were under way at the end of the drain: cut off"
                );
                serving.abort();
            }
        }
        if timeout_at(end, self.timed).await.is_err() {
            tracing::warn!(
                "timed work was under way at the end of the drain: cut off, the next run takes it up"
            );
            timed.abort();
        }
        if timeout(CLOSING, self.app.db.close()).await.is_err() {
            tracing::warn!("the database's connections did not close in time");
        }
        Ok(())
    }
}

/// Every service, with the answers to what a feature asks of those to its right.
fn routes(app: &App) -> Routes {
    use pb::application::v1::application_service_server::ApplicationServiceServer;
    use pb::benefit::v1::benefit_service_server::BenefitServiceServer;
    use pb::catalog::v1::catalog_service_server::CatalogServiceServer;
    use pb::certificate::v1::certificate_service_server::CertificateServiceServer;
    use pb::event::v1::event_service_server::EventServiceServer;
    use pb::insured::v1::insured_service_server::InsuredServiceServer;
    use pb::material::v1::material_service_server::MaterialServiceServer;
    use pb::notice::v1::notice_service_server::NoticeServiceServer;
    use pb::ops::v1::ops_service_server::OpsServiceServer;
    use pb::residence::v1::remote_residence_service_server::RemoteResidenceServiceServer;
    use pb::review::v1::review_service_server::ReviewServiceServer;
    use pb::settlement::v1::settlement_service_server::SettlementServiceServer;
    let (most, catalog_bytes) = (app.config.limits.message_bytes, app.config.limits.catalog_bytes);
    let app = || app.clone();
    let get_case = settlement::case::grpc::get_case;
    let insured = insured::grpc::Service { app: app(), held, get_case };
    let application = application::grpc::Service { app: app(), held_benefits, stand };
    let review = review::grpc::Service(app(), held_benefits);
    let ops = ops::grpc::Service { app: app(), jobs: worker::JOBS };
    let catalog = CatalogServiceServer::new(catalog::grpc::Service(app(), ELSEWHERE));
    Routes::new(catalog.max_decoding_message_size(most.max(catalog_bytes)))
        .add_service(InsuredServiceServer::new(insured).max_decoding_message_size(most))
        .add_service(
            MaterialServiceServer::new(material::grpc::Service(app())).max_decoding_message_size(most),
        )
        .add_service(
            RemoteResidenceServiceServer::new(residence::grpc::Service(app()))
                .max_decoding_message_size(most),
        )
        .add_service(ApplicationServiceServer::new(application).max_decoding_message_size(most))
        .add_service(ReviewServiceServer::new(review).max_decoding_message_size(most))
        .add_service(
            NoticeServiceServer::new(notice::grpc::Service(app(), held_benefits))
                .max_decoding_message_size(most),
        )
        .add_service(BenefitServiceServer::new(benefit::grpc::Service(app())).max_decoding_message_size(most))
        .add_service(
            CertificateServiceServer::new(certificate::grpc::Service(app())).max_decoding_message_size(most),
        )
        .add_service(
            SettlementServiceServer::new(settlement::grpc::Service(app())).max_decoding_message_size(most),
        )
        .add_service(EventServiceServer::new(ops::grpc::Events(app())).max_decoding_message_size(most))
        .add_service(OpsServiceServer::new(ops).max_decoding_message_size(most))
}

/// What the catalogue's service leaves to features on its right.
const ELSEWHERE: catalog::grpc::Elsewhere = catalog::grpc::Elsewhere {
    get_form: application::paper::grpc::get_form,
    get_blank_form: application::paper::grpc::get_blank_form,
    preview_catalog: settlement::impact::grpc::preview_catalog,
};

fn held(view: &View) -> BoxFuture<'_, Result<Held>> {
    Box::pin(async move {
        let benefits = benefit::query::held(view).await?;
        Ok(Held { benefits, applications: application::store::open_codes(view, None).await? })
    })
}

fn stand<'a>(app: &'a App, work: &'a Work, application: Id) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { review::supplement::stand(work, &app.calendar.now(), application).await })
}

fn held_benefits(view: &View) -> BoxFuture<'_, Result<Vec<HeldBenefit>>> {
    Box::pin(benefit::query::held(view))
}

fn with_reflection<L>(
    router: tonic::transport::server::Router<L>,
) -> anyhow::Result<tonic::transport::server::Router<L>> {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(router.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

fn transport_security(config: &Config, tls: &Tls) -> anyhow::Result<ServerTlsConfig> {
    let read = |path| {
        let path = config.path(path);
        std::fs::read(&path).with_context(|| format!("tls: {}", path.display()))
    };
    Ok(ServerTlsConfig::new()
        .timeout(HANDSHAKE)
        .identity(Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?))
        .client_ca_root(Certificate::from_pem(read(&tls.client_ca)?))
        // A caller without a certificate may still hold a token.
        .client_auth_optional(true))
}

/// Looks whether the database answers and what is published is known, and tells health, until the server goes down.
async fn readiness(app: App, health: HealthReporter, draining: watch::Receiver<bool>) {
    let (mut last, mut warned) = (None, None);
    while !*draining.borrow() {
        let looked = look(&app).await;
        let today = local_day(app.db.time().now());
        // Once a day is enough for an operator, and a restart says it again.
        if let Some(ends) =
            calendar::domain::ends(&app.calendar.now(), today).filter(|_| warned != Some(today))
        {
            tracing::warn!(until = %ends.until, "the calendar ends: publish the next year with ImportCalendar");
            warned = Some(today);
        }
        let ready = looked.is_ok();
        if last != Some(ready) && !*draining.borrow() {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            set_health(&health, status).await;
            match looked {
                Ok(()) => tracing::info!("ready"),
                Err(why) => tracing::warn!(%why, "not ready: tried again each second"),
            }
            last = Some(ready);
        }
        tokio::time::sleep(READINESS).await;
    }
}

/// What keeps this server from serving. Every instance follows what any of them publishes: one that cannot would pay by
/// rules that are not in force any more.
async fn look(app: &App) -> anyhow::Result<()> {
    timeout(ANSWER, app.db.ping()).await.ok().and_then(Result::ok).context("the database does not answer")?;
    let taking_up = async {
        app.calendar.refresh(&app.db).await?;
        app.catalogs.refresh(&app.db).await
    };
    let taken_up = timeout(TAKING_UP, taking_up).await;
    taken_up
        .context("published catalogues and calendars are not taken up in time")?
        .map_err(|error| anyhow::anyhow!("published catalogues and calendars cannot be taken up: {error}"))
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(*service, status).await;
    }
    health.set_service_status("", status).await;
}

async fn raised(mut flag: watch::Receiver<bool>) {
    worker::raised(&mut flag).await;
}
