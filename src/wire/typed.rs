//! The caller's own types to and from JSON text, by serde: scanned text goes in and a value comes out,
//! or the other way round.
//!
//! Errors carry what the type expected and where, never what was found: a claim's value must not get
//! into a log. Text that is written is wiped, also where it grew. What RFC 8259 leaves open, the
//! scanner has refused before.

use std::io;

use serde::{Deserialize, Serialize};

use crate::error::{Defect, Error, Part};
use crate::secret::Wiped;
use crate::wire::fields;
use crate::wire::json::Members;

/// Returns decoded bytes as text.
pub(crate) fn text(decoded: &[u8], part: Part) -> Result<&str, Error> {
    std::str::from_utf8(decoded).map_err(|_| Error::malformed(part, Defect::Utf8))
}

/// Reads a value from JSON text that was scanned before: duplicate names and the like are the
/// scanner's to refuse, since `serde_json` reads some of them.
///
/// # Errors
///
/// [`Error::ClaimsType`] when the text doesn't fit the type.
pub(crate) fn from_json<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::ClaimsType { expected: expected(&error), column: column(text, &error) })
}

/// Reads a value from an object that was scanned: as [`from_json`] reads its text, and sooner.
///
/// # Errors
///
/// As [`from_json`].
pub(crate) fn from_members<'de, T: Deserialize<'de>>(members: &Members<'de>) -> Result<T, Error> {
    fields::read(members).map_or_else(|| from_json(members.text()), Ok)
}

/// Writes a value as JSON text, which is wiped when dropped.
///
/// # Errors
///
/// [`Error::Misuse`] when the type can't be written as JSON.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Wiped, Error> {
    let mut text = WipedBuffer(Wiped::from(Vec::with_capacity(512)));
    write_json(value, &mut text)?;
    Ok(text.0)
}

/// Writes a value as JSON text where it is to stand.
///
/// # Errors
///
/// As [`to_json`].
pub(crate) fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut impl io::Write) -> Result<(), Error> {
    serde_json::to_writer(out, value).map_err(|_| {
        Error::misuse("expected claims that serialize to JSON, found a map key or a value that doesn't")
    })
}

/// Says what the type expected. The rest of serde's message quotes the text, which an error must
/// not: the values are other people's.
fn expected(error: &serde_json::Error) -> String {
    // serde's own sentences (`serde::de::Error`); an application's may quote anything anywhere.
    const QUOTING: [&str; 5] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown field `", "unknown variant `"];
    let message = error.to_string();
    let message = message
        .strip_suffix(&format!(" at line {} column {}", error.line(), error.column()))
        .unwrap_or(&message);

    // The name in these two is the type's: an application's own sentence is longer than a name.
    let name = |start| {
        let name = message.strip_prefix(start)?.strip_prefix('`')?.strip_suffix('`')?;
        let is_name =
            |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | ':' | '.' | '/');
        (name.len() <= 64 && name.chars().all(is_name)).then_some(name)
    };
    if let Some(field) = name("missing field ") {
        return format!("a member `{field}`");
    }
    if let Some(field) = name("duplicate field ") {
        return format!("only one member `{field}`");
    }
    if QUOTING.iter().any(|start| message.starts_with(start)) {
        if message.ends_with(", there are no fields") || message.ends_with(", there are no variants") {
            return "no such name".to_owned();
        }
        // What was expected comes last, so the quoted text can't pose as it.
        if let Some((_, expected)) = message.rsplit_once(", expected ") {
            return expected.to_owned();
        }
    }
    "a value that the type accepts".to_owned()
}

/// Returns the error's place in the whole text, counted from 1: `serde_json` counts by line, and
/// gives no place to an error about the text as a whole.
fn column(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    (before + error.column()).max(1)
}

/// A buffer that leaves nothing behind when it grows.
struct WipedBuffer(Wiped);

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self(buffer) = self;
        let needed = buffer.len() + bytes.len();
        if needed > buffer.capacity() {
            // A growing `Vec` moves: what it leaves behind is freed, but not wiped.
            let mut larger = Wiped::from(Vec::with_capacity(needed.max(buffer.capacity() * 2)));
            larger.extend_from_slice(buffer);
            *buffer = larger;
        }
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it is read matters")]
    struct Claims {
        sub: String,
        tenant: u8,
        role: Option<Role>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Role {
        Admin,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[derive(Debug)]
    struct Picky;

    impl<'de> Deserialize<'de> for Picky {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("can't do {text}, expected {text}")))
        }
    }

    #[derive(Debug)]
    struct Odd;

    impl<'de> Deserialize<'de> for Odd {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("missing field `of {text}`")))
        }
    }

    #[track_caller]
    fn check<'de, T: Deserialize<'de> + std::fmt::Debug>(text: &'de str, expected: &str, column: usize) {
        let error = from_json::<T>(text).unwrap_err();
        assert_eq!(error, Error::ClaimsType { expected: expected.to_owned(), column });
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }

    #[test]
    fn errors_say_what_was_expected_and_where_and_quote_nothing() {
        check::<Claims>(r#"{"sub":"a","tenant":"SECRET"}"#, "u8", 28);
        check::<Claims>(r#"{"sub":"a","tenant":", expected SECRET"}"#, "u8", 39);
        check::<Claims>(r#"{"sub":"a","tenant":4096}"#, "u8", 24);
        check::<Claims>("{\"sub\":\"a\",\n\"tenant\":\"SECRET\"}", "u8", 29);
        check::<Claims>(r#"{"sub":"SECRET"}"#, "a member `tenant`", 16);
        check::<Claims>(r#"{"SECRET":1}"#, "one of `sub`, `tenant`, `role`", 9);
        check::<Claims>(r#"{"sub":"a","tenant":1,"role":"SECRET"}"#, "`admin`", 37);
        check::<Nothing>(r#"{"x, expected SECRET":1}"#, "no such name", 21);
        check::<Picky>(r#""SECRET""#, "a value that the type accepts", 1);
        check::<Odd>(r#""SECRET""#, "a value that the type accepts", 1);
        check::<Vec<(u8, u8)>>("[[1]]", "a tuple of size 2", 4);
    }

    #[test]
    fn what_fits_is_read_and_may_borrow() {
        let claims: Claims = from_json(r#"{"sub":"a","tenant":4,"role":"admin"}"#).unwrap();
        assert_eq!(claims.sub, "a");
        let borrowed: BTreeMap<&str, &str> = from_json(r#"{"a":"b"}"#).unwrap();
        assert_eq!(borrowed.get("a"), Some(&"b"));
    }

    #[test]
    fn writing_grows_past_the_first_buffer() {
        let value: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
        assert_eq!(*to_json(&value).unwrap(), serde_json::to_vec(&value).unwrap());
        let unwritable = BTreeMap::from([(vec![1, 2], 3)]);
        assert!(matches!(to_json(&unwritable), Err(Error::Misuse { .. })));
    }
}
