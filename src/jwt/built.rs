//! One verifier for each set of keys: a snapshot of a source's keys goes in, the verifier that was built over that
//! set comes out.
//!
//! A verifier's identity is a cache's key, and what it has learnt is its own: so all who meet a set have the same.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::keys::remote::KeySnapshot;

/// The verifier of the newest keys, and their generation.
pub(crate) struct Built<V>(Mutex<Option<(u64, Arc<V>)>>);

impl<V> Built<V> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns the verifier over these keys, and has it built if there is none.
    pub(crate) fn over(
        &self,
        keys: &KeySnapshot,
        build: impl FnOnce(&KeySnapshot) -> Result<V, Error>,
    ) -> Result<Arc<V>, Error> {
        let built = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of = |generation: u64| generation == keys.generation();
        let kept = built().as_ref().filter(|(generation, _)| is_of(*generation)).cloned();
        if let Some((_, verifier)) = kept {
            return Ok(verifier);
        }
        // Somebody else's code, and not short: none of it runs under the lock.
        let fresh = Arc::new(build(keys)?);
        let (verifier, replaced) = match &mut *built() {
            // Of those who built at once, the first one's serves all: what a verifier has learnt and what a cache
            // knows of it are one verifier's.
            Some((generation, first)) if is_of(*generation) => (Arc::clone(first), None),
            // Whoever still has older keys builds for itself, so that the newest aren't built twice.
            Some((generation, _)) if *generation > keys.generation() => (Arc::clone(&fresh), None),
            newest => (Arc::clone(&fresh), newest.replace((keys.generation(), Arc::clone(&fresh)))),
        };
        drop(replaced);
        Ok(verifier)
    }
}
