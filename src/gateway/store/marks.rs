//! Marks in memory, for many threads at once: names go in, a keyed hash of each is kept with its times, in
//! tables that share the load; no more than were asked for.
//!
//! A name is hashed under keys of the process, so that nobody can choose names that collide. Should two
//! collide by chance, once in 2^125 pairs, a token too many is refused and none too many accepted.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockWriteGuard};

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
    /// When all tables were last rebuilt for want of room. Locked while they are.
    swept: Mutex<u32>,
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
            swept: Mutex::new(0),
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
            Err(StoreError::Full) => {
                self.sweep_for_room(now);
                self.try_write(key, mark, now, &update)
            }
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

    /// Drops what has expired from all tables, if that wasn't done this second. When it returns, that is done,
    /// whoever did it.
    fn sweep_for_room(&self, now: u32) {
        // Who comes while another thread sweeps waits for it: to say that there is no room before it is known
        // would lose an entry for nothing.
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever fills the store up mustn't make each write cost a walk through it.
        if *swept != now {
            self.drop_expired(now);
            *swept = now;
        }
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
        // Never above the bound, not for a moment: another thread would find no room where there is some.
        let more = |total| (total < self.capacity).then_some(total + 1);
        self.total.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).map_err(|_| StoreError::Full)?;
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

#[cfg(test)]
mod tests {
    use std::sync::TryLockError;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::thread;
    use std::time::Duration;

    use super::*;

    const CAPACITY: usize = 200;

    fn date(seconds: u32) -> NumericDate {
        (std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(seconds))).into()
    }

    /// Two names that aren't in the first table, so that nothing but a sweep waits for it.
    fn names(marks: &Marks) -> [String; 2] {
        let names = (0..).map(|id| format!("new {id}"));
        let mut names = names.filter(|name| marks.key(0, "a", name).shard(Marks::SHARDS) != 0);
        [names.next().unwrap(), names.next().unwrap()]
    }

    /// Fills a store with marks that end then, and lets two threads write 30 s later: the second one while the
    /// first one sweeps, held up in the first table. Returns what they are answered.
    fn write_during_a_sweep(until: u32) -> (Marks, [Result<bool, StoreError>; 2]) {
        let marks = Marks::new(CAPACITY);
        let mark = |until| Mark { until, before: Mark::FOREVER };
        for id in 0..CAPACITY {
            assert_eq!(marks.mark_once(0, "a", &id.to_string(), mark(until), date(1000)), Ok(true));
        }
        let [first, second] = names(&marks);
        let write = |name: &str| marks.mark_once(0, "a", name, mark(5000), date(1030));
        let answers = thread::scope(|scope| {
            let held = marks.shards[0].read().unwrap();
            let sweeper = scope.spawn(|| write(&first));
            while !matches!(marks.swept.try_lock(), Err(TryLockError::WouldBlock)) {
                assert!(!sweeper.is_finished(), "answered without a sweep");
                thread::yield_now();
            }
            let (answer, answered) = channel();
            scope.spawn(move || answer.send(write(&second)).unwrap());
            let early = answered.recv_timeout(Duration::from_millis(100));
            drop(held);
            assert_eq!(early, Err(RecvTimeoutError::Timeout), "answered before the sweep is done");
            [sweeper.join().unwrap(), answered.recv().unwrap()]
        });
        (marks, answers)
    }

    #[test]
    fn who_finds_no_room_waits_for_the_sweep_of_another() {
        let (marks, answers) = write_during_a_sweep(1010);
        assert_eq!((answers, marks.len()), ([Ok(true), Ok(true)], 2));
    }

    #[test]
    fn a_sweep_that_finds_nothing_leaves_both_without_room() {
        let (marks, answers) = write_during_a_sweep(1031);
        assert_eq!((answers, marks.len()), ([Err(StoreError::Full), Err(StoreError::Full)], CAPACITY));
    }

    /// A store that is full costs one walk a second, not one for each write.
    #[test]
    fn a_full_store_is_swept_once_a_second() {
        let (marks, _) = write_during_a_sweep(1031);
        let [name, _] = names(&marks);
        let write =
            |now| marks.mark_once(0, "a", &name, Mark { until: 5000, before: Mark::FOREVER }, date(now));
        thread::scope(|scope| {
            let held = marks.shards[0].read().unwrap();
            let (answer, answered) = channel();
            scope.spawn(move || answer.send(write(1030)).unwrap());
            let answer = answered.recv_timeout(Duration::from_secs(20));
            drop(held);
            assert_eq!(answer, Ok(Err(StoreError::Full)), "swept again");
        });
        // The next second has its own.
        assert_eq!((write(1031), marks.len()), (Ok(true), 1));
    }
}
