//! A set of keys, indexed by key ID: keys of either sort go in, those that fit a token come out, few
//! and in order (RFC 7515 §4.1.4, RFC 7517 §4.5).
//!
//! A key ID is a hint by whoever sent the token: it can narrow the choice to a key of the set and never
//! bring one in. How many are tried is bounded, as each costs a signature check or a decryption.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Limit};
use crate::jwe::DecryptionKey;
use crate::jwk::SkippedKey;
use crate::jws::VerifyingKey;
use crate::limits::Limits;

/// A set of keys that verify ([`VerifyingKey`], the default) or decrypt ([`DecryptionKey`]).
///
/// It is made from one key, from several, or from a [`JwkSet`](crate::JwkSet) by
/// [`verification`](KeySet::verification) and [`decryption`](KeySet::decryption). Families may be
/// mixed. Clones share the keys.
///
/// A token that names a key ID is tried against the keys of that ID; if there are none, against the
/// keys without one. A token that names none is tried against every key of its algorithm, at most
/// [`Limits::candidate_keys`]. Two keys with one ID are told apart by their algorithm.
///
/// ```
/// use countersign::{JwsAlgorithm, KeySet, SigningKey, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let old = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-10");
/// let new = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("2026-11");
/// let keys: KeySet = [old.verifying_key()?, new.verifying_key()?].into_iter().collect();
///
/// assert_eq!(keys.verify(&jws::sign(&old, b"one")?)?.key_id(), Some("2026-10"));
/// assert_eq!(keys.verify(&jws::sign(&new, b"two")?)?.key_id(), Some("2026-11"));
/// # Ok(())
/// # }
/// ```
pub struct KeySet<K = VerifyingKey> {
    shared: Arc<Keys<K>>,
}

struct Keys<K> {
    entries: Vec<Entry<K>>,
    by_key_id: HashMap<Box<str>, Vec<usize>>,
    without_key_id: Vec<usize>,
    skipped: Vec<SkippedKey>,
}

/// A key, and whether it takes part without being asked for.
pub(super) struct Entry<K> {
    pub(super) key: K,
    /// The JWK named no algorithm and this is one of the less common it permits: a candidate only
    /// for a verifier that lists the algorithm.
    pub(super) only_if_listed: bool,
}

impl<K> KeySet<K> {
    /// Returns how many keys the set holds. A JWK that names no algorithm counts once for each
    /// algorithm that it permits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.entries.len()
    }

    /// Returns whether the set holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.entries.is_empty()
    }

    /// Returns the JWKs that the set was to be made from and that can't serve, each with the reason.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.shared.skipped
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<K>> {
        self.shared.entries.iter()
    }

    pub(super) fn sole_entry(&self) -> Option<&Entry<K>> {
        match &*self.shared.entries {
            [entry] => Some(entry),
            _ => None,
        }
    }
}

impl<K> KeySet<K> {
    pub(super) fn new(
        entries: Vec<Entry<K>>,
        key_id: fn(&K) -> Option<&str>,
        mut skipped: Vec<SkippedKey>,
    ) -> Self {
        // Two stages leave keys out; the set's reader sees them in the order of the document.
        skipped.sort_by_key(SkippedKey::index);
        let mut by_key_id: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        let mut without_key_id = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match key_id(&entry.key) {
                Some(key_id) => by_key_id.entry(Box::from(key_id)).or_default().push(index),
                None => without_key_id.push(index),
            }
        }
        Self { shared: Arc::new(Keys { entries, by_key_id, without_key_id, skipped }) }
    }

    /// The keys that fit: those of the key ID, else those without one; for a token without a key ID,
    /// all. Which of them fit otherwise is the caller's question.
    pub(super) fn select<'s, F>(
        &'s self,
        key_id: Option<&str>,
        fits: F,
    ) -> impl Iterator<Item = &'s K> + Clone
    where
        F: Fn(&Entry<K>) -> bool + Clone,
    {
        let Keys { entries, by_key_id, without_key_id, .. } = &*self.shared;
        let named = key_id.map(|key_id| {
            let of_that_id = by_key_id.get(key_id).map(Vec::as_slice).unwrap_or_default();
            let any_fits = of_that_id.iter().filter_map(|&index| entries.get(index)).any(&fits);
            if any_fits { of_that_id } else { without_key_id }
        });
        let unnamed = named.is_none().then_some(entries);
        let named = named.into_iter().flatten().filter_map(|&index| entries.get(index));
        named.chain(unnamed.into_iter().flatten()).filter(move |entry| fits(entry)).map(|entry| &entry.key)
    }
}

/// Refuses more candidates than the limit, before any of them is tried.
pub(crate) fn check_count(mut candidates: impl Iterator, limits: &Limits) -> Result<(), Error> {
    let mut left = limits.candidate_keys;
    candidates.next().ok_or(Error::NoMatchingKey)?;
    // Taken one by one: there is one, mostly.
    loop {
        left = left.checked_sub(1).ok_or_else(|| Error::LimitExceeded {
            limit: Limit::CandidateKeys,
            max: u64::try_from(limits.candidate_keys).unwrap_or(u64::MAX),
        })?;
        if candidates.next().is_none() {
            return Ok(());
        }
    }
}

impl<K> Clone for KeySet<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// Goes through the keys that take part without being asked for: of an RSA JWK that names no algorithm,
/// those for RS256 and PS256. So there may be fewer than [`len`](KeySet::len).
impl<'s, K> IntoIterator for &'s KeySet<K> {
    type Item = &'s K;
    type IntoIter = KeySetIter<'s, K>;

    fn into_iter(self) -> KeySetIter<'s, K> {
        KeySetIter { entries: self.shared.entries.iter() }
    }
}

/// The keys of a [`KeySet`], in the set's order.
pub struct KeySetIter<'s, K> {
    entries: std::slice::Iter<'s, Entry<K>>,
}

impl<'s, K> Iterator for KeySetIter<'s, K> {
    type Item = &'s K;

    fn next(&mut self) -> Option<&'s K> {
        self.entries.find(|entry| !entry.only_if_listed).map(|entry| &entry.key)
    }
}

impl<K> fmt::Debug for KeySetIter<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetIter").finish_non_exhaustive()
    }
}

impl<K: fmt::Debug> fmt::Debug for KeySet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.shared.entries.iter().map(|entry| &entry.key)).finish()
    }
}

impl FromIterator<VerifyingKey> for KeySet<VerifyingKey> {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        of_keys(keys, VerifyingKey::key_id)
    }
}

impl FromIterator<DecryptionKey> for KeySet<DecryptionKey> {
    fn from_iter<I: IntoIterator<Item = DecryptionKey>>(keys: I) -> Self {
        of_keys(keys, DecryptionKey::key_id)
    }
}

impl From<VerifyingKey> for KeySet<VerifyingKey> {
    fn from(key: VerifyingKey) -> Self {
        of_keys([key], VerifyingKey::key_id)
    }
}

impl From<DecryptionKey> for KeySet<DecryptionKey> {
    fn from(key: DecryptionKey) -> Self {
        of_keys([key], DecryptionKey::key_id)
    }
}

fn of_keys<K>(keys: impl IntoIterator<Item = K>, key_id: fn(&K) -> Option<&str>) -> KeySet<K> {
    let entries = keys.into_iter().map(|key| Entry { key, only_if_listed: false }).collect();
    KeySet::new(entries, key_id, Vec::new())
}
