//! How long a source waits: for a fetch, for its end, and through an outage; and which of these contradict each
//! other. The same for a published set and for keys that are published one by one.
//!
//! Each default stands at its setter, in `settings.rs` and in the builder of `load_balancer/`.

use std::time::Duration;

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
