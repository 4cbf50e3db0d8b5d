//! Base64url with padding: RFC 4648 §5, as one vendor's load balancers write it, against RFC 7515 §2. Text goes
//! in, bytes come out.
//!
//! One profile reads it and nothing else does. But for the padding it is as strict as `base64url`: a part has
//! all of its padding, its unused bits are zero, and so it has one spelling.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::{Defect, Error, Part};

/// Decodes public text into a room of three bytes for each four characters, and returns how many there are.
pub(crate) fn decode_into(text: &str, part: Part, room: &mut [u8]) -> Result<usize, Error> {
    ENGINE.decode_slice(text, room).map_err(|_| Error::malformed(part, Defect::PaddedBase64url))
}

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(false),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::base64url::decoded_len;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut room = vec![0; decoded_len(text.len())];
        match decode_into(text, Part::Payload, &mut room) {
            Ok(len) => Some(room[..len].to_vec()),
            Err(error) => {
                assert_eq!(error.code(), "padded_base64url");
                None
            }
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648_are_read_with_their_padding() {
        for (text, plain) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(decoded(text).unwrap(), plain.as_bytes());
        }
        assert_eq!(decoded("-_8=").unwrap(), [0xfb, 0xff]);
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "Zg", "Zg=", "Zg===", "Zg====", "Zm8", "Zm8==", "Zm9v=", "Zm9v====", "Zh==", "Zm9=", "+/8=", "=",
            "Z===", "Zg==Zg==", "Zg==\n", " Zm9v", "Zm\n9v", "Zg%3D%3D", "Zg.=",
        ] {
            assert_eq!(decoded(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_text_is_what_is_written(
            text in prop_oneof!["[A-Za-z0-9_-]{0,12}={0,4}", "[A-Za-z0-9_+/=-]{0,12}", any::<String>()],
        ) {
            if let Some(bytes) = decoded(&text) {
                prop_assert_eq!(ENGINE.encode(bytes), text);
            }
        }

        #[test]
        fn bytes_survive_a_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decoded(&ENGINE.encode(&bytes)), Some(bytes));
        }
    }
}
