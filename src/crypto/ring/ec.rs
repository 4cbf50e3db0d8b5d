//! Keys of the NIST curves and secp256k1 on the stack `ring`, by RustCrypto (RFC 7518 §6.2, RFC 8812
//! §3.1): points and private keys go in and are checked, or come out new.
//!
//! Private keys are drawn until one is in range and never reduced into it: a reduced one is biased. A
//! point off its curve is refused here, before any private key meets it.

use ::p256::NistP256;
use ::p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ::p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey};
use ::p384::NistP384;
use ::p521::NistP521;
use zeroize::Zeroizing;

use super::fill_random;
#[cfg(feature = "es256k")]
use crate::crypto::rust_crypto::secp256k1;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// Refuses what isn't an uncompressed point on the curve.
pub(crate) fn ec_check_public(curve: EcCurve, point: &[u8]) -> Result<(), CryptoError> {
    curve.check_point_form(point)?;
    match curve {
        EcCurve::P256 => public_key::<NistP256>(point).map(drop),
        EcCurve::P384 => public_key::<NistP384>(point).map(drop),
        EcCurve::P521 => public_key::<NistP521>(point).map(drop),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => secp256k1::verifying_key(point).map(drop),
    }
}

/// Derives the uncompressed point; refuses a private key of 0 or not below the order.
pub(crate) fn ec_public_from_private(curve: EcCurve, d: &[u8]) -> Result<Vec<u8>, CryptoError> {
    curve.check_private_len(d)?;
    match curve {
        EcCurve::P256 => secret_key::<NistP256>(d).map(|key| point(&key.public_key())),
        EcCurve::P384 => secret_key::<NistP384>(d).map(|key| point(&key.public_key())),
        EcCurve::P521 => secret_key::<NistP521>(d).map(|key| point(&key.public_key())),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => secp256k1::signing_key(d).map(|key| secp256k1::point(key.verifying_key())),
    }
}

/// Generates a private key and its uncompressed point.
pub(crate) fn ec_generate(curve: EcCurve) -> Result<(SecretBytes, Vec<u8>), CryptoError> {
    #[cfg(feature = "es256k")]
    if curve == EcCurve::Secp256k1 {
        return secp256k1::generate(fill_random);
    }
    let mut d = Zeroizing::new(vec![0; curve.coordinate_len()]);
    // Random integers until one lies between 1 and the order (FIPS 186-5 §A.2.2). The orders fill
    // their highest octet but for P-521's, where one bit is left; then at most one draw in two
    // misses: 256 misses don't happen with a generator that works.
    for _ in 0..256 {
        fill_random(&mut d)?;
        if let (EcCurve::P521, Some(first)) = (curve, d.first_mut()) {
            *first &= 0x01;
        }
        if let Ok(point) = ec_public_from_private(curve, &d) {
            return Ok((SecretBytes::from_zeroizing(d), point));
        }
    }
    Err(CryptoError)
}

/// Reads an uncompressed point whose form has been checked.
pub(super) fn public_key<C>(point: &[u8]) -> Result<PublicKey<C>, CryptoError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    PublicKey::from_sec1_bytes(point).map_err(|_| CryptoError)
}

/// Reads a private key whose length has been checked.
pub(super) fn secret_key<C: CurveArithmetic>(d: &[u8]) -> Result<SecretKey<C>, CryptoError> {
    SecretKey::from_slice(d).map_err(|_| CryptoError)
}

/// Returns the uncompressed point.
pub(super) fn point<C>(key: &PublicKey<C>) -> Vec<u8>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    key.to_sec1_point(false).as_bytes().to_vec()
}
