//! Which verifier, with which keys, accepted a token: what a verdict that is remembered counts for.
//!
//! Two verifiers never share an identity, also when one is gone before the other is made: else one that
//! asks for another audience could be answered for this one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::keys::KeyGeneration;

/// The identity of one verifier in this process.
pub(crate) struct Identity {
    number: u64,
    generation: KeyGeneration,
}

/// The number of the next verifier. At one a nanosecond, they last for centuries.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Identity {
    pub(super) fn new(generation: KeyGeneration) -> Self {
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), generation }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The present generation of the verifier's keys.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.current()
    }
}
