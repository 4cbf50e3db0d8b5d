//! Marks in memory, for many threads at once: names go in, a keyed hash of each is kept with its times, in
//! tables that share the load; no more than were asked for.
//!
//! A name is hashed under keys of the process, so that nobody can choose names that collide. Should two
//! collide by chance, once in 2^125 pairs, a token too many is refused and none too many accepted.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use super::table::{Key, Mark, Table};
use super::{StoreError, whole_seconds};
use crate::jwt::NumericDate;

/// Marks by kind and name.
pub(in crate::gateway) struct Marks {
    keys: [RandomState; 2],
    shards: Box<[RwLock<Table>]>,
    capacity: usize,
    /// Entries of each kind, expired ones that weren't dropped yet among them. Counted before an entry
    /// is written, so that a kind with none needs no look-up.
    kinds: [AtomicUsize; 8],
    total: AtomicUsize,
    /// When all tables were last rebuilt for want of room.
    swept: AtomicU32,
}

impl Marks {
    /// Threads that write at once seldom meet in one of so many.
    const SHARDS: usize = 64;

    /// How often a table is looked through for expired entries, in seconds.
    const SWEEP: u32 = 60;

    pub(in crate::gateway) fn new(capacity: usize) -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            shards: (0..Self::SHARDS).map(|_| RwLock::default()).collect(),
            capacity,
            kinds: Default::default(),
            total: AtomicUsize::new(0),
            swept: AtomicU32::new(0),
        }
    }

    /// The live mark of this name.
    pub(in crate::gateway) fn find(
        &self,
        kind: u8,
        issuer: &str,
        id: &str,
        now: NumericDate,
    ) -> Option<Mark> {
        let none = self.kinds.get(usize::from(kind)).is_none_or(|count| count.load(Ordering::Acquire) == 0);
        if none {
            return None;
        }
        let key = self.key(kind, issuer, id);
        let shard = self.shards.get(key.shard(Self::SHARDS))?;
        let table = shard.read().unwrap_or_else(PoisonError::into_inner);
        table.find(key).filter(|mark| mark.is_live(whole_seconds(now)))
    }

    /// Keeps a mark, merged with the one that is there.
    pub(in crate::gateway) fn mark(
        &self,
        kind: u8,
        issuer: &str,
        id: &str,
        mark: Mark,
        now: NumericDate,
    ) -> Result<(), StoreError> {
        self.write(kind, issuer, id, mark, now, |there| *there = there.merged(mark)).map(drop)
    }

    /// Keeps a mark, unless a live one is there. Returns whether it did; of several that try, one does.
    pub(in crate::gateway) fn mark_once(
        &self,
        kind: u8,
        issuer: &str,
        id: &str,
        mark: Mark,
        now: NumericDate,
    ) -> Result<bool, StoreError> {
        self.write(kind, issuer, id, mark, now, |_| {})
    }

    /// Returns whether the mark is new. `update` changes a live one.
    fn write(
        &self,
        kind: u8,
        issuer: &str,
        id: &str,
        mark: Mark,
        now: NumericDate,
        update: impl Fn(&mut Mark),
    ) -> Result<bool, StoreError> {
        let key = self.key(kind, issuer, id);
        let now = whole_seconds(now);
        match self.try_write(key, mark, now, &update) {
            Err(StoreError::Full) if self.sweep_for_room(now) => self.try_write(key, mark, now, &update),
            written => written,
        }
    }

    fn try_write(
        &self,
        key: Key,
        mark: Mark,
        now: u32,
        update: impl Fn(&mut Mark),
    ) -> Result<bool, StoreError> {
        let Some(shard) = self.shards.get(key.shard(Self::SHARDS)) else { return Err(StoreError::Full) };
        let mut table = write_lock(shard);
        if now.saturating_sub(table.swept) >= Self::SWEEP {
            table.swept = now;
            if table.is_stale(now) {
                table.rebuild(now, 0, |key| self.uncount(key));
            }
        }
        match table.find_mut(key) {
            Some(there) if there.is_live(now) => {
                update(there);
                Ok(false)
            }
            Some(there) => {
                *there = mark;
                Ok(true)
            }
            None => {
                self.count(key)?;
                table.add(key, mark, now, |key| self.uncount(key));
                Ok(true)
            }
        }
    }

    /// Drops what has expired from all tables, if that wasn't done this second. Returns whether it was.
    fn sweep_for_room(&self, now: u32) -> bool {
        // Whoever fills the store up mustn't make each write cost a walk through it.
        let before = self.swept.swap(now, Ordering::AcqRel);
        if before == now {
            return false;
        }
        self.drop_expired(now);
        true
    }

    /// Drops what has expired, and gives its memory back.
    pub(in crate::gateway) fn remove_expired(&self, now: NumericDate) {
        self.drop_expired(whole_seconds(now));
    }

    fn drop_expired(&self, now: u32) {
        for shard in &self.shards {
            write_lock(shard).rebuild(now, 0, |key| self.uncount(key));
        }
    }

    fn count(&self, key: Key) -> Result<(), StoreError> {
        if self.total.fetch_add(1, Ordering::AcqRel) >= self.capacity {
            self.total.fetch_sub(1, Ordering::AcqRel);
            return Err(StoreError::Full);
        }
        if let Some(kind) = self.kinds.get(key.kind()) {
            kind.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }

    fn uncount(&self, key: Key) {
        self.total.fetch_sub(1, Ordering::AcqRel);
        if let Some(kind) = self.kinds.get(key.kind()) {
            kind.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn key(&self, kind: u8, issuer: &str, id: &str) -> Key {
        let [high, low] = self.keys.each_ref().map(|key| {
            let mut hasher = key.build_hasher();
            hasher.write_u8(kind);
            // Each string ends in an octet that no UTF-8 has, so that no two pairs read the same.
            issuer.hash(&mut hasher);
            id.hash(&mut hasher);
            hasher.finish()
        });
        Key::new(high, low, kind)
    }

    /// The entries, expired ones that weren't dropped yet among them.
    pub(in crate::gateway) fn len(&self) -> usize {
        self.total.load(Ordering::Acquire)
    }

    /// The memory that the entries take, as allocated.
    pub(in crate::gateway) fn memory_bytes(&self) -> usize {
        let tables = self.shards.iter().map(|shard| {
            let lock = size_of::<RwLock<Table>>() - size_of::<Table>();
            lock + shard.read().unwrap_or_else(PoisonError::into_inner).bytes()
        });
        size_of::<Self>() + tables.sum::<usize>()
    }
}

/// Nothing that holds the lock can panic halfway, so a poisoned table is whole.
fn write_lock(shard: &RwLock<Table>) -> RwLockWriteGuard<'_, Table> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
