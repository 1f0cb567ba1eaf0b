//! The text of a QR code: `OPSP1.<key id>.<payload>.<signature>`, both last parts in base64url without padding. The
//! payload is 31 bytes: the certificate's id (16), the pooling area (6 digits), the day of issue (8 digits), and `1`
//! for sample data or `0`. The signature is that key's, 64 bytes, over `MESSAGE` and the payload, so that it is good for
//! nothing else that our keys sign. It says nothing about the person or the disease.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::{Date, Month, OffsetDateTime};

use crate::db::keys::Keys;
use crate::db::public::PublicKeys;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

const PREFIX: &str = "OPSP1.";
const MESSAGE: &[u8] = b"opsp certificate qr 1\n";

/// What a QR code holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The certificate.
    pub id: Id,
    /// 统筹区.
    pub area: Region,
    /// 签发日期.
    pub issued_on: Date,
    /// Whether it shows sample data: to be seen even offline.
    pub sample: bool,
}

impl Payload {
    /// The text, signed with the key of an instant.
    pub fn sign(&self, keys: &Keys, now: OffsetDateTime) -> Result<String> {
        let payload = self.bytes();
        let (signer, signature) = keys.sign(now, &message(&payload))?;
        let [payload, signature] = [payload.as_slice(), &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        Ok(format!("{PREFIX}{signer}.{payload}.{signature}"))
    }

    /// What a text holds, when one of the keys has signed exactly that.
    pub fn genuine(text: &str, keys: &PublicKeys) -> Option<Self> {
        let (signer, rest) = parts(text)?;
        let (payload, signature) = rest.split_once('.')?;
        let [payload, signature] = [payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let payload = payload?;
        if keys.verifies(signer, &message(&payload), &signature?) { Self::parse(&payload) } else { None }
    }

    /// The key that a text says it is signed with.
    pub fn signer(text: &str) -> Option<&str> {
        parts(text).map(|(signer, _)| signer)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.id.0.as_bytes().to_vec();
        let day = self.issued_on;
        let day = format!("{:04}{:02}{:02}", day.year(), u8::from(day.month()), day.day());
        bytes.extend_from_slice(self.area.as_str().as_bytes());
        bytes.extend_from_slice(day.as_bytes());
        bytes.push(if self.sample { b'1' } else { b'0' });
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (area, rest) = rest.split_first_chunk::<6>()?;
        let (day, sample) = rest.split_first_chunk::<8>()?;
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u16>().ok();
        let month = Month::try_from(u8::try_from(number(&day[4..6])?).ok()?).ok()?;
        let date_of_month = u8::try_from(number(&day[6..])?).ok()?;
        Some(Self {
            id: Id(uuid::Uuid::from_bytes(*id)),
            area: Region::find(std::str::from_utf8(area).ok()?)?,
            issued_on: Date::from_calendar_date(number(&day[..4])?.into(), month, date_of_month).ok()?,
            sample: match sample {
                b"1" => true,
                b"0" => false,
                _ => return None,
            },
        })
    }
}

/// The id of the key, and what follows it. From the right: a key's id may hold a dot, base64url cannot.
fn parts(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix(PREFIX)?;
    let (at, _) = text.rmatch_indices('.').nth(1)?;
    Some((&text[..at], &text[at + 1..]))
}

fn message(payload: &[u8]) -> Vec<u8> {
    [MESSAGE, payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::public::Algorithm;
    use crate::db::source::Random;
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2025-03-06 1:00 UTC);

    const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Sm2];

    fn made(algorithm: Algorithm) -> (Payload, String, Keys, Random) {
        let random = Random::seeded(7);
        let keys = Keys::parse(&Keys::generate_of(algorithm, &random).unwrap()).unwrap();
        let id = random.id(NOW);
        let area = Region::find("620900").unwrap();
        let payload = Payload { id, area, issued_on: date!(2025 - 03 - 06), sample: true };
        let text = payload.sign(&keys, NOW).unwrap();
        (payload, text, keys, random)
    }

    /// How many altered texts are tried: `FORGED`, 2,000 where it is not set.
    fn forged() -> usize {
        std::env::var_os("FORGED").map_or(2_000, |forged| {
            forged.to_str().and_then(|forged| forged.parse().ok()).expect("FORGED is a number")
        })
    }

    /// One part of a text, its bytes altered in one place and encoded again.
    fn altered(text: &str, part: usize, random: &Random) -> String {
        let mut parts: Vec<_> = text.split('.').map(str::to_owned).collect();
        let mut bytes = URL_SAFE_NO_PAD.decode(&parts[part]).unwrap();
        let [at, flip] = random.bytes::<2>();
        let at = usize::from(at) % bytes.len();
        bytes[at] ^= flip.max(1);
        parts[part] = URL_SAFE_NO_PAD.encode(bytes);
        parts.join(".")
    }

    #[test]
    fn what_was_signed_is_read_again() {
        for algorithm in BOTH {
            let (payload, text, keys, random) = made(algorithm);
            assert!(text.starts_with("OPSP1.s1.") && text.len() < 400, "{text}");
            println!("{}: a text of {} bytes", algorithm.name(), text.len());
            assert_eq!(Payload::genuine(&text, keys.public()), Some(payload));
            let other = Keys::parse(&Keys::generate_of(algorithm, &random).unwrap()).unwrap();
            assert_eq!(Payload::genuine(&text, other.public()), None);
        }
    }

    #[test]
    fn every_altered_text_is_forged() {
        no_altered_text_is_genuine(Algorithm::Ed25519);
    }

    #[test]
    fn every_altered_text_of_sm2_is_forged() {
        no_altered_text_is_genuine(Algorithm::Sm2);
    }

    fn no_altered_text_is_genuine(algorithm: Algorithm) {
        let (payload, text, keys, random) = made(algorithm);
        let other = Payload { id: random.id(NOW), ..payload }.sign(&keys, NOW).unwrap();
        let (ours, theirs) = (text.rsplit_once('.').unwrap(), other.rsplit_once('.').unwrap());
        let exchanged = [format!("{}.{}", ours.0, theirs.1), format!("{}.{}", theirs.0, ours.1)];
        for turn in 0..forged() {
            // A letter of the text, a byte of the payload, a byte of the signature.
            let altered = match turn % 3 {
                0 => {
                    let [high, low, flip] = random.bytes::<3>();
                    let mut altered = text.clone().into_bytes();
                    let at = usize::from(u16::from_be_bytes([high, low])) % text.len();
                    altered[at] ^= flip.max(1);
                    String::from_utf8_lossy(&altered).into_owned()
                }
                part => altered(&text, 1 + part, &random),
            };
            assert_eq!(Payload::genuine(&altered, keys.public()), None, "{altered}");
        }
        for altered in exchanged {
            assert_eq!(Payload::genuine(&altered, keys.public()), None, "{altered}");
        }
        for length in 0..text.len() {
            assert_eq!(Payload::genuine(&text[..length], keys.public()), None, "cut to {length}");
        }
    }

    #[test]
    fn a_text_with_something_added_is_forged() {
        let (_, text, keys, _) = made(Algorithm::Ed25519);
        let unsigned = text.rsplit_once('.').unwrap().0;
        for altered in [
            format!(" {text}"),
            format!("{text} "),
            format!("{text}="),
            format!("{text}."),
            format!("{text}AAAA"),
            text.replacen("OPSP1.", "OPSP1..", 1),
            text.replacen("OPSP1", "opsp1", 1),
            format!("{unsigned}."),
            String::new(),
            "....".to_owned(),
        ] {
            assert_eq!(Payload::genuine(&altered, keys.public()), None, "{altered}");
        }
    }

    #[test]
    fn a_signature_over_something_else_is_not_one_over_a_certificate() {
        let (payload, _, keys, _) = made(Algorithm::Sm2);
        let bytes = payload.bytes();
        let signed = |message: &[u8], payload: &[u8]| {
            let (signer, signature) = keys.sign(NOW, message).unwrap();
            let [payload, signature] = [payload, &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
            format!("OPSP1.{signer}.{payload}.{signature}")
        };
        assert_eq!(Payload::genuine(&signed(&bytes, &bytes), keys.public()), None);
        assert_eq!(Payload::genuine(&signed(&message(&bytes[1..]), &bytes[1..]), keys.public()), None);
        assert_eq!(Payload::genuine(&signed(&message(&bytes), &bytes), keys.public()), Some(payload));
    }
}
