//! Settings: defaults, then the file, then the environment (`OPSP_` and `__` between the parts). Read once, checked as
//! a whole, before anything starts. A half-set security option is refused, never weakened.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::db;
use crate::kernel::access::Role;
use crate::kernel::region::Region;
use crate::rpc::auth::{Caller, Callers, is_operator};

pub mod certificate;
pub mod files;

/// Name of the file in the data folder.
pub const FILE: &str = "opsp.toml";
/// Environment variables begin with this.
pub const PREFIX: &str = "OPSP_";

/// The settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where keys, certificates, materials and the embedded database lie. Set by the command line.
    pub data_dir: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// `sqlite://path` or `postgres://…`; empty for SQLite in the data folder.
    pub database: String,
    /// Connections to PostgreSQL.
    pub database_pool: u32,
    /// Longest wait for a connection, in milliseconds.
    pub database_wait_ms: u64,
    /// Key ring, relative to the data folder.
    pub keys: PathBuf,
    /// A font with Chinese glyphs, for certificates.
    pub font: PathBuf,
    /// Mutual TLS; none only on loopback and with tokens.
    pub tls: Option<Tls>,
    /// Who may call.
    pub callers: BTreeMap<String, CallerConfig>,
    /// Bounds.
    pub limits: Limits,
    /// Where materials lie: a folder, relative to the data folder, or `s3://bucket/prefix`.
    pub materials: String,
    /// How materials are kept.
    pub files: files::Files,
    /// Certificates.
    pub certificate: certificate::Certificates,
    /// How long an answer is kept for its `request_id`, in days.
    pub answers_days: i64,
    /// 督办: at how many working days left a deadline is told of, besides when it is missed. What runs already is told of
    /// by other steps from the next one of its old steps on.
    pub escalate_at: Vec<u32>,
    /// Logs as `text` or `json`.
    pub log_format: LogFormat,
}

/// Certificates, relative to the data folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority that signs clients.
    pub client_ca: PathBuf,
}

/// One caller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerConfig {
    /// Its roles.
    pub roles: Vec<Role>,
    /// Its areas, codes of the national table.
    pub areas: Vec<String>,
    /// Registered officers, for the role bureau.
    #[serde(default)]
    pub operators: Vec<String>,
    /// SHA-256 of its bearer tokens, hexadecimal.
    #[serde(default)]
    pub token_sha256: Vec<String>,
}

/// Bounds. Everything has one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest message, in bytes.
    pub message_bytes: usize,
    /// Largest import of a catalogue or of a list of institutions, in bytes.
    pub catalog_bytes: usize,
    /// Largest material, in bytes.
    pub upload_bytes: usize,
    /// Most materials of one person.
    pub materials_per_person: u64,
    /// Calls at once, on all connections.
    pub calls: usize,
    /// Streams at once on one connection.
    pub streams: u32,
    /// Largest header list, in bytes.
    pub header_bytes: u32,
    /// Longest time to the first answer, in milliseconds.
    pub deadline_ms: u64,
    /// How long new calls are taken after the stop signal, in milliseconds: balancers need a moment to look.
    pub linger_ms: u64,
    /// Longest time to finish what is under way, in milliseconds.
    pub drain_ms: u64,
}

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("."),
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            database: String::new(),
            database_pool: 16,
            database_wait_ms: 5_000,
            keys: PathBuf::from("keys.toml"),
            font: PathBuf::from("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
            tls: None,
            callers: BTreeMap::new(),
            limits: Limits::default(),
            materials: "materials".to_owned(),
            files: files::Files::default(),
            certificate: certificate::Certificates::default(),
            answers_days: 30,
            escalate_at: vec![5, 2],
            log_format: LogFormat::Text,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 2 << 20,
            catalog_bytes: 32 << 20,
            upload_bytes: 10 << 20,
            materials_per_person: 500,
            calls: 1024,
            streams: 256,
            header_bytes: 16 << 10,
            deadline_ms: 30_000,
            linger_ms: 500,
            drain_ms: 10_000,
        }
    }
}

impl Limits {
    fn verify(&self) -> anyhow::Result<()> {
        let least = [
            ("message_bytes", self.message_bytes >= 64 << 10),
            ("catalog_bytes", self.catalog_bytes >= 64 << 10),
            ("upload_bytes", self.upload_bytes >= 1 << 10),
            ("materials_per_person", self.materials_per_person >= 1),
            ("calls", self.calls >= 1),
            ("streams", self.streams >= 1),
            ("header_bytes", self.header_bytes >= 4 << 10),
            ("deadline_ms", self.deadline_ms >= 100),
        ];
        for (name, fits) in least {
            ensure!(fits, "limits.{name}: too small to work with");
        }
        Ok(())
    }
}

