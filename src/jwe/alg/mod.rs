//! The registry of key management algorithms (RFC 7518 §4.1): one row each, one file a family.
//!
//! What isn't here doesn't exist: no `RSA1_5` (a padding oracle waiting for a caller). A new algorithm is a
//! variant, its row, and its family's file.

mod aes_gcm_kw;
mod aes_kw;
mod dir;
mod ecdh_es;
mod pbes2;
mod rsa_oaep;

pub(super) use pbes2::MIN_ITERATIONS;

use std::fmt;
use std::str::FromStr;

use crate::crypto::{Hash, OaepHash};
use crate::error::{Error, KeyDefect, Unsupported};
use crate::jwk::{Jwk, KeyMaterial};
use crate::secret::SecretBytes;

use super::enc::ContentEncryption;
use super::recipient::Family;

/// A key management algorithm: how the content encryption key gets to the recipient
/// ([RFC 7518 §4.1](https://www.rfc-editor.org/rfc/rfc7518#section-4.1)).
///
/// Take [`EcdhEs`](Self::EcdhEs) or [`EcdhEsA256Kw`](Self::EcdhEsA256Kw) when the recipient has
/// a key pair of its own, [`A256Kw`](Self::A256Kw) when both sides share a key. RSA is for peers
/// that have nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JweAlgorithm {
    /// `dir`: a shared key encrypts the content itself ([RFC 7518 §4.5](https://www.rfc-editor.org/rfc/rfc7518#section-4.5)).
    Dir,
    /// `A128KW`: AES key wrap with a shared key of 128 bits ([RFC 7518 §4.4](https://www.rfc-editor.org/rfc/rfc7518#section-4.4)).
    A128Kw,
    /// `A192KW`: AES key wrap with a shared key of 192 bits.
    A192Kw,
    /// `A256KW`: AES key wrap with a shared key of 256 bits.
    A256Kw,
    /// `A128GCMKW`: AES-GCM with a shared key of 128 bits encrypts the content key ([RFC 7518 §4.7](https://www.rfc-editor.org/rfc/rfc7518#section-4.7)).
    A128Gcmkw,
    /// `A192GCMKW`: the same with 192 bits.
    A192Gcmkw,
    /// `A256GCMKW`: the same with 256 bits.
    A256Gcmkw,
    /// `ECDH-ES`: the content key is agreed on with a fresh ephemeral key ([RFC 7518 §4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6)).
    EcdhEs,
    /// `ECDH-ES+A128KW`: the agreed key wraps the content key, with AES-128.
    EcdhEsA128Kw,
    /// `ECDH-ES+A192KW`: the same with AES-192.
    EcdhEsA192Kw,
    /// `ECDH-ES+A256KW`: the same with AES-256.
    EcdhEsA256Kw,
    /// `RSA-OAEP`: RSA encrypts the content key, with SHA-1 in the padding ([RFC 7518 §4.3](https://www.rfc-editor.org/rfc/rfc7518#section-4.3)).
    ///
    /// SHA-1's collisions don't matter in this place; it is here because most peers speak it.
    RsaOaep,
    /// `RSA-OAEP-256`: the same with SHA-256.
    RsaOaep256,
    /// `RSA-OAEP-384`: the same with SHA-384.
    RsaOaep384,
    /// `RSA-OAEP-512`: the same with SHA-512.
    RsaOaep512,
    /// `PBES2-HS256+A128KW`: a key derived from a password wraps the content key, with PBKDF2, HMAC-SHA-256 and
    /// AES-128 ([RFC 7518 §4.8](https://www.rfc-editor.org/rfc/rfc7518#section-4.8)).
    ///
    /// For what people keep under a password, such as a stored key ([RFC 7517 §7](https://www.rfc-editor.org/rfc/rfc7517#section-7)).
    /// Not for tokens that arrive over a network: each costs as much as many signatures, whoever sent it. Needs the
    /// feature `pbes2`.
    Pbes2Hs256A128Kw,
    /// `PBES2-HS384+A192KW`: the same with HMAC-SHA-384 and AES-192.
    Pbes2Hs384A192Kw,
    /// `PBES2-HS512+A256KW`: the same with HMAC-SHA-512 and AES-256.
    Pbes2Hs512A256Kw,
}

/// What the registry knows of an algorithm.
struct Row {
    name: &'static str,
    family: &'static dyn Family,
}

