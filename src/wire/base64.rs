//! Base64 with padding, strict and canonical: RFC 4648 §4, which JOSE asks for in one place, the
//! certificates of `x5c` (RFC 7515 §4.1.6, RFC 7517 §4.7). Text goes in, bytes come out, and back.
//!
//! As with base64url, text is accepted only if encoding its bytes gives the same text again.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Encodes public bytes and appends the text to `out`.
pub(crate) fn encode_to(bytes: &[u8], out: &mut String) {
    ENGINE.encode_string(bytes, out);
}

/// Decodes public text, which has no line breaks or other white space in it.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(false),
);

/// Encodes public bytes.
#[cfg(test)]
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_go_both_ways() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode(plain.as_bytes()), text);
            let mut appended = String::from("a");
            encode_to(plain.as_bytes(), &mut appended);
            assert_eq!(appended, format!("a{text}"));
            assert_eq!(decode(text).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(decode("+/8="), Some(vec![0xfb, 0xff]));
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in
            ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "-_8=", "Zm9v\n", " Zm9v", "Zm\n9v", "Zm9v=", "=", "Z"]
        {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_text_is_what_is_written(text in "[A-Za-z0-9+/]{0,12}={0,3}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn bytes_survive_a_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
