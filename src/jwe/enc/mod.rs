//! The registry of content encryption algorithms (RFC 7518 §5.1): one row each, one file a family. A
//! name from a header goes in, a row comes out; a row and a key make a cipher.
//!
//! The row has all lengths, and they are checked against it: a tag cut short would be easier to guess.
//! A new algorithm is a variant, its row, and its family's file.

mod aes_cbc_hmac;
mod aes_gcm;

use std::fmt;
use std::str::FromStr;

use crate::crypto::{CryptoError, Digest, Hash};
use crate::error::Error;
use crate::secret::SecretBytes;

use self::aes_cbc_hmac::AesCbcHmac;
use self::aes_gcm::AesGcm;

/// A content encryption algorithm: what encrypts and authenticates the content
/// ([RFC 7518 §5.1](https://www.rfc-editor.org/rfc/rfc7518#section-5.1)).
///
/// The default, [`A256Gcm`](Self::A256Gcm), is right unless a peer can't do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ContentEncryption {
    /// `A128GCM`: AES-GCM with a key of 128 bits ([RFC 7518 §5.3](https://www.rfc-editor.org/rfc/rfc7518#section-5.3)).
    A128Gcm,
    /// `A192GCM`: AES-GCM with a key of 192 bits.
    A192Gcm,
    /// `A256GCM`: AES-GCM with a key of 256 bits.
    #[default]
    A256Gcm,
    /// `A128CBC-HS256`: AES-128-CBC, authenticated by HMAC-SHA-256 ([RFC 7518 §5.2](https://www.rfc-editor.org/rfc/rfc7518#section-5.2)).
    A128CbcHs256,
    /// `A192CBC-HS384`: AES-192-CBC, authenticated by HMAC-SHA-384.
    A192CbcHs384,
    /// `A256CBC-HS512`: AES-256-CBC, authenticated by HMAC-SHA-512.
    A256CbcHs512,
}

/// What the registry knows of a content encryption. Lengths are in bytes.
struct Row {
    name: &'static str,
    specification: &'static str,
    key_len: usize,
    iv_len: usize,
    tag_len: usize,
    /// Whether random initialization vectors bound the number of messages under one key.
    counts_messages: bool,
    family: Family,
}

/// What sets a cipher up, by a key whose length it may take for granted.
#[derive(Clone, Copy)]
enum Family {
    AesGcm,
    AesCbcHmac(Hash),
}

impl ContentEncryption {
    /// All content encryptions of this library, in the order of the registry.
    pub const ALL: &'static [Self] = &[
        Self::A128CbcHs256,
        Self::A192CbcHs384,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A192Gcm,
        Self::A256Gcm,
    ];

    const fn row(self) -> &'static Row {
        const GCM: Row = Row {
            name: "",
            specification: "RFC 7518 §5.3",
            key_len: 0,
            // RFC 7518 §5.3: "Use of an IV of size 96 bits is REQUIRED with this algorithm. The
            // requested size of the Authentication Tag output MUST be 128 bits".
            iv_len: 12,
            tag_len: 16,
            counts_messages: true,
            family: Family::AesGcm,
        };
        match self {
            Self::A128Gcm => &Row { name: "A128GCM", key_len: 16, ..GCM },
            Self::A192Gcm => &Row { name: "A192GCM", key_len: 24, ..GCM },
            Self::A256Gcm => &Row { name: "A256GCM", key_len: 32, ..GCM },
            Self::A128CbcHs256 => &Row {
                name: "A128CBC-HS256",
                specification: "RFC 7518 §5.2.3",
                key_len: 32,
                iv_len: 16,
                tag_len: 16,
                counts_messages: false,
                family: Family::AesCbcHmac(Hash::Sha256),
            },
            Self::A192CbcHs384 => &Row {
                name: "A192CBC-HS384",
                specification: "RFC 7518 §5.2.4",
                key_len: 48,
                iv_len: 16,
                tag_len: 24,
                counts_messages: false,
                family: Family::AesCbcHmac(Hash::Sha384),
            },
            Self::A256CbcHs512 => &Row {
                name: "A256CBC-HS512",
                specification: "RFC 7518 §5.2.5",
                key_len: 64,
                iv_len: 16,
                tag_len: 32,
                counts_messages: false,
                family: Family::AesCbcHmac(Hash::Sha512),
            },
        }
    }

    /// Returns the algorithm's name, as the header's `enc` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the content encryption of that name, exactly as the registry writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|enc| enc.name() == name)
    }

    /// Returns the length of the content encryption key, in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        self.row().key_len
    }

    /// Returns where the algorithm is defined, such as `RFC 7518 §5.3`.
    #[must_use]
    pub const fn specification(self) -> &'static str {
        self.row().specification
    }

    /// Returns the length of the initialization vector, in bytes.
    pub(super) const fn iv_len(self) -> usize {
        self.row().iv_len
    }

    /// Returns the length of the authentication tag, in bytes.
    pub(super) const fn tag_len(self) -> usize {
        self.row().tag_len
    }

    /// Returns whether one key may encrypt only so many messages.
    pub(super) const fn counts_messages(self) -> bool {
        self.row().counts_messages
    }

    /// Sets the cipher up for many messages, with a key, which must have [`key_len`](Self::key_len) bytes.
    pub(super) fn cipher(self, key: &[u8]) -> Result<Box<dyn ContentCipher>, CryptoError> {
        Ok(match self.family_for(key)? {
            Family::AesGcm => Box::new(AesGcm::new(key)?),
            Family::AesCbcHmac(hash) => Box::new(AesCbcHmac::new(hash, key)?),
        })
    }

    /// Sets the cipher up like [`cipher`](Self::cipher), but for one message: on the stack, as moving it costs more
    /// than what it does for a short one.
    pub(super) fn with_cipher<T>(
        self,
        key: &[u8],
        work: impl FnOnce(&dyn ContentCipher) -> Result<T, CryptoError>,
    ) -> Result<T, CryptoError> {
        match self.family_for(key)? {
            Family::AesGcm => work(&AesGcm::new(key)?),
            Family::AesCbcHmac(hash) => work(&AesCbcHmac::new(hash, key)?),
        }
    }

    fn family_for(self, key: &[u8]) -> Result<Family, CryptoError> {
        if key.len() == self.key_len() { Ok(self.row().family) } else { Err(CryptoError) }
    }
}

