//! Escapes: any text goes in, printable ASCII of a bounded length comes out, for a line of a log or for
//! a JSON string (RFC 8259 §7).
//!
//! Everything but printable ASCII is escaped, and not only control characters: line separators, marks that
//! turn the direction of writing, and letters that look like others deceive whoever reads a log as well.

use std::fmt::Write as _;

/// The most bytes that a text takes once it is escaped, the mark that it was cut not counted.
pub(super) const MAX_ESCAPED: usize = 256;

/// Appends a text as a line of a log has it: `\\`, `\"`, `\u{202e}`. Returns whether all of it is there.
pub(super) fn write_text(text: &str, out: &mut String) -> bool {
    write_escaped(text, out, |character, escaped| match character {
        '"' | '\\' => {
            escaped.push('\\');
            escaped.push(character);
        }
        _ => escaped.extend(character.escape_unicode()),
    })
}

/// Appends a text as a JSON string has it between its quotes. Returns whether all of it is there.
pub(super) fn write_json(text: &str, out: &mut String) -> bool {
    write_escaped(text, out, |character, escaped| match character {
        '"' | '\\' => {
            escaped.push('\\');
            escaped.push(character);
        }
        _ => {
            // RFC 8259 §7: what is beyond the Basic Multilingual Plane is two escapes, a surrogate each.
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("writing to a string can't fail");
            }
        }
    })
}

/// Whether a text stays as it is: printable, without a quote or a backslash, and no longer than is written.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() <= MAX_ESCAPED && text.bytes().all(is_plain_byte)
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

fn write_escaped(text: &str, out: &mut String, escape: impl Fn(char, &mut String)) -> bool {
    if is_plain(text) {
        out.push_str(text);
        return true;
    }
    let start = out.len();
    for character in text.chars() {
        let end = out.len();
        match u8::try_from(character) {
            Ok(byte) if is_plain_byte(byte) => out.push(character),
            _ => escape(character, out),
        }
        if out.len() - start > MAX_ESCAPED {
            out.truncate(end);
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> (String, bool) {
        let mut out = String::new();
        let whole = write_text(text, &mut out);
        (out, whole)
    }

    fn json(text: &str) -> (String, bool) {
        let mut out = String::new();
        let whole = write_json(text, &mut out);
        (out, whole)
    }

    #[test]
    fn printable_ascii_stays() {
        let plain: String = (' '..='~').filter(|character| !matches!(character, '"' | '\\')).collect();
        assert_eq!(text(&plain), (plain.clone(), true));
        assert_eq!(json(&plain), (plain, true));
    }

    #[test]
    fn everything_else_is_escaped() {
        let deceptive =
            "\0\u{1b}[2K\r\n\t\u{7f}\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200d}\u{feff}é\u{1f511}\"\\";
        let (as_text, _) = text(deceptive);
        assert_eq!(
            as_text,
            r#"\u{0}\u{1b}[2K\u{d}\u{a}\u{9}\u{7f}\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200d}\u{feff}\u{e9}\u{1f511}\"\\"#
        );
        let (as_json, whole) = json(deceptive);
        assert!(whole && as_json.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert!(as_json.contains(r"\ud83d\udd11"), "{as_json}");
        let read: String = serde_json::from_str(&format!("\"{as_json}\"")).unwrap();
        assert_eq!(read, deceptive);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(text(&"a".repeat(256)), ("a".repeat(256), true));
        assert_eq!(text(&"a".repeat(257)), ("a".repeat(256), false));
        // Escapes count, and none is cut in two.
        assert_eq!(json(&"\0".repeat(42)), (r"\u0000".repeat(42), true));
        assert_eq!(json(&"\0".repeat(43)), (r"\u0000".repeat(42), false));
        assert_eq!(json(&"\u{1f511}".repeat(22)), (r"\ud83d\udd11".repeat(21), false));
        assert_eq!(text(&"\"".repeat(129)), (r#"\""#.repeat(128), false));
    }
}
