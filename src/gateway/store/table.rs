//! A compact hash table of marks that expire: a key of 128 bits and two times go into 24 bytes, in one
//! array, without a pointer per entry.
//!
//! Open addressing with linear probing. An expired entry counts for nothing and stays in its slot, so that
//! probing passes over it, until the table is rebuilt without it.

/// The hash that an entry goes by. Its lowest bits are the entry's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    high: u64,
    low: u64,
}

impl Key {
    /// The bits of the kind.
    const KIND: u64 = 0b111;

    pub(super) fn new(high: u64, low: u64, kind: u8) -> Self {
        Self { high, low: low & !Self::KIND | u64::from(kind) & Self::KIND }
    }

    pub(super) fn kind(self) -> usize {
        usize::try_from(self.low & Self::KIND).expect("three bits fit")
    }

    /// The number of its shard, of this many. Other bits than those that place it in its table.
    pub(super) fn shard(self, shards: usize) -> usize {
        scale(self.low, shards)
    }
}

/// What is kept for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) struct Mark {
    /// When it may be dropped, in seconds since the epoch. The greatest number is never.
    pub(in crate::gateway) until: u32,
    /// Tokens issued before this are meant. The greatest number is all.
    pub(in crate::gateway) before: u32,
}

impl Mark {
    pub(in crate::gateway) const FOREVER: u32 = u32::MAX;

    pub(in crate::gateway) fn is_live(self, now: u32) -> bool {
        self.until == Self::FOREVER || self.until > now
    }

    /// A mark that means what either does.
    pub(in crate::gateway) fn merged(self, other: Self) -> Self {
        Self { until: self.until.max(other.until), before: self.before.max(other.before) }
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    key: Key,
    mark: Mark,
}

impl Slot {
    const EMPTY: Self = Self { key: Key { high: 0, low: 0 }, mark: Mark { until: 0, before: 0 } };

    /// Each mark that is kept has an `until` above zero.
    fn is_empty(&self) -> bool {
        self.mark.until == 0
    }
}

#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// Slots that aren't empty, expired entries among them.
    used: usize,
    /// When expired entries were last looked for.
    pub(super) swept: u32,
}

impl Table {
    /// The least slots that a table with entries has.
    const LEAST: usize = 16;

    pub(super) fn find(&self, key: Key) -> Option<Mark> {
        let (before, from) = self.slots.split_at_checked(scale(key.high, self.slots.len()))?;
        let chain = from.iter().chain(before).take_while(|slot| !slot.is_empty());
        chain.into_iter().find(|slot| slot.key == key).map(|slot| slot.mark)
    }

    pub(super) fn find_mut(&mut self, key: Key) -> Option<&mut Mark> {
        let home = scale(key.high, self.slots.len());
        let (before, from) = self.slots.split_at_mut_checked(home)?;
        let chain = from.iter_mut().chain(before).take_while(|slot| !slot.is_empty());
        chain.into_iter().find(|slot| slot.key == key).map(|slot| &mut slot.mark)
    }

    /// Adds a key that isn't there. `dropped` hears of each expired entry that made room.
    pub(super) fn add(&mut self, key: Key, mark: Mark, now: u32, dropped: impl FnMut(Key)) {
        // At six in seven full, a chain is some slots long, and an empty one ends it.
        if (self.used + 1) * 7 > self.slots.len() * 6 {
            self.rebuild(now, 1, dropped);
        }
        self.place(Slot { key, mark: Mark { until: mark.until.max(1), ..mark } });
    }

    fn place(&mut self, slot: Slot) {
        let home = scale(slot.key.high, self.slots.len());
        let Some((before, from)) = self.slots.split_at_mut_checked(home) else { return };
        if let Some(empty) = from.iter_mut().chain(before).find(|slot| slot.is_empty()) {
            *empty = slot;
            self.used += 1;
        }
    }

    /// Drops what has expired. Leaves room for `more` entries and for half as many again as there are.
    pub(super) fn rebuild(&mut self, now: u32, more: usize, mut dropped: impl FnMut(Key)) {
        let live = self.slots.iter().filter(|slot| slot.mark.is_live(now)).count();
        let entries = live + more;
        let size = if entries == 0 { 0 } else { (entries + entries / 2 + entries / 4).max(Self::LEAST) };
        let mut old = std::mem::replace(&mut self.slots, vec![Slot::EMPTY; size]);
        self.used = 0;
        for slot in old.drain(..).filter(|slot| !slot.is_empty()) {
            if slot.mark.is_live(now) {
                self.place(slot);
            } else {
                dropped(slot.key);
            }
        }
        self.swept = now;
    }

    /// Whether so many entries have expired that dropping them is worth the work.
    pub(super) fn is_stale(&self, now: u32) -> bool {
        let dead = self.slots.iter().filter(|slot| !slot.is_empty() && !slot.mark.is_live(now)).count();
        dead * 8 > self.used
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.slots.capacity() * size_of::<Slot>()
    }
}

/// Where in a range of this length a hash falls.
fn scale(hash: u64, length: usize) -> usize {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    usize::try_from((u128::from(hash) * u128::from(length)) >> 64).expect("it is less than the length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(until: u32) -> Mark {
        Mark { until, before: Mark::FOREVER }
    }

    /// All keys fall on one place, the last, so that each chain runs around the array's end.
    #[test]
    fn chains_run_around_the_end_and_over_what_has_expired() {
        let key = |number: u64| Key::new(u64::MAX, number << 3, 0);
        let mut table = Table::default();
        for number in 0..100 {
            table.add(key(number), mark(if number % 2 == 0 { 10 } else { 20 }), 1, |_| {});
        }
        for number in 0..100 {
            assert_eq!(
                table.find(key(number)).map(|mark| mark.until),
                Some(if number % 2 == 0 { 10 } else { 20 })
            );
        }
        assert_eq!(table.find(key(100)), None);
        let mut dropped = 0;
        table.rebuild(15, 0, |_| dropped += 1);
        assert_eq!((dropped, table.used), (50, 50));
        assert!(table.find(key(0)).is_none() && table.find(key(99)).is_some());
        table.rebuild(20, 0, |_| dropped += 1);
        assert_eq!((dropped, table.used, table.bytes()), (100, 0, size_of::<Table>()));
        assert_eq!(table.find(key(99)), None);
    }

    #[test]
    fn a_key_is_its_kind_too() {
        let mut table = Table::default();
        table.add(Key::new(1, 8, 2), mark(5), 0, |_| {});
        assert_eq!(Key::new(1, 8, 2).kind(), 2);
        assert!(table.find(Key::new(1, 8, 2)).is_some());
        assert!(table.find(Key::new(1, 8, 3)).is_none());
    }

    #[test]
    fn a_slot_has_24_bytes() {
        assert_eq!(size_of::<Slot>(), 24);
    }
}
