//! ECDH on the NIST curves, on the stack `ring` (SP 800-56A §5.7.1.2, RFC 7518 §4.6), by RustCrypto:
//! ring has ephemeral private keys only. A private key and a peer's point go in; the x coordinate of
//! the shared point comes out, leading zeros kept.
//!
//! The peer's point is checked to be on the curve in each agreement: one off it would give away some
//! bits of the private key with each message.

use ::p256::NistP256;
use ::p256::elliptic_curve::ecdh::diffie_hellman;
use ::p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ::p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, NonZeroScalar};
use ::p384::NistP384;
use ::p521::NistP521;
use zeroize::Zeroizing;

use super::ec;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// An ECDH private key and its point.
pub(crate) struct EcdhPrivateKey {
    curve: EcCurve,
    scalar: Scalar,
    point: Vec<u8>,
}

enum Scalar {
    P256(Zeroizing<NonZeroScalar<NistP256>>),
    P384(Zeroizing<NonZeroScalar<NistP384>>),
    P521(Zeroizing<NonZeroScalar<NistP521>>),
}

impl EcdhPrivateKey {
    /// Reads a private key; refuses 0 and what isn't below the order.
    pub(crate) fn new(curve: EcCurve, d: &[u8]) -> Result<Self, CryptoError> {
        let point = ec::ec_public_from_private(curve, d)?;
        Self::with_point(curve, d, point)
    }

    /// Generates a private key.
    pub(crate) fn generate(curve: EcCurve) -> Result<Self, CryptoError> {
        let (d, point) = ec::ec_generate(curve)?;
        Self::with_point(curve, d.expose_secret(), point)
    }

    fn with_point(curve: EcCurve, d: &[u8], point: Vec<u8>) -> Result<Self, CryptoError> {
        let scalar = match curve {
            EcCurve::P256 => Scalar::P256(scalar(d)?),
            EcCurve::P384 => Scalar::P384(scalar(d)?),
            EcCurve::P521 => Scalar::P521(scalar(d)?),
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => return Err(CryptoError),
        };
        Ok(Self { curve, scalar, point })
    }

    /// Returns the uncompressed point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        self.point.clone()
    }

    /// Returns the x coordinate of the shared point, full length; refuses a peer's point that
    /// isn't uncompressed and on this curve.
    pub(crate) fn agree(&self, peer_point: &[u8]) -> Result<SecretBytes, CryptoError> {
        self.curve.check_point_form(peer_point)?;
        match &self.scalar {
            Scalar::P256(scalar) => agree(scalar, peer_point),
            Scalar::P384(scalar) => agree(scalar, peer_point),
            Scalar::P521(scalar) => agree(scalar, peer_point),
        }
    }
}

fn scalar<C: CurveArithmetic>(d: &[u8]) -> Result<Zeroizing<NonZeroScalar<C>>, CryptoError> {
    Ok(Zeroizing::new(ec::secret_key::<C>(d)?.to_nonzero_scalar()))
}

fn agree<C>(scalar: &NonZeroScalar<C>, peer_point: &[u8]) -> Result<SecretBytes, CryptoError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let peer = ec::public_key::<C>(peer_point)?;
    let shared = diffie_hellman::<C>(scalar, peer.as_affine());
    Ok(shared.raw_secret_bytes().to_vec().into())
}
