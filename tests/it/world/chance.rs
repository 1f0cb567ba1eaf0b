//! Chance that can be had again.

use proptest::test_runner::{RngAlgorithm, TestRng};
use sha2::{Digest, Sha256};

/// The same chance for the same number.
pub fn chance(number: u64) -> TestRng {
    let seed = Sha256::digest(number.to_be_bytes());
    TestRng::from_seed(RngAlgorithm::XorShift, &seed[..16])
}

/// A size from the environment, or the one for every day.
pub fn size(variable: &str, usual: u64) -> u64 {
    let Some(text) = std::env::var_os(variable) else { return usual };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("{variable} is no number: {text:?}"))
}
