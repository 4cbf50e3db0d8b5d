//! Which token it was, without the token: the first bytes of its hash.
//!
//! Eight bytes tell the tokens of a log apart and lead from one line to the others of the same token. They
//! don't lead to the token, and whoever has it finds its lines.

use std::fmt;

use crate::gateway::cache::TokenDigest;

/// The first 8 bytes of the SHA-256 of a token's text.
///
/// Displayed in hexadecimal, as `printf %s "$TOKEN" | sha256sum | cut -c 1-16` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenFingerprint([u8; 8]);

impl TokenFingerprint {
    pub(super) fn of(token: &str) -> Self {
        Self::of_digest(&TokenDigest::of(token))
    }

    /// For a token that was hashed already.
    pub(super) fn of_digest(digest: &TokenDigest) -> Self {
        let mut first = [0; 8];
        first.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(first)
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenFingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    #[test]
    fn it_is_what_sha256sum_begins_with() {
        let fingerprint = TokenFingerprint::of("abc");
        assert_eq!(fingerprint.to_string(), "ba7816bf8f01cfea");
        assert_eq!(fingerprint.to_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
        assert_eq!(format!("{fingerprint:?}"), "TokenFingerprint(ba7816bf8f01cfea)");
    }
}
