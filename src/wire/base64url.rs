//! Base64url without padding, strict and canonical: RFC 7515 §2, RFC 4648 §3.5, §5.
//!
//! Text is accepted only if encoding its bytes gives the same text again. Otherwise one
//! signature would have several spellings, and whoever compares tokens as text (a cache, a
//! revocation list) would take a respelled token for another one.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::error::{Defect, Error, Part};
use crate::secret::{SecretBytes, SecretString};

/// Encodes public bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Encodes public bytes and appends the text to `out`.
pub(crate) fn encode_to(bytes: &[u8], out: &mut String) {
    ENGINE.encode_string(bytes, out);
}

/// Decodes public text.
pub(crate) fn decode(text: &str, part: Part) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    decode_to(text, part, &mut bytes)?;
    Ok(bytes)
}

/// Decodes public text and appends the bytes to `out`, which an error leaves as it was.
pub(crate) fn decode_to(text: &str, part: Part, out: &mut Vec<u8>) -> Result<(), Error> {
    let length = out.len();
    ENGINE.decode_vec(text, out).map_err(|_| {
        out.truncate(length);
        Error::malformed(part, defect(text))
    })
}

/// Encodes secret bytes in constant time.
pub(crate) fn encode_secret(bytes: &[u8]) -> SecretString {
    SecretString::from(Base64UrlUnpadded::encode_string(bytes))
}

/// Decodes secret text; the time taken depends on its length alone, if it is in order.
pub(crate) fn decode_secret(text: &str, part: Part) -> Result<SecretBytes, Error> {
    // Made in place: what was decoded before an error was found is wiped as well.
    let mut bytes = Zeroizing::new(vec![0; decoded_len(text.len())]);
    Base64UrlUnpadded::decode(text, &mut bytes).map_err(|_| Error::malformed(part, defect(text)))?;
    Ok(SecretBytes::from(bytes))
}

/// Returns how many bytes text of this length decodes to, if it decodes at all.
pub(crate) const fn decoded_len(text_len: usize) -> usize {
    text_len / 4 * 3 + text_len % 4 * 3 / 4
}

/// Names what is wrong with text that was refused; the same answer for both decoders.
fn defect(text: &str) -> Defect {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.len() % 4 != 1 && text.bytes().all(in_alphabet) {
        Defect::NonCanonicalBase64url
    } else {
        Defect::Base64url
    }
}

/// RFC 7515 §2: "Base64 encoding using the URL- and filename-safe character set defined in
/// Section 5 of RFC 4648, with all trailing '=' characters omitted (as permitted by Section
/// 3.2) and without the inclusion of any line breaks, whitespace, or other additional
/// characters."
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);
