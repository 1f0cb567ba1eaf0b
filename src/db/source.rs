//! Where instants, ids and chance come from, so that tests and the demo can own them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;

/// The clock: the machine's, or one that is moved by hand.
#[derive(Clone, Debug)]
pub enum TimeSource {
    /// The machine's.
    Real,
    /// Microseconds since 1970, moved by hand.
    Simulated(Arc<AtomicI64>),
}

impl TimeSource {
    /// A clock that stands at an instant until it is moved.
    pub fn simulated(start: OffsetDateTime) -> Self {
        Self::Simulated(Arc::new(AtomicI64::new(micros(start))))
    }

    /// The instant, in whole microseconds, as the database keeps them.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> OffsetDateTime {
        match self {
            Self::Real => from_micros(micros(OffsetDateTime::now_utc())),
            // Each look takes a microsecond, so that what follows is later.
            Self::Simulated(now) => from_micros(now.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Moves a simulated clock forward to an instant; never back.
    pub fn advance_to(&self, instant: OffsetDateTime) -> Result<()> {
        match self {
            Self::Real => Err(Error::internal("the machine's clock cannot be moved")),
            Self::Simulated(now) => {
                now.fetch_max(micros(instant), Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Whether it is moved by hand.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }
}

/// Microseconds since 1970 UTC.
pub fn micros(instant: OffsetDateTime) -> i64 {
    i64::try_from(instant.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The instant of so many microseconds.
pub fn from_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
}

/// The source of ids, nonces and draws.
#[derive(Clone, Debug)]
pub struct Random {
    seeded: Option<Arc<(u64, AtomicU64)>>,
    last: Arc<Mutex<(i64, u64)>>,
}

impl Random {
    /// From the operating system.
    pub fn system() -> Self {
        Self { seeded: None, last: Arc::default() }
    }

    /// From a seed: the same bytes in the same order. For tests.
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Arc::new((seed, AtomicU64::new(0)))), last: Arc::default() }
    }

    /// Fills an array.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seeded {
            Some(seed) => {
                for chunk in bytes.chunks_mut(32) {
                    let count = seed.1.fetch_add(1, Ordering::Relaxed);
                    let block = Sha256::new()
                        .chain_update(seed.0.to_be_bytes())
                        .chain_update(count.to_be_bytes())
                        .finalize();
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
            None => getrandom::fill(&mut bytes)
                .expect("an operating system without randomness cannot be served on"),
        }
        bytes
    }

    /// A UUIDv7 that is greater than every earlier one of this source.
    pub fn id(&self, now: OffsetDateTime) -> Id {
        let millis = micros(now) / 1_000;
        let tail = self.bytes::<10>();
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = if millis > last.0 { (millis, 0) } else { (last.0, last.1 + 1) };
        // 12 bits of counter after the milliseconds; a full counter borrows the next millisecond.
        let (millis, count) = (last.0 + i64::try_from(last.1 >> 12).unwrap_or(0), last.1 & 0xfff);
        let mut bytes = tail;
        bytes[..2].copy_from_slice(&u16::try_from(count).unwrap_or(0).to_be_bytes());
        let millis = u64::try_from(millis).unwrap_or(0);
        Id(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn ids_grow_within_one_instant() {
        let random = Random::seeded(1);
        let ids: Vec<_> = (0..10_000).map(|_| random.id(datetime!(2025-01-01 0:00 UTC))).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_simulated_clock_never_goes_back() {
        let clock = TimeSource::simulated(datetime!(2025-01-02 0:00 UTC));
        clock.advance_to(datetime!(2025-01-01 0:00 UTC)).unwrap();
        assert!(clock.now() >= datetime!(2025-01-02 0:00 UTC));
        assert!(TimeSource::Real.advance_to(datetime!(2025-01-01 0:00 UTC)).is_err());
    }
}
