//! Settings of uploaded files: where they lie, how much of them is in memory, who scans them, when leftovers go.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

/// What `materials` begins with when files lie in S3.
const S3_SCHEME: &str = "s3://";

/// Uploaded files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The store that `materials = "s3://bucket/prefix"` speaks of.
    pub s3: Option<S3>,
    /// clamd, `tcp://127.0.0.1:3310` or `unix:///run/clamav/clamd.ctl`; empty when nothing is scanned.
    pub scan: String,
    /// Longest time of one scan, in milliseconds.
    pub scan_ms: u64,
    /// Most bytes of whole files in memory at once, for all uploads that are examined; others wait.
    pub memory_bytes: usize,
    /// So much of an upload is kept at a time, in bytes: what a cut can lose.
    pub part_bytes: usize,
    /// How long what is kept of an unfinished upload can be continued, in hours.
    pub unfinished_hours: i64,
    /// Most unfinished uploads of one person.
    pub unfinished_per_person: usize,
    /// How old content that no material has must be before it is collected, in minutes.
    pub orphan_minutes: i64,
    /// How long the collector rests when it has gone through the store, in minutes.
    pub collect_minutes: i64,
}

/// An object store that speaks S3.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// `https://host`, or plain http on loopback; empty for AWS itself.
    #[serde(default)]
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Whose key it is.
    pub access_key_id: String,
    /// File with the secret key, relative to the data folder: one line, nothing else.
    pub secret_key_file: PathBuf,
}

/// Where files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder, relative to the data folder.
    Folder(PathBuf),
    /// A bucket.
    Bucket {
        /// Its name.
        bucket: String,
        /// Below which everything lies; may be empty.
        prefix: String,
    },
}

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// On a port: `host:port`.
    Tcp(String),
    /// On a socket of this machine.
    Unix(PathBuf),
}

impl Default for Files {
    fn default() -> Self {
        Self {
            s3: None,
            scan: String::new(),
            scan_ms: 15_000,
            memory_bytes: 64 << 20,
            part_bytes: 1 << 20,
            unfinished_hours: 24,
            unfinished_per_person: 20,
            orphan_minutes: 60,
            collect_minutes: 60,
        }
    }
}

impl Files {
    /// Refuses what cannot work. `materials` says where files lie, `upload` how large one may be.
    pub fn verify(&self, materials: &str, upload: usize) -> anyhow::Result<()> {
        let least = [
            ("scan_ms", self.scan_ms >= 100),
            ("part_bytes", self.part_bytes >= 1 << 10),
            ("unfinished_hours", self.unfinished_hours >= 1),
            ("unfinished_per_person", self.unfinished_per_person >= 1),
            ("orphan_minutes", self.orphan_minutes >= 0),
            ("collect_minutes", self.collect_minutes >= 0),
        ];
        for (name, fits) in least {
            ensure!(fits, "files.{name}: too small to work with");
        }
        ensure!(self.part_bytes <= 8 << 20, "files.part_bytes: at most 8 MiB");
        ensure!(self.memory_bytes >= upload, "files.memory_bytes: less than limits.upload_bytes");
        ensure!(self.memory_bytes >> 10 <= u32::MAX as usize, "files.memory_bytes: at most 4 TiB");
        self.scanner()?;
        match (Place::parse(materials)?, &self.s3) {
            (Place::Folder(_), None) => Ok(()),
            (Place::Bucket { .. }, Some(s3)) => s3.verify(),
            (Place::Bucket { .. }, None) => {
                bail!(
                    "files.s3: materials names a bucket, so region, access_key_id and secret_key_file are needed"
                )
            }
            (Place::Folder(_), Some(_)) => {
                bail!(
                    "materials: files.s3 is set, so it must name a bucket, s3://bucket or s3://bucket/prefix"
                )
            }
        }
    }

