//! The generation of a verifier's keys: a number that goes up when they change, so that what was verified
//! under the old ones isn't taken for verified any more.
//!
//! Whoever changes keys bumps it; whoever remembers a verification notes the number from before it began.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that goes up whenever a verifier's keys change. Clones share it.
///
/// A source of keys gives it to the verifiers that use them
/// ([`key_generation`](crate::profile::access_token::AccessTokenVerifierBuilder::key_generation)), and bumps
/// it with each change; a [`TokenCache`](crate::gateway::cache::TokenCache) then forgets what it knows of the
/// tokens before. A verifier that is built anew needs none: no other's verifications count for it. So it is
/// with a [`SourcedVerifier`](crate::jwt::SourcedVerifier), which has a verifier for each
/// [generation](crate::keys::remote::KeySnapshot::generation) of its source's keys: nothing need be bumped.
///
/// ```
/// use countersign::keys::KeyGeneration;
///
/// let generation = KeyGeneration::new();
/// let shared = generation.clone();
/// shared.bump();
/// assert_eq!(generation.current(), 1);
/// ```
#[derive(Clone, Default)]
pub struct KeyGeneration {
    number: Arc<AtomicU64>,
}

impl KeyGeneration {
    /// Makes a generation of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the next generation. Call it once the new keys are in use: what was verified until then
    /// doesn't count any more.
    pub fn bump(&self) {
        self.number.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the number of the present generation.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }
}

impl fmt::Debug for KeyGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyGeneration").field(&self.current()).finish()
    }
}