/// The name, as the header's `enc` has it.
impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a name as [`from_name`](ContentEncryption::from_name) does, from a settings file say.
///
/// [`Error::Misuse`] for any other text.
impl FromStr for ContentEncryption {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = "expected the name of a content encryption of this build, found another";
        Self::from_name(name).ok_or_else(|| Error::misuse(unknown))
    }
}

/// A content encryption with its key.
pub(super) trait ContentCipher: Send + Sync {
    /// Encrypts the content and authenticates it together with `aad`.
    fn seal(&self, iv: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, CryptoError>;

    /// Checks the tag over `aad`, `iv` and ciphertext, and only then gives the content out.
    fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: Vec<u8>,
        tag: &[u8],
    ) -> Result<SecretBytes, CryptoError>;
}

/// Encrypted content.
pub(super) struct Sealed {
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_read_back() {
        assert_eq!(ContentEncryption::ALL.len(), 6);
        for &enc in ContentEncryption::ALL {
            assert_eq!(ContentEncryption::from_name(enc.name()), Some(enc));
            assert_eq!(enc.to_string(), enc.name());
            assert_eq!(enc.name().parse(), Ok(enc));
        }
        for name in ["", "a256gcm", "A256GCM ", "A128CBC", "none"] {
            assert_eq!(ContentEncryption::from_name(name), None, "{name}");
            assert!(matches!(name.parse::<ContentEncryption>(), Err(Error::Misuse { .. })), "{name}");
        }
    }

    #[test]
    fn lengths_are_the_registry_s() {
        let lengths: Vec<_> =
            ContentEncryption::ALL.iter().map(|enc| (enc.key_len(), enc.iv_len(), enc.tag_len())).collect();
        assert_eq!(
            lengths,
            [(32, 16, 16), (48, 16, 24), (64, 16, 32), (16, 12, 16), (24, 12, 16), (32, 12, 16)]
        );
    }

    #[test]
    fn every_cipher_round_trips_and_refuses_any_change() {
        for &enc in ContentEncryption::ALL {
            let cipher = enc.cipher(&vec![7; enc.key_len()]).unwrap();
            let iv = vec![9; enc.iv_len()];
            for len in [0, 1, 15, 16, 17, 255] {
                let plaintext = vec![3; len];
                let Sealed { ciphertext, tag } = cipher.seal(&iv, b"aad", &plaintext).unwrap();
                let tag = tag.as_ref().to_vec();
                assert_eq!(tag.len(), enc.tag_len());
                let open = |iv: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]| {
                    cipher.open(iv, aad, ciphertext.to_vec(), tag).ok().map(SecretBytes::into_exposed_secret)
                };
                assert_eq!(open(&iv, b"aad", &ciphertext, &tag), Some(plaintext), "{enc} {len}");
                assert_eq!(open(&iv, b"aae", &ciphertext, &tag), None, "{enc} {len}");
                for i in 0..iv.len() {
                    let mut iv = iv.clone();
                    iv[i] ^= 1;
                    assert_eq!(open(&iv, b"aad", &ciphertext, &tag), None, "{enc} {len}: iv {i}");
                }
                for i in 0..ciphertext.len() {
                    let mut ciphertext = ciphertext.clone();
                    ciphertext[i] ^= 0x80;
                    assert_eq!(open(&iv, b"aad", &ciphertext, &tag), None, "{enc} {len}: ciphertext {i}");
                }
                for i in 0..tag.len() {
                    let mut flipped = tag.clone();
                    flipped[i] ^= 1;
                    assert_eq!(open(&iv, b"aad", &ciphertext, &flipped), None, "{enc} {len}: tag {i}");
                    assert_eq!(open(&iv, b"aad", &ciphertext, &tag[..i]), None, "{enc} {len}: tag of {i}");
                }
                // A tag's bytes moved into the ciphertext, and one byte more.
                let moved = [&ciphertext[..], &tag[..4]].concat();
                assert_eq!(open(&iv, b"aad", &moved, &tag[4..]), None, "{enc} {len}: moved");
                assert_eq!(
                    open(&iv, b"aad", &ciphertext, &[&tag[..], &[0]].concat()),
                    None,
                    "{enc} {len}: longer"
                );
                for iv_len in [0, 8, enc.iv_len() - 1, enc.iv_len() + 1] {
                    assert_eq!(
                        open(&vec![9; iv_len], b"aad", &ciphertext, &tag),
                        None,
                        "{enc} {len}: iv of {iv_len}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_key_of_another_length_makes_no_cipher() {
        for &enc in ContentEncryption::ALL {
            for len in [0, 1, 16, 24, 32, 48, 64, 65] {
                let made = enc.cipher(&vec![7; len]).is_ok();
                assert_eq!(made, len == enc.key_len(), "{enc} {len}");
            }
        }
    }
}
