//! An object store that speaks S3.

use std::time::Duration;

use anyhow::{Context, ensure};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ClientOptions, RetryConfig};

use crate::config::Config;
use crate::config::files::S3;

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest silence. What is asked within a person's lock must not hold it for long.
const SILENCE: Duration = Duration::from_secs(8);
/// Longest time for one request with its repetitions.
const REPEATED: Duration = Duration::from_secs(10);

/// Opens a bucket. Nothing is asked of the store yet: it may come up after the server.
pub fn open(config: &Config, settings: &S3, bucket: &str) -> anyhow::Result<AmazonS3> {
    let secret = config.path(&settings.secret_key_file);
    let told = || format!("files.s3.secret_key_file: {}", secret.display());
    let secret = std::fs::read_to_string(&secret).with_context(told)?;
    let secret = secret.trim();
    ensure!(!secret.is_empty(), "{}: is empty", told());
    // Its client asks for the process's provider, and there is only this one. It may be in place already.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a crypto provider was in place already");
    }
    let options = ClientOptions::new()
        .with_allow_http(settings.is_loopback())
        .with_connect_timeout(CONNECT)
        .with_read_timeout(SILENCE)
        .with_timeout_disabled();
    let retry = RetryConfig { max_retries: 2, retry_timeout: REPEATED, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.region)
        .with_access_key_id(&settings.access_key_id)
        .with_secret_access_key(secret)
        .with_client_options(options)
        .with_retry(retry);
    if !settings.endpoint.is_empty() {
        builder = builder
            .with_endpoint(settings.endpoint.trim_end_matches('/'))
            .with_allow_http(settings.is_loopback());
    }
    builder.build().context("files.s3")
}
