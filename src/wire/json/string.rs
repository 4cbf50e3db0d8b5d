//! JSON string literals (RFC 8259 §7), both ways: text goes in and a literal comes out, or a literal
//! goes in and text comes out, borrowed unless it has escapes.
//!
//! Escapes are read in one way only: a lone surrogate (RFC 8259 §8.2), which readers replace, drop or
//! keep, is no character here.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Appends `text` to `out` as a JSON string literal.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some((plain, special, after)) = split_special(rest) {
        out.push_str(plain);
        match special {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => write!(out, "\\u{control:04x}").expect("writing to a string can't fail"),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends `texts` to `out` as a JSON array of string literals.
pub(crate) fn write_strings<S: AsRef<str>>(texts: impl IntoIterator<Item = S>, out: &mut String) {
    out.push('[');
    for (index, text) in texts.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(text.as_ref(), out);
    }
    out.push(']');
}

/// Returns the distance to the first byte that can't stand for itself in a string literal.
#[inline(always)]
pub(super) fn plain_len(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let specials = specials(u64::from_le_bytes(*word));
        if specials != 0 {
            return Some(bytes.len() - rest.len() + lowest(specials));
        }
        rest = after;
    }
    rest.iter().position(|&byte| is_special(byte)).map(|place| bytes.len() - rest.len() + place)
}

/// Returns [`plain_len`] and one bit of 64 that is the same for equal names: of the first eight bytes.
#[inline(always)]
pub(super) fn plain_name(bytes: &[u8]) -> Option<(usize, u64)> {
    let word = first_word(bytes);
    let specials = specials(word);
    if specials != 0 {
        // What stands behind the name is none of it.
        let of_name = ((specials & specials.wrapping_neg()) >> 7) - 1;
        return Some((lowest(specials), mark(word & of_name)));
    }
    Some((8 + plain_len(bytes.get(8..)?)?, mark(word)))
}

/// Returns the bit that [`plain_name`] returns for this name.
pub(super) fn mark_of(name: &str) -> u64 {
    mark(first_word(name.as_bytes()))
}

/// Any multiplier does: with this one the names that claims sets have in common have marks of their own.
const fn mark(word: u64) -> u64 {
    1 << (word.wrapping_mul(0x5d9f_f7b4_fd93_7871) >> 58)
}

/// Returns how many digits the text begins with.
#[inline(always)]
pub(super) fn digits_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let others = non_digits(u64::from_le_bytes(*word));
        if others != 0 {
            return bytes.len() - rest.len() + lowest(others);
        }
        rest = after;
    }
    let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    bytes.len() - rest.len() + count
}

/// Returns the first eight bytes, the first lowest; behind the last of less stand zeros, which are special.
#[inline(always)]
fn first_word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or_else(|| padded_word(bytes), |word| u64::from_le_bytes(*word))
}

#[cold]
fn padded_word(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// Takes the quotes off a scanned string literal.
pub(super) fn without_quotes(literal: &str) -> Option<&str> {
    literal.get(1..literal.len().checked_sub(1)?)
}

/// Reads a scanned string literal, quotes included.
pub(super) fn unquote(literal: &str) -> Option<Cow<'_, str>> {
    let quoted = without_quotes(literal)?;
    if !quoted.contains('\\') {
        return Some(Cow::Borrowed(quoted));
    }
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((plain, escape)) = rest.split_once('\\') {
        let (character, len) = read_escape(escape.as_bytes())?;
        text.push_str(plain);
        text.push(character);
        rest = escape.get(len..)?;
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// Reads the escape behind a backslash: the character it stands for, and its length.
///
/// RFC 8259 §8.2 leaves a lone surrogate's meaning open, so it is no escape here.
pub(super) fn read_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes {
        [b'u', rest @ ..] => return read_code_units(rest),
        [byte @ (b'"' | b'\\' | b'/'), ..] => char::from(*byte),
        [b'b', ..] => '\u{8}',
        [b'f', ..] => '\u{c}',
        [b'n', ..] => '\n',
        [b'r', ..] => '\r',
        [b't', ..] => '\t',
        _ => return None,
    };
    Some((character, 1))
}

/// Reads `XXXX` or, for a surrogate pair, `XXXX\uXXXX`.
fn read_code_units(bytes: &[u8]) -> Option<(char, usize)> {
    let (first, rest) = read_code_unit(bytes)?;
    if !(0xd800..0xdc00).contains(&first) {
        // A lone low surrogate is no character.
        return char::from_u32(first).map(|character| (character, 5));
    }
    let (second, _) = read_code_unit(rest.strip_prefix(b"\\u")?)?;
    let low = second.checked_sub(0xdc00).filter(|&low| low < 0x400)?;
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low).map(|character| (character, 11))
}

fn read_code_unit(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let unit = digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))?;
    Some((unit, rest))
}

