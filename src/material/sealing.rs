//! Files sealed piece by piece, so that neither way through the server holds a whole one sealed. Each piece is sealed
//! for its place: the path, its number, and whether it is the last. Pieces that were dropped, moved, or taken from
//! another file do not open. Pure.

use crate::db::keys::Keys;
use crate::db::source::Random;
use crate::kernel::error::{Error, Result};

/// Most bytes of one piece.
pub const PIECE: usize = 256 << 10;
/// What files begin with. The first byte tells them from those sealed whole, which begin with the length of a key's id.
const MAGIC: &[u8] = b"\0opsp-1\n";
/// Bytes of a piece's length.
const LENGTH: usize = 4;
/// Most bytes of a sealed piece: id of the key, nonce and tag come with it.
const SEALED_MAX: usize = PIECE + 512;

/// Seals content for a path, a piece at a time. Even nothing has one piece.
pub struct Sealing<'a> {
    keys: &'a Keys,
    random: &'a Random,
    path: &'a str,
    number: u64,
    rest: Option<&'a [u8]>,
}

/// Opens what was sealed for a path, from bytes that arrive in any portions.
pub struct Opening {
    path: String,
    number: u64,
    state: State,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begin,
    Pieces,
    /// Sealed whole, as files were at first.
    Whole,
    Over,
}

impl<'a> Sealing<'a> {
    /// Begins.
    pub fn new(keys: &'a Keys, random: &'a Random, path: &'a str, content: &'a [u8]) -> Self {
        Self { keys, random, path, number: 0, rest: Some(content) }
    }

    fn piece(&self, plain: &[u8], is_last: bool) -> Result<Vec<u8>> {
        let sealed = self.keys.seal(self.random, &place(self.path, self.number, is_last), plain)?;
        let length = u32::try_from(sealed.len()).map_err(|error| Error::Internal(error.into()))?;
        let magic = if self.number == 0 { MAGIC } else { &[] };
        Ok([magic, &length.to_be_bytes(), &sealed].concat())
    }
}

impl Iterator for Sealing<'_> {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let (plain, after) = rest.split_at(rest.len().min(PIECE));
        let sealed = self.piece(plain, after.is_empty());
        self.number += 1;
        self.rest = (!after.is_empty()).then_some(after);
        Some(sealed)
    }
}

impl Opening {
    /// Begins.
    pub fn new(path: String) -> Self {
        Self { path, number: 0, state: State::Begin, buffer: Vec::new() }
    }

    /// Takes bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next piece, if it has arrived whole.
    pub fn next(&mut self, keys: &Keys) -> Result<Option<Vec<u8>>> {
        if self.state == State::Begin && self.buffer.len() >= MAGIC.len() {
            self.state = if self.buffer.starts_with(MAGIC) { State::Pieces } else { State::Whole };
            if self.state == State::Pieces {
                self.buffer.drain(..MAGIC.len());
            }
        }
        if self.state != State::Pieces {
            return Ok(None);
        }
        let Some((length, rest)) = self.buffer.split_first_chunk::<LENGTH>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > SEALED_MAX {
            return Err(self.damaged());
        }
        let Some(sealed) = rest.get(..length) else { return Ok(None) };
        let place = |is_last| place(&self.path, self.number, is_last);
        let (plain, state) = match keys.try_open(&place(false), sealed) {
            Some(plain) => (plain, State::Pieces),
            None => (keys.try_open(&place(true), sealed).ok_or_else(|| self.damaged())?, State::Over),
        };
        self.state = state;
        self.number += 1;
        self.buffer.drain(..LENGTH + length);
        Ok(Some(plain))
    }

    /// What is left when no more bytes arrive: the content of a file that was sealed whole, or nothing. A file whose
    /// last piece did not come, or behind whose last piece something came, is damaged.
    pub fn end(self, keys: &Keys) -> Result<Option<Vec<u8>>> {
        match self.state {
            State::Whole => keys.open(&self.path, &self.buffer).map(Some),
            State::Over if self.buffer.is_empty() => Ok(None),
            State::Over | State::Begin | State::Pieces => Err(self.damaged()),
        }
    }

