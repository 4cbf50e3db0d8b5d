//! HMAC with SHA-2 on the stack `ring` (RFC 2104, RFC 7518 §3.2): a key of any length and parts of a
//! message go in, the full tag comes out, or is compared in constant time.
//!
//! A tag cut short is refused here; AES_CBC_HMAC_SHA2, which cuts it by its own rule, does so by
//! itself.

use ::ring::hmac::{self, Context, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key};

use crate::crypto::{CryptoError, Digest, Hash};

/// An HMAC key: the two hash states that follow from it.
pub(crate) struct HmacKey(Key);

impl HmacKey {
    /// Makes a key of any length; the least length is the caller's rule.
    pub(crate) fn new(hash: Hash, key: &[u8]) -> Self {
        let algorithm = match hash {
            Hash::Sha256 => HMAC_SHA256,
            Hash::Sha384 => HMAC_SHA384,
            Hash::Sha512 => HMAC_SHA512,
        };
        Self(Key::new(algorithm, key))
    }

    /// Returns the full tag over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut context = Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        Digest::copy_of(context.sign().as_ref()).expect("a SHA-2 tag has at most 64 bytes")
    }

    /// Verifies a full tag, in constant time but for its length.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), CryptoError> {
        hmac::verify(&self.0, message, tag).map_err(|_| CryptoError)
    }
}
