//! The key itself, by its type: the members of a JWK go in, checked material comes out, and back (RFC
//! 7518 §6, RFC 8037 §2). `kty` decides which file reads the rest.
//!
//! Material is right by construction; `jws` and `jwe` bind it to an algorithm without checking its
//! numbers again. Public and private members are written apart, so that none slips out with the others.

use super::KeyKind;
use super::ec::{self, EcKey};
use super::members::Members;
use super::oct;
use super::okp::OkpKey;
use super::rsa::RsaKey;
use super::writer::{ObjectWriter, base64_member_len};
use crate::crypto::RsaPrivateComponents;
use crate::{Error, KeyDefect, SecretBytes, Unsupported};

/// The checked parts of a key.
pub(crate) enum KeyMaterial {
    Oct(SecretBytes),
    Rsa(RsaKey),
    Ec(EcKey),
    Okp(OkpKey),
}

impl KeyMaterial {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, Error> {
        match &*members.text("kty")? {
            "oct" => oct::read(members).map(Self::Oct),
            "RSA" => RsaKey::read(members).map(Self::Rsa),
            "EC" => EcKey::read(members).map(Self::Ec),
            "OKP" => OkpKey::read(members).map(Self::Okp),
            _ => Err(Error::Unsupported(Unsupported::Key(
                "expected `kty` to be `EC`, `OKP`, `RSA` or `oct`, found another key type",
            ))),
        }
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self {
            Self::Oct(secret) => KeyKind::Oct { bits: secret.len() * 8 },
            Self::Rsa(key) => KeyKind::Rsa { bits: key.bits() },
            Self::Ec(key) => key.kind(),
            Self::Okp(key) => key.kind(),
        }
    }

    /// The key's type and curve, in words, as an error shows them.
    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Self::Oct(_) => "a symmetric secret",
            Self::Rsa(_) => "an RSA key",
            Self::Ec(key) => ec::in_words(key.curve),
            Self::Okp(key) => key.curve.in_words(),
        }
    }

    /// The refusal of a key of another type or curve than `expected`.
    pub(crate) fn mismatch(&self, expected: &'static str) -> Error {
        Error::InvalidKey(KeyDefect::Type { expected, found: self.in_words() })
    }

    pub(super) fn is_private(&self) -> bool {
        match self {
            Self::Oct(_) => false,
            Self::Rsa(key) => key.private.is_some(),
            Self::Ec(key) => key.d.is_some(),
            Self::Okp(key) => key.d.is_some(),
        }
    }

    pub(super) fn to_public(&self) -> Result<Self, Error> {
        match self {
            Self::Oct(_) => Err(Error::InvalidKey(KeyDefect::NotPublic)),
            Self::Rsa(key) => Ok(Self::Rsa(key.to_public())),
            Self::Ec(key) => Ok(Self::Ec(key.to_public())),
            Self::Okp(key) => Ok(Self::Okp(key.to_public())),
        }
    }

    pub(super) fn clone_key(&self) -> Self {
        match self {
            Self::Oct(secret) => Self::Oct(secret.clone_secret()),
            Self::Rsa(key) => Self::Rsa(key.clone_key()),
            Self::Ec(key) => Self::Ec(key.clone_key()),
            Self::Okp(key) => Self::Okp(key.clone_key()),
        }
    }

    /// Writes the members that make the key what it is, in the order that RFC 7638 §3.2 asks for.
    /// Of an `oct` key, that is the secret itself.
    pub(super) fn write_required(&self, object: &mut ObjectWriter) {
        match self {
            Self::Oct(secret) => {
                object.secret("k", secret);
                object.string("kty", "oct");
            }
            Self::Rsa(key) => {
                object.bytes("e", &key.e);
                object.string("kty", "RSA");
                object.bytes("n", &key.n);
            }
            Self::Ec(key) => {
                let (x, y) = key.coordinates();
                object.string("crv", key.curve_name());
                object.string("kty", "EC");
                object.bytes("x", x);
                object.bytes("y", y);
            }
            Self::Okp(key) => {
                object.string("crv", key.curve.name());
                object.string("kty", "OKP");
                object.bytes("x", &key.x);
            }
        }
    }

    /// Writes the members that only the holder of the private key may see.
    pub(super) fn write_private(&self, object: &mut ObjectWriter) {
        match self {
            Self::Oct(_) => {}
            Self::Rsa(key) => key.write_private(object),
            Self::Ec(EcKey { d, .. }) | Self::Okp(OkpKey { d, .. }) => {
                if let Some(d) = d {
                    object.secret("d", d);
                }
            }
        }
    }

    /// The most bytes that an object with all of these members takes.
    pub(super) fn max_len(&self) -> usize {
        let parts = match self {
            Self::Oct(secret) => vec![secret.len()],
            Self::Rsa(RsaKey { n, e, private }) => {
                let secrets = private.iter().flat_map(|components| {
                    let RsaPrivateComponents { n: _, e: _, d, p, q, dp, dq, qi } = components;
                    [d, p, q, dp, dq, qi]
                });
                [n.len(), e.len()].into_iter().chain(secrets.map(SecretBytes::len)).collect()
            }
            Self::Ec(key) => vec![key.point.len(), key.point.len(), key.point.len()],
            Self::Okp(key) => vec![key.x.len(), key.x.len()],
        };
        // `kty` and `crv` take less than 64 bytes, braces included.
        parts.into_iter().map(base64_member_len).sum::<usize>() + 64
    }
}
