//! RS256, RS384, RS512 (RFC 7518 §3.3) and PS256, PS384, PS512 (RFC 7518 §3.5): checked key material
//! goes in, a key of the crypto seam comes out, bound to one padding and hash.
//!
//! A signature is verified in the one padding that its key is bound to and never tried in another, so a
//! weaker one can't be slipped in.

use crate::crypto::{Hash, RsaPadding, RsaSigningKey, RsaVerifyingKey};
use crate::error::{Error, KeyDefect};
use crate::jwk::KeyMaterial;

/// Builds the signing half out of an RSA private key.
pub(crate) fn signing_key(
    padding: RsaPadding,
    hash: Hash,
    material: &KeyMaterial,
) -> Result<RsaSigningKey, Error> {
    let KeyMaterial::Rsa(rsa) = material else { return Err(material.mismatch(RSA)) };
    let private = rsa.private.as_ref().ok_or(Error::InvalidKey(KeyDefect::NotPrivate))?;
    RsaSigningKey::new(padding, hash, private).map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

/// Builds the verifying half.
pub(crate) fn verifying_key(
    padding: RsaPadding,
    hash: Hash,
    material: &KeyMaterial,
) -> Result<RsaVerifyingKey, Error> {
    let KeyMaterial::Rsa(rsa) = material else { return Err(material.mismatch(RSA)) };
    RsaVerifyingKey::new(padding, hash, &rsa.n, &rsa.e).map_err(|_| Error::InvalidKey(KeyDefect::Rejected))
}

const RSA: &str = "an RSA key";
