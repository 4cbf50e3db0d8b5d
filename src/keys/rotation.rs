//! An issuer's keys over time: keys and a schedule go in; by the clock, the key that signs, the set to
//! publish and its caching header come out (RFC 7517 §5, RFC 9111 §5.2.2.1).
//!
//! A key is published before it signs, for as long as verifiers may hold the set without it, and stays
//! published until the last token that it signed has expired. The ring is a plain value: nothing runs in
//! the background, and two issuers that hold the same keys and times agree.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::KeySet;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::jwk::{Jwk, JwkSet};
use crate::jws::SigningKey;

/// The keys of an issuer that rotates them: one signs, the next is published already, those before it are
/// published still.
///
/// ```
/// use countersign::keys::rotation::KeyRing;
/// use countersign::{Error, JwsAlgorithm, SigningKey};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), Error> {
/// let first = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
/// let mut ring = KeyRing::builder(Duration::from_secs(300))
///     .key(first, SystemTime::now())
///     .rotate_every(Duration::from_secs(30 * 24 * 3600))
///     .build()?;
///
/// ring.rotate()?; // now and then: at `next_change` or every minute
/// assert_eq!(ring.signing_key().key_id(), Some("2026-11"));
/// assert_eq!(ring.cache_control(), "public, max-age=300");
/// let body = ring.public_json()?; // what the JWK set's URL answers
/// # let _ = body;
/// # Ok(())
/// # }
/// ```
pub struct KeyRing {
    /// In the order in which they sign; never empty.
    keys: Vec<RingKey>,
    schedule: Schedule,
    clock: Arc<dyn Clock>,
}

struct Schedule {
    token_lifetime: Duration,
    leeway: Duration,
    cache_lifetime: Duration,
    publish_ahead: Duration,
    period: Option<Duration>,
}

/// A key of a [`KeyRing`], and when it signs. To keep a ring over a restart, keep these.
pub struct RingKey {
    key: SigningKey,
    public: Jwk,
    signs_from: SystemTime,
    signs_until: Option<SystemTime>,
}

impl RingKey {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Returns when the key begins to sign.
    #[must_use]
    pub fn signs_from(&self) -> SystemTime {
        self.signs_from
    }

    /// Returns when the next key takes over, if there is a next one.
    #[must_use]
    pub fn signs_until(&self) -> Option<SystemTime> {
        self.signs_until
    }
}

impl KeyRing {
    /// Begins a ring whose keys sign tokens that live this long, at most.
    pub fn builder(token_lifetime: Duration) -> KeyRingBuilder {
        KeyRingBuilder {
            keys: Vec::new(),
            schedule: Schedule {
                token_lifetime,
                leeway: Duration::from_secs(60),
                cache_lifetime: Duration::from_secs(300),
                publish_ahead: Duration::from_secs(3600),
                period: None,
            },
            clock: Arc::new(SystemClock),
        }
    }

