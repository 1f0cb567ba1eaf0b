//! The key ring: sealed columns, the blind index of certno, page tokens, signatures of certificates.

use std::collections::BTreeMap;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::public::{Algorithm, PublicKeys};
use super::signer::Signer;
use super::source::Random;
use crate::kernel::error::{Error, Result};

const NONCE: usize = 12;
/// Most characters of a signer's id: each text that it signs names it, and has to fit a code.
const ID: usize = 64;

/// The keys of one installation. Old ones stay, so that what they sealed and signed can still be read.
#[derive(Clone)]
pub struct Keys {
    active: String,
    data: BTreeMap<String, Aes256Gcm>,
    index: [u8; 32],
    signing: String,
    signers: BTreeMap<String, Signer>,
    public: PublicKeys,
}

/// The ring as it lies in a file, keys in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Id of the key that seals from now on.
    active: String,
    /// Id of the key that signs; where it does so only from a later instant on, the one before it signs until then.
    signing: String,
    /// Key of the blind index. Changing it means computing the index anew.
    index: String,
    /// AES-256-GCM keys by id.
    data: BTreeMap<String, String>,
    /// Secret keys of 32 bytes by id, of Ed25519 where `algorithms` says nothing else.
    signers: BTreeMap<String, String>,
    /// What a signer is of, `Ed25519` or `SM2`, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    algorithms: BTreeMap<String, String>,
    /// From when on a signer signs, RFC 3339, by its id; one that is not here does since ever.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    signs_from: BTreeMap<String, String>,
}

impl Keys {
    /// A new ring with one key of each sort, in the form of its file; it signs with Ed25519.
    pub fn generate(random: &Random) -> Result<String> {
        Self::generate_of(Algorithm::Ed25519, random)
    }

    /// A new ring that signs with an algorithm.
    pub fn generate_of(algorithm: Algorithm, random: &Random) -> Result<String> {
        let fresh = || STANDARD.encode(random.bytes::<32>());
        let one = |id: &str| BTreeMap::from([(id.to_owned(), fresh())]);
        let file = File {
            active: "d1".to_owned(),
            signing: "s1".to_owned(),
            index: fresh(),
            data: one("d1"),
            signers: one("s1"),
            algorithms: BTreeMap::from_iter(named("s1", algorithm)),
            signs_from: BTreeMap::new(),
        };
        toml::to_string(&file).map_err(|error| Error::Internal(error.into()))
    }

