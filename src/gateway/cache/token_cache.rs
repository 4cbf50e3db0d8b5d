//! The cache: a token's text and the verifier that would verify it go in, the token comes out, verified now
//! or before, and judged now in either case.
//!
//! Only what a verifier accepted is kept. So a forged token finds nothing and leaves nothing, however many
//! there are, and an error of a key that can't be reached is gone with the next try.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::builder::TokenCacheBuilder;
use super::digest::TokenDigest;
use super::shard::{Entry, Key, Shard};
use crate::error::Error;
use crate::gateway::revocation::RevocationCheck;
use crate::jwt::{NoClaims, NumericDate};
use crate::profile::access_token::{AccessToken, AccessTokenVerifier, Presented, ProofOfPossession};
use crate::wire::compact;

/// Remembers verified access tokens: built once, shared by reference, also by several verifiers.
///
/// A token that the same verifier accepted before isn't decrypted and its signature isn't verified again.
/// All that may have changed is judged on each hit, as on a miss: `exp`, `nbf`, `iat` and the age by the
/// verifier's clock, its rules, and the proof of the key that the token is bound to. What comes out goes on
/// to revocation, authorization and replay like any other token.
///
/// An entry goes by the SHA-256 of the whole token and the verifier's identity: another signature, or
/// another verifier, finds nothing. It ends with the token's `exp`, after
/// [`max_age`](TokenCacheBuilder::max_age), with the [generation](crate::keys::KeyGeneration) of the
/// verifier's keys, and with a revocation that [`check_revocation`](Self::check_revocation) meets. Refusals
/// are never kept: a flood of bad tokens takes no room, and pays the verifier's price each time.
///
/// Before a [`SourcedVerifier`](crate::jwt::SourcedVerifier), [`verify_sourced`](Self::verify_sourced): what is
/// known ends with the fetched keys by itself.
///
/// ```
/// use countersign::gateway::cache::TokenCache;
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
/// # use countersign::profile::access_token::Grant;
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let token = issuer.issue(&Grant::to("user-17", "client-4"))?;
/// let cache = TokenCache::builder().entries(50_000).build()?;
/// for _ in 0..3 {
///     assert_eq!(cache.verify::<NoClaims>(&verifier, &token)?.subject(), "user-17");
/// }
/// assert_eq!((cache.misses(), cache.hits()), (1, 2));
/// # Ok(())
/// # }
/// ```
pub struct TokenCache {
    shards: Box<[RwLock<Shard>]>,
    max_age: Duration,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What became of a token, and what was found out on the way.
pub(super) struct Judged<T> {
    pub(super) verdict: Result<AccessToken<T>, Error>,
    pub(super) is_hit: bool,
    /// None if the token is too large to be hashed.
    pub(super) digest: Option<TokenDigest>,
}

/// What a look-up in the cache needs, and what is stored after a miss.
struct Place {
    key: Key,
    /// Noted before anything is looked up or verified: a change of keys in between voids it.
    generation: u64,
}

impl TokenCache {
    /// Begins a cache.
    pub fn builder() -> TokenCacheBuilder {
        TokenCacheBuilder::new()
    }

    pub(super) fn new(entries: usize, bytes: usize, max_age: Duration) -> Self {
        // Each has its share of both bounds, so a few entries are kept in one.
        let shards = (entries / 256).clamp(1, 16);
        let shard = || RwLock::new(Shard::new(entries / shards, bytes / shards));
        Self {
            shards: std::iter::repeat_with(shard).take(shards).collect(),
            max_age,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Verifies a token that came as a plain bearer token, see [`AccessTokenVerifier::verify`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify`].
    pub fn verify<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
    ) -> Result<AccessToken<T>, Error> {
        self.accept(verifier, token, Presented::AsBearer)
    }

    /// Verifies a token that came with a proof, see [`AccessTokenVerifier::verify_with_proof`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_with_proof`].
    pub fn verify_with_proof<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Result<AccessToken<T>, Error> {
        self.accept(verifier, token, Presented::With(proof))
    }

    /// Verifies a token like [`verify`](Self::verify), and waits for an external key to decrypt, see
    /// [`AccessTokenVerifier::verify_async`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_async`].
    pub async fn verify_async<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
    ) -> Result<AccessToken<T>, Error> {
        self.judge(verifier, token, Presented::AsBearer).await.verdict
    }

    /// Verifies a token like [`verify_with_proof`](Self::verify_with_proof), and waits for an external key
    /// to decrypt, see [`AccessTokenVerifier::verify_with_proof_async`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_with_proof_async`].
    pub async fn verify_with_proof_async<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Result<AccessToken<T>, Error> {
        self.judge(verifier, token, Presented::With(proof)).await.verdict
    }

    /// Checks that a token from this cache isn't revoked, and forgets it if it is. `text` is what was verified.
    ///
    /// # Errors
    ///
    /// As [`RevocationCheck::check`].
    pub fn check_revocation<'a, T>(
        &'a self,
        verifier: &'a AccessTokenVerifier,
        text: &'a str,
        token: &'a AccessToken<T>,
        check: &'a RevocationCheck,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'a, T> {
        // Outside the future, which then doesn't have the token, and is `Send` whatever claims that has.
        let checked = check.check(token);
        async move {
            let checked = checked.await;
            // That the store can't tell now says nothing of the token.
            if checked.as_ref().is_err_and(Error::is_invalid_token) {
                self.forget(verifier, text);
            }
            checked
        }
    }

    /// Forgets what is known of a token: the next request with it verifies it.
    pub fn forget(&self, verifier: &AccessTokenVerifier, token: &str) {
        let Place { key, .. } = Place::of(verifier, token);
        if let Some(shard) = self.shard(&key) {
            write_lock(shard).remove(&key);
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.shards.iter().for_each(|shard| write_lock(shard).clear());
    }

    /// Returns how many tokens are kept, those that have ended and weren't dropped yet among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sum(Shard::len)
    }

    /// Returns whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how much memory the entries are counted for, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sum(Shard::bytes)
    }

