//! The clock, injected: nothing else in the crate asks what time it is.
//!
//! Issuers take `iat` and `exp` from it, verifiers hold `exp`, `nbf` and `iat` to it (RFC 7519 §4.1.4
//! to §4.1.6). Tests and replays set their own.

use std::time::SystemTime;

/// Tells the time to issuers and verifiers.
///
/// The default, [`SystemClock`], is right in service; tests and replays set their own. Any
/// `Fn() -> SystemTime` is a clock:
///
/// ```
/// use countersign::{Clock, JwsAlgorithm, JwtVerifier, SigningKey};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let stopped_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_300_819_380);
/// let clock = move || stopped_at;
/// assert_eq!(clock.now(), stopped_at);
///
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
/// let replay = JwtVerifier::builder(key).any_issuer().any_audience().clock(clock).build()?;
/// # let _ = replay;
/// # Ok(())
/// # }
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
