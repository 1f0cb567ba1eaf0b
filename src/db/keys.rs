//! The key ring: sealed columns, the blind index of certno, page tokens, signatures of certificates.

use std::collections::BTreeMap;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::source::Random;
use crate::kernel::error::{Error, Result};

const NONCE: usize = 12;

/// The keys of one installation. Old ones stay, so that what they sealed and signed can still be read.
#[derive(Clone)]
pub struct Keys {
    active: String,
    data: BTreeMap<String, Aes256Gcm>,
    index: [u8; 32],
    signing: String,
    signers: BTreeMap<String, SigningKey>,
}

/// The ring as it lies in a file, keys in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Id of the key that seals from now on.
    active: String,
    /// Id of the key that signs from now on.
    signing: String,
    /// Key of the blind index. Changing it means computing the index anew.
    index: String,
    /// AES-256-GCM keys by id.
    data: BTreeMap<String, String>,
    /// Ed25519 seeds by id.
    signers: BTreeMap<String, String>,
}

impl Keys {
    /// A new ring with one key of each sort, in the form of its file.
    pub fn generate(random: &Random) -> Result<String> {
        let fresh = || STANDARD.encode(random.bytes::<32>());
        let one = |id: &str| BTreeMap::from([(id.to_owned(), fresh())]);
        let file = File {
            active: "d1".to_owned(),
            signing: "s1".to_owned(),
            index: fresh(),
            data: one("d1"),
            signers: one("s1"),
        };
        toml::to_string(&file).map_err(|error| Error::Internal(error.into()))
    }

    /// Reads a ring from its file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("key ring {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("key ring {}", path.display()))
    }

    /// Reads a ring.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let mut data = BTreeMap::new();
        for (id, key) in &file.data {
            data.insert(id.clone(), Aes256Gcm::new(&key_bytes(key)?.into()));
        }
        let mut signers = BTreeMap::new();
        for (id, seed) in &file.signers {
            signers.insert(id.clone(), SigningKey::from_bytes(&key_bytes(seed)?));
        }
        anyhow::ensure!(data.contains_key(&file.active), "active names no data key");
        anyhow::ensure!(signers.contains_key(&file.signing), "signing names no signer");
        anyhow::ensure!(
            file.data.keys().all(|id| id.len() < 256),
            "ids of keys have fewer than 256 characters"
        );
        Ok(Self { active: file.active, data, index: key_bytes(&file.index)?, signing: file.signing, signers })
    }

    /// Seals bytes for one place: what is sealed for one row does not open in another.
    pub fn seal(&self, random: &Random, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let cipher = self.data.get(&self.active).ok_or_else(|| Error::internal("no active key"))?;
        let nonce = random.bytes::<NONCE>();
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: place.as_bytes() })
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut out = Vec::with_capacity(1 + self.active.len() + NONCE + sealed.len());
        out.push(u8::try_from(self.active.len()).map_err(|_| Error::internal("key id too long"))?);
        out.extend_from_slice(self.active.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        self.try_open(place, sealed)
            .ok_or_else(|| Error::internal(format!("sealed bytes of {place} do not open")))
    }

    /// Opens what was sealed for a place, if it was.
    pub fn try_open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = sealed.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        let (nonce, body) = rest.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let cipher = self.data.get(std::str::from_utf8(id).ok()?)?;
        cipher.decrypt(&Nonce::from(nonce), Payload { msg: body, aad: place.as_bytes() }).ok()
    }

    /// Seals a value as JSON.
    pub fn seal_value<T: Serialize>(&self, random: &Random, place: &str, value: &T) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(value).map_err(|error| Error::Internal(error.into()))?;
        self.seal(random, place, &plain)
    }

    /// Opens a value.
    pub fn open_value<T: for<'de> Deserialize<'de>>(&self, place: &str, sealed: &[u8]) -> Result<T> {
        let plain = self.open(place, sealed)?;
        // The error's own words would quote what was sealed.
        let told = |error: serde_json::Error| {
            format!("{place}: {:?} at column {}", error.classify(), error.column())
        };
        serde_json::from_slice(&plain).map_err(|error| Error::internal(told(error)))
    }

    /// The blind index of a text: equal texts have equal indexes, and without the key nothing can be tried out.
    pub fn blind_index(&self, kind: &str, text: &str) -> Result<Vec<u8>> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.index)
            .map_err(|_| Error::internal("index key"))?;
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Ok(mac.finalize().into_bytes().to_vec())
    }

    /// Signs with the current signer: its id and the signature.
    pub fn sign(&self, message: &[u8]) -> Result<(String, [u8; 64])> {
        let signer = self.signers.get(&self.signing).ok_or_else(|| Error::internal("no signer"))?;
        Ok((self.signing.clone(), signer.sign(message).to_bytes()))
    }

    /// Whether a signature of one of our signers is genuine.
    pub fn verifies(&self, signer: &str, message: &[u8], signature: &[u8]) -> bool {
        let Some(key) = self.signers.get(signer) else { return false };
        verifies(&key.verifying_key(), message, signature)
    }

    /// The public keys by id.
    pub fn verification_keys(&self) -> Vec<(String, [u8; 32])> {
        self.signers.iter().map(|(id, key)| (id.clone(), key.verifying_key().to_bytes())).collect()
    }
}

fn verifies(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    ed25519_dalek::Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

fn key_bytes(text: &str) -> anyhow::Result<[u8; 32]> {
    STANDARD.decode(text)?.try_into().map_err(|_| anyhow::anyhow!("a key has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (Keys, Random) {
        let random = Random::seeded(7);
        (Keys::parse(&Keys::generate(&random).unwrap()).unwrap(), random)
    }

    #[test]
    fn sealed_bytes_open_only_in_their_place() {
        let (keys, random) = keys();
        let sealed = keys.seal(&random, "insured/1", b"620902196001010011").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"6209"));
        assert_eq!(keys.open("insured/1", &sealed).unwrap(), b"620902196001010011");
        assert!(keys.open("insured/2", &sealed).is_err());
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(keys.open("insured/1", &altered).is_err(), "byte {index}");
        }
        assert!(keys.open("insured/1", &[]).is_err());
    }

    #[test]
    fn a_rotated_ring_still_opens_what_the_old_key_sealed() {
        let (keys, random) = keys();
        let sealed = keys.seal(&random, "x", b"old").unwrap();
        let mut rotated = keys.clone();
        rotated.data.insert("d2".to_owned(), Aes256Gcm::new(&[9; 32].into()));
        rotated.active = "d2".to_owned();
        assert_eq!(rotated.open("x", &sealed).unwrap(), b"old");
        let fresh = rotated.seal(&random, "x", b"new").unwrap();
        assert!(keys.open("x", &fresh).is_err());
    }

    #[test]
    fn a_signature_holds_for_its_message_only() {
        let (keys, _) = keys();
        let (signer, signature) = keys.sign(b"message").unwrap();
        assert!(keys.verifies(&signer, b"message", &signature));
        assert!(
            !keys.verifies(&signer, b"massage", &signature)
                && !keys.verifies("other", b"message", &signature)
        );
    }
}