impl JweAlgorithm {
    /// All algorithms of this library, in the order of the registry.
    pub const ALL: &'static [Self] = &[
        Self::Dir,
        Self::A128Kw,
        Self::A192Kw,
        Self::A256Kw,
        Self::A128Gcmkw,
        Self::A192Gcmkw,
        Self::A256Gcmkw,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA192Kw,
        Self::EcdhEsA256Kw,
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::RsaOaep384,
        Self::RsaOaep512,
        Self::Pbes2Hs256A128Kw,
        Self::Pbes2Hs384A192Kw,
        Self::Pbes2Hs512A256Kw,
    ];

    const fn row(self) -> &'static Row {
        use aes_gcm_kw::AesGcmKw;
        use aes_kw::AesKw;
        use dir::Direct;
        use ecdh_es::EcdhEs;
        use pbes2::Pbes2;
        use rsa_oaep::RsaOaep;

        match self {
            Self::Dir => &Row { name: "dir", family: &Direct },
            Self::A128Kw => &Row { name: "A128KW", family: &AesKw { key_len: 16 } },
            Self::A192Kw => &Row { name: "A192KW", family: &AesKw { key_len: 24 } },
            Self::A256Kw => &Row { name: "A256KW", family: &AesKw { key_len: 32 } },
            Self::A128Gcmkw => &Row { name: "A128GCMKW", family: &AesGcmKw { key_len: 16 } },
            Self::A192Gcmkw => &Row { name: "A192GCMKW", family: &AesGcmKw { key_len: 24 } },
            Self::A256Gcmkw => &Row { name: "A256GCMKW", family: &AesGcmKw { key_len: 32 } },
            Self::EcdhEs => &Row { name: "ECDH-ES", family: &EcdhEs { wrap_key_len: None } },
            Self::EcdhEsA128Kw => &Row { name: "ECDH-ES+A128KW", family: &EcdhEs { wrap_key_len: Some(16) } },
            Self::EcdhEsA192Kw => &Row { name: "ECDH-ES+A192KW", family: &EcdhEs { wrap_key_len: Some(24) } },
            Self::EcdhEsA256Kw => &Row { name: "ECDH-ES+A256KW", family: &EcdhEs { wrap_key_len: Some(32) } },
            Self::RsaOaep => &Row { name: "RSA-OAEP", family: &RsaOaep { hash: OaepHash::Sha1 } },
            Self::RsaOaep256 => &Row { name: "RSA-OAEP-256", family: &RsaOaep { hash: OaepHash::Sha256 } },
            Self::RsaOaep384 => &Row { name: "RSA-OAEP-384", family: &RsaOaep { hash: OaepHash::Sha384 } },
            Self::RsaOaep512 => &Row { name: "RSA-OAEP-512", family: &RsaOaep { hash: OaepHash::Sha512 } },
            Self::Pbes2Hs256A128Kw => &Row {
                name: "PBES2-HS256+A128KW",
                family: &Pbes2 { hash: Hash::Sha256, key_len: 16, iterations: 600_000 },
            },
            Self::Pbes2Hs384A192Kw => &Row {
                name: "PBES2-HS384+A192KW",
                family: &Pbes2 { hash: Hash::Sha384, key_len: 24, iterations: 210_000 },
            },
            Self::Pbes2Hs512A256Kw => &Row {
                name: "PBES2-HS512+A256KW",
                family: &Pbes2 { hash: Hash::Sha512, key_len: 32, iterations: 210_000 },
            },
        }
    }

    /// Returns the algorithm's name, as the header's `alg` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the algorithm of that name, exactly as the registry writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// Returns where the algorithm is defined, such as `RFC 7518 §4.4`.
    #[must_use]
    pub fn specification(self) -> &'static str {
        self.family().description().specification
    }

    /// Returns in words what key the algorithm takes, such as `a secret of 32 bytes`.
    #[must_use]
    pub fn key_requirement(self) -> &'static str {
        self.family().description().key
    }

    /// Returns the cargo features any one of which brings the algorithm; none where every build has it.
    #[must_use]
    pub fn features(self) -> &'static [&'static str] {
        self.family().description().features
    }

    /// Returns the algorithm that a JWK is for by its own `alg`.
    ///
    /// A password's algorithm must be asked for: each of its tokens may cost seconds, so no document says so.
    pub(super) fn of_jwk(jwk: &Jwk) -> Result<Self, Error> {
        let name = jwk.algorithm().ok_or(Error::InvalidKey(KeyDefect::AlgorithmUnknown))?;
        match Self::from_jwk_name(name) {
            Some(algorithm) if algorithm.takes_password() => Err(Error::Unsupported(Unsupported::Key(
                "expected a key that isn't a password, found one by its `alg`; `from_jwk_for` takes it",
            ))),
            Some(algorithm) => Ok(algorithm),
            None => Err(Error::Unsupported(Unsupported::Key(
                "expected a key management algorithm of this build in the key's `alg`, found another",
            ))),
        }
    }

    /// Refuses a JWK whose own `alg` says another algorithm.
    pub(super) fn check_jwk(self, jwk: &Jwk) -> Result<(), Error> {
        if jwk.algorithm().is_none_or(|name| Self::from_jwk_name(name) == Some(self)) {
            Ok(())
        } else {
            Err(Error::InvalidKey(KeyDefect::Algorithm))
        }
    }

    /// Refuses `dir` where a secret comes without its content encryption, and a password's algorithm.
    pub(super) fn check_symmetric(self) -> Result<(), Error> {
        match self {
            Self::Dir => Err(Error::misuse(
                "expected an algorithm that wraps keys, found `dir`, whose keys `direct` makes",
            )),
            _ if self.takes_password() => Err(Error::misuse(
                "expected an algorithm that wraps keys with random bytes, found one whose keys `password` makes",
            )),
            _ => Ok(()),
        }
    }

    /// Refuses an algorithm that isn't a password's.
    pub(super) fn check_password(self) -> Result<(), Error> {
        if self.takes_password() {
            return Ok(());
        }
        Err(Error::misuse("expected an algorithm that derives keys from a password, found another"))
    }

    const fn takes_password(self) -> bool {
        matches!(self, Self::Pbes2Hs256A128Kw | Self::Pbes2Hs384A192Kw | Self::Pbes2Hs512A256Kw)
    }

    /// Returns the algorithm that a JWK's `alg` names. A content encryption there means `dir`
    /// with that `enc`: "alg" of a JWK may name any algorithm of the registry (RFC 7517 §4.4),
    /// and RFC 7520 §5.6 has a `dir` key with `"alg":"A128GCM"`.
    fn from_jwk_name(name: &str) -> Option<Self> {
        Self::from_name(name).or_else(|| ContentEncryption::from_name(name).map(|_| Self::Dir))
    }

    /// Whether the algorithm determines the content key itself, so that a message has one recipient.
    pub(super) fn determines_content_key(self) -> bool {
        self.family().determines_content_key()
    }

    /// Whether the algorithm agrees on a key, so that a message may name the parties.
    pub(super) fn agrees(self) -> bool {
        self.family().agrees()
    }

    pub(super) const fn family(self) -> &'static dyn Family {
        self.row().family
    }
}