    fn damaged(&self) -> Error {
        Error::internal(format!("{}: piece {} is damaged, missing or not its own", self.path, self.number))
    }
}

fn place(path: &str, number: u64, is_last: bool) -> String {
    let kind = if is_last { "last" } else { "piece" };
    format!("{path}#{kind}/{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> (Keys, Random) {
        let random = Random::seeded(5);
        (Keys::parse(&Keys::generate(&random).unwrap()).unwrap(), random)
    }

    fn sealed(keys: &Keys, random: &Random, path: &str, content: &[u8]) -> Vec<Vec<u8>> {
        Sealing::new(keys, random, path, content).collect::<Result<_>>().unwrap()
    }

    fn opened(keys: &Keys, path: &str, portions: &[&[u8]]) -> Result<Vec<u8>> {
        let (mut opening, mut content) = (Opening::new(path.to_owned()), Vec::new());
        for portion in portions {
            opening.push(portion);
            while let Some(piece) = opening.next(keys)? {
                content.extend(piece);
            }
        }
        content.extend(opening.end(keys)?.unwrap_or_default());
        Ok(content)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let (keys, random) = keys();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let content = content(length);
            let sealed = sealed(&keys, &random, "a", &content);
            assert_eq!(sealed.len(), length.div_ceil(PIECE).max(1));
            let whole = sealed.concat();
            assert_eq!(opened(&keys, "a", &[&whole]).unwrap(), content, "{length}");
            assert!(opened(&keys, "b", &[&whole]).is_err());
        }
    }

    #[test]
    fn pieces_cannot_be_dropped_moved_doubled_or_exchanged() {
        let (keys, random) = keys();
        let pieces = sealed(&keys, &random, "a", &content(3 * PIECE + 9));
        let other = sealed(&keys, &random, "b", &content(3 * PIECE + 9));
        let longer = sealed(&keys, &random, "a", &content(4 * PIECE + 9));
        let arranged = |order: &[&Vec<u8>]| {
            let whole: Vec<u8> = order.iter().flat_map(|piece| piece.iter().copied()).collect();
            opened(&keys, "a", &[&whole]).is_ok()
        };
        let [one, two, three, last] = [&pieces[0], &pieces[1], &pieces[2], &pieces[3]];
        assert!(arranged(&[one, two, three, last]));
        assert!(!arranged(&[one, two, three]), "truncated between pieces");
        assert!(!arranged(&[one, three, two, last]), "reordered");
        assert!(!arranged(&[one, two, last]), "one dropped");
        assert!(!arranged(&[one, two, two, three, last]), "one doubled");
        assert!(!arranged(&[one, two, three, last, last]), "the end doubled");
        assert!(!arranged(&[one, two, &other[2], last]), "one of another file");
        assert!(!arranged(&[one, two, three, &longer[3]]), "no end");
        assert!(!arranged(&[one, two, three, &last[..last.len() - 1].to_vec()]), "truncated within a piece");
        assert!(!arranged(&[]), "nothing at all");
    }

    #[test]
    fn a_file_that_was_sealed_whole_still_opens() {
        let (keys, random) = keys();
        let content = content(PIECE + 3);
        let whole = keys.seal(&random, "a", &content).unwrap();
        assert_eq!(opened(&keys, "a", &[&whole[..5], &whole[5..]]).unwrap(), content);
        assert!(opened(&keys, "a", &[&whole[..whole.len() - 1]]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn portions_do_not_matter_and_no_changed_byte_passes(
            length in 0..2 * PIECE,
            portion in 1..70_000usize,
            at in any::<prop::sample::Index>(),
        ) {
            let (keys, random) = keys();
            let content = content(length);
            let mut whole = sealed(&keys, &random, "a", &content).concat();
            let portions: Vec<_> = whole.chunks(portion).collect();
            prop_assert_eq!(opened(&keys, "a", &portions).unwrap(), content);
            let at = at.index(whole.len());
            whole[at] ^= 1;
            prop_assert!(opened(&keys, "a", &[&whole]).is_err());
        }
    }
}
