//! Base64url without padding, strict and canonical: RFC 7515 §2, RFC 4648 §3.5, §5.
//!
//! Text is accepted only if encoding its bytes gives the same text again. Otherwise one
//! signature would have several spellings, and whoever compares tokens as text (a cache, a
//! revocation list) would take a respelled token for another one.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use zeroize::{Zeroizing, optimization_barrier};

use crate::error::{Defect, Error, Part};
use crate::secret::{SecretBytes, SecretString};

/// Encodes public bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    engine().encode(bytes)
}

/// Encodes public bytes and appends the text to `out`.
pub(crate) fn encode_to(bytes: &[u8], out: &mut String) {
    engine().encode_string(bytes, out);
}

/// Encodes public bytes and appends the text to `out`, where it is written in place.
pub(crate) fn encode_to_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoded_len(bytes.len()), 0);
    let room = out.get_mut(start..).unwrap_or_default();
    engine().encode_slice(bytes, room).expect("the room is as long as the text");
}

/// Encodes public bytes, each part behind a dot, after a text that is encoded already: a compact token, in one
/// allocation of its exact length.
pub(crate) fn encode_parts(encoded: &str, parts: &[&[u8]]) -> String {
    let len = parts.iter().map(|part| 1 + encoded_len(part.len())).sum::<usize>() + encoded.len();
    let mut text = vec![0; len];
    let (header, mut room) = text.split_at_mut(encoded.len());
    header.copy_from_slice(encoded.as_bytes());
    for part in parts {
        let (here, behind) = std::mem::take(&mut room).split_at_mut(1 + encoded_len(part.len()));
        if let [dot, place @ ..] = here {
            *dot = b'.';
            engine().encode_slice(part, place).expect("the room is as long as the text");
        }
        room = behind;
    }
    String::from_utf8(text).expect("text, dots and base64url are UTF-8")
}

/// Decodes public text.
pub(crate) fn decode(text: &str, part: Part) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    decode_to(text, part, &mut bytes)?;
    Ok(bytes)
}

/// Decoded bytes, in place where there are at most `N`.
pub(crate) enum Decoded<const N: usize> {
    /// So many of them.
    Few([u8; N], usize),
    /// More than `N`.
    Many(Vec<u8>),
}

impl<const N: usize> AsRef<[u8]> for Decoded<N> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Few(bytes, len) => bytes.get(..*len).unwrap_or_default(),
            Self::Many(bytes) => bytes,
        }
    }
}

/// Decodes public text like [`decode`], without an allocation where there are at most `N` bytes.
pub(crate) fn decode_short<const N: usize>(text: &str, part: Part) -> Result<Decoded<N>, Error> {
    if decoded_len(text.len()) > N {
        return decode(text, part).map(Decoded::Many);
    }
    let mut bytes = [0; N];
    match engine().decode_slice(text, &mut bytes) {
        Ok(len) => Ok(Decoded::Few(bytes, len)),
        Err(_) => Err(Error::malformed(part, defect(text))),
    }
}

/// Decodes public text into a room of at least [`decoded_len`] bytes, and returns how many there are.
pub(crate) fn decode_into(text: &str, part: Part, room: &mut [u8]) -> Result<usize, Error> {
    engine().decode_slice(text, room).map_err(|_| Error::malformed(part, defect(text)))
}

/// Decodes two public texts into a room of at least [`pair_len`] bytes, if together they aren't long and each is in
/// order, and returns where the second's bytes begin: if not, it is for [`decode_into`] to say what is wrong.
///
/// The fast engine takes 32 characters at once, and the end of each text one by one. So the two are put together to
/// one text, each filled up with zeros to whole bytes, and what is behind them to what the engine takes at once.
pub(crate) fn decode_pair(first: &str, second: &str, room: &mut [u8]) -> Option<usize> {
    let (first_end, second_end) = (first.len().next_multiple_of(4), second.len().next_multiple_of(4));
    // The engine leaves the last four to its end.
    let len = (first_end + second_end).next_multiple_of(32) + 4;
    if len > SHORT_PAIR {
        return None;
    }
    let mut both = [b'A'; SHORT_PAIR];
    let text = both.get_mut(..len)?;
    text.get_mut(..first.len())?.copy_from_slice(first.as_bytes());
    text.get_mut(first_end..)?.get_mut(..second.len())?.copy_from_slice(second.as_bytes());
    let decoded = engine().decode_slice(&*text, room);
    // Text in an encrypted token is a secret.
    text.fill(0);
    optimization_barrier(text);
    decoded.ok()?;
    let second_start = decoded_len(first_end);
    let is_canonical = |text: &str, start: usize, end: usize| {
        // Where bits that the text doesn't use aren't zero, nor are the bytes that it was filled up to.
        let filled = room.get(start + decoded_len(text.len())..end);
        text.len() % 4 != 1 && filled.is_some_and(|filled| filled.iter().all(|&byte| byte == 0))
    };
    let is_canonical = is_canonical(first, 0, second_start)
        && is_canonical(second, second_start, second_start + decoded_len(second_end));
    is_canonical.then_some(second_start)
}