/// A quotation mark, a backslash or a control character.
const fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Marks the special ones of eight bytes at once, the first byte lowest: the lowest mark is right.
///
/// Subtracting a bound from every byte sets the high bit of one that was smaller. Only behind such a byte
/// is anything borrowed, which may mark others; with none smaller, only bytes that had their high bit
/// before have it still. Flipping 0x02 puts the quotation mark behind the control characters, and what stood
/// there elsewhere.
const fn specials(word: u64) -> u64 {
    let quotation_marks_and_controls = (word ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslashes = (word ^ (EACH * 0x5c)).wrapping_sub(EACH);
    (quotation_marks_and_controls | backslashes) & !word & (EACH << 7)
}

/// Marks those of eight bytes that are no digits, the first byte lowest.
pub(super) const fn non_digits(word: u64) -> u64 {
    let flipped = word ^ (EACH * 0x30);
    // Digits are 0 to 9 now. Nothing is carried from one byte to the next.
    (((flipped & (EACH * 0x7f)) + EACH * 0x76) | flipped) & (EACH << 7)
}

/// The place of the lowest mark, of eight.
#[inline(always)]
fn lowest(marks: u64) -> usize {
    usize::from(u8::try_from(marks.trailing_zeros() / 8).unwrap_or(8))
}

/// A one in each byte.
pub(super) const EACH: u64 = u64::from_ne_bytes([1; 8]);

/// Splits text at its first byte that must be escaped.
fn split_special(text: &str) -> Option<(&str, u8, &str)> {
    let at = plain_len(text.as_bytes())?;
    let (plain, rest) = text.split_at_checked(at)?;
    let (&special, _) = rest.as_bytes().split_first()?;
    Some((plain, special, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_escape_of_rfc_8259_is_read() {
        let literal = r#""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud834\uDD1E.""#;
        let text = "\"\\/\u{8}\u{c}\n\r\t\0é€𝄞.";
        assert_eq!(unquote(literal), Some(Cow::Borrowed(text)));
    }

    #[test]
    fn text_without_an_escape_is_borrowed() {
        assert!(matches!(unquote("\"pl\u{7f}ain é\""), Some(Cow::Borrowed("pl\u{7f}ain é"))));
        assert!(matches!(unquote("\"\""), Some(Cow::Borrowed(""))));
    }

    #[test]
    fn row_063_other_escapes_and_lone_surrogates_are_refused() {
        let wrong = [
            "",
            "a",
            "x41",
            "'",
            "0",
            "U0041",
            "u",
            "u004",
            "u00g0",
            "u+041",
            "u{41}",
            "ud800",
            "ud800x",
            "udbff\\",
            "ud800\\n",
            "ud800\\u",
            "ud800\\u0041",
            "ud800\\ud800",
            "ud800\\ue000",
            "udc00",
            "udfff\\ud800",
        ];
        for escape in wrong {
            assert_eq!(read_escape(escape.as_bytes()), None, "{escape}");
        }
        assert_eq!(read_escape(b"ud800\\udc00"), Some(('\u{10000}', 11)));
        assert_eq!(read_escape(b"udbff\\udfff"), Some(('\u{10ffff}', 11)));
        assert_eq!(read_escape(b"ud7ff"), Some(('\u{d7ff}', 5)));
        assert_eq!(read_escape(b"ue000"), Some(('\u{e000}', 5)));
    }

    proptest! {
        #[test]
        fn the_first_special_byte_is_found_wherever_it_stands(
            bytes in proptest::collection::vec(prop_oneof![9 => 0x1e..=0xff_u8, 1 => any::<u8>()], 0..40),
        ) {
            prop_assert_eq!(plain_len(&bytes), bytes.iter().position(|&byte| is_special(byte)));
        }

        #[test]
        fn a_name_ends_there_too_and_its_mark_depends_on_nothing_behind_it(
            name in "[a-zé]{0,12}",
            behind in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let text = [name.as_bytes(), b"\"", &behind].concat();
            prop_assert_eq!(plain_name(&text), Some((name.len(), mark_of(&name))));
            prop_assert_eq!(mark_of(&name).count_ones(), 1);
        }

        #[test]
        fn a_name_that_nothing_ends_is_none_or_as_long_as_the_text(name in "[a-zé]{0,20}") {
            let (len, _) = plain_name(name.as_bytes()).unwrap_or((name.len(), 0));
            prop_assert_eq!(len, name.len());
        }

        #[test]
        fn digits_are_counted_up_to_the_first_other_byte(
            digits in "[0-9]{0,20}",
            behind in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let text = [digits.as_bytes(), &behind].concat();
            let expected = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(digits_len(&text), expected);
        }

        #[test]
        fn what_is_written_is_read_again_here_and_by_serde_json(
            text in prop_oneof![any::<String>(), "[\"\\\\\u{0}-\u{1f}a]{0,20}"],
        ) {
            let mut literal = String::from("[");
            write_string(&text, &mut literal);
            let literal = &literal[1..];
            prop_assert_eq!(unquote(literal), Some(Cow::Borrowed(&*text)));
            prop_assert_eq!(serde_json::from_str::<String>(literal).unwrap(), text);
        }
    }
}
