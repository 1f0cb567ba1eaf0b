//! The secret halves of the keys that sign certificates and status lists.

use anyhow::Context;
use ed25519_dalek::{Signer as _, SigningKey};
use sm2::dsa as sm2dsa;
use time::OffsetDateTime;

use super::public::{Algorithm, Half, PublicKey, SM2_ID};
use crate::kernel::error::{Error, Result};

/// A key that signs.
#[derive(Clone)]
pub(super) struct Signer {
    secret: Secret,
    /// From when on; none for since ever.
    pub(super) from: Option<OffsetDateTime>,
}

#[derive(Clone)]
enum Secret {
    Ed25519(Box<SigningKey>),
    Sm2(Box<sm2dsa::SigningKey>),
}

impl Signer {
    /// Of 32 secret bytes.
    pub(super) fn new(
        algorithm: Algorithm,
        seed: &[u8; 32],
        from: Option<OffsetDateTime>,
    ) -> anyhow::Result<Self> {
        let secret = match algorithm {
            Algorithm::Ed25519 => Secret::Ed25519(Box::new(SigningKey::from_bytes(seed))),
            Algorithm::Sm2 => {
                let key = sm2dsa::SigningKey::from_slice(SM2_ID, seed);
                Secret::Sm2(Box::new(key.context("not a secret key of SM2")?))
            }
        };
        Ok(Self { secret, from })
    }

    pub(super) fn public(&self) -> PublicKey {
        let half = match &self.secret {
            Secret::Ed25519(key) => Half::Ed25519(key.verifying_key()),
            Secret::Sm2(key) => Half::Sm2(Box::new(key.verifying_key().clone())),
        };
        PublicKey { half, from: self.from }
    }

    /// 64 bytes: of SM2 r and s, big end first. Both sorts sign the same message the same way each time.
    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        match &self.secret {
            Secret::Ed25519(key) => Ok(key.sign(message).to_bytes()),
            Secret::Sm2(key) => {
                let signed: std::result::Result<sm2dsa::Signature, _> =
                    sm2dsa::signature::Signer::try_sign(&**key, message);
                let signature = signed.map_err(|_| Error::internal("SM2 did not sign"))?;
                signature.to_bytes()[..].try_into().map_err(|_| Error::internal("a signature has 64 bytes"))
            }
        }
    }
}
