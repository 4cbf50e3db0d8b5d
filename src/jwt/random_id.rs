//! IDs that nobody has had before: 128 random bits, in base64url, for tokens (`jti`, RFC 7519 §4.1.7) and
//! transactions (`txn`, RFC 8417 §2.2).
//!
//! No two of 2⁶⁴ are likely to be the same, and none tells of another.

use crate::crypto;
use crate::error::Error;
use crate::wire::base64url;

/// Returns a new ID: 22 characters that JSON strings have as they are.
pub(crate) fn random_id() -> Result<String, Error> {
    let mut id = [0_u8; 16];
    crypto::fill_random(&mut id).map_err(|_| Error::Unavailable { what: "randomness" })?;
    Ok(base64url::encode(&id))
}
