//! The public halves of the keys that sign certificates and status lists: all that is needed to check them, offline too.

use std::collections::BTreeMap;

use anyhow::Context;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use time::OffsetDateTime;

/// What a key is of, as it is published.
pub const ALGORITHM: &str = "Ed25519";

/// Public keys by the ids under which papers name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) key: VerifyingKey,
    /// From when on it signs; none for since ever.
    pub from: Option<OffsetDateTime>,
}

impl PublicKey {
    /// Reads the raw form.
    pub fn parse(bytes: &[u8], from: Option<OffsetDateTime>) -> anyhow::Result<Self> {
        let bytes: &[u8; 32] = bytes.try_into().context("a public key has 32 bytes")?;
        Ok(Self { key: VerifyingKey::from_bytes(bytes).context("not a public key of Ed25519")?, from })
    }

    /// The raw form.
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }
}

impl PublicKeys {
    /// Adds one.
    pub fn add(&mut self, id: &str, key: PublicKey) {
        self.0.insert(id.to_owned(), key);
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key))
    }

    /// Whether there is one under an id.
    pub fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Whether the key of that id signed exactly this message.
    pub fn verifies(&self, id: &str, message: &[u8], signature: &[u8]) -> bool {
        let Some(public) = self.0.get(id) else { return false };
        Signature::from_slice(signature).is_ok_and(|signature| public.key.verify(message, &signature).is_ok())
    }
}
