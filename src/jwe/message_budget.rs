//! How many messages an AES-GCM key may still encrypt: each message takes one from the budget before
//! anything is encrypted, and the one past 2^32 is an error (RFC 7518 §8.4).
//!
//! The count is of one key object and its clones. It doesn't survive the process, and a copy of the key
//! elsewhere has its own: SECURITY.md says so, since no code here can help it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, KeyDefect};

/// Counts the messages encrypted with one AES-GCM key and refuses those past 2^32.
///
/// Under one key, random 96-bit initialization vectors may collide, and a collision gives the
/// authentication key away. RFC 7518 §8.4: "AES GCM MUST NOT be used with the same key value more
/// than 2^32 times."
#[derive(Debug, Default)]
pub(super) struct MessageBudget(AtomicU64);

impl MessageBudget {
    const MESSAGES: u64 = 1 << 32;

    /// Counts one message.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Exhausted`] once 2^32 have been counted.
    pub(super) fn spend(&self) -> Result<(), Error> {
        // Nothing else is ordered by this counter; only its own total matters.
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| {
                (spent < Self::MESSAGES).then(|| spent + 1)
            })
            .map(|_| ())
            .map_err(|_| Error::InvalidKey(KeyDefect::Exhausted))
    }

    /// Leaves only so many messages, so that a test needn't encrypt 2^32 of them.
    #[cfg(test)]
    pub(super) fn leave(&self, messages: u64) {
        self.0.store(Self::MESSAGES - messages, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_past_the_last_message_and_stays_there() {
        let budget = MessageBudget::default();
        assert_eq!(budget.spend(), Ok(()));
        budget.leave(1);
        assert_eq!(budget.spend(), Ok(()));
        for _ in 0..3 {
            assert_eq!(budget.spend(), Err(Error::InvalidKey(KeyDefect::Exhausted)));
        }
    }
}