    /// Returns the key that signs now.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        let now = self.clock.now();
        let begun = self.keys.iter().rev().find(|key| key.signs_from <= now);
        // A clock that was set back: the oldest key is the one that verifiers are sure to have.
        &one_of(begun.or(self.keys.first())).key
    }

    /// Returns the keys that aren't retired, the oldest first.
    pub fn keys(&self) -> impl Iterator<Item = &RingKey> {
        let now = self.clock.now();
        self.keys.iter().filter(move |key| !self.is_retired(key, now))
    }

    /// Returns the public keys to publish: the one that signs, the next, and those whose tokens live.
    #[must_use]
    pub fn published(&self) -> JwkSet {
        self.keys().map(|key| key.public.clone_key()).collect()
    }

    /// Returns the keys to publish as JSON, the body of the JWK set's URL, whose media type is
    /// `application/jwk-set+json`.
    ///
    /// # Errors
    ///
    /// As [`JwkSet::to_public_json`]; not for a ring that was built, whose keys have public halves.
    pub fn public_json(&self) -> Result<String, Error> {
        self.published().to_public_json()
    }

    /// Returns the value of the `Cache-Control` field that goes with [`public_json`](Self::public_json):
    /// for how long verifiers may keep it ([RFC 9111 §5.2.2.1](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1)).
    #[must_use]
    pub fn cache_control(&self) -> String {
        format!("public, max-age={}", self.schedule.cache_lifetime.as_secs())
    }

    /// Returns the set that verifies what the ring's keys have signed and what they will sign.
    #[must_use]
    pub fn verification(&self) -> KeySet {
        KeySet::verification(&self.published())
    }

    /// Adds a key, which is published from now on, and returns when it takes over: once every verifier may
    /// know it and, if the ring rotates, the key before it has had its time.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the key has no key ID or one that is in the ring; [`Error::InvalidKey`] for an
    /// HS* key, which can't be published.
    pub fn add(&mut self, key: SigningKey) -> Result<SystemTime, Error> {
        let known = later(self.clock.now(), self.schedule.publish_ahead);
        let due = match (self.keys.last(), self.schedule.period) {
            (Some(last), Some(period)) => later(last.signs_from, period).max(known),
            (Some(last), None) => last.signs_from.max(known),
            (None, _) => known,
        };
        self.push(key, due)?;
        Ok(due)
    }

    /// Does what is due by the clock: publishes a new key if the ring rotates, of the newest one's
    /// algorithm and with its thumbprint for a key ID, and lets go of keys that are retired. Returns
    /// whether what is to be published has changed.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::generate`]; [`Error::Misuse`] if the newest key is external, as its successor can't
    /// be made here: [`add`](Self::add) it in time.
    pub fn rotate(&mut self) -> Result<bool, Error> {
        let now = self.clock.now();
        let before = self.keys.len();
        // Nothing is let go of before the new key is there, so that an error changes nothing.
        let added = if self.new_key_at().is_some_and(|due| due <= now) {
            let newest = &one_of(self.keys.last()).key;
            let local = newest.expose_jwk().map_err(|_| {
                Error::misuse("expected the successor of an external key by `add`, found it missing when due")
            })?;
            let key = SigningKey::from_jwk_for(
                newest.algorithm(),
                &Jwk::generate(local.kind())?.with_key_id_from_thumbprint(),
            )?;
            self.add(key)?;
            1
        } else {
            0
        };
        let Self { keys, schedule, .. } = self;
        keys.retain(|key| !schedule.has_retired(key, now));
        Ok(added > 0 || keys.len() != before)
    }

    /// Takes a key out at once, such as one that has leaked: it isn't published any more, and the next key
    /// signs from now on. Verifiers that hold the set go on trusting it for as long as they hold that.
    ///
    /// Returns whether the key was in the ring.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the key signs now and there is no next one: [`add`](Self::add) one first.
    pub fn withdraw(&mut self, key_id: &str) -> Result<bool, Error> {
        let now = self.clock.now();
        let Some(place) = self.keys.iter().position(|key| key.key.key_id() == Some(key_id)) else {
            return Ok(false);
        };
        let signs = self.signing_key().key_id() == Some(key_id);
        match self.keys.get_mut(place + 1) {
            Some(next) if signs => next.signs_from = now,
            None if signs => {
                return Err(Error::misuse(
                    "expected a next key, by `add`, before the one that signs is withdrawn",
                ));
            }
            None => {
                // It would have been next: the one before it goes on signing.
                if let Some(before) = place.checked_sub(1).and_then(|before| self.keys.get_mut(before)) {
                    before.signs_until = None;
                }
            }
            Some(next) if next.signs_from > now => {
                let from = next.signs_from;
                if let Some(before) = place.checked_sub(1).and_then(|before| self.keys.get_mut(before)) {
                    before.signs_until = Some(from);
                }
            }
            Some(_) => {}
        }
        self.keys.remove(place);
        Ok(true)
    }

    /// Returns when [`rotate`](Self::rotate) has something to do next, or another key signs.
    #[must_use]
    pub fn next_change(&self) -> Option<SystemTime> {
        let now = self.clock.now();
        let takes_over = self.keys.iter().map(|key| Some(key.signs_from));
        let retires = self.keys.iter().map(|key| self.schedule.retires_at(key));
        let all = takes_over.chain(retires).chain([self.new_key_at()]).flatten();
        all.filter(|time| *time > now).min()
    }

    /// When the successor of the newest key is to be published.
    fn new_key_at(&self) -> Option<SystemTime> {
        let newest = self.keys.last()?;
        // The period is longer than what the key is published ahead, as `build` holds.
        let ahead = self.schedule.period?.saturating_sub(self.schedule.publish_ahead);
        Some(later(newest.signs_from, ahead))
    }

    fn is_retired(&self, key: &RingKey, now: SystemTime) -> bool {
        self.schedule.has_retired(key, now)
    }

    fn push(&mut self, key: SigningKey, signs_from: SystemTime) -> Result<(), Error> {
        let Some(key_id) = key.key_id() else {
            return Err(Error::misuse(
                "expected a key with a key ID, which tells it from the next, found none",
            ));
        };
        if self.keys.iter().any(|other| other.key.key_id() == Some(key_id)) {
            return Err(Error::misuse("expected a key ID that no other key of the ring has, found it twice"));
        }
        let public = key.to_public_jwk()?;
        if let Some(last) = self.keys.last_mut() {
            last.signs_until = Some(signs_from);
        }
        self.keys.push(RingKey { key, public, signs_from, signs_until: None });
        Ok(())
    }
}

