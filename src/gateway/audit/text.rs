//! Text in an event: exactly what was said, and what may be shown of it.
//!
//! A `kid` may hold a line break and a second line that looks like an event of its own, so what is printed
//! is escaped, and the exact text is asked for by name.

use std::borrow::Cow;
use std::fmt;

use super::escape::{is_plain, write_text};

/// Text that a token, a request or the application says. Whatever prints it prints one line of ASCII.
///
/// All but printable ASCII is escaped as in `\u{202e}`, quotes and backslashes too, so that nothing in it
/// ends a quoted text. More than 256 bytes are cut, and the cut is marked with the length of the whole, as
/// in `\...(4096 bytes)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditText<'a>(&'a str);

impl<'a> AuditText<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the text in the form that is printed.
    #[must_use]
    pub fn escaped(self) -> Cow<'a, str> {
        let Self(text) = self;
        if is_plain(text) {
            return Cow::Borrowed(text);
        }
        let mut escaped = String::new();
        if !write_text(text, &mut escaped) {
            // No escape begins like this, so no text can pretend to have been cut.
            escaped.push_str(&format!("\\...({} bytes)", text.len()));
        }
        Cow::Owned(escaped)
    }

    /// Returns the text exactly as it was said: of any length, control characters and all. For comparing, and
    /// for sinks that escape and bound it by themselves.
    #[must_use]
    pub fn unescaped(self) -> &'a str {
        self.0
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
        let forged = AuditText::new("k1\n{\"decision\":\"accepted\"}");
        assert_eq!(forged.to_string(), r#"k1\u{a}{\"decision\":\"accepted\"}"#);
        assert_eq!(format!("{forged:?}"), r#""k1\u{a}{\"decision\":\"accepted\"}""#);
        assert_eq!(forged.unescaped(), "k1\n{\"decision\":\"accepted\"}");
        assert!(matches!(AuditText::new("k1").escaped(), Cow::Borrowed("k1")));
        assert_eq!(format!("{:>4}", AuditText::new("k1")), "  k1");
    }

    #[test]
    fn a_cut_is_marked_and_cant_be_imitated() {
        let long = "k".repeat(4096);
        assert_eq!(AuditText::new(&long).to_string(), format!("{}\\...(4096 bytes)", "k".repeat(256)));
        assert_eq!(AuditText::new("k\\...(4096 bytes)").to_string(), "k\\\\...(4096 bytes)");
    }
}
