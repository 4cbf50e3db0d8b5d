//! Octet key pairs, Ed25519 and X25519 (RFC 8037 §2): the members of a JWK, or octets out of DER, go
//! in; an `OkpKey` comes out whose private part, if any, belongs to its public part.
//!
//! An Ed25519 key of small order is refused, since signatures that nobody made hold under it. X25519
//! takes any 32 octets (RFC 7748 §5); there, the agreement refuses.

use super::KeyKind;
use super::members::Members;
use super::reserved::is_reserved;
use crate::crypto::{Ed25519SigningKey, Ed25519VerifyingKey, X25519PrivateKey};
use crate::{Error, KeyDefect, SecretBytes, Unsupported};

/// The curves of octet key pairs that this library knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OkpCurve {
    Ed25519,
    X25519,
}

impl OkpCurve {
    /// Returns the `crv` of the curve.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// A key on the curve, in words, as an error shows it.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Ed25519 => "an Ed25519 key",
            Self::X25519 => "an X25519 key",
        }
    }
}

/// A checked octet key pair: an Ed25519 `x` is a point of the large group, and the private part, if any,
/// belongs to `x`.
pub(crate) struct OkpKey {
    pub(crate) curve: OkpCurve,
    pub(crate) x: [u8; LEN],
    pub(crate) d: Option<SecretBytes>,
}

impl OkpKey {
    /// Takes a public key.
    pub(crate) fn public(curve: OkpCurve, x: [u8; LEN]) -> Result<Self, Error> {
        match curve {
            // A key of small order would verify signatures that nobody made.
            OkpCurve::Ed25519 => {
                Ed25519VerifyingKey::new(&x)
                    .map_err(|_| inconsistent("expected an Ed25519 point of the large group"))?;
            }
            // Any 32 octets are an X25519 public key (RFC 7748 §5). Small order is refused where one is
            // agreed with: a recipient's when it is bound to an algorithm, a sender's as all that can't be
            // decrypted.
            OkpCurve::X25519 => {}
        }
        Ok(Self { curve, x, d: None })
    }

    /// Takes a private key; `x` is computed.
    pub(crate) fn private(curve: OkpCurve, d: SecretBytes) -> Result<Self, Error> {
        let seed = d
            .expose_secret()
            .try_into()
            .map_err(|_| Error::InvalidKey(KeyDefect::Size("an octet key pair with a `d` of 32 octets")))?;
        let rejected = |_| Error::InvalidKey(KeyDefect::Rejected);
        let x = match curve {
            OkpCurve::Ed25519 => Ed25519SigningKey::new(seed).map_err(rejected)?.public_key(),
            OkpCurve::X25519 => X25519PrivateKey::new(seed).map_err(rejected)?.public_key(),
        };
        Ok(Self { curve, x, d: Some(d) })
    }

    /// Takes a private key with the public key that its holder claims for it.
    pub(crate) fn pair(curve: OkpCurve, d: SecretBytes, x: &[u8]) -> Result<Self, Error> {
        let key = Self::private(curve, d)?;
        if key.x == x {
            Ok(key)
        } else {
            Err(inconsistent("expected the public key that belongs to the private key"))
        }
    }

    pub(super) fn read(members: &Members<'_>) -> Result<Self, Error> {
        let curve = match &*members.text("crv")? {
            "Ed25519" => OkpCurve::Ed25519,
            "X25519" => OkpCurve::X25519,
            name if is_reserved(name) => return Err(curve_448()),
            _ => {
                return Err(Error::Unsupported(Unsupported::Key(
                    "expected `crv` of an OKP key to be `Ed25519` or `X25519`, found another curve",
                )));
            }
        };
        let x: [u8; LEN] =
            members.bytes("x")?.try_into().map_err(|_| members.wrong_type("x", "32 octets in base64url"))?;
        if !members.has("d") {
            return Self::public(curve, x);
        }
        let d = members.secret("d")?;
        if d.len() != LEN {
            return Err(members.wrong_type("d", "32 octets in base64url"));
        }
        Self::pair(curve, d, &x)
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self.curve {
            OkpCurve::Ed25519 => KeyKind::Ed25519,
            OkpCurve::X25519 => KeyKind::X25519,
        }
    }

    pub(super) fn to_public(&self) -> Self {
        Self { curve: self.curve, x: self.x, d: None }
    }

    pub(super) fn clone_key(&self) -> Self {
        Self { d: self.d.as_ref().map(SecretBytes::clone_secret), ..self.to_public() }
    }
}

/// The answer to a key on a curve of 448 bits (RFC 8037 §2): a name that is known, and not served.
pub(super) fn curve_448() -> Error {
    Error::Unsupported(Unsupported::Key(
        "expected an Ed25519 or X25519 key, found one on a curve of 448 bits, which aren't built in yet",
    ))
}

fn inconsistent(rule: &'static str) -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent(rule))
}

/// The octets of either curve's public and private key.
const LEN: usize = 32;
