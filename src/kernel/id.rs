//! Identifiers: UUIDv7 inside, 26 characters of Crockford base32 where the platform wants at most 30.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{Error, Result};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Identifier of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub Uuid);

impl Id {
    /// Reads the 36-character form.
    pub fn parse(text: &str) -> Result<Self> {
        Uuid::try_parse(text).map(Self).map_err(|_| Error::not_found(text))
    }

    /// The same id in 26 characters: `trt_dcla_detl_sn`, `setl_id`.
    pub fn base32(self) -> String {
        let number = self.0.as_u128();
        (0..26)
            .rev()
            .map(|place| {
                let digit = usize::try_from((number >> (place * 5)) & 31).unwrap_or(0);
                char::from(ALPHABET[digit])
            })
            .collect()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 人员编号: the platform's id of a person. A pseudonym: allowed in names, left out of logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PsnNo(String);

impl PsnNo {
    /// 1 to 30 letters and digits.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (1..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::not_found(text)) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PsnNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PsnNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PsnNo(…)")
    }
}

/// The parts of a resource name: `insured/1/benefits/2` against `["insured", "benefits"]` gives `["1", "2"]`.
pub fn name_parts<'a, const N: usize>(name: &'a str, collections: [&str; N]) -> Result<[&'a str; N]> {
    let mut parts = name.split('/');
    let mut ids = [""; N];
    for (collection, id) in collections.iter().zip(&mut ids) {
        if parts.next() != Some(collection) {
            return Err(Error::not_found(name));
        }
        *id = parts.next().filter(|id| !id.is_empty()).ok_or_else(|| Error::not_found(name))?;
    }
    if parts.next().is_some() { Err(Error::not_found(name)) } else { Ok(ids) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_has_26_characters_and_keeps_the_order() {
        let low = Id(Uuid::from_u128(1));
        let high = Id(Uuid::from_u128(u128::MAX));
        assert_eq!(low.base32(), "00000000000000000000000001");
        assert_eq!(high.base32(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert!(low.base32() < high.base32());
    }

    #[test]
    fn a_name_is_taken_apart_or_refused_whole() {
        assert_eq!(name_parts("insured/7/benefits/x", ["insured", "benefits"]).unwrap(), ["7", "x"]);
        for wrong in ["insured/7", "insured/7/benefits/", "insured/7/benefits/x/y", "areas/7/benefits/x", ""]
        {
            assert!(name_parts(wrong, ["insured", "benefits"]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_pseudonym_does_not_print() {
        assert!(!format!("{:?}", PsnNo::parse("62090000001").unwrap()).contains("6209"));
    }
}