/// The name, as the header's `alg` has it.
impl fmt::Display for JweAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a name as [`from_name`](JweAlgorithm::from_name) does, from a settings file say.
///
/// [`Error::Misuse`] for any other text.
impl FromStr for JweAlgorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = "expected the name of a key management algorithm of this build, found another";
        Self::from_name(name).ok_or_else(|| Error::misuse(unknown))
    }
}

/// Returns the shared key in a JWK, which must have that many bytes.
fn shared_key(jwk: &Jwk, key_len: usize) -> Result<&SecretBytes, Error> {
    let KeyMaterial::Oct(secret) = jwk.material() else { return Err(jwk.material().mismatch(SECRET)) };
    if secret.len() == key_len {
        Ok(secret)
    } else {
        Err(Error::InvalidKey(KeyDefect::Size(match key_len {
            16 => "128 bits",
            24 => "192 bits",
            48 => "384 bits",
            64 => "512 bits",
            _ => "256 bits",
        })))
    }
}

/// What a shared key is, in a description's words.
const fn secret_of(key_len: usize) -> &'static str {
    match key_len {
        16 => "a secret of 16 bytes",
        24 => "a secret of 24 bytes",
        _ => "a secret of 32 bytes",
    }
}

/// Refuses a public key beside an external secret.
fn check_no_public_key(jwk: Option<&Jwk>) -> Result<(), Error> {
    jwk.map_or(Ok(()), |jwk| Err(jwk.material().mismatch(SECRET)))
}

/// What a shared key is, in an error's words.
const SECRET: &str = "a symmetric secret";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_read_back() {
        assert_eq!(JweAlgorithm::ALL.len(), 18);
        for &algorithm in JweAlgorithm::ALL {
            assert_eq!(JweAlgorithm::from_name(algorithm.name()), Some(algorithm));
            assert_eq!(algorithm.to_string(), algorithm.name());
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
    }

    #[test]
    fn what_is_refused_has_no_name() {
        for name in ["", "none", "RSA1_5", "rsa-oaep", "RSA-OAEP ", "HS256", "A256GCM", "PBES2-HS256+A256KW"]
        {
            assert_eq!(JweAlgorithm::from_name(name), None, "{name}");
            assert!(matches!(name.parse::<JweAlgorithm>(), Err(Error::Misuse { .. })), "{name}");
        }
    }

    #[test]
    fn a_jwk_may_name_a_content_encryption() {
        assert_eq!(JweAlgorithm::from_jwk_name("A128GCM"), Some(JweAlgorithm::Dir));
        assert_eq!(JweAlgorithm::from_jwk_name("A128KW"), Some(JweAlgorithm::A128Kw));
        assert_eq!(JweAlgorithm::from_jwk_name("HS256"), None);
    }
}
