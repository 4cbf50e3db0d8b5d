//! HMAC with SHA-2 for keys that stay (RFC 2104, RFC 7518 §3.2): a key of any length and parts of a message go in,
//! the full tag comes out, or is compared in constant time.
//!
//! A token is short: around hashing it, the stacks take a third of the time to copy their states of all hashes about.
//! So where the processor itself has SHA-256, which is as fast by any library then, the one with the smallest
//! state does HMAC with it. Without, the stacks' assembly is by far the fastest.

use super::{CryptoError, Digest, Hash, HmacSha256Key, stack};

/// An HMAC key: the two hash states that follow from it.
pub(crate) struct HmacKey(Kind);

#[allow(clippy::large_enum_variant, reason = "there are few, kept long; the size depends on the stack")]
enum Kind {
    Sha256(HmacSha256Key),
    OfStack(stack::HmacKey),
}

impl HmacKey {
    /// Makes a key of any length; the least length is the caller's rule.
    pub(crate) fn new(hash: Hash, key: &[u8]) -> Self {
        if hash == Hash::Sha256
            && HmacSha256Key::has_instructions()
            && let Ok(key) = HmacSha256Key::new(key)
        {
            return Self(Kind::Sha256(key));
        }
        Self(Kind::OfStack(stack::HmacKey::new(hash, key)))
    }

    /// Returns the full tag over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        match &self.0 {
            Kind::Sha256(key) => key.sign(parts),
            Kind::OfStack(key) => key.sign(parts),
        }
    }

    /// Verifies a full tag, in constant time but for its length.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), CryptoError> {
        match &self.0 {
            Kind::Sha256(key) => key.verify(message, tag),
            Kind::OfStack(key) => key.verify(message, tag),
        }
    }
}
