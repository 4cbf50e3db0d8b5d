//! The clock, injected, so that tests and replays say what time it is.

use std::time::SystemTime;

/// Tells the time to issuers and verifiers.
///
/// Any `Fn() -> SystemTime` is a clock:
///
/// ```
/// use countersign::Clock;
/// use std::time::{Duration, SystemTime};
///
/// let stopped_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_300_819_380);
/// let clock = move || stopped_at;
/// assert_eq!(clock.now(), stopped_at);
/// ```
pub trait Clock: Send + Sync {
    /// Returns the present time.
    fn now(&self) -> SystemTime;
}

/// The operating system's clock, the default.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl<F> Clock for F
where
    F: Fn() -> SystemTime + Send + Sync,
{
    fn now(&self) -> SystemTime {
        self()
    }
}
