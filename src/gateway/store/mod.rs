//! What the stores of revocations and of used tokens have in common: the future in which they answer, why
//! they don't, and the table in memory behind the built-in ones.
//!
//! A store that can't answer is no reason to accept a token: whoever can bring it down would choose the
//! answer.

mod marks;
mod table;

use std::pin::Pin;
use std::time::Duration;

pub(in crate::gateway) use marks::Marks;
pub(in crate::gateway) use table::Mark;

use crate::error::Error;
use crate::jwt::NumericDate;

/// What a store's operation returns: a future that any executor can drive.
///
/// An implementation writes `Box::pin(async move { … })`. The future may be dropped before it is done;
/// what was to be written then may be there or not.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store didn't answer. Either way there is no verdict on the token, which is refused with 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store can't be reached now, or took too long; the same may work later.
    #[error("the store is unavailable")]
    Unavailable,
    /// The store has no room, and keeps what it has.
    #[error("the store is full")]
    Full,
}

/// Either way there is no verdict, 503.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Unavailable { what: "the store" },
            StoreError::Full => Self::Unavailable { what: "room in the store" },
        }
    }
}

/// How long an entry stays after the tokens that it concerns have expired: as much as the greatest leeway,
/// by which a verifier may still accept them.
pub(in crate::gateway) const MARGIN: Duration = Duration::from_secs(600);

/// When an entry for tokens that expire then may be dropped.
pub(in crate::gateway) fn kept_until(expires_at: NumericDate) -> NumericDate {
    expires_at.saturating_add(MARGIN)
}

/// The time in whole seconds as a table keeps it, rounded down. What is out of range is the nearest there is.
pub(in crate::gateway) fn whole_seconds(date: NumericDate) -> u32 {
    u32::try_from(date.seconds().max(0)).unwrap_or(u32::MAX)
}

/// The time in whole seconds, rounded up.
pub(in crate::gateway) fn seconds_up(date: NumericDate) -> u32 {
    let up = u32::from(date.nanoseconds() > 0);
    u32::try_from(date.seconds().saturating_add(i64::from(up)).max(0)).unwrap_or(u32::MAX)
}