    /// A ring with one signer more, which signs from an instant on: its file, and the new signer's id. All others stay.
    pub fn rotate(
        text: &str,
        algorithm: Algorithm,
        random: &Random,
        from: OffsetDateTime,
    ) -> anyhow::Result<(String, String)> {
        Self::parse(text)?;
        let mut file: File = toml::from_str(text)?;
        let numbers = file.signers.keys().filter_map(|id| id.strip_prefix('s')?.parse::<u32>().ok());
        let id = format!("s{}", numbers.max().unwrap_or(0) + 1);
        file.signers.insert(id.clone(), STANDARD.encode(random.bytes::<32>()));
        file.signs_from.insert(id.clone(), from.format(&Rfc3339)?);
        file.algorithms.extend(named(&id, algorithm));
        file.signing.clone_from(&id);
        let rotated = toml::to_string(&file)?;
        Self::parse(&rotated)?;
        Ok((rotated, id))
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
        let mut public = PublicKeys::default();
        for (id, seed) in &file.signers {
            let from = file.signs_from.get(id).map(|from| OffsetDateTime::parse(from, &Rfc3339));
            let from = from.transpose().with_context(|| format!("signs_from.{id}: not an instant"))?;
            let algorithm = file.algorithms.get(id).map(|name| name.parse()).transpose();
            let algorithm =
                algorithm.with_context(|| format!("algorithms.{id}"))?.unwrap_or(Algorithm::Ed25519);
            let signer = Signer::new(algorithm, &key_bytes(seed)?, from);
            let signer = signer.with_context(|| format!("signers.{id}"))?;
            public.add(id, signer.public());
            signers.insert(id.clone(), signer);
        }
        anyhow::ensure!(data.contains_key(&file.active), "active names no data key");
        anyhow::ensure!(signers.contains_key(&file.signing), "signing names no signer");
        let mut told = file.signs_from.keys().chain(file.algorithms.keys());
        let stranger = told.find(|id| !signers.contains_key(*id));
        anyhow::ensure!(stranger.is_none(), "signs_from or algorithms names no signer: {stranger:?}");
        anyhow::ensure!(
            file.data.keys().all(|id| id.len() < 256),
            "ids of keys have fewer than 256 characters"
        );
        let fits =
            |id: &String| (1..=ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        anyhow::ensure!(file.signers.keys().all(fits), "ids of signers have 1 to {ID} characters that print");
        let index = key_bytes(&file.index)?;
        Ok(Self { active: file.active, data, index, signing: file.signing, signers, public })
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

    /// Signs with the signer of an instant: its id and the signature.
    pub fn sign(&self, now: OffsetDateTime, message: &[u8]) -> Result<(String, [u8; 64])> {
        let id = self.signer(now);
        let signer = self.signers.get(id).ok_or_else(|| Error::internal("no signer"))?;
        Ok((id.to_owned(), signer.sign(message)?))
    }

    /// Which key signs at an instant: the one that `signing` names, or before its time the latest of the others.
    pub fn signer(&self, now: OffsetDateTime) -> &str {
        let begun =
            |id: &str| self.signers.get(id).is_some_and(|signer| signer.from.is_none_or(|from| from <= now));
        let others = self.signers.iter().filter(|(id, _)| begun(id));
        match others.max_by_key(|(_, signer)| signer.from) {
            Some((latest, _)) if !begun(&self.signing) => latest,
            _ => &self.signing,
        }
    }

    /// The public keys of all signers, also of those that sign no more.
    pub fn public(&self) -> &PublicKeys {
        &self.public
    }
}

/// What the ring says of a signer's algorithm: nothing of Ed25519, so that an earlier version reads it.
fn named(id: &str, algorithm: Algorithm) -> Option<(String, String)> {
    (algorithm != Algorithm::Ed25519).then(|| (id.to_owned(), algorithm.name().to_owned()))
}

fn key_bytes(text: &str) -> anyhow::Result<[u8; 32]> {
    STANDARD.decode(text)?.try_into().map_err(|_| anyhow::anyhow!("a key has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

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
        let (signer, signature) = keys.sign(datetime!(2025-03-06 1:00 UTC), b"message").unwrap();
        let public = keys.public();
        assert!(public.verifies(&signer, b"message", &signature));
        assert!(!public.verifies(&signer, b"massage", &signature));
        assert!(!public.verifies("other", b"message", &signature));
    }

    #[test]
    fn a_rotated_ring_signs_anew_from_its_instant_on_and_verifies_all() {
        let random = Random::seeded(7);
        let ring = Keys::generate(&random).unwrap();
        let first = datetime!(2025-03-06 1:00 UTC);
        let (before, old) = Keys::parse(&ring).unwrap().sign(first, b"m").unwrap();
        let (second_at, third_at) = (datetime!(2025-04-01 0:00 UTC), datetime!(2025-05-01 0:00 UTC));
        let (ring, second) = Keys::rotate(&ring, Algorithm::Sm2, &random, second_at).unwrap();
        let (ring, third) = Keys::rotate(&ring, Algorithm::Ed25519, &random, third_at).unwrap();
        assert_eq!((before.as_str(), second.as_str(), third.as_str()), ("s1", "s2", "s3"));
        let keys = Keys::parse(&ring).unwrap();
        for (now, expected) in [
            (first, "s1"),
            (second_at - Duration::SECOND, "s1"),
            (second_at, "s2"),
            (third_at - Duration::SECOND, "s2"),
            (third_at, "s3"),
        ] {
            let (signer, signature) = keys.sign(now, b"m").unwrap();
            assert_eq!(signer, expected, "{now}");
            assert!(keys.public().verifies(expected, b"m", &signature));
        }
        assert!(keys.public().verifies("s1", b"m", &old), "what the first one signed stays genuine");
        let of: Vec<_> = keys.public().iter().map(|(_, key)| key.algorithm().name()).collect();
        assert_eq!(of, ["Ed25519", "SM2", "Ed25519"]);
        let from: Vec<_> = keys.public().iter().map(|(id, key)| (id, key.from)).collect();
        assert_eq!(from, [("s1", None), ("s2", Some(second_at)), ("s3", Some(third_at))]);
        let back = ring.replace("signing = \"s3\"", "signing = \"s1\"");
        assert_eq!(Keys::parse(&back).unwrap().signer(third_at), "s1", "an operator's word goes before all");
    }

    #[test]
    fn a_ring_of_sm2_signs_the_same_each_time_and_for_its_message_only() {
        let random = Random::seeded(7);
        let ring = Keys::generate_of(Algorithm::Sm2, &random).unwrap();
        let (keys, now) = (Keys::parse(&ring).unwrap(), datetime!(2025-03-06 1:00 UTC));
        let (signer, signature) = keys.sign(now, b"message").unwrap();
        assert_eq!(keys.sign(now, b"message").unwrap(), (signer.clone(), signature));
        assert!(keys.public().verifies(&signer, b"message", &signature));
        assert!(!keys.public().verifies(&signer, b"massage", &signature));
        assert!(!keys.public().verifies(&signer, b"message", &signature[1..]));
        assert!(!keys.public().verifies(&signer, b"message", &[0; 64]));
        // The same secret bytes are another key for another algorithm.
        let other = Keys::parse(&ring.replace("\"SM2\"", "\"Ed25519\"")).unwrap();
        assert!(!other.public().verifies(&signer, b"message", &signature));
        let unknown = Keys::parse(&ring.replace("\"SM2\"", "\"RSA\"")).err().unwrap();
        assert!(format!("{unknown:#}").contains("neither Ed25519 nor SM2"), "{unknown:#}");
        let seed = ring.split("[signers]\ns1 = \"").nth(1).unwrap().split('"').next().unwrap();
        let weak = Keys::parse(&ring.replace(seed, &STANDARD.encode([0; 32]))).err().unwrap();
        assert!(format!("{weak:#}").contains("not a secret key of SM2"), "{weak:#}");
    }

    #[test]
    fn a_ring_that_makes_no_sense_is_refused() {
        let random = Random::seeded(7);
        let ring = Keys::generate(&random).unwrap();
        for (more, expected) in
            [("s1 = \"tomorrow\"", "not an instant"), ("s9 = \"2025-04-01T00:00:00Z\"", "s9")]
        {
            let error = Keys::parse(&format!("{ring}\n[signs_from]\n{more}\n")).err().unwrap();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
        for id in ["x".repeat(65), "\"\"".to_owned(), "\"a b\"".to_owned()] {
            let named = ring.replace("\"s1\"", &format!("\"{}\"", id.trim_matches('"')));
            let named = named.replace("\ns1 = ", &format!("\n{id} = "));
            let error = Keys::parse(&named).err().unwrap();
            assert!(format!("{error:#}").contains("1 to 64 characters"), "{id}: {error:#}");
        }
    }
}
