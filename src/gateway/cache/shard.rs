//! One part of a cache: verified tokens by the hash of their text, bounded by count and bytes, for one lock.
//!
//! What makes room is the oldest entry that wasn't asked for since it was last looked at: a queue with a
//! second chance. A hit takes the lock for reading and moves nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use super::digest::TokenDigest;
use crate::jwt::{NoClaims, NumericDate};
use crate::profile::access_token::AccessToken;

/// What an entry goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) digest: TokenDigest,
    /// The identity of the verifier.
    pub(super) verifier: u64,
}

/// A verdict, and what it counts for.
pub(super) struct Entry {
    pub(super) token: AccessToken<NoClaims>,
    /// The generation of the verifier's keys before it began to verify.
    pub(super) generation: u64,
    pub(super) stored_at: NumericDate,
    /// From when on it can't be accepted any more.
    pub(super) dead_from: NumericDate,
}

struct Kept {
    entry: Entry,
    bytes: usize,
    /// Tells this entry's place in the queue from one that an earlier entry of the same key left there.
    turn: u64,
    asked_for: AtomicBool,
}

pub(super) struct Shard {
    kept: HashMap<Key, Kept>,
    /// Each entry stands here once, and some that are gone.
    queue: VecDeque<(Key, u64)>,
    bytes: usize,
    next_turn: u64,
    max_entries: usize,
    max_bytes: usize,
}

impl Shard {
    /// What an entry takes beside its token: in the map, which may be half empty, and in the queue.
    const OVERHEAD: usize = 2 * (size_of::<Key>() + size_of::<Kept>()) + 4 * size_of::<(Key, u64)>();

    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { kept: HashMap::new(), queue: VecDeque::new(), bytes: 0, next_turn: 0, max_entries, max_bytes }
    }

    pub(super) fn find(&self, key: &Key) -> Option<&Entry> {
        let kept = self.kept.get(key)?;
        kept.asked_for.store(true, Ordering::Relaxed);
        Some(&kept.entry)
    }

    /// Keeps a verified token, in the place of others if need be. One that is too large isn't kept.
    pub(super) fn insert(&mut self, key: Key, entry: Entry, now: NumericDate) {
        let bytes = entry.token.retained_bytes().saturating_add(Self::OVERHEAD);
        self.remove(&key);
        self.drop_dead(now);
        if bytes > self.max_bytes {
            return;
        }
        while self.kept.len() >= self.max_entries || self.bytes.saturating_add(bytes) > self.max_bytes {
            if !self.drop_one() {
                return;
            }
        }
        let turn = self.next_turn;
        self.next_turn += 1;
        self.bytes += bytes;
        self.queue.push_back((key, turn));
        self.kept.insert(key, Kept { entry, bytes, turn, asked_for: AtomicBool::new(false) });
        self.compact();
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(kept) = self.kept.remove(key) {
            self.bytes = self.bytes.saturating_sub(kept.bytes);
        }
    }

    /// Removes the entry that was stored then, and not one that came in its place since.
    pub(super) fn remove_stored(&mut self, key: &Key, generation: u64, stored_at: NumericDate) {
        let is_same = |kept: &Kept| kept.entry.generation == generation && kept.entry.stored_at == stored_at;
        if self.kept.get(key).is_some_and(is_same) {
            self.remove(key);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.max_entries, self.max_bytes);
    }

    /// Drops entries at the head of the queue that are dead or gone already.
    fn drop_dead(&mut self, now: NumericDate) {
        while let Some((key, turn)) = self.queue.front().copied() {
            let is_alive =
                |kept: &Kept| kept.turn == turn && kept.entry.dead_from > now && kept.entry.stored_at <= now;
            if self.kept.get(&key).is_some_and(is_alive) {
                return;
            }
            self.queue.pop_front();
            self.remove_turn(&key, turn);
        }
    }

    /// Drops the next entry that wasn't asked for. Each that was is passed over once.
    fn drop_one(&mut self) -> bool {
        while let Some((key, turn)) = self.queue.pop_front() {
            let Some(kept) = self.kept.get(&key).filter(|kept| kept.turn == turn) else { continue };
            if kept.asked_for.swap(false, Ordering::Relaxed) {
                self.queue.push_back((key, turn));
                continue;
            }
            self.remove(&key);
            return true;
        }
        false
    }

    fn remove_turn(&mut self, key: &Key, turn: u64) {
        if self.kept.get(key).is_some_and(|kept| kept.turn == turn) {
            self.remove(key);
        }
    }

    /// Places of entries that are gone must not pile up.
    fn compact(&mut self) {
        if self.queue.len() > 2 * self.kept.len() + 16 {
            let kept = &self.kept;
            self.queue.retain(|(key, turn)| kept.get(key).is_some_and(|kept| kept.turn == *turn));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jws::{JwsAlgorithm, SigningKey};
    use crate::profile::access_token::{AccessTokenIssuer, AccessTokenVerifier, Grant};

    fn token() -> AccessToken<NoClaims> {
        let key = SigningKey::generate(JwsAlgorithm::Hs256).unwrap();
        let verifier = AccessTokenVerifier::builder(key.verifying_key().unwrap()).issuer("i").audience("a");
        let issuer = AccessTokenIssuer::builder(key).issuer("i").audience("a");
        let issuer = issuer.lifetime(Duration::from_secs(60)).build().unwrap();
        verifier.build().unwrap().verify(&issuer.issue(&Grant::to("s", "c")).unwrap()).unwrap()
    }

    fn key(verifier: u64) -> Key {
        Key { digest: TokenDigest::of("token"), verifier }
    }

    fn date(seconds: &str) -> NumericDate {
        NumericDate::from_json_number(seconds).unwrap()
    }

    /// Entries that come and go while one stays leave no trace, and count for what they are.
    #[test]
    fn what_is_gone_leaves_nothing_behind() {
        let (mut shard, token) = (Shard::new(100, 1 << 20), token());
        let entry =
            || Entry { token: token.clone(), generation: 0, stored_at: date("0"), dead_from: date("9") };
        shard.insert(key(0), entry(), date("1"));
        let bytes = shard.bytes();
        for round in 0..1000 {
            shard.insert(key(1), entry(), date("1"));
            assert_eq!((shard.len(), shard.bytes()), (2, 2 * bytes), "{round}");
            assert!(shard.queue.len() <= 2 * shard.len() + 16);
            // In the place of another, or of none.
            if round % 2 == 0 {
                shard.remove(&key(1));
            }
        }
        // An old place in the queue doesn't take the entry along that came later.
        shard.insert(key(0), entry(), date("1"));
        shard.drop_dead(date("8"));
        assert_eq!(shard.len(), 2);
        shard.drop_dead(date("9"));
        assert_eq!((shard.len(), shard.bytes(), shard.queue.len()), (0, 0, 0));
    }
}
