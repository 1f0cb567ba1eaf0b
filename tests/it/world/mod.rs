//! A world of its own for each test: a real server in process, its own database, its own clock.

pub mod chance;
pub mod files;
pub mod insurance;
pub mod opinion;
pub mod postgres;
pub mod redaction;
pub mod replay;
pub mod s3;
pub mod scenario;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use opsp::config::{CallerConfig, Config};
use opsp::db::keys::Keys;
use opsp::db::source::{Random, TimeSource};
use opsp::kernel::access::Role;
use opsp::kernel::day_start;
use opsp::proto::opsp::ops::v1 as ops;
use opsp::server::{self, Running};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use time::macros::datetime;
use time::{Date, Duration};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// The databases that everything runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// The real server, a throwaway cluster.
    Postgres,
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// A number that no other call in this process gets.
pub fn unique() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A new `request_id`.
pub fn request_id() -> String {
    uuid::Builder::from_custom_bytes(Random::system().bytes()).into_uuid().to_string()
}

/// A running server and its surroundings.
pub struct World {
    // The first to go: the server is there until then.
    ending: replay::Ending,
    /// The server.
    pub running: Running,
    channel: Channel,
    folder: TempDir,
}

/// A channel that presents a caller.
pub type Caller = InterceptedService<Channel, Headers>;

/// The headers of a caller.
#[derive(Clone)]
pub struct Headers(Vec<(&'static str, MetadataValue<tonic::metadata::Ascii>)>);

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (name, value) in &self.0 {
            request.metadata_mut().insert(*name, value.clone());
        }
        Ok(request)
    }
}

/// The officer of most calls.
pub const OFFICER: &str = "officer.li";
/// The other officer, who confirms.
pub const OTHER_OFFICER: &str = "officer.wang";
/// One more, for what a third person has to do.
pub const THIRD_OFFICER: &str = "officer.zhao";

