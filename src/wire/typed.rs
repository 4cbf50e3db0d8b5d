//! JSON text to and from the caller's types. What goes wrong is told without a value of the text.

use serde::Serialize;
use serde::de::Deserialize;

use crate::error::{Defect, Error, Part};

/// Returns decoded bytes as text.
pub(crate) fn text(decoded: &[u8], part: Part) -> Result<&str, Error> {
    std::str::from_utf8(decoded).map_err(|_| Error::malformed(part, Defect::Utf8))
}

/// Reads a value out of JSON text that was scanned before.
pub(crate) fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        Error::ClaimsType { expected: expectation(&error.to_string()), column }
    })
}

/// Writes a value as JSON text. Types that refuse to be written are the caller's mistake.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::misuse("expected a value that serializes to JSON"))
}

/// Keeps what the type expected, which is known at compile time, and drops what the text held.
///
/// serde writes "invalid type: string "…", expected u64" and "missing field `tenant`". A message of
/// another form comes from the type's own code and may quote the text, so it is dropped whole.
fn expectation(message: &str) -> String {
    const FORMS: [&str; 5] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant ", "unknown field "];
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    if message.starts_with("missing field `") {
        return format!("a {}", message.trim_start_matches("missing "));
    }
    if FORMS.iter().any(|form| message.starts_with(form))
        && let Some((_, expected)) = message.rsplit_once(", expected ")
    {
        return String::from(expected);
    }
    String::from("another value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: for<'a> Deserialize<'a> + std::fmt::Debug>(text: &str) -> String {
        from_json::<T>(text).unwrap_err().to_string()
    }

    #[test]
    fn what_fits_is_read_and_written() {
        assert_eq!(from_json::<Vec<u8>>("[1,2]"), Ok(vec![1, 2]));
        assert_eq!(to_json(&[1, 2]).unwrap(), "[1,2]");
    }

    #[test]
    fn what_does_not_fit_is_told_without_its_value() {
        let message = refusal::<u64>("\"top secret\"");
        assert_eq!(message, "claims don't fit the requested type: expected u64 at column 12");
        let message = refusal::<u64>("\"a, expected evil\"");
        assert!(message.contains("expected u64") && !message.contains("evil"), "{message}");
        let message = refusal::<std::net::IpAddr>("\"top secret\"");
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn a_missing_field_is_named() {
        #[derive(Debug, serde::Deserialize)]
        struct Order {
            #[expect(dead_code, reason = "only its absence is of interest")]
            tenant: u64,
        }
        assert!(refusal::<Order>("{}").contains("a field `tenant`"));
    }

    #[test]
    fn a_value_that_refuses_to_be_written_is_misuse() {
        let odd_key = std::collections::HashMap::from([(vec![1], 2)]);
        assert_eq!(to_json(&odd_key).unwrap_err().code(), "misuse");
    }
}
