//! The members of one object, kept as the scan passes them, so that whoever asks for them next walks a
//! short list and not the text: members go in, and come out in their order.
//!
//! Few are kept, and only names without escapes. An object that has others is scanned again for each
//! question, so nothing depends on what is kept here but the time it takes.

use super::{Value, for_each_member, scan};
use crate::error::{Error, Part};
use crate::limits::Limits;
use crate::wire::json::scanner::Scanner;

/// An object's text, and its members if they are few and plain.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    text: &'a str,
    kept: [Option<Member<'a>>; FEW],
    count: usize,
    is_whole: bool,
}

/// A member of an object, its name unescaped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
}

impl<'a> Members<'a> {
    pub(crate) const fn new() -> Self {
        Self { text: "", kept: [None; FEW], count: 0, is_whole: false }
    }

    /// Scans an object by [`scan_object`](super::scan_object), and keeps what it may.
    ///
    /// Filled in place: it is large, and whoever calls wants it to stay where it is.
    pub(crate) fn scan(
        &mut self,
        text: &'a str,
        part: Part,
        limits: &Limits,
        mut member: impl FnMut(&str, Value<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // What was kept before is out of reach, and needn't be written over.
        (self.text, self.count, self.is_whole) = ("", 0, false);
        let mut is_whole = true;
        scan(text, &Scanner::new(limits), part, |name, value| {
            is_whole &= name.plain.is_some_and(|plain| self.keep(plain, value));
            member(name.text, value)
        })?;
        self.text = text;
        self.is_whole = is_whole;
        Ok(())
    }

    fn keep(&mut self, name: &'a str, value: Value<'a>) -> bool {
        let Some(slot) = self.kept.get_mut(self.count) else { return false };
        *slot = Some(Member { name, value });
        self.count += 1;
        true
    }

    /// The object's text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// All members in their order, unless some weren't kept.
    pub(crate) fn all(&self) -> Option<impl Iterator<Item = Member<'a>> + Clone> {
        self.is_whole.then(|| self.kept.iter().take(self.count).copied().flatten())
    }

    /// Hands out all members, kept or not.
    pub(crate) fn for_each(&self, limits: &Limits, mut each: impl FnMut(&str, Value<'a>)) {
        match self.all() {
            Some(members) => members.for_each(|Member { name, value }| each(name, value)),
            None => for_each_member(self.text, limits, each),
        }
    }
}

/// Claims sets of access tokens have 7 to 15 members.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Members<'_> {
        let mut members = Members::new();
        members.scan(text, Part::Claims, &Limits::default(), |_, _| Ok(())).unwrap();
        members
    }

    fn given(members: &Members<'_>) -> Vec<(String, String)> {
        let mut given = Vec::new();
        members.for_each(&Limits::default(), |name, value| given.push((name.into(), value.text().into())));
        given
    }

    #[test]
    fn few_plain_members_are_kept_in_order() {
        let members = scanned(r#" {"b": [1, {"x":2}], "a":"\u0041", "c":null} "#);
        assert!(members.all().is_some());
        let expected = [("b", "[1, {\"x\":2}]"), ("a", "\"\\u0041\""), ("c", "null")];
        assert_eq!(given(&members), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(scanned("{}").all().map(Iterator::count), Some(0));
    }

    #[test]
    fn more_members_or_a_name_with_an_escape_are_read_again() {
        let object = |count: usize| {
            let members: Vec<_> = (0..count).map(|number| format!("\"n{number}\":{number}")).collect();
            format!("{{{}}}", members.join(","))
        };
        for (count, is_whole) in [(FEW, true), (FEW + 1, false), (100, false)] {
            let text = object(count);
            let members = scanned(&text);
            assert_eq!(members.all().is_some(), is_whole, "{count}");
            assert_eq!(given(&members).len(), count);
        }
        let members = scanned(r#"{"\u0061":1,"b":2}"#);
        assert!(members.all().is_none());
        assert_eq!(given(&members), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn a_scan_that_fails_leaves_nothing() {
        let mut members = scanned(r#"{"a":1,"b":2,"c":3}"#);
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":1"#, "[]", ""] {
            assert!(members.scan(text, Part::Claims, &Limits::default(), |_, _| Ok(())).is_err());
            assert!(members.all().is_none());
            assert_eq!(given(&members), []);
        }
    }

    #[test]
    fn a_scan_leaves_nothing_of_the_one_before() {
        let mut members = scanned(r#"{"a":1,"b":2,"c":3}"#);
        for (text, expected) in
            [(r#"{"d":4}"#, &[("d", "4")][..]), ("{}", &[]), (r#"{"\u0061":1}"#, &[("a", "1")])]
        {
            members.scan(text, Part::Claims, &Limits::default(), |_, _| Ok(())).unwrap();
            let given = given(&members);
            let given: Vec<_> = given.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(given, expected, "{text}");
        }
    }
}
