//! The checks that every target makes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Error, UnverifiedToken};
use serde_json::{Map, Value};

use crate::strict;

/// How long a piece of the input may be that turns up in a message.
const PIECE: usize = 16;

/// An error's message is short and quotes nothing of these inputs: whoever reads the log gets no token and no
/// key.
///
/// A message is made of fixed words, so an input that holds the same 16 bytes would have to know them.
pub fn discreet(error: &Error, inputs: &[&[u8]]) {
    let message = error.to_string();
    assert!(message.len() < 300, "a message of {} bytes", message.len());
    assert!(!message.contains(char::is_control), "a control character in a message");
    let text = format!("{message}\0{error:?}");
    let pieces: Vec<u64> = text.as_bytes().windows(PIECE).map(hash).collect();
    let mut seen = [false; 4096];
    for piece in &pieces {
        seen[place(*piece)] = true;
    }
    for input in inputs {
        let mut found = input.windows(PIECE).map(hash).filter(|piece| seen[place(*piece)]);
        assert!(!found.any(|piece| pieces.contains(&piece)), "{text} quotes the input");
    }
}

/// A hash's place in a small table.
fn place(hash: u64) -> usize {
    usize::try_from(hash % 4096).expect("it is small")
}

/// Compared by this and not by their bytes, since libFuzzer looks on: it would learn the fixed words from the
/// comparison and write them into the input.
fn hash(piece: &[u8]) -> u64 {
    let piece = piece.first_chunk().map_or(0, |piece| u128::from_le_bytes(*piece));
    let mixed = (piece ^ (piece >> 67)).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    u64::try_from(mixed >> 64).expect("64 bits are left")
}

/// Passes an answer on and holds its error to [`discreet`].
pub fn answer<T>(answer: Result<T, Error>, inputs: &[&[u8]]) -> Option<T> {
    answer.inspect_err(|error| discreet(error, inputs)).ok()
}

/// The bytes of a base64url segment, as another implementation reads it: canonical and unpadded.
pub fn decoded(segment: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(segment).ok()
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// All that a message about this token must not quote: the token, and what its parts say.
pub fn secrets_of(token: &str) -> Vec<Vec<u8>> {
    let parts = token.split('.').take(5).filter_map(decoded);
    std::iter::once(token.as_bytes().to_vec()).chain(parts).collect()
}

/// A header that the crate accepted is strict JSON for others too, and says the same to them.
pub fn header(token: &str, read: &UnverifiedToken) -> Map<String, Value> {
    let segments: Vec<&str> = token.split('.').collect();
    let encrypted = read.is_encrypted();
    assert_eq!(segments.len(), if encrypted { 5 } else { 3 });
    let bytes = decoded(segments[0]).expect("an accepted header is base64url");
    let text = std::str::from_utf8(&bytes).expect("an accepted header is UTF-8");
    let header = strict::object(text).expect("an accepted header is a JSON object without duplicates");

    let text = |name: &str| {
        header.get(name).map(|value| value.as_str().expect("an accepted parameter has its type"))
    };
    assert_eq!(text("alg"), Some(read.algorithm()));
    assert_eq!(text("kid"), read.key_id());
    assert_eq!(text("typ"), read.token_type());
    assert_eq!(text("cty"), read.content_type());
    assert_eq!(text("enc"), read.content_encryption());
    assert_eq!(header.contains_key("enc"), encrypted, "`enc` is what tells a JWE from a JWS");
    // Nothing is understood where nothing was declared.
    assert!(!header.contains_key("crit"), "`crit` was ignored");
    if encrypted {
        assert!(!header.contains_key("zip"), "`zip` was ignored");
    } else {
        assert!(header.get("b64").is_none_or(|b64| *b64 == Value::Bool(true)), "`b64` was ignored");
    }
    header
}