impl Schedule {
    /// When the last token that the key signed has expired, at every verifier.
    fn retires_at(&self, key: &RingKey) -> Option<SystemTime> {
        key.signs_until.map(|until| later(later(until, self.token_lifetime), self.leeway))
    }

    fn has_retired(&self, key: &RingKey, now: SystemTime) -> bool {
        self.retires_at(key).is_some_and(|retires_at| retires_at <= now)
    }
}

/// A ring is never empty, and neither is what is asked of it.
fn one_of(key: Option<&RingKey>) -> &RingKey {
    key.expect("a ring is built with a key, and gives up none without another")
}

/// That much later, or as late as before where the system's type ends: a key is then published too long,
/// which harms nobody.
fn later(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or_else(|| time.checked_add(Schedule::LONGEST).unwrap_or(time))
}

impl Schedule {
    /// 100 years: beyond it, a duration is a slip of units and not a schedule.
    const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

    fn check(&self) -> Result<(), Error> {
        let Self { token_lifetime, leeway, cache_lifetime, publish_ahead, period } = self;
        let second = Duration::from_secs(1);
        let misuses = [
            (*token_lifetime < second, "expected tokens that live for at least a second, found less"),
            (
                [token_lifetime, leeway, cache_lifetime, publish_ahead].into_iter().chain(period).max()
                    > Some(&Self::LONGEST),
                "expected durations of at most 100 years in a key ring, found more",
            ),
            (
                publish_ahead < cache_lifetime,
                "expected a key to be published at least `cache_lifetime` before it signs, found less",
            ),
            (
                period.is_some_and(|period| period <= *publish_ahead),
                "expected keys that sign for longer than they are published ahead, found `rotate_every` too short",
            ),
        ];
        match misuses.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(Error::misuse(reason)),
            None => Ok(()),
        }
    }
}

/// The choices of a [`KeyRing`] in the making: its keys, and its schedule.
#[must_use = "`build` makes the ring"]
pub struct KeyRingBuilder {
    keys: Vec<(SigningKey, SystemTime)>,
    schedule: Schedule,
    clock: Arc<dyn Clock>,
}

impl KeyRingBuilder {
    /// Adds a key that signs from this time on, until the next one does. The first must sign already.
    pub fn key(mut self, key: SigningKey, signs_from: SystemTime) -> Self {
        self.keys.push((key, signs_from));
        self
    }

    /// Sets for how long verifiers may keep the published set, at which they then don't look for a
    /// withdrawn key. Default: 5 minutes.
    pub fn cache_lifetime(mut self, lifetime: Duration) -> Self {
        self.schedule.cache_lifetime = lifetime;
        self
    }

    /// Sets how long a key is published before it signs: as long as the slowest verifier keeps a set,
    /// which may be longer than it was told. Default: an hour.
    pub fn publish_ahead(mut self, ahead: Duration) -> Self {
        self.schedule.publish_ahead = ahead;
        self
    }

    /// Sets how long a key stays published after the last token that it signed has expired: at least what
    /// verifiers forgive differing clocks. Default: a minute.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.schedule.leeway = leeway;
        self
    }

    /// Has [`KeyRing::rotate`] make a new key when the newest one is about to have signed for this long.
    /// Default: keys come by [`KeyRing::add`] only.
    pub fn rotate_every(mut self, period: Duration) -> Self {
        self.schedule.period = Some(period);
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the ring.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if there is no key, none signs yet, they aren't in the order in which they sign, one
    /// has no key ID or another's, or the durations contradict each other: keys must be published for at
    /// least the cache's lifetime before they sign, and sign for longer than that. [`Error::InvalidKey`] for
    /// an HS* key, which can't be published.
    pub fn build(self) -> Result<KeyRing, Error> {
        let Self { keys, schedule, clock } = self;
        schedule.check()?;
        let now = clock.now();
        if keys.first().is_none_or(|(_, signs_from)| *signs_from > now) {
            return Err(Error::misuse("expected a first key that signs already, found none"));
        }
        if !keys.is_sorted_by(|(_, one), (_, next)| one < next) {
            return Err(Error::misuse("expected keys in the order in which they sign, found another"));
        }
        let mut ring = KeyRing { keys: Vec::with_capacity(keys.len()), schedule, clock };
        for (key, signs_from) in keys {
            ring.push(key, signs_from)?;
        }
        Ok(ring)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, public: _, signs_from, signs_until } = self;
        f.debug_struct("RingKey")
            .field("key", key)
            .field("signs_from", signs_from)
            .field("signs_until", signs_until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyRingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRingBuilder").finish_non_exhaustive()
    }
}
