//! The compact serializations, split at their dots: RFC 7515 §7.1, RFC 7516 §7.1.
//!
//! Only splitting happens here, on borrowed text, in one pass that ends at the first dot too
//! many. Callers run [`check_size`] before anything else, so that no work is done on a token
//! that is too large.

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
    /// The protected header; as text, also what a cache of seen headers compares.
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
    // At the fifth dot the answer is known.
    match token.bytes().filter(|&byte| byte == b'.').take(5).count() {
        2 => Ok(Form::Jws),
        4 => Ok(Form::Jwe),
        _ => Err(segment_count("three or five")),
    }
}

/// Splits a JWS into its three parts.
pub(crate) fn split_jws(token: &str) -> Result<CompactJws<'_>, Error> {
    let split = || {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        let exact = !payload.contains('.');
        exact.then_some(CompactJws { signing_input, header, payload, signature })
    };
    split().ok_or(segment_count("three"))
}

/// Splits a JWE into its five parts.
pub(crate) fn split_jwe(token: &str) -> Result<CompactJwe<'_>, Error> {
    let mut parts = token.split('.');
    let mut next = || parts.next();
    match (next(), next(), next(), next(), next(), next()) {
        (
            Some(header),
            Some(encrypted_key),
            Some(initialization_vector),
            Some(ciphertext),
            Some(authentication_tag),
            None,
        ) => Ok(CompactJwe { header, encrypted_key, initialization_vector, ciphertext, authentication_tag }),
        _ => Err(segment_count("five")),
    }
}

const fn segment_count(expected: &'static str) -> Error {
    Error::malformed(Part::Token, Defect::SegmentCount { expected })
}
