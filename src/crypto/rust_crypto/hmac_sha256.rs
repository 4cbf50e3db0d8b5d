//! HMAC-SHA-256 for keys of one message, on all stacks (RFC 2104 §2): the MAC half of A128CBC-HS256 (RFC 7518 §5.2.3).
//! A key and parts of a message go in, the full tag comes out.
//!
//! The stacks' own HMAC is made for keys that stay, and takes longer to set one up than to use it. Tags are compared
//! by the caller, which cuts them first.

use ::sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, Digest};

const BLOCK_LEN: usize = 64;

/// An HMAC-SHA-256 key: the two hash states that follow from it, wiped when dropped.
pub(crate) struct HmacSha256Key {
    inner: Sha256,
    outer: Sha256,
}

impl HmacSha256Key {
    /// Makes a key of at most one block, 64 bytes; a longer one, which would be hashed first, is refused.
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        if key.len() > BLOCK_LEN {
            return Err(CryptoError);
        }
        // RFC 2104 §2: the key, filled up with zeros, is XORed with one byte of padding and with another.
        let padded = |padding: u8| {
            let mut block = Zeroizing::new([padding; BLOCK_LEN]);
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            Sha256::new_with_prefix(block.as_slice())
        };
        Ok(Self { inner: padded(0x36), outer: padded(0x5c) })
    }

    /// Returns the full tag over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        let tag = self.outer.clone().chain_update(inner.finalize()).finalize();
        Digest::copy_of(&tag).expect("a SHA-256 hash value has 32 bytes")
    }
}
