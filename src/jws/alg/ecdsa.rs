//! ES256, ES384, ES512 (RFC 7518 §3.4) and ES256K (RFC 8812 §3.2): checked key material goes in, a key
//! of the crypto seam comes out. Each algorithm has one curve, and a key on another is refused.
//!
//! The signature is r and s, each of the curve's coordinate length, never DER. Both s and n − s pass,
//! as JWS has no rule on it.

use crate::crypto::{EcCurve, EcdsaSigningKey, EcdsaVerifyingKey};
use crate::error::{Error, KeyDefect};
use crate::jwk::{EcKey, KeyMaterial, in_words};

/// Builds the signing half out of an EC private key on that curve.
pub(crate) fn signing_key(curve: EcCurve, material: &KeyMaterial) -> Result<EcdsaSigningKey, Error> {
    let key = on_curve(curve, material)?;
    let private = key.d.as_ref().ok_or(Error::InvalidKey(KeyDefect::NotPrivate))?;
    EcdsaSigningKey::new(curve, private.expose_secret(), &key.point)
        .map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

/// Builds the verifying half out of a key on that curve.
pub(crate) fn verifying_key(curve: EcCurve, material: &KeyMaterial) -> Result<EcdsaVerifyingKey, Error> {
    let key = on_curve(curve, material)?;
    EcdsaVerifyingKey::new(curve, &key.point).map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

fn on_curve(curve: EcCurve, material: &KeyMaterial) -> Result<&EcKey, Error> {
    match material {
        KeyMaterial::Ec(key) if key.curve == curve => Ok(key),
        _ => Err(material.mismatch(in_words(curve))),
    }
}
