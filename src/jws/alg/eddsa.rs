//! Ed25519, also under its older name `EdDSA` (RFC 8037 §3.1, RFC 9864 §2.2): checked key material goes
//! in, a key of the crypto seam comes out.
//!
//! X25519 keys have the same `kty` and the same length, and are refused here: they are for key
//! agreement.

use crate::crypto::{Ed25519SigningKey, Ed25519VerifyingKey};
use crate::error::{Error, KeyDefect};
use crate::jwk::{KeyMaterial, OkpCurve, OkpKey};

/// Builds the signing half out of an Ed25519 private key.
pub(crate) fn signing_key(material: &KeyMaterial) -> Result<Ed25519SigningKey, Error> {
    let private = on_edwards25519(material)?.d.as_ref().ok_or(Error::InvalidKey(KeyDefect::NotPrivate))?;
    let seed = private.expose_secret().try_into().map_err(|_| Error::InvalidKey(KeyDefect::Rejected))?;
    Ed25519SigningKey::new(seed).map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

/// Builds the verifying half.
pub(crate) fn verifying_key(material: &KeyMaterial) -> Result<Ed25519VerifyingKey, Error> {
    let key = on_edwards25519(material)?;
    Ed25519VerifyingKey::new(&key.x).map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

fn on_edwards25519(material: &KeyMaterial) -> Result<&OkpKey, Error> {
    match material {
        KeyMaterial::Okp(key) if key.curve == OkpCurve::Ed25519 => Ok(key),
        _ => Err(material.mismatch(OkpCurve::Ed25519.in_words())),
    }
}
