//! The entries of a status list: of each certificate that is not valid a mark, which names nobody, and what it is worth.

use sha2::{Digest, Sha256};

use crate::benefit::domain::Standing;
use crate::certificate::domain::{Verdict, verdict};
use crate::kernel::id::Id;

/// Bytes of a mark. With a million entries, one valid certificate in eighteen million million is taken for one of them.
const MARK: usize = 8;
/// Bytes of an entry.
pub const ENTRY: usize = MARK + 1;
const DOMAIN: &[u8] = b"opsp certificate status 1\n";

/// What is known of a certificate that is not valid, the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// 暂停.
    Suspended = 1,
    /// 终止.
    Ended = 2,
    /// 撤销.
    Revoked = 3,
}

/// Entries in the order of their marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries(Vec<u8>);

impl Worth {
    /// Of a certificate whose benefit stands so; none when it is valid.
    pub fn of(revoked: bool, standing: Standing) -> Option<Self> {
        match verdict(revoked, standing) {
            Verdict::Suspended => Some(Self::Suspended),
            Verdict::Ended => Some(Self::Ended),
            Verdict::Revoked => Some(Self::Revoked),
            Verdict::Valid | Verdict::Forged => None,
        }
    }

    /// As a check says it.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Suspended => Verdict::Suspended,
            Self::Ended => Verdict::Ended,
            Self::Revoked => Verdict::Revoked,
        }
    }

    fn read(byte: u8) -> Option<Self> {
        [Self::Suspended, Self::Ended, Self::Revoked].into_iter().find(|worth| *worth as u8 == byte)
    }
}

impl Entries {
    /// Of each certificate once, where it is told of twice the stronger.
    pub fn of(told: impl IntoIterator<Item = (Id, Worth)>) -> Self {
        let mut entries: Vec<_> = told.into_iter().map(|(id, worth)| (mark(id), worth)).collect();
        entries.sort_unstable_by_key(|(mark, worth)| (*mark, std::cmp::Reverse(*worth)));
        entries.dedup_by_key(|(mark, _)| *mark);
        Self(entries.iter().flat_map(|(mark, worth)| mark.iter().copied().chain([*worth as u8])).collect())
    }

    /// Reads the bytes; none when they are not entries in their order.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<ENTRY>();
        let ordered = entries.windows(2).all(|pair| pair[0][..MARK] < pair[1][..MARK]);
        let known = entries.iter().all(|entry| Worth::read(entry[MARK]).is_some());
        (rest.is_empty() && ordered && known).then_some(Self(bytes))
    }

    /// What is told of a certificate; none when it is not told of.
    pub fn find(&self, id: Id) -> Option<Worth> {
        let (entries, _) = self.0.as_chunks::<ENTRY>();
        let mark = mark(id);
        let at = entries.binary_search_by(|entry| entry[..MARK].cmp(&mark)).ok()?;
        Worth::read(entries[at][MARK])
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len() / ENTRY
    }
}

fn mark(id: Id) -> [u8; MARK] {
    let digest = Sha256::new().chain_update(DOMAIN).chain_update(id.0.as_bytes()).finalize();
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(number: u128) -> Id {
        Id(Uuid::from_u128(number))
    }

    proptest! {
        #[test]
        fn what_was_told_is_found_and_nothing_else(told in prop::collection::vec((0_u128..60, 1_u8..4), 0..80)) {
            let told: Vec<_> = told.into_iter().filter_map(|(number, byte)| Some((id(number), Worth::read(byte)?))).collect();
            let entries = Entries::of(told.clone());
            for number in 0..70 {
                let strongest = told.iter().filter(|(other, _)| *other == id(number)).map(|(_, worth)| *worth).max();
                prop_assert_eq!(entries.find(id(number)), strongest);
            }
            prop_assert_eq!(entries.bytes().len(), entries.count() * ENTRY);
            prop_assert_eq!(Entries::read(entries.bytes().to_vec()), Some(entries));
        }
    }

    #[test]
    fn bytes_that_are_no_entries_are_refused() {
        let entries = Entries::of([(id(1), Worth::Ended), (id(2), Worth::Revoked)]);
        let whole = entries.bytes().to_vec();
        let swapped = [&whole[ENTRY..], &whole[..ENTRY]].concat();
        let mut unknown = whole.clone();
        unknown[MARK] = 4;
        for broken in
            [whole[1..].to_vec(), whole[..whole.len() - 1].to_vec(), swapped, unknown, whole.repeat(2)]
        {
            assert_eq!(Entries::read(broken), None);
        }
        assert_eq!(Entries::read(Vec::new()).map(|entries| entries.count()), Some(0));
    }

    #[test]
    fn a_mark_tells_nothing_of_the_id() {
        let entries = Entries::of([(id(u128::MAX), Worth::Ended)]);
        assert!(!entries.bytes().windows(2).any(|pair| pair == [0xff, 0xff]));
    }

    #[test]
    fn revocation_goes_before_the_benefit() {
        assert_eq!(Worth::of(false, Standing::Active), None);
        assert_eq!(Worth::of(true, Standing::Active), Some(Worth::Revoked));
        assert_eq!(Worth::of(true, Standing::Ended), Some(Worth::Revoked));
        assert_eq!(Worth::of(false, Standing::Suspended), Some(Worth::Suspended));
        assert_eq!(Worth::of(false, Standing::Ended), Some(Worth::Ended));
    }
}