impl Config {
    /// Reads the settings of a data folder.
    pub fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let file = data_dir.join(FILE);
        ensure!(
            file.is_file(),
            "{} is not there: run `opsp init --data-dir {}` first",
            file.display(),
            data_dir.display()
        );
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file_exact(&file))
            .merge(Env::prefixed(PREFIX).split("__"));
        let mut config: Self =
            figment.extract().with_context(|| format!("settings in {} and {PREFIX}*", file.display()))?;
        config.data_dir = data_dir.to_owned();
        config.verify()?;
        Ok(config)
    }

    /// Refuses what would be unsafe or cannot work.
    pub fn verify(&self) -> anyhow::Result<()> {
        ensure!(!self.callers.is_empty(), "callers: nobody may call; name at least one caller");
        ensure!(
            self.answers_days >= 1,
            "answers_days: a repeated request needs its first answer for at least a day"
        );
        ensure!(self.answers_days <= 3650, "answers_days: at most 3650");
        ensure!(self.database_pool >= 1, "database_pool: at least 1");
        self.limits.verify()?;
        self.certificate.verify()?;
        self.files.verify(&self.materials, self.limits.upload_bytes)?;
        if self.tls.is_none() {
            ensure!(self.listen.ip().is_loopback(), "tls: without it, listen must be a loopback address");
        }
        let mut tokens = BTreeSet::new();
        for (name, caller) in &self.callers {
            ensure!(
                name.len() <= 64 && name != "system",
                "callers.{name}: up to 64 characters, and not `system`"
            );
            ensure!(!caller.roles.is_empty(), "callers.{name}.roles: is empty");
            for operator in &caller.operators {
                ensure!(
                    is_operator(operator),
                    "callers.{name}.operators: {operator} is not lower case, digits, . _ -"
                );
            }
            for token in &caller.token_sha256 {
                ensure!(
                    tokens.insert(token),
                    "callers.{name}.token_sha256: another caller has the same token"
                );
            }
            let way_in = self.tls.is_some() || !caller.token_sha256.is_empty();
            ensure!(way_in, "callers.{name}: without tls it needs a token_sha256");
            let officers = !caller.roles.contains(&Role::Bureau) || !caller.operators.is_empty();
            ensure!(officers, "callers.{name}.operators: the role bureau needs its officers registered");
        }
        self.callers()?;
        Ok(())
    }

    /// The callers, parsed.
    pub fn callers(&self) -> anyhow::Result<Callers> {
        let mut callers = Callers::default();
        for (name, config) in &self.callers {
            let area = |code: &String| {
                Region::find(code).with_context(|| format!("callers.{name}.areas: {code} is unknown"))
            };
            let areas = config.areas.iter().map(area).collect::<anyhow::Result<Vec<_>>>()?;
            let tokens = config.token_sha256.iter().map(|text| {
                hex(text)
                    .with_context(|| format!("callers.{name}.token_sha256: 64 hexadecimal digits are needed"))
            });
            let tokens = tokens.collect::<anyhow::Result<Vec<_>>>()?;
            let caller = Caller { roles: config.roles.clone(), areas, operators: config.operators.clone() };
            callers.add(name, caller, &tokens);
        }
        Ok(callers)
    }

    /// How to reach the database.
    pub fn database(&self) -> db::Settings {
        let url = if self.database.is_empty() {
            format!("sqlite://{}", self.data_dir.join("opsp.db").display())
        } else {
            self.database.clone()
        };
        db::Settings {
            url,
            pool: self.database_pool,
            acquire_timeout: Duration::from_millis(self.database_wait_ms),
            statement_timeout: Duration::from_millis(self.limits.deadline_ms),
        }
    }

    /// A path of the data folder.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.data_dir.join(path)
    }
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(roles: &[Role], operators: &[&str], tokens: &[&str]) -> CallerConfig {
        CallerConfig {
            roles: roles.to_vec(),
            areas: vec!["620900".to_owned()],
            operators: operators.iter().map(|name| (*name).to_owned()).collect(),
            token_sha256: tokens.iter().map(|token| (*token).to_owned()).collect(),
        }
    }

    fn refused(config: &Config, part: &str) {
        let error = config.verify().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn unsafe_settings_do_not_start() {
        let token = "ab".repeat(32);
        let with =
            |caller| Config { callers: BTreeMap::from([("x".to_owned(), caller)]), ..Config::default() };
        refused(&Config::default(), "nobody may call");
        refused(&with(caller(&[Role::Portal], &[], &[])), "token_sha256");
        refused(&with(caller(&[Role::Portal], &[], &["12"])), "64 hexadecimal");
        refused(&with(caller(&[Role::Bureau], &[], &[&token])), "operators");
        refused(&with(caller(&[], &[], &[&token])), "roles");
        let mut open = with(caller(&[Role::Portal], &[], &[&token]));
        assert!(open.verify().is_ok());
        open.listen = SocketAddr::from(([0, 0, 0, 0], 8443));
        refused(&open, "loopback");
    }
}
