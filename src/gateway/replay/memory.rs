//! Used tokens in the memory of one process: an ID's keyed hash and a time, at 24 bytes a slot, for many
//! threads at once, of which one wins.
//!
//! Bounded: where there is no room for a token, it isn't accepted.

use std::fmt;
use std::sync::Arc;

use super::store::{ReplayStore, TokenUse};
use crate::clock::{Clock, SystemClock};
use crate::gateway::store::{Mark, Marks, StoreError, StoreFuture, seconds_up, whole_seconds};
use crate::jwt::NumericDate;

/// Used tokens in memory, of this process: shared by reference, empty after a restart. Tokens that were used
/// before it could be used again after it, so let them live shorter than a restart takes, or keep them in a
/// store outside.
///
/// A token takes 28 to 42 bytes, as it fills up: about 36 MB at a million. A few thousand take more each.
/// Entries leave when their tokens have expired: their slots on later writes, all memory with
/// [`remove_expired`](Self::remove_expired). **At the bound** it fails closed: further tokens are refused with
/// 503, and none that was used is forgotten.
///
/// **How much capacity**: an entry stays for what is left of its token's life and 10 minutes, the greatest leeway
/// of a verifier. So it is the tokens per second × (lifetime + 600 s), doubled for bursts: with tokens of 60 s and
/// a hundred of them a second, 132,000.
///
/// The clock mustn't jump ahead: what has expired by it may be dropped.
///
/// ```
/// use countersign::gateway::replay::{MemoryReplays, TokenUse};
/// use countersign::NumericDate;
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), countersign::gateway::StoreError> {
/// let replays = MemoryReplays::new(1_000_000);
/// let exp = NumericDate::from(SystemTime::now() + Duration::from_secs(60));
/// assert!(replays.insert(TokenUse::new("https://id.example.com", "7f2c", exp))?);
/// assert!(!replays.insert(TokenUse::new("https://id.example.com", "7f2c", exp))?);
/// # Ok(())
/// # }
/// ```
pub struct MemoryReplays {
    marks: Marks,
    clock: Arc<dyn Clock>,
}

impl MemoryReplays {
    const KIND: u8 = 0;

    /// Makes an empty store for this many tokens. It takes memory as it fills.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { marks: Marks::new(capacity), clock: Arc::new(SystemClock) }
    }

    /// Tells the time by this clock. Default: the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Keeps that a token was used. Returns whether it was the first use. Of a token that has expired, leeway
    /// included, nothing is kept, and no use is the first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if there is no room.
    pub fn insert(&self, used: TokenUse<'_>) -> Result<bool, StoreError> {
        let now = self.now();
        let mark = Mark { until: seconds_up(used.until()), before: Mark::FOREVER };
        if !mark.is_live(whole_seconds(now)) {
            return Ok(false);
        }
        self.marks.mark_once(Self::KIND, used.issuer(), used.token_id(), mark, now)
    }

    /// Drops the entries whose tokens have expired, and gives their memory back. For a timer, say once a
    /// minute: entries that aren't dropped count towards the bound, until a write finds no room.
    pub fn remove_expired(&self) {
        self.marks.remove_expired(self.now());
    }

    /// Returns how many entries there are, those that have expired and weren't dropped yet among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how much memory the entries take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.marks.memory_bytes()
    }

    fn now(&self) -> NumericDate {
        self.clock.now().into()
    }
}

impl ReplayStore for MemoryReplays {
    fn use_once<'a>(&'a self, used: TokenUse<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.insert(used) })
    }
}

/// Shows how many entries there are, and none of them.
impl fmt::Debug for MemoryReplays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplays").field("entries", &self.len()).finish_non_exhaustive()
    }
}
