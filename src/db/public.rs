//! The public halves of the keys that sign certificates and status lists: all that is needed to check them, offline too.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::Context;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sm2::dsa as sm2dsa;
use time::OffsetDateTime;

/// 用户身份标识 (IDA) of SM2 signatures: the one of GM/T 0009 for those who agreed on no other.
pub(super) const SM2_ID: &str = "1234567812345678";

/// What a key is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    Ed25519,
    /// SM2 with SM3 (GM/T 0003, GM/T 0004).
    Sm2,
}

/// Public keys by the ids under which papers name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

/// A public key.
#[derive(Clone, Debug)]
pub struct PublicKey {
    pub(super) half: Half,
    /// From when on it signs; none for since ever.
    pub from: Option<OffsetDateTime>,
}

#[derive(Clone, Debug)]
pub(super) enum Half {
    Ed25519(VerifyingKey),
    Sm2(Box<sm2dsa::VerifyingKey>),
}

impl Algorithm {
    /// As it is published, and named in the ring.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Sm2 => "SM2",
        }
    }
}

impl FromStr for Algorithm {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        let named = [Self::Ed25519, Self::Sm2].into_iter().find(|one| one.name().eq_ignore_ascii_case(name));
        named.with_context(|| format!("algorithm {name:?} is neither Ed25519 nor SM2"))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        (self.algorithm(), self.bytes(), self.from) == (other.algorithm(), other.bytes(), other.from)
    }
}

impl Eq for PublicKey {}

impl PublicKey {
    /// Reads the raw form: 32 bytes of Ed25519, or a point of SM2 as SEC 1 writes it.
    pub fn parse(algorithm: Algorithm, bytes: &[u8], from: Option<OffsetDateTime>) -> anyhow::Result<Self> {
        let half = match algorithm {
            Algorithm::Ed25519 => {
                let bytes: &[u8; 32] = bytes.try_into().context("a public key has 32 bytes")?;
                Half::Ed25519(VerifyingKey::from_bytes(bytes).context("not a public key of Ed25519")?)
            }
            Algorithm::Sm2 => {
                let key = sm2dsa::VerifyingKey::from_sec1_bytes(SM2_ID, bytes);
                Half::Sm2(Box::new(key.context("not a public key of SM2")?))
            }
        };
        Ok(Self { half, from })
    }

    /// What it is of.
    pub fn algorithm(&self) -> Algorithm {
        match self.half {
            Half::Ed25519(_) => Algorithm::Ed25519,
            Half::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// The raw form.
    pub fn bytes(&self) -> Vec<u8> {
        match &self.half {
            Half::Ed25519(key) => key.to_bytes().to_vec(),
            Half::Sm2(key) => key.to_sec1_bytes().into_vec(),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.half {
            Half::Ed25519(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Half::Sm2(key) => sm2dsa::Signature::from_slice(signature).is_ok_and(|signature| {
                sm2dsa::signature::Verifier::verify(&**key, message, &signature).is_ok()
            }),
        }
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
        self.0.get(id).is_some_and(|key| key.verifies(message, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The example of GM/T 0003.5-2012, annex A: key, message and signature.
    #[test]
    fn the_example_of_the_standard_verifies_and_nothing_beside_it() {
        let point = hex("0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020\
             CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13");
        let signature = hex("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3\
             B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA");
        let key = PublicKey::parse(Algorithm::Sm2, &point, None).unwrap();
        assert_eq!(key.bytes(), point);
        assert!(key.verifies(b"message digest", &signature));
        assert!(!key.verifies(b"message digesT", &signature));
        for at in 0..signature.len() {
            let mut altered = signature.clone();
            altered[at] ^= 1;
            assert!(!key.verifies(b"message digest", &altered), "byte {at}");
        }
        let mut beside = point.clone();
        beside[64] ^= 1;
        assert!(PublicKey::parse(Algorithm::Sm2, &beside, None).is_err(), "not on the curve");
        assert!(PublicKey::parse(Algorithm::Sm2, &point[1..], None).is_err());
        assert!(PublicKey::parse(Algorithm::Ed25519, &point, None).is_err());
    }
}
