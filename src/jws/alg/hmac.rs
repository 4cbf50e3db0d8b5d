//! HS256, HS384, HS512: HMAC with SHA-2 (RFC 7518 §3.2). A secret goes in, a key of the crypto seam
//! comes out, unless the secret is shorter than the hash.
//!
//! A short secret can be found offline from one token (RFC 8725 §2.2). The one way round this check
//! goes through `danger`.

use crate::crypto::{Hash, HmacKey};
use crate::error::{Error, KeyDefect};
use crate::secret::SecretBytes;

/// Builds the key, whose secret has at least the hash's length.
pub(crate) fn key(hash: Hash, secret: &SecretBytes) -> Result<HmacKey, Error> {
    // "A key of the same size as the hash output (for instance, 256 bits for "HS256") or larger
    // MUST be used with this algorithm." RFC 7518 §3.2
    if secret.len() < hash.len() {
        return Err(Error::InvalidKey(KeyDefect::TooSmall { min_bits: min_bits(hash) }));
    }
    Ok(HmacKey::new(hash, secret.expose_secret()))
}

const fn min_bits(hash: Hash) -> u32 {
    match hash {
        Hash::Sha256 => 256,
        Hash::Sha384 => 384,
        Hash::Sha512 => 512,
    }
}