impl World {
    /// Starts a server on a database of its own.
    pub async fn start(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => String::new(),
            Engine::Postgres => postgres_database().await,
        };
        Self::start_on(&database, |_| {}).await
    }

    /// Starts a server on a named database, with other settings.
    pub async fn start_on(database: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = config(folder.path(), database);
        change(&mut config);
        let clock = TimeSource::simulated(datetime!(2025-03-03 01:00 UTC));
        let running = server::start(config, clock, Random::system()).await.expect("the server starts");
        let channel = connect(running.address).await;
        Self { ending: replay::Ending::new(channel.clone()), running, channel, folder }
    }

    /// The provincial portal, for a person.
    pub fn portal(&self, psn_no: &str) -> Caller {
        self.caller("portal", &[("x-opsp-subject", psn_no)])
    }

    /// The portal, for nobody.
    pub fn public(&self) -> Caller {
        self.caller("portal", &[])
    }

    /// The bureau's back office, by an officer.
    pub fn bureau(&self, officer: &str) -> Caller {
        self.caller("bureau", &[("x-opsp-operator", officer)])
    }

    /// The national platform.
    pub fn platform(&self) -> Caller {
        self.caller("platform", &[])
    }

    /// Operations.
    pub fn ops(&self) -> Caller {
        self.caller("ops", &[])
    }

    /// The bureau of another city.
    pub fn elsewhere(&self) -> Caller {
        self.caller("zhangye", &[("x-opsp-operator", OFFICER)])
    }

    /// Nobody.
    pub fn stranger(&self) -> Caller {
        InterceptedService::new(self.channel.clone(), Headers(Vec::new()))
    }

    fn caller(&self, name: &str, more: &[(&'static str, &str)]) -> Caller {
        present(&self.channel, name, more)
    }

    /// Takes the server down. Its folder stays, with its settings for the binary.
    pub async fn stop(self) -> TempDir {
        let config = self.running.app.config.clone();
        drop(self.ending);
        self.running.stop().await.expect("the server stops");
        let settings = toml::to_string(&*config).expect("settings");
        std::fs::write(self.folder.path().join("opsp.toml"), settings).expect("the settings are written");
        self.folder
    }

    /// The simulated day.
    pub fn today(&self) -> Date {
        opsp::kernel::local_day(self.running.app.db.time().now())
    }

    /// Lets time pass until nine in the morning of a day.
    pub fn wait_until(&self, day: Date) {
        let morning = day_start(day) + Duration::hours(9);
        self.running.app.db.time().advance_to(morning).expect("the clock is simulated");
    }

    /// Lets days pass.
    pub fn wait_days(&self, days: i64) {
        self.wait_until(self.today() + Duration::days(days));
    }

    /// Runs a timed job now; waits while the server's own worker holds it.
    pub async fn job(&self, name: &str) -> i64 {
        run_job(&self.ops(), name).await
    }
}

async fn run_job(ops: &Caller, name: &str) -> i64 {
    let mut client = ops::ops_service_client::OpsServiceClient::new(ops.clone());
    for _ in 0..600 {
        let request = ops::RunJobRequest {
            name: format!("jobs/{name}"),
            request_id: request_id(),
            validate_only: false,
        };
        match client.run_job(request).await {
            Ok(done) => return done.into_inner().last_done,
            Err(status) if reason(&status) == "JOB_HELD" => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(status) => panic!("job {name}: {status:?}"),
        }
    }
    panic!("job {name} stayed held");
}

/// The settings of a test's server.
pub fn config(folder: &std::path::Path, database: &str) -> Config {
    let keys = Keys::generate(&Random::system()).expect("a key ring");
    if !folder.join("keys.toml").exists() {
        std::fs::write(folder.join("keys.toml"), keys).expect("the key ring is written");
    }
    let caller = |name: &str, roles: &[Role], area: &str| {
        let digest: String = Sha256::digest(token(name)).iter().map(|byte| format!("{byte:02x}")).collect();
        let operators = [OFFICER, OTHER_OFFICER, THIRD_OFFICER].map(str::to_owned).to_vec();
        let caller = CallerConfig {
            roles: roles.to_vec(),
            areas: vec![area.to_owned()],
            operators,
            token_sha256: vec![digest],
        };
        (name.to_owned(), caller)
    };
    let callers = BTreeMap::from([
        caller("platform", &[Role::NationalPlatform], "100000"),
        caller("portal", &[Role::Portal], "620900"),
        caller("bureau", &[Role::Bureau, Role::Expert], "620900"),
        caller("zhangye", &[Role::Bureau, Role::Expert], "620700"),
        caller("ops", &[Role::Ops], "100000"),
        caller(
            "every",
            &[Role::NationalPlatform, Role::Portal, Role::Bureau, Role::Expert, Role::Ops],
            "100000",
        ),
    ]);
    let mut config = Config {
        data_dir: folder.to_owned(),
        database: database.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        callers,
        ..Config::default()
    };
    config.limits.linger_ms = 10;
    config.database_pool = 8;
    config
}

/// A caller's bearer token.
pub fn token(name: &str) -> String {
    format!("token-of-{name}")
}

/// Presents a caller on a channel.
pub fn present(channel: &Channel, name: &str, more: &[(&'static str, &str)]) -> Caller {
    let value = |text: &str| MetadataValue::try_from(text).expect("an ascii header");
    let mut headers = vec![("authorization", value(&format!("Bearer {}", token(name))))];
    headers.extend(more.iter().map(|(name, text)| (*name, value(text))));
    InterceptedService::new(channel.clone(), Headers(headers))
}

/// A channel to a server.
pub async fn connect(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("the server answers")
}

/// A new database from a migrated template, on the shared cluster.
pub async fn postgres_database() -> String {
    static TEMPLATE: OnceLock<tokio::sync::OnceCell<()>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(tokio::sync::OnceCell::new);
    template.get_or_init(migrate_template).await;
    tokio::task::spawn_blocking(|| {
        let name = format!("world_{}", unique());
        let cluster = postgres::cluster();
        cluster.create_database(&name, Some("template_opsp"));
        cluster.url(&name)
    })
    .await
    .expect("a database")
}

async fn migrate_template() {
    let create = || postgres::cluster().create_database("template_opsp", None);
    tokio::task::spawn_blocking(create).await.expect("the template database");
    let settings = opsp::db::Settings {
        url: postgres::cluster().url("template_opsp"),
        pool: 2,
        acquire_timeout: std::time::Duration::from_secs(10),
        statement_timeout: std::time::Duration::from_secs(30),
    };
    let random = Random::system();
    let keys = Keys::parse(&Keys::generate(&random).expect("a key ring")).expect("a key ring");
    let db = opsp::db::Db::open(&settings, keys, TimeSource::Real, random).await.expect("the template opens");
    db.migrate().await.expect("the template is migrated");
    db.close().await.expect("the template is closed");
}

/// The reason of a refusal.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A refusal with this code and reason, or a panic that says what came instead. Gives its sentence.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) -> String {
    let status = answer.expect_err(&format!("{expected} was expected"));
    assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{}", status.message());
    status.get_details_localized_message().map(|message| message.message).unwrap_or_default()
}

/// The fields that an INVALID_ARGUMENT names.
pub fn wrong_fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("INVALID_ARGUMENT was expected");
    assert_eq!(status.code(), Code::InvalidArgument, "{}", status.message());
    let bad = status.get_details_bad_request().expect("a BadRequest detail");
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}
