//! Settings of certificates.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// Certificates.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// How long a status list is good, in hours: so long a revocation may stay unknown to those who check offline.
    pub status_hours: u32,
}

impl Default for Certificates {
    fn default() -> Self {
        Self { status_hours: 24 }
    }
}

impl Certificates {
    pub(super) fn verify(&self) -> anyhow::Result<()> {
        ensure!((1..=168).contains(&self.status_hours), "certificate.status_hours: from 1 to 168");
        Ok(())
    }
}
