//! The thumbprint of a key (RFC 7638 §3, RFC 8037 §2), and the URI made of it (RFC 9278): a key goes in,
//! the hash value of its required members comes out in base64url.
//!
//! It is of public members only, so a private key and its public key have the same. A symmetric secret
//! has no public member, and its thumbprint lets anyone check a guess (RFC 7638 §7).

use std::fmt;
use std::str::FromStr;

use super::Jwk;
use super::writer::ObjectWriter;
use crate::crypto::{self, Hash};
use crate::wire::base64url;
use crate::{Defect, Error, Part, Unsupported};

/// The hash functions that a thumbprint is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ThumbprintHash {
    /// SHA-256, which [RFC 7638 §3.4](https://www.rfc-editor.org/rfc/rfc7638#section-3.4) is about, and what peers expect unless they say otherwise.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl ThumbprintHash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in the registry that RFC 9278 §4 points to, "Named Information Hash Algorithms".
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    const fn hash(self) -> Hash {
        match self {
            Self::Sha256 => Hash::Sha256,
            Self::Sha384 => Hash::Sha384,
            Self::Sha512 => Hash::Sha512,
        }
    }
}

impl Jwk {
    /// Returns the key's SHA-256 thumbprint in base64url: a name that anyone can compute from the key
    /// ([RFC 7638 §3](https://www.rfc-editor.org/rfc/rfc7638#section-3)).
    ///
    /// A private key has the thumbprint of its public key. The thumbprint of a symmetric secret that
    /// could be guessed lets anyone check a guess, and is best kept to oneself ([RFC 7638 §7](https://www.rfc-editor.org/rfc/rfc7638#section-7)).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.thumbprint_with(ThumbprintHash::Sha256)
    }

    /// Returns the key's thumbprint under this hash function in base64url.
    ///
    /// For peers that ask for another than SHA-256; the same is to be said of secrets.
    #[must_use]
    pub fn thumbprint_with(&self, hash: ThumbprintHash) -> String {
        let mut object = ObjectWriter::with_capacity(self.max_json_len());
        self.material.write_required(&mut object);
        // A symmetric key's text holds the secret.
        let text = object.finish_secret();
        base64url::encode(crypto::digest(hash.hash(), &[text.expose_secret().as_bytes()]).as_ref())
    }

    /// Returns the URI of the key's SHA-256 thumbprint ([RFC 9278 §3](https://www.rfc-editor.org/rfc/rfc9278#section-3)).
    #[must_use]
    pub fn thumbprint_uri(&self) -> ThumbprintUri {
        self.thumbprint_uri_with(ThumbprintHash::Sha256)
    }

    /// Returns the URI of the key's thumbprint under this hash function.
    #[must_use]
    pub fn thumbprint_uri_with(&self, hash: ThumbprintHash) -> ThumbprintUri {
        ThumbprintUri { hash, thumbprint: self.thumbprint_with(hash) }
    }
}

/// A key named by the URI of its thumbprint ([RFC 9278](https://www.rfc-editor.org/rfc/rfc9278)).
///
/// ```
/// use countersign::jwk::ThumbprintUri;
/// use countersign::{Jwk, KeyKind};
///
/// let key = Jwk::generate(KeyKind::Ed25519)?;
/// let text = key.thumbprint_uri().to_string();
/// assert!(text.starts_with("urn:ietf:params:oauth:jwk-thumbprint:sha-256:"));
///
/// let uri: ThumbprintUri = text.parse()?;
/// assert!(uri.matches(&key));
/// assert!(!uri.matches(&Jwk::generate(KeyKind::Ed25519)?));
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThumbprintUri {
    hash: ThumbprintHash,
    thumbprint: String,
}

impl ThumbprintUri {
    /// Returns the hash function that it is made with.
    #[must_use]
    pub const fn hash(&self) -> ThumbprintHash {
        self.hash
    }

    /// Returns the thumbprint in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Returns whether it names this key, under its own hash function.
    #[must_use]
    pub fn matches(&self, key: &Jwk) -> bool {
        key.thumbprint_with(self.hash) == self.thumbprint
    }
}

impl fmt::Display for ThumbprintUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, thumbprint } = self;
        write!(f, "{SCHEME}{NAMESPACE}{}:{thumbprint}", hash.name())
    }
}

/// Reads a URI. `urn:ietf:` may be in capitals ([RFC 8141 §3.1](https://www.rfc-editor.org/rfc/rfc8141#section-3.1)), all else has one spelling; no query or
/// fragment may follow.
impl FromStr for ThumbprintUri {
    type Err = Error;

    fn from_str(uri: &str) -> Result<Self, Error> {
        let (hash, thumbprint) = uri
            .split_at_checked(SCHEME.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .and_then(|(_, rest)| rest.strip_prefix(NAMESPACE))
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(|| Error::malformed(Part::ThumbprintUri, Defect::Encoding(EXPECTED)))?;
        let hash = ThumbprintHash::ALL.into_iter().find(|known| known.name() == hash).ok_or(
            Error::Unsupported(Unsupported::Key(
                "expected a thumbprint of `sha-256`, `sha-384` or `sha-512`, found another hash function",
            )),
        )?;
        if base64url::decode(thumbprint, Part::ThumbprintUri)?.len() != hash.hash().len() {
            return Err(Error::malformed(Part::ThumbprintUri, Defect::Length));
        }
        Ok(Self { hash, thumbprint: thumbprint.to_owned() })
    }
}

// RFC 9278 §3.
const SCHEME: &str = "urn:ietf:";
const NAMESPACE: &str = "params:oauth:jwk-thumbprint:";
const EXPECTED: &str = "`urn:ietf:params:oauth:jwk-thumbprint:`, a hash function, a colon and a thumbprint";