/// How much room two texts of this length together take at most, by either way.
pub(crate) const fn pair_len(text_len: usize) -> usize {
    // Both are filled up by three characters, and then by 35.
    decoded_len(text_len) + 36
}

/// Claims and signature of a token whose signature takes no longer to verify than a few such texts to decode.
const SHORT_PAIR: usize = 512 + 4;

/// Decodes public text and appends the bytes to `out`, which an error leaves as it was.
pub(crate) fn decode_to(text: &str, part: Part, out: &mut Vec<u8>) -> Result<(), Error> {
    let length = out.len();
    engine().decode_vec(text, out).map_err(|_| {
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
    Ok(SecretBytes::from_zeroizing(bytes))
}

/// Returns how many bytes text of this length decodes to, if it decodes at all.
pub(crate) const fn decoded_len(text_len: usize) -> usize {
    text_len / 4 * 3 + text_len % 4 * 3 / 4
}

/// Returns how many characters so many bytes make.
pub(crate) const fn encoded_len(bytes_len: usize) -> usize {
    bytes_len / 3 * 4 + (bytes_len % 3 * 4).div_ceil(3)
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
/// Strict and canonical, whatever engine applies it.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(false);

/// The engine that takes the widest instructions this processor has, looked for once.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn engine() -> &'static base64::engine::Simd {
    static ENGINE: std::sync::LazyLock<base64::engine::Simd> =
        std::sync::LazyLock::new(|| base64::engine::Simd::url_safe(CONFIG));
    &ENGINE
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn engine() -> &'static base64::engine::GeneralPurpose {
    static ENGINE: base64::engine::GeneralPurpose =
        base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, CONFIG);
    &ENGINE
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn defect_of(text: &str) -> Defect {
        match decode(text, Part::Payload) {
            Err(Error::Malformed { part: Part::Payload, defect }) => defect,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    fn decoded_pair(first: &str, second: &str, room: &mut [u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let second_start = decode_pair(first, second, room)?;
        let second = &room[second_start..][..decoded_len(second.len())];
        Some((room[..decoded_len(first.len())].to_vec(), second.to_vec()))
    }

    #[test]
    fn the_vectors_of_rfc_4648_go_both_ways() {
        let pairs =
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")];
        for (plain, text) in pairs {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text, Part::Header), Ok(plain.as_bytes().to_vec()));
            assert_eq!(encode_secret(plain.as_bytes()).expose_secret(), text);
        }
        assert_eq!(decode("-_8", Part::Header), Ok(vec![0xfb, 0xff]));
    }

    #[test]
    fn row_097_nothing_outside_the_alphabet_is_accepted() {
        assert_eq!(decode("AAAA", Part::Payload), Ok(vec![0; 3]));
        for wrong in ["=", "+", "/", " ", "\n", "\r\n", "\0", "?", "%3D", ".", "é", "\u{feff}"] {
            for text in [format!("{wrong}AAAA"), format!("AA{wrong}AA"), format!("AAAA{wrong}"), wrong.into()]
            {
                assert_eq!(defect_of(&text), Defect::Base64url, "{text:?}");
            }
        }
        for padded in ["AA==", "AAA=", "AAAA====", "Zg=", "Zg=="] {
            assert_eq!(defect_of(padded), Defect::Base64url);
        }
    }

    #[test]
    fn row_098_bits_that_are_not_used_must_be_zero() {
        assert_eq!(decode("AA", Part::Payload), Ok(vec![0]));
        assert_eq!(decode("AAA", Part::Payload), Ok(vec![0, 0]));
        assert_eq!(defect_of("AB"), Defect::NonCanonicalBase64url);
        assert_eq!(defect_of("AAB"), Defect::NonCanonicalBase64url);
        assert_eq!(defect_of("AAAAAP"), Defect::NonCanonicalBase64url);
    }

    #[test]
    fn row_099_no_bytes_have_that_length() {
        for text in ["A", "AAAAA", "AAAAAAAAA"] {
            assert_eq!(defect_of(text), Defect::Base64url);
        }
    }

    #[test]
    fn decode_to_appends_and_an_error_takes_back_what_it_wrote() {
        let mut bytes = b"kept".to_vec();
        decode_to("Zm9v", Part::Payload, &mut bytes).unwrap();
        assert_eq!(bytes, b"keptfoo");
        for text in ["Zm9vZm9vZm9vZm9vZm9v!", "Zm9vZm9vZm9vZm9vZm9vZh"] {
            assert!(decode_to(text, Part::Payload, &mut bytes).is_err());
            assert_eq!(bytes, b"keptfoo");
        }
        let mut text = String::from("e30.");
        encode_to(b"foo", &mut text);
        assert_eq!(text, "e30.Zm9v");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn bytes_survive_a_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decoded_len(text.len()), bytes.len());
            prop_assert_eq!(encoded_len(bytes.len()), text.len());
            let mut token = b"e30.".to_vec();
            encode_to_bytes(&bytes, &mut token);
            prop_assert_eq!(token, format!("e30.{text}").into_bytes());
            prop_assert_eq!(decode(&text, Part::Jwk).unwrap(), &bytes[..]);
            let short = decode_short::<72>(&text, Part::Jwk).unwrap();
            prop_assert_eq!(short.as_ref(), &bytes[..]);
            let parts = encode_parts("e30", &[&bytes, &[], &bytes]);
            prop_assert_eq!(parts.capacity(), parts.len());
            prop_assert_eq!(parts, format!("e30.{text}..{text}"));
            let (secret_text, secret) = (encode_secret(&bytes), decode_secret(&text, Part::Jwk).unwrap());
            prop_assert_eq!(secret_text.expose_secret(), &text);
            prop_assert_eq!(secret.expose_secret(), &bytes[..]);
        }

        #[test]
        fn both_decoders_accept_exactly_the_canonical_text(
            text in prop_oneof!["[A-Za-z0-9_-]{0,24}", "[A-Za-z0-9_-]{20}[AB=+/ .é-]{0,4}", any::<String>()],
        ) {
            let decoded = decode(&text, Part::Jwk);
            prop_assert_eq!(
                decoded.as_ref().ok().map(|bytes| encode(bytes)),
                BASE64_URL_SAFE_NO_PAD.decode(&text).ok().map(|_| text.clone())
            );
            let short = decode_short::<16>(&text, Part::Jwk).map(|short| short.as_ref().to_vec());
            prop_assert_eq!(&decoded, &short);
            let secret = decode_secret(&text, Part::Jwk).map(SecretBytes::into_exposed_secret);
            prop_assert_eq!(decoded, secret);
        }

        #[test]
        fn a_pair_is_what_each_of_the_two_is(
            first in prop_oneof!["[A-Za-z0-9_-]{0,80}", "[A-Za-z0-9_-]{300,520}", "[A-Za-z0-9_-]{0,80}[=+. é]?"],
            second in prop_oneof!["[A-Za-z0-9_-]{0,40}", "[A-Za-z0-9_-]{43}", "[A-Za-z0-9_-]{0,80}[=+. é]?"],
        ) {
            let mut room = vec![0xff; pair_len(first.len() + second.len())];
            let is_short = first.len() + second.len() <= 480;
            let pair = decoded_pair(&first, &second, &mut room);
            let each = decode(&first, Part::Payload).ok().zip(decode(&second, Part::Signature).ok());
            if is_short {
                prop_assert_eq!(pair, each);
            } else {
                prop_assert!(pair.is_none() || pair == each);
            }
        }

        #[test]
        fn a_pair_of_bytes_survives_a_round_trip(
            first in proptest::collection::vec(any::<u8>(), 0..300),
            second in proptest::collection::vec(any::<u8>(), 0..66),
            changed in any::<prop::sample::Index>(),
            byte in prop::sample::select(&b"AQgw_-.=+/\n"[..]),
        ) {
            let (one, mut other) = (encode(&first), encode(&second));
            let mut room = vec![0xff; pair_len(one.len() + other.len())];
            prop_assert_eq!(decoded_pair(&one, &other, &mut room), Some((first, second)));
            // One character is another one: at the end, that is unused bits mostly.
            if !other.is_empty() {
                let place = changed.index(other.len()).max(other.len().saturating_sub(2));
                other.replace_range(place..=place, std::str::from_utf8(&[byte]).unwrap());
                let pair = decoded_pair(&one, &other, &mut room);
                prop_assert_eq!(pair.map(|(_, other)| other), decode(&other, Part::Jwk).ok());
            }
        }

        /// The engine of wide instructions against the plain one, one byte changed at any place.
        #[test]
        fn the_fast_engine_judges_as_the_plain_one(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let plain = encode(&bytes);
            let mut changed = plain.into_bytes();
            if !changed.is_empty() {
                let place = place.index(changed.len());
                changed[place] = byte & 0x7f;
            }
            let changed = String::from_utf8(changed).unwrap();
            let fast = decode(&changed, Part::Jwk).ok();
            prop_assert_eq!(&fast, &BASE64_URL_SAFE_NO_PAD.decode(&changed).ok());
            // Another crate's, too: the engines of one might share a mistake.
            let secret = decode_secret(&changed, Part::Jwk).ok();
            prop_assert_eq!(fast.as_deref(), secret.as_ref().map(SecretBytes::expose_secret));
        }
    }
}
