//! One verifier for each set of keys: a snapshot of a source's keys goes in, the verifier that was built over that
//! set comes out.
//!
//! A verifier's identity is a cache's key, and what it has learnt is its own: so all who meet a set have the same.

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::Error;
use crate::keys::remote::KeySnapshot;

/// The verifier of the newest keys, and their generation. Read for each token and written when keys change, so that
/// those who read don't wait for each other.
pub(crate) struct Built<V>(RwLock<Option<(u64, Arc<V>)>>);

impl<V> Built<V> {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// Returns the verifier over these keys, and has it built if there is none.
    pub(crate) fn over(
        &self,
        keys: &KeySnapshot,
        build: impl FnOnce(&KeySnapshot) -> Result<V, Error>,
    ) -> Result<Arc<V>, Error> {
        let is_of = |generation: u64| generation == keys.generation();
        let built = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let kept = built.as_ref().filter(|(generation, _)| is_of(*generation)).cloned();
        drop(built);
        if let Some((_, verifier)) = kept {
            return Ok(verifier);
        }
        // Somebody else's code, and not short: none of it runs under the lock.
        let fresh = Arc::new(build(keys)?);
        let (verifier, replaced) = match &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
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
