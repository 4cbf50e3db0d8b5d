//! The SHA-256 of a token's whole text: what a cache finds it by and an audit trail names it by, computed once
//! for both.
//!
//! Of the whole text, the signature too: a token that differs in one octet is another one (RFC 7515 §3.1).

use crate::crypto;

/// The SHA-256 of a whole token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::gateway) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(in crate::gateway) fn of(token: &str) -> Self {
        Self(crypto::sha256(&[token.as_bytes()]))
    }

    pub(in crate::gateway) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
