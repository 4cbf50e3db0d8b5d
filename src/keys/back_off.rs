//! How long what failed waits before it tries again: longer with each failure, and by chance, so that the gateways
//! that one outage hit don't come back as one.
//!
//! For all that asks a server which may be away: whoever publishes keys, and the stores of a gateway.

use std::time::Duration;

use crate::crypto;

/// The first of these after one failure, doubled with each further one up to the second, of which a random part
/// of up to a half is left out.
pub(crate) fn back_off(failures: u32, [first, most]: [Duration; 2]) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let whole = first.saturating_mul(1 << doublings).min(most);
    by_chance(whole)
}

/// A time between half of this one and all of it, by chance. Without randomness, all of it.
pub(crate) fn by_chance(whole: Duration) -> Duration {
    let mut random = [0_u8; 2];
    match crypto::fill_random(&mut random) {
        Ok(()) => half_and(whole, u16::from_be_bytes(random)),
        Err(_) => whole,
    }
}

/// Half of it, and so much of the other half: none at zero, all of it at the most.
fn half_and(whole: Duration, more: u16) -> Duration {
    let half = whole / 2;
    half.saturating_add((whole - half).saturating_mul(more.into()) / u16::MAX.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(1600)];

    /// The longest there is, and none is shorter than half of it, in milliseconds.
    #[test]
    fn it_doubles_up_to_the_most_and_keeps_at_least_a_half() {
        for (failures, whole) in [
            (0, 50),
            (1, 50),
            (2, 100),
            (3, 200),
            (5, 800),
            (6, 1600),
            (7, 1600),
            (33, 1600),
            (u32::MAX, 1600),
        ] {
            let whole = Duration::from_millis(whole);
            let found: BTreeSet<Duration> = (0..1000).map(|_| back_off(failures, PAUSES)).collect();
            assert!(found.iter().all(|found| (whole / 2..=whole).contains(found)), "{failures}: {found:?}");
            // From all of the half that chance decides on, not from a corner of it: of a thousand draws none
            // is in a given tenth once in 10^45 runs.
            assert!(*found.first().unwrap() < whole * 11 / 20, "{failures}: {found:?}");
            assert!(*found.last().unwrap() > whole * 19 / 20, "{failures}: {found:?}");
        }
    }

    #[test]
    fn what_is_left_to_chance_is_half_at_most() {
        let whole = Duration::from_secs(30);
        for (more, expected) in
            [(0, 15_000), (u16::MAX, 30_000), (u16::MAX / 3, 20_000), (u16::MAX / 5, 18_000)]
        {
            assert_eq!(half_and(whole, more), Duration::from_millis(expected), "{more}");
        }
        // None of none, and of the least there is.
        let nano = Duration::from_nanos(1);
        for (whole, least) in [(Duration::ZERO, Duration::ZERO), (nano, Duration::ZERO)] {
            assert_eq!((half_and(whole, 0), half_and(whole, u16::MAX)), (least, whole));
        }
        let found: Vec<_> = (0..100).map(|_| by_chance(whole)).collect();
        assert!(found.iter().all(|found| (whole / 2..=whole).contains(found)), "{found:?}");
        assert!(found.iter().max() != found.iter().min());
    }

    #[test]
    fn no_numbers_are_too_great_or_too_small() {
        assert_eq!(back_off(u32::MAX, [Duration::ZERO; 2]), Duration::ZERO);
        for failures in [0, 1, 31, 32, 33, u32::MAX] {
            assert!(back_off(failures, [Duration::MAX; 2]) >= Duration::MAX / 2);
            let found = back_off(failures, [Duration::from_secs(9), Duration::from_secs(2)]);
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&found), "{found:?}");
        }
    }
}
