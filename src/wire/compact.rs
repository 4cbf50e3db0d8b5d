//! The compact serializations, split at their dots: RFC 7515 §7.1, RFC 7516 §7.1.
//!
//! Only splitting happens here, on borrowed text, in one pass that ends at the first dot too
//! many. Callers run [`check_size`] before anything else, so that no work is done on a token
//! that is too large.

use memchr::memchr_iter;

use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::over_limit;

/// Which compact serialization a token has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Three parts: signed.
    Jws,
    /// Five parts: encrypted.
    Jwe,
}

/// The parts of a JWS, each still base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompactJws<'a> {
    /// The header, a dot and the payload: what the signature covers.
    pub(crate) signing_input: &'a str,
    /// The protected header.
    pub(crate) header: &'a str,
    /// The payload.
    pub(crate) payload: &'a str,
    /// The signature.
    pub(crate) signature: &'a str,
}

/// The parts of a JWE, each still base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompactJwe<'a> {
    /// The protected header; as text, also the additional authenticated data.
    pub(crate) header: &'a str,
    /// The JWE encrypted key, empty with `dir` and `ECDH-ES`.
    pub(crate) encrypted_key: &'a str,
    /// The initialization vector.
    pub(crate) initialization_vector: &'a str,
    /// The ciphertext.
    pub(crate) ciphertext: &'a str,
    /// The authentication tag.
    pub(crate) authentication_tag: &'a str,
}

/// Refuses a token of more than the permitted number of bytes.
pub(crate) fn check_size(token: &str, limits: &Limits) -> Result<(), Error> {
    if token.len() > limits.token_bytes {
        return Err(over_limit(Limit::TokenBytes, limits.token_bytes));
    }
    Ok(())
}

/// Tells a JWS from a JWE by the number of parts: RFC 7516 §9.
pub(crate) fn form(token: &str) -> Result<Form, Error> {
    match count_parts(token) {
        3 => Ok(Form::Jws),
        5 => Ok(Form::Jwe),
        _ => Err(segment_count(EITHER, token)),
    }
}

/// Splits a JWS into its three parts.
pub(crate) fn split_jws(token: &str) -> Result<CompactJws<'_>, Error> {
    let split = || {
        let mut dots = memchr_iter(b'.', token.as_bytes());
        let (first, second) = (dots.next()?, dots.next()?);
        if dots.next().is_some() {
            return None;
        }
        let (signing_input, signature) = token.split_at_checked(second)?;
        let (header, payload) = signing_input.split_at_checked(first)?;
        Some(CompactJws {
            signing_input,
            header,
            payload: after_dot(payload),
            signature: after_dot(signature),
        })
    };
    split().ok_or_else(|| segment_count(SIGNED, token))
}

/// Splits a JWE into its five parts.
pub(crate) fn split_jwe(token: &str) -> Result<CompactJwe<'_>, Error> {
    let split = || {
        let mut dots = memchr_iter(b'.', token.as_bytes());
        let mut rest = (token, 0);
        let mut next = || {
            let dot = dots.next()?;
            let (part, behind) = rest.0.split_at_checked(dot - rest.1)?;
            rest = (after_dot(behind), dot + 1);
            Some(part)
        };
        let (header, encrypted_key, initialization_vector, ciphertext) = (next()?, next()?, next()?, next()?);
        if dots.next().is_some() {
            return None;
        }
        Some(CompactJwe {
            header,
            encrypted_key,
            initialization_vector,
            ciphertext,
            authentication_tag: rest.0,
        })
    };
    split().ok_or_else(|| segment_count(ENCRYPTED, token))
}

/// What stands behind the dot that the text begins with.
fn after_dot(text: &str) -> &str {
    text.strip_prefix('.').unwrap_or(text)
}

/// Counts the parts, up to six: at the fifth dot the answer is known.
fn count_parts(token: &str) -> usize {
    memchr_iter(b'.', token.as_bytes()).take(5).count() + 1
}

fn segment_count(expected: &'static str, token: &str) -> Error {
    let found = match count_parts(token) {
        1 => "one",
        2 => "two",
        3 => "three",
        4 => "four",
        5 => "five",
        _ => "more",
    };
    Error::malformed(Part::Token, Defect::SegmentCount { expected, found })
}

const EITHER: &str = "three or five parts";
const SIGNED: &str = "the three parts of a signed token";
const ENCRYPTED: &str = "the five parts of an encrypted token";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts_are_a_jws() {
        assert_eq!(form("h.p.s"), Ok(Form::Jws));
        assert_eq!(
            split_jws("h.p.s"),
            Ok(CompactJws { signing_input: "h.p", header: "h", payload: "p", signature: "s" })
        );
        // Whether a part may be empty is for the algorithm to say.
        assert_eq!(
            split_jws(".."),
            Ok(CompactJws { signing_input: ".", header: "", payload: "", signature: "" })
        );
    }

    #[test]
    fn five_parts_are_a_jwe() {
        assert_eq!(form("h.k.i.c.t"), Ok(Form::Jwe));
        assert_eq!(
            split_jwe("h..i.c.t"),
            Ok(CompactJwe {
                header: "h",
                encrypted_key: "",
                initialization_vector: "i",
                ciphertext: "c",
                authentication_tag: "t",
            })
        );
    }

    #[test]
    fn row_091_every_other_number_of_parts_is_refused() {
        let dots = |count| ".".repeat(count);
        for count in [0, 1, 3, 5, 6, 100_000, 8_000_000] {
            let token = dots(count);
            assert_eq!(form(&token), Err(segment_count(EITHER, &token)), "{count}");
        }
        for count in [0, 1, 3, 4, 100_000] {
            let token = dots(count);
            assert_eq!(split_jws(&token), Err(segment_count(SIGNED, &token)), "{count}");
        }
        for count in [0, 1, 2, 3, 5, 100_000] {
            let token = dots(count);
            assert_eq!(split_jwe(&token), Err(segment_count(ENCRYPTED, &token)), "{count}");
        }
        assert_eq!(split_jws("Bearer"), Err(segment_count(SIGNED, "Bearer")));
        assert!(matches!(
            segment_count(SIGNED, ""),
            Error::Malformed { defect: Defect::SegmentCount { found: "one", .. }, .. }
        ));
    }

    #[test]
    fn row_092_a_token_may_be_as_large_as_the_limit_and_no_larger() {
        let limits = Limits::default().token_bytes(5);
        assert_eq!(check_size("h.p.s", &limits), Ok(()));
        assert_eq!(
            check_size("h.p.ss", &limits),
            Err(Error::LimitExceeded { limit: Limit::TokenBytes, max: 5 })
        );
    }
}
