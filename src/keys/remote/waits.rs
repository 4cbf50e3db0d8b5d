//! How long a source waits: for a fetch, for its end, and through an outage; which of these contradict each
//! other; and what of a time is left to chance. The same for a published set and for keys that are published one
//! by one.
//!
//! Each default stands at its setter, in `settings.rs` and in the builder of `load_balancer/`.

use std::time::Duration;

use crate::crypto;
use crate::error::Error;

#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// How long a caller waits for a fetch.
    pub(super) caller: Duration,
    /// After how long a fetch is given up.
    pub(super) fetch: Duration,
    /// For how long past its time what is held is given out.
    pub(super) outage: Duration,
}

impl Waits {
    pub(super) const DEFAULT: Self = Self {
        caller: Duration::from_secs(5),
        fetch: Duration::from_secs(15),
        outage: Duration::from_secs(50 * 60),
    };

    pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

    /// Refuses settings that contradict each other, by the names of their setters.
    pub(super) fn check(self) -> Result<(), Error> {
        let Self { caller, fetch, outage } = self;
        first_misuse([
            (caller.is_zero(), "expected callers to wait for a fetch, found a `max_wait` of zero"),
            (
                fetch < caller,
                "expected `max_wait` to be at most `fetch_timeout`, after which nothing comes, found more",
            ),
            (fetch > Duration::from_secs(30), "expected a `fetch_timeout` of at most 30 s, found more"),
            (outage > Self::DAY, "expected a `max_outage` of at most a day, found more"),
        ])
    }
}

/// The first of these that applies, as an error.
pub(super) fn first_misuse<const N: usize>(misuses: [(bool, &'static str); N]) -> Result<(), Error> {
    match misuses.into_iter().find(|(applies, _)| *applies) {
        Some((_, reason)) => Err(Error::misuse(reason)),
        None => Ok(()),
    }
}

/// A time between half of this one and all of it, by chance, so that the gateways of a fleet don't all fetch at
/// once. Without randomness, all of it.
pub(super) fn by_chance(whole: Duration) -> Duration {
    let mut random = [0_u8; 2];
    match crypto::fill_random(&mut random) {
        Ok(()) => half_and(whole, u16::from_be_bytes(random)),
        Err(_) => whole,
    }
}

/// Half of it, and so much of the other half: none at zero, all of it at the most.
fn half_and(whole: Duration, more: u16) -> Duration {
    let half = whole / 2;
    half + (whole - half) * u32::from(more) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_chance_is_half_at_most() {
        let whole = Duration::from_secs(30);
        for (more, expected) in
            [(0, 15_000), (u16::MAX, 30_000), (u16::MAX / 3, 20_000), (u16::MAX / 5, 18_000)]
        {
            assert_eq!(half_and(whole, more), Duration::from_millis(expected), "{more}");
        }
        // None of none, and of the least and the most there is.
        let nano = Duration::from_nanos(1);
        for (whole, least) in
            [(Duration::ZERO, Duration::ZERO), (nano, Duration::ZERO), (Waits::DAY, Waits::DAY / 2)]
        {
            assert_eq!((half_and(whole, 0), half_and(whole, u16::MAX)), (least, whole));
        }
        let found: Vec<_> = (0..100).map(|_| by_chance(whole)).collect();
        assert!(found.iter().all(|found| (whole / 2..=whole).contains(found)), "{found:?}");
        assert!(found.iter().max() != found.iter().min());
    }
}
