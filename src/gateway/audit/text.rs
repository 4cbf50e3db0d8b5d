//! Text in an event: exactly what was said, and what may be shown of it.
//!
//! A `kid` may hold a line break and a second line that looks like an event of its own, so what is printed
//! is escaped, and the exact text is asked for by name.

use std::borrow::Cow;
use std::fmt;

use super::escape::{MAX_ESCAPED, is_plain, write_text};

/// Text that a token, a request or the application says. Whatever prints it prints one line of ASCII.
///
/// All but printable ASCII is escaped as in `\u{202e}`, quotes and backslashes too, so that nothing in it
/// ends a quoted text. More than 256 bytes are cut, and the cut is marked with the length of the whole, as
/// in `\...(4096 bytes)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditText<'a> {
    text: &'a str,
    /// Of the whole, where the text is the beginning.
    len: usize,
}

impl<'a> AuditText<'a> {
    /// Returns the text in the form that is printed.
    #[must_use]
    pub fn escaped(self) -> Cow<'a, str> {
        if self.len == self.text.len() && is_plain(self.text) {
            return Cow::Borrowed(self.text);
        }
        let mut escaped = String::new();
        if !self.write(&mut escaped, write_text) {
            // No escape begins like this, so no text can pretend to have been cut.
            escaped.push_str(&format!("\\...({} bytes)", self.len));
        }
        Cow::Owned(escaped)
    }

    /// Returns the text exactly as it was said, control characters and all: for comparing, and for sinks that
    /// escape and bound it by themselves. Of long text, a [kept](super::AuditEvent::to_kept) event has
    /// the beginning only.
    #[must_use]
    pub fn unescaped(self) -> &'a str {
        self.text
    }

    /// Appends the text escaped. Returns whether all of it is there.
    pub(super) fn write(self, out: &mut String, escape: fn(&str, &mut String) -> bool) -> bool {
        escape(self.text, out) && self.len == self.text.len()
    }
}

/// Text of the library's own or the application's, such as a code.
impl<'a> From<&'a str> for AuditText<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, len: text.len() }
    }
}

/// Where an event has its text: borrowed and whole, or its own and no more than is ever printed.
#[derive(Clone)]
pub(super) struct Text<'a> {
    text: Cow<'a, str>,
    len: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.into(), len: text.len() }
    }

    pub(super) fn shown(&self) -> AuditText<'_> {
        AuditText { text: &self.text, len: self.len }
    }

    /// Keeps what can be printed: events wait in queues, and senders choose how long a `kid` is.
    pub(super) fn to_kept(&self) -> Text<'static> {
        let most = MAX_ESCAPED.min(self.text.len());
        // A character has four bytes at most.
        let mut ends = (most.saturating_sub(3)..=most).rev();
        let kept = ends.find_map(|end| self.text.get(..end)).unwrap_or_default();
        Text { text: kept.to_owned().into(), len: self.len }
    }
}

impl fmt::Display for AuditText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.escaped())
    }
}

/// As it is printed, in quotes.
impl fmt::Debug for AuditText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escaped())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_one_line() {
        let forged = Text::new("k1\n{\"decision\":\"accepted\"}");
        assert_eq!(forged.shown().to_string(), r#"k1\u{a}{\"decision\":\"accepted\"}"#);
        assert_eq!(format!("{:?}", forged.shown()), r#""k1\u{a}{\"decision\":\"accepted\"}""#);
        assert_eq!(forged.shown().unescaped(), "k1\n{\"decision\":\"accepted\"}");
        assert!(matches!(Text::new("k1").shown().escaped(), Cow::Borrowed("k1")));
        assert_eq!(format!("{:>4}", Text::new("k1").shown()), "  k1");
    }

    #[test]
    fn a_cut_is_marked_and_cant_be_imitated() {
        let long = "k".repeat(4096);
        let cut = format!("{}\\...(4096 bytes)", "k".repeat(256));
        assert_eq!(Text::new(&long).shown().to_string(), cut);
        assert_eq!(Text::new("k\\...(4096 bytes)").shown().to_string(), "k\\\\...(4096 bytes)");
    }

    /// As long as what can be printed, between characters, and printed as the whole is.
    #[test]
    fn what_is_kept_is_printed_as_the_whole() {
        for text in ["", "k", "é"].map(str::to_owned).into_iter().chain([
            "k".repeat(256),
            "k".repeat(257),
            "é".repeat(4096),
            format!("k{}", "é".repeat(128)),
            "\u{1f511}".repeat(65),
            format!("{}\u{1f511}", "k".repeat(253)),
        ]) {
            let whole = Text::new(&text);
            let kept = whole.to_kept();
            assert!(kept.shown().unescaped().len() <= 256 && text.starts_with(kept.shown().unescaped()));
            assert_eq!(kept.shown().escaped(), whole.shown().escaped());
            assert_eq!(kept.to_kept().shown(), kept.shown());
        }
    }
}