    /// Returns how often a token was found, whatever was then judged of it.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Returns how often a token wasn't found, and was verified or refused.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    fn accept<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
        presented: Presented<'_>,
    ) -> Result<AccessToken<T>, Error> {
        // A hash of what is too large would be work for nothing.
        compact::check_size(token, verifier.jwt().limits())?;
        let place = Place::of(verifier, token);
        if let Some(known) = self.find(verifier, &place) {
            return self.accept_again(verifier, &place, &known, presented);
        }
        let accepted = verifier.accept(token, &presented)?;
        self.keep(verifier, &place, accepted.without_claims());
        Ok(accepted)
    }

    /// Verifies a token, and says what was found out on the way.
    pub(super) async fn judge<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        token: &str,
        presented: Presented<'_>,
    ) -> Judged<T> {
        if let Err(refusal) = compact::check_size(token, verifier.jwt().limits()) {
            return Judged { verdict: Err(refusal), is_hit: false, digest: None };
        }
        let place = Place::of(verifier, token);
        let digest = Some(place.key.digest);
        if let Some(known) = self.find(verifier, &place) {
            let verdict = self.accept_again(verifier, &place, &known, presented);
            return Judged { verdict, is_hit: true, digest };
        }
        let verdict = verifier.accept_async(token, &presented).await;
        if let Ok(accepted) = &verdict {
            self.keep(verifier, &place, accepted.without_claims());
        }
        Judged { verdict, is_hit: false, digest }
    }

    fn find(&self, verifier: &AccessTokenVerifier, place: &Place) -> Option<AccessToken<NoClaims>> {
        let found = self.find_valid(verifier.jwt().now(), place);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn find_valid(&self, now: NumericDate, place: &Place) -> Option<AccessToken<NoClaims>> {
        let shard = self.shard(&place.key)?;
        let read = shard.read().unwrap_or_else(PoisonError::into_inner);
        let entry = read.find(&place.key)?;
        // A clock that went back can't say how old the entry is.
        let age_is_known = entry.stored_at <= now;
        let is_young = now < entry.stored_at.saturating_add(self.max_age);
        if entry.generation == place.generation && age_is_known && is_young {
            return Some(entry.token.clone());
        }
        let (generation, stored_at) = (entry.generation, entry.stored_at);
        drop(read);
        write_lock(shard).remove_stored(&place.key, generation, stored_at);
        None
    }

    fn accept_again<T: DeserializeOwned>(
        &self,
        verifier: &AccessTokenVerifier,
        place: &Place,
        known: &AccessToken<NoClaims>,
        presented: Presented<'_>,
    ) -> Result<AccessToken<T>, Error> {
        let accepted = verifier.accept_again(known, presented);
        if accepted.as_ref().is_err_and(Error::is_expired)
            && let Some(shard) = self.shard(&place.key)
        {
            write_lock(shard).remove(&place.key);
        }
        accepted
    }

    fn keep(&self, verifier: &AccessTokenVerifier, place: &Place, token: AccessToken<NoClaims>) {
        let Some(shard) = self.shard(&place.key) else { return };
        // Keys that changed while it was verified would void the entry at once.
        if place.generation != verifier.identity().generation() {
            return;
        }
        let now = verifier.jwt().now();
        let oldest = now.saturating_add(self.max_age);
        let expires = token.expires_at().map_or(oldest, |expires_at| verifier.jwt().expired_from(expires_at));
        let entry =
            Entry { token, generation: place.generation, stored_at: now, dead_from: oldest.min(expires) };
        write_lock(shard).insert(place.key, entry, now);
    }

    fn shard(&self, key: &Key) -> Option<&RwLock<Shard>> {
        let [.., last] = key.digest.as_bytes();
        // A number of shards divides 256 or nearly so: they fill up evenly enough.
        self.shards.get(usize::from(*last) % self.shards.len())
    }

    fn sum(&self, each: impl Fn(&Shard) -> usize) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| each(&shard.read().unwrap_or_else(PoisonError::into_inner))).sum()
    }
}

impl Place {
    fn of(verifier: &AccessTokenVerifier, token: &str) -> Self {
        let identity = verifier.identity();
        let generation = identity.generation();
        Self { key: Key { digest: TokenDigest::of(token), verifier: identity.number() }, generation }
    }
}

/// Nothing that holds the lock can panic halfway but for want of memory, so a poisoned part is whole.
fn write_lock(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// Shows how much there is, and none of it.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("entries", &self.len())
            .field("bytes", &self.bytes())
            .field("hits", &self.hits())
            .field("misses", &self.misses())
            .finish_non_exhaustive()
    }
}
