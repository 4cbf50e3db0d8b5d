//! The member names of one object, to find duplicates: each name goes in once scanned and unescaped,
//! and is new or not (RFC 8259 §4, RFC 7515 §4).
//!
//! Whoever checks the first `alg` must not meet a reader of the last. The work stays linear whatever
//! the sender writes.

use std::borrow::Cow;
use std::collections::HashSet;

use super::scanner::Name;

/// The names seen so far in one object.
///
/// RFC 8259 §4 lets readers of duplicate names differ, and RFC 7515 §4 asks to refuse them:
/// whoever checks the first `alg` must not meet a reader of the last.
pub(super) struct Names<'a> {
    // Few plain names live on the stack, where comparing them all is cheaper than hashing.
    few: [&'a str; FEW],
    count: usize,
    // A mark for each of the few, which two names may share: where a name's own is missing, it is new.
    marks: u64,
    // More names, or one with an escape, move to a set with a random hash key, so that no
    // sender can make this quadratic.
    many: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> Names<'a> {
    pub(super) const fn new() -> Self {
        Self { few: [""; FEW], count: 0, marks: 0, many: None }
    }

    /// Returns the number of names.
    pub(super) fn len(&self) -> usize {
        self.many.as_ref().map_or(self.count, HashSet::len)
    }

    /// Adds a name; returns whether it is new.
    #[inline(always)]
    pub(super) fn insert(&mut self, name: &Name<'_, 'a>) -> bool {
        // Once there are many, none of the few is free.
        if let (Some(text), Some(slot)) = (name.plain, self.few.get_mut(self.count)) {
            *slot = text;
            if self.marks & name.mark == 0 || self.is_new_among_few(text) {
                self.marks |= name.mark;
                self.count += 1;
                return true;
            }
            return false;
        }
        self.insert_among_many(name.plain.map_or_else(|| Cow::Owned(name.text.to_owned()), Cow::Borrowed))
    }

    #[inline(never)]
    fn is_new_among_few(&self, name: &str) -> bool {
        self.few.iter().take(self.count).all(|&few| few != name)
    }

    #[cold]
    fn insert_among_many(&mut self, name: Cow<'a, str>) -> bool {
        let Self { few, count, many, .. } = self;
        let many =
            many.get_or_insert_with(|| few.iter().take(*count).map(|&name| Cow::Borrowed(name)).collect());
        *count = FEW;
        many.insert(name)
    }
}

/// Headers have 2 to 6 members, claims sets of access tokens 7 to 15.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::string;

    fn plain(text: &str) -> Name<'_, '_> {
        Name { text, plain: Some(text), mark: string::mark_of(text) }
    }

    fn unescaped(text: &str) -> Name<'_, 'static> {
        Name { text, plain: None, mark: string::mark_of(text) }
    }

    #[test]
    fn a_name_is_new_once_before_and_after_the_spill() {
        let all: Vec<String> = (0..40).map(|number| format!("name{number}")).collect();
        let mut names = Names::new();
        for (count, name) in all.iter().enumerate() {
            assert_eq!(names.len(), count);
            assert!(names.insert(&plain(name)));
            for seen in &all[..=count] {
                assert!(!names.insert(&plain(seen)));
            }
        }
    }

    #[test]
    fn an_unescaped_name_is_compared_with_plain_ones() {
        let mut names = Names::new();
        assert!(names.insert(&plain("alg")));
        assert!(!names.insert(&unescaped("alg")));
        assert!(names.insert(&unescaped("typ")));
        assert!(!names.insert(&plain("typ")));
        assert_eq!(names.len(), 2);
    }
}
