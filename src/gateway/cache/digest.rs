//! The SHA-256 of a token's whole text: what a cache finds it by and an audit trail names it by, computed once
//! for both.
//!
//! Of the whole text, the signature too: a token that differs in one octet is another one (RFC 7515 §3.1).

use crate::crypto::{self, Hash};

/// The SHA-256 of a whole token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::gateway) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(in crate::gateway) fn of(token: &str) -> Self {
        let hashed = crypto::digest(Hash::Sha256, &[token.as_bytes()]);
        let mut digest = [0; 32];
        digest.iter_mut().zip(hashed.as_ref()).for_each(|(octet, hashed)| *octet = *hashed);
        Self(digest)
    }

    pub(in crate::gateway) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
