//! Keys of the NIST curves on the stack `aws-lc-rs`, and of secp256k1 by k256 (RFC 7518 §6.2, RFC 8812
//! §3.1): points and private keys go in and are checked, or come out new.
//!
//! The library's agreement keys do the reading, whatever the key is for later. A point off its curve is
//! refused here, before any private key meets it.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, PrivateKey, UnparsedPublicKey,
};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};

#[cfg(feature = "es256k")]
use super::fill_random;
#[cfg(feature = "es256k")]
use crate::crypto::rust_crypto::secp256k1;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// Refuses what isn't an uncompressed point on the curve.
pub(crate) fn ec_check_public(curve: EcCurve, point: &[u8]) -> Result<(), CryptoError> {
    curve.check_point_form(point)?;
    match curve {
        EcCurve::P256 => public_key(&ECDH_P256, point).map(drop),
        EcCurve::P384 => public_key(&ECDH_P384, point).map(drop),
        EcCurve::P521 => public_key(&ECDH_P521, point).map(drop),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => secp256k1::verifying_key(point).map(drop),
    }
}

/// Derives the uncompressed point; refuses a private key of 0 or not below the order.
pub(crate) fn ec_public_from_private(curve: EcCurve, d: &[u8]) -> Result<Vec<u8>, CryptoError> {
    curve.check_private_len(d)?;
    match curve {
        EcCurve::P256 => private_key(&ECDH_P256, d).and_then(|key| point(&key)),
        EcCurve::P384 => private_key(&ECDH_P384, d).and_then(|key| point(&key)),
        EcCurve::P521 => private_key(&ECDH_P521, d).and_then(|key| point(&key)),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => secp256k1::signing_key(d).map(|key| secp256k1::point(key.verifying_key())),
    }
}

/// Generates a private key and its uncompressed point.
pub(crate) fn ec_generate(curve: EcCurve) -> Result<(SecretBytes, Vec<u8>), CryptoError> {
    match curve {
        EcCurve::P256 => generate(&ECDH_P256),
        EcCurve::P384 => generate(&ECDH_P384),
        EcCurve::P521 => generate(&ECDH_P521),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => secp256k1::generate(fill_random),
    }
}

fn generate(algorithm: &'static Algorithm) -> Result<(SecretBytes, Vec<u8>), CryptoError> {
    let key = PrivateKey::generate(algorithm).map_err(|_| CryptoError)?;
    let d: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(|_| CryptoError)?;
    Ok((d.as_ref().to_vec().into(), point(&key)?))
}

/// Reads an uncompressed point whose form has been checked.
pub(super) fn public_key(
    algorithm: &'static Algorithm,
    point: &[u8],
) -> Result<ParsedPublicKey, CryptoError> {
    UnparsedPublicKey::new(algorithm, point).try_into().map_err(|_| CryptoError)
}

/// Reads a private key; refuses another length, 0 and what isn't below the order.
pub(super) fn private_key(algorithm: &'static Algorithm, d: &[u8]) -> Result<PrivateKey, CryptoError> {
    PrivateKey::from_private_key(algorithm, d).map_err(|_| CryptoError)
}

/// Returns the uncompressed point.
pub(super) fn point(key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
    key.compute_public_key().map(|point| point.as_ref().to_vec()).map_err(|_| CryptoError)
}