    /// Who scans; none when nobody does.
    pub fn scanner(&self) -> anyhow::Result<Option<Scanner>> {
        if self.scan.is_empty() {
            return Ok(None);
        }
        if let Some(address) = self.scan.strip_prefix("tcp://") {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            ensure!(port.is_some(), "files.scan: {address} is not a host and a port");
            return Ok(Some(Scanner::Tcp(address.to_owned())));
        }
        let path = self.scan.strip_prefix("unix://").filter(|path| path.starts_with('/'));
        let path = path.context("files.scan: tcp://host:port or unix:///path is needed")?;
        Ok(Some(Scanner::Unix(path.into())))
    }

    /// Longest time of one scan.
    pub fn scan_time(&self) -> Duration {
        Duration::from_millis(self.scan_ms)
    }
}

impl Place {
    /// Reads the setting `materials`.
    pub fn parse(materials: &str) -> anyhow::Result<Self> {
        let Some(rest) = materials.strip_prefix(S3_SCHEME) else {
            ensure!(!materials.is_empty(), "materials: a folder or s3://bucket/prefix is needed");
            ensure!(
                !materials.contains("://"),
                "materials: {materials} is neither a folder nor s3://bucket/prefix"
            );
            return Ok(Self::Folder(materials.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        ensure!(!bucket.is_empty(), "materials: s3://bucket/prefix needs the name of a bucket");
        let prefix = prefix.trim_end_matches('/').to_owned();
        Ok(Self::Bucket { bucket: bucket.to_owned(), prefix })
    }
}

impl S3 {
    fn verify(&self) -> anyhow::Result<()> {
        for (name, value) in [("region", &self.region), ("access_key_id", &self.access_key_id)] {
            ensure!(!value.is_empty(), "files.s3.{name}: is empty");
        }
        let is_safe = self.endpoint.is_empty() || self.endpoint.starts_with("https://") || self.is_loopback();
        ensure!(is_safe, "files.s3.endpoint: https:// is needed, or http:// on a loopback address");
        Ok(())
    }

    /// Whether plain text stays on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.endpoint.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        host.and_then(|host| host.parse::<SocketAddr>().ok()).is_some_and(|host| host.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(files: &Files, materials: &str, part: &str) {
        let error = files.verify(materials, 10 << 20).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn half_a_setting_is_refused_by_its_name() {
        let s3 = |endpoint: &str| S3 {
            endpoint: endpoint.to_owned(),
            region: "cn-north-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_key_file: "s3.key".into(),
        };
        let with = |s3| Files { s3: Some(s3), ..Files::default() };
        assert!(Files::default().verify("materials", 10 << 20).is_ok());
        for endpoint in ["", "https://s3.example", "http://127.0.0.1:5000"] {
            assert!(with(s3(endpoint)).verify("s3://b/p", 10 << 20).is_ok(), "{endpoint}");
        }
        refused(&Files::default(), "s3://b/p", "files.s3");
        refused(&Files::default(), "gs://b", "materials");
        refused(&Files::default(), "", "materials");
        refused(&with(s3("")), "materials", "materials");
        refused(&with(s3("")), "s3://", "bucket");
        refused(&with(s3("http://10.0.0.1:9000")), "s3://b", "files.s3.endpoint");
        refused(&with(S3 { region: String::new(), ..s3("") }), "s3://b", "files.s3.region");
        refused(&Files { scan: "clamd".to_owned(), ..Files::default() }, "materials", "files.scan");
        refused(&Files { scan: "tcp://x".to_owned(), ..Files::default() }, "materials", "files.scan");
        refused(&Files { memory_bytes: 1, ..Files::default() }, "materials", "files.memory_bytes");
    }

    #[test]
    fn places_and_scanners_are_read() {
        let bucket = |bucket: &str, prefix: &str| Place::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!(Place::parse("s3://b").unwrap(), bucket("b", ""));
        assert_eq!(Place::parse("s3://b/one/two/").unwrap(), bucket("b", "one/two"));
        let scanner = |scan: &str| Files { scan: scan.to_owned(), ..Files::default() }.scanner().unwrap();
        assert_eq!(scanner(""), None);
        assert_eq!(scanner("tcp://127.0.0.1:3310"), Some(Scanner::Tcp("127.0.0.1:3310".to_owned())));
        assert_eq!(scanner("unix:///run/c.ctl"), Some(Scanner::Unix("/run/c.ctl".into())));
    }
}
