//! A status list without its entries: what is signed of it.

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::domain::Entries;
use crate::db::keys::Keys;
use crate::db::public::PublicKeys;
use crate::kernel::error::Result;

const MESSAGE: &[u8] = b"opsp certificate status list 1\n";

/// What is said of a list, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// 签发时间, in whole seconds.
    pub issued_at: OffsetDateTime,
    /// From then on it says nothing any more; in whole seconds.
    pub expires_at: OffsetDateTime,
    /// How many entries it has.
    pub count: usize,
    /// SHA-256 over the entries.
    pub sha256: [u8; 32],
    /// The key that signed it.
    pub key_id: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl StatusList {
    /// A list of an instant that is good for so long, signed.
    pub fn sign(entries: &Entries, keys: &Keys, now: OffsetDateTime, life: Duration) -> Result<Self> {
        let issued_at = now - Duration::nanoseconds(i64::from(now.nanosecond()));
        let expires_at = issued_at + life;
        let sha256 = digest(entries.bytes());
        let (key_id, signature) = keys.sign(now, &message(issued_at, expires_at, &sha256))?;
        let signature = signature.to_vec();
        Ok(Self { issued_at, expires_at, count: entries.count(), sha256, key_id, signature })
    }

    /// Whether one of the keys signed this list with these entries.
    pub fn is_genuine(&self, entries: &Entries, keys: &PublicKeys) -> bool {
        let message = message(self.issued_at, self.expires_at, &self.sha256);
        self.sha256 == digest(entries.bytes()) && keys.verifies(&self.key_id, &message, &self.signature)
    }

    /// What tells its entries apart from others: the digest, in hexadecimal.
    pub fn version(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether so much of its life is over that a new one is due.
    pub fn is_old(&self, now: OffsetDateTime) -> bool {
        now - self.issued_at >= (self.expires_at - self.issued_at) / 3
    }
}

/// SHA-256.
pub fn digest(entries: &[u8]) -> [u8; 32] {
    Sha256::digest(entries).into()
}

fn message(issued_at: OffsetDateTime, expires_at: OffsetDateTime, sha256: &[u8; 32]) -> Vec<u8> {
    let [issued, expires] = [issued_at, expires_at].map(|at| at.unix_timestamp().to_be_bytes());
    [MESSAGE, &issued, &expires, sha256].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::status::domain::Worth;
    use crate::db::source::Random;
    use crate::kernel::id::Id;
    use time::macros::datetime;
    use uuid::Uuid;

    #[test]
    fn a_list_is_genuine_as_it_was_signed_and_in_no_other_way() {
        let random = Random::seeded(7);
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        let entries = Entries::of([(Id(Uuid::from_u128(1)), Worth::Revoked)]);
        let now = datetime!(2025-03-06 1:02:03.000_004 UTC);
        let list = StatusList::sign(&entries, &keys, now, Duration::hours(24)).unwrap();
        assert_eq!(list.issued_at, datetime!(2025-03-06 1:02:03 UTC));
        assert!(list.is_genuine(&entries, keys.public()));
        assert!(!list.is_genuine(&Entries::of([]), keys.public()), "other entries");
        type Change = fn(&mut StatusList);
        let changes: [Change; 5] = [
            |list| list.expires_at += Duration::days(1),
            |list| list.issued_at += Duration::days(1),
            |list| list.key_id = "s2".to_owned(),
            |list| list.signature[5] ^= 1,
            |list| list.sha256 = digest(b""),
        ];
        for change in changes {
            let mut changed = list.clone();
            change(&mut changed);
            assert!(
                !changed.is_genuine(&entries, keys.public())
                    && !changed.is_genuine(&Entries::of([]), keys.public())
            );
        }
    }

    #[test]
    fn a_third_of_its_life_is_old() {
        let random = Random::seeded(7);
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        let now = datetime!(2025-03-06 0:00 UTC);
        let list = StatusList::sign(&Entries::of([]), &keys, now, Duration::hours(24)).unwrap();
        assert!(
            !list.is_old(now + Duration::hours(8) - Duration::SECOND)
                && list.is_old(now + Duration::hours(8))
        );
    }
}
