//! Which decided lines a second panel judges too. Pure, so that it can be drawn again by anyone from what the journal
//! holds of it.
//!
//! The rule, exactly:
//! 1. There is a seed of 16 bytes a confirmation, drawn when the officer confirms, after all opinions are given. So
//!    nobody knows beforehand what is drawn, and neither does what was decided change it.
//! 2. Every decided line, approved or rejected, whose disease has a rate (`quality_sample_bp` of the catalogue under which
//!    it was applied for) above 0 takes part.
//! 3. Its number is the first 8 bytes, as an unsigned big-endian number, of SHA-256 over: the seed, then the 16 bytes of the
//!    application's UUID in network order, then the bytes of the disease's code in ASCII.
//! 4. It is drawn when its number modulo 10,000 is below the rate: never at 0, always at 10,000.
//!
//! The event `review.quality_sampled` holds the seed (hexadecimal) and, line by line, code, rate and whether it was drawn,
//! also where nothing was.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kernel::id::Id;
use crate::review::draw::Seed;

/// A line that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// 病种代码.
    pub opsp_dise_code: String,
    /// 质量抽查比例, of 10,000.
    pub rate_bp: u32,
    /// Whether it was drawn.
    pub drawn: bool,
}

/// Draws among the lines of an application: each code with its rate, those without one left out.
pub fn lots(seed: Seed, application: Id, lines: &[(String, u32)]) -> Vec<Lot> {
    let lot = |(code, rate_bp): &(String, u32)| Lot {
        opsp_dise_code: code.clone(),
        rate_bp: *rate_bp,
        drawn: number(seed, application, code) % 10_000 < u64::from(*rate_bp),
    };
    lines.iter().filter(|(_, rate_bp)| *rate_bp > 0).map(lot).collect()
}

fn number(seed: Seed, application: Id, code: &str) -> u64 {
    let hash = Sha256::new().chain_update(seed.0).chain_update(application.0.as_bytes()).chain_update(code);
    hash.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by another way: the digits of the hash's hexadecimal form.
    fn drawn_again(seed: [u8; 16], application: uuid::Uuid, code: &str, rate_bp: u64) -> bool {
        let bytes = [&seed[..], &application.as_u128().to_be_bytes(), code.as_bytes()].concat();
        let digits: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        u64::from_str_radix(&digits[..16], 16).unwrap() % 10_000 < rate_bp
    }

    /// Seeds, one after another, that have nothing to do with each other.
    fn seed(count: u32) -> [u8; 16] {
        Sha256::digest(count.to_be_bytes())[..16].try_into().unwrap()
    }

    #[test]
    fn every_draw_is_made_again_and_keeps_its_rate() {
        const DRAWS: u32 = 10_000;
        let application = |count: u32| uuid::Uuid::from_u128(u128::from(count) << 64 | 0x7000);
        for rate in [0, 1, 500, 2_500, 9_999, 10_000] {
            let mut drawn = 0_u32;
            for count in 0..DRAWS {
                let (seed, application) = (seed(count), application(count));
                let lines = [("M01600".to_owned(), rate), ("JQ9069".to_owned(), rate)];
                let lots = lots(Seed(seed), Id(application), &lines);
                assert_eq!(lots.len(), if rate == 0 { 0 } else { 2 });
                for lot in &lots {
                    let again = drawn_again(seed, application, &lot.opsp_dise_code, u64::from(rate));
                    assert_eq!((lot.drawn, lot.rate_bp), (again, rate), "{count}");
                }
                drawn += lots.iter().take(1).map(|lot| u32::from(lot.drawn)).sum::<u32>();
            }
            // Four standard deviations of 10,000 draws at 500 of 10,000 are 87, at 2,500 are 173.
            let bound = match rate {
                500 => 87,
                2_500 => 173,
                1 | 9_999 => 5,
                _ => 0,
            };
            assert!(drawn.abs_diff(rate) <= bound, "{drawn} of {DRAWS} at {rate}");
        }
    }

    #[test]
    fn lines_of_one_application_are_drawn_apart() {
        let lines: Vec<_> = (0..10).map(|number| (format!("M{number:05}"), 5_000)).collect();
        let all: Vec<Vec<bool>> = (0..200)
            .map(|count| {
                let lots = lots(Seed(seed(count)), Id(uuid::Uuid::from_u128(7)), &lines);
                lots.iter().map(|lot| lot.drawn).collect()
            })
            .collect();
        assert!(all.iter().filter(|drawn| drawn.iter().any(|one| *one != drawn[0])).count() > 190);
    }
}
