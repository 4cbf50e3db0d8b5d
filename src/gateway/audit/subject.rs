//! Whom a token is about, as an event shows it: by a keyed hash, or in clear where that was asked for.
//!
//! A plain hash would hide nothing: whoever has the log hashes all account names and compares. With a key
//! (HMAC-SHA-256, RFC 2104) that takes the key, and lines of one subject can still be found together.

use std::fmt;

use super::text::AuditText;
use crate::crypto::{self, Hash, HmacKey};
use crate::error::{Error, KeyDefect};
use crate::secret::SecretBytes;
use crate::wire::base64url;

/// A token's subject as an audit event shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditSubject<'a> {
    /// A keyed hash, by which the events of one subject can be told from those of others.
    Hashed(SubjectHash),
    /// The subject itself, see [`AuditBuilder::subjects_in_clear`](super::AuditBuilder::subjects_in_clear).
    Clear(AuditText<'a>),
}

/// The first 16 bytes of the HMAC-SHA-256 of an issuer and a subject.
///
/// Displayed in base64url. The same subject of another issuer, or under another key, has another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubjectHash([u8; 16]);

impl SubjectHash {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectHash({self})")
    }
}

/// What subjects are hashed under.
pub(super) struct SubjectKey(HmacKey);

impl SubjectKey {
    /// RFC 2104 §3: keys shorter than the hash's output are "strongly discouraged".
    const MIN_BYTES: usize = 32;

    pub(super) fn new(key: &SecretBytes) -> Result<Self, Error> {
        if key.len() < Self::MIN_BYTES {
            return Err(Error::InvalidKey(KeyDefect::TooSmall { min_bits: 256 }));
        }
        Ok(Self(HmacKey::new(Hash::Sha256, key.expose_secret())))
    }

    pub(super) fn random() -> Result<Self, Error> {
        let mut bytes = vec![0; Self::MIN_BYTES];
        crypto::fill_random(&mut bytes).map_err(|_| Error::Unavailable { what: "randomness" })?;
        Self::new(&SecretBytes::from(bytes))
    }

    pub(super) fn hash(&self, issuer: &str, subject: &str) -> SubjectHash {
        // The issuer's length goes first, so that no other pair of issuer and subject reads the same.
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        let tag = self.0.sign(&[&length, issuer.as_bytes(), subject.as_bytes()]);
        let mut first = [0; 16];
        first.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        SubjectHash(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(octet: u8) -> SubjectKey {
        SubjectKey::new(&SecretBytes::from(vec![octet; 32])).unwrap()
    }

    #[test]
    fn a_hash_is_of_key_issuer_and_subject() {
        let hash = keyed(7).hash("https://id.example.com", "user-17");
        assert_eq!(hash, keyed(7).hash("https://id.example.com", "user-17"));
        for other in [
            keyed(8).hash("https://id.example.com", "user-17"),
            keyed(7).hash("https://id.example.com", "user-18"),
            keyed(7).hash("https://id.example.org", "user-17"),
            // The same text in one, cut elsewhere.
            keyed(7).hash("https://id.example.co", "muser-17"),
            SubjectKey::random().unwrap().hash("https://id.example.com", "user-17"),
        ] {
            assert_ne!(hash, other);
        }
    }

    /// `printf '\0\0\0\0\0\0\0\1is' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07`
    #[test]
    fn a_hash_is_the_first_half_of_the_hmac() {
        let expected: [u8; 16] =
            [0x20, 0x5e, 0x63, 0x37, 0xd6, 0x18, 0x74, 0x9c, 0x63, 0x98, 0x1f, 0xf0, 0x0b, 0xb5, 0xdf, 0xbc];
        let hash = keyed(7).hash("i", "s");
        assert_eq!(hash.to_bytes(), expected);
        assert_eq!(hash.to_string().len(), 22);
        assert_eq!(format!("{hash:?}"), format!("SubjectHash({hash})"));
    }

    #[test]
    fn a_key_has_256_bits_at_least() {
        let error = SubjectKey::new(&SecretBytes::from(vec![7; 31])).err().unwrap();
        assert_eq!(error.code(), Error::InvalidKey(KeyDefect::TooSmall { min_bits: 256 }).code());
        assert!(SubjectKey::new(&SecretBytes::from(vec![7; 64])).is_ok());
    }
}
