//! HMAC-SHA-256 for keys of one message, on all stacks (RFC 2104): the MAC half of A128CBC-HS256 (RFC 7518 §5.2.3).
//! A key and parts of a message go in, the full tag comes out.
//!
//! The stacks' own HMAC is made for keys that stay, and takes longer to set one up than to use it. Tags are compared
//! by the caller, which cuts them first.

use ::hmac::{Hmac, KeyInit as _, Mac as _};
use ::sha2::Sha256;

use crate::crypto::{CryptoError, Digest};

/// An HMAC-SHA-256 key, wiped when dropped.
pub(crate) struct HmacSha256Key(Hmac<Sha256>);

impl HmacSha256Key {
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| CryptoError)
    }

    /// Returns the full tag over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        Digest::copy_of(&mac.finalize().into_bytes()).expect("a SHA-256 hash value has 32 bytes")
    }
}
