//! What a source of keys is: asked for a token's keys, it answers with a snapshot of all that it has, at
//! once or after a fetch (RFC 7517 §5).
//!
//! A snapshot doesn't change. Its generation tells what was verified under one set of keys from what was
//! verified under another, so that a withdrawn key takes along what it vouched for.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{Error, KeyDefect};
use crate::jwk::JwkSet;
use crate::keys::{KeySet, keys_marked, keys_of, tenants};
use crate::wire::same::say_the_same;

/// What a [`KeySource`] answers in: a future that any executor can drive.
pub type KeySourceFuture<'a> = Pin<Box<dyn Future<Output = Result<KeySnapshot, Error>> + Send + 'a>>;

/// A source of keys that change, such as [`RemoteJwks`](super::RemoteJwks).
///
/// A source serves one issuer: whoever trusts several has a source and a verifier for each, so that none's
/// outage or key is another's.
pub trait KeySource: Send + Sync {
    /// Returns the keys for a token that names this key ID, or none.
    ///
    /// `seen` is the snapshot in which that token found no key, if the caller had one. The source then
    /// looks for a newer one as far as it may, and answers with the same if there is none: the token's
    /// key is then unknown. If it looked and failed, it answers with [`Error::KeySourceUnavailable`].
    ///
    /// The key ID is the sender's word. How often the source goes to look because of it must be bounded. What
    /// it answers beyond that bound is its choice: [`RemoteJwks`](super::RemoteJwks), whose last fetch
    /// succeeded, gives out the same snapshot, so that made-up key IDs get 401, and for as long as it doesn't
    /// look a token of a new key gets the same. A key that is published before it signs is known by then.
    fn keys<'a>(&'a self, key_id: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a>;

    /// Returns the keys that are at hand, if they are fresh, without waiting.
    ///
    /// It is asked before [`keys`](Self::keys) and without a key ID: a token's header is read for the source
    /// only when that has to look, once the token found no key here. A source that has other keys ready for
    /// other key IDs answers with all of them. By default the answer is none, and each token comes with its
    /// key ID.
    fn fresh(&self) -> Option<KeySnapshot> {
        None
    }
}

impl<K: KeySource + ?Sized> KeySource for Arc<K> {
    fn keys<'a>(&'a self, key_id: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        (**self).keys(key_id, seen)
    }

    fn fresh(&self) -> Option<KeySnapshot> {
        (**self).fresh()
    }
}

/// The keys of a [`KeySource`] at one time. Clones share them.
#[derive(Clone)]
pub struct KeySnapshot {
    shared: Arc<Shared>,
    generation: u64,
    /// Counts answers, the same set again too: who saw an older one needn't ask.
    fetch: u64,
}

struct Shared {
    json: String,
    keys: KeySet,
    /// How many keys serve and how many can't, those for listed tenants too.
    counts: (usize, usize),
}

impl KeySnapshot {
    /// Makes a snapshot of a published JWK set, for sources of your own. Another set needs a greater
    /// generation than any set that the source gave out before, so that an answer that comes late undoes no
    /// newer one: count the sets, don't hash them. A set of a smaller one verifies whoever is given it and
    /// isn't kept.
    ///
    /// # Errors
    ///
    /// As [`JwkSet::from_json`]; [`Error::InvalidKey`] if no key of the set verifies.
    pub fn new(json: impl Into<String>, generation: u64) -> Result<Self, Error> {
        let json = json.into();
        let keys = KeySet::verification(&JwkSet::from_json(&json)?);
        Self::read(json, keys.clone(), &keys, generation)
    }

    /// The set of a template's issuers. Its keys are those for any tenant; keys for one that is listed are
    /// in its JSON only, and it isn't empty if that is all it holds.
    pub(super) fn of_tenants(json: String, template: &str, tenants: &[String]) -> Result<Self, Error> {
        let serving =
            keys_marked(&json, |marked| marked == template || tenants::is_of_one(template, tenants, marked))?;
        let keys = keys_of(&json, template, Some(template))?;
        Self::read(json, keys, &serving, 0)
    }

    fn read(json: String, keys: KeySet, serving: &KeySet, generation: u64) -> Result<Self, Error> {
        if serving.is_empty() {
            return Err(Error::InvalidKey(KeyDefect::NotPublic));
        }
        let counts = (serving.len(), serving.skipped().len());
        Ok(Self { shared: Arc::new(Shared { json, keys, counts }), generation, fetch: generation })
    }

    /// The same keys under these numbers.
    pub(super) fn numbered(&self, generation: u64, fetch: u64) -> Self {
        Self { shared: Arc::clone(&self.shared), generation, fetch }
    }

    /// The same keys, as another answer gave them again.
    pub(super) fn again(&self, fetch: u64) -> Self {
        Self { shared: Arc::clone(&self.shared), generation: self.generation, fetch }
    }

    /// Whether the other set has the same keys, however they are written and in whichever order. Some servers
    /// write them anew for each answer.
    ///
    /// Both are read anew for it, so no lock is held meanwhile.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.json() == other.json() || say_the_same(self.json(), other.json(), "keys")
    }

    /// Whether the other one shares these very keys.
    pub(super) fn is_same_set(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many keys serve and how many can't.
    pub(super) fn counts(&self) -> (usize, usize) {
        self.shared.counts
    }

    /// Returns the keys, to build a verifier with. Of
    /// [`RemoteJwks::for_tenants`](super::RemoteJwks::for_tenants), they are the keys for any tenant, of
    /// which there may be none: [`json`](Self::json) holds the others.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.shared.keys
    }

    /// Returns the JWK set as it was published, for
    /// [`AccessTokenVerifier::for_published`](crate::AccessTokenVerifier::for_published).
    #[must_use]
    pub fn json(&self) -> &str {
        &self.shared.json
    }

    /// Returns the number of this set among those of its source: a later set has a greater one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns whether this snapshot is from a later answer than the other, whatever it holds.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.fetch > other.fetch
    }
}

impl fmt::Debug for KeySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySnapshot")
            .field("generation", &self.generation)
            .field("keys", &self.shared.keys)
            .finish_non_exhaustive()
    }
}
