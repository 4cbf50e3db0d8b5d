//! ECDH on the NIST curves, on the stack `ring` (SP 800-56A §5.7.1.2, RFC 7518 §4.6), by RustCrypto:
//! ring has ephemeral private keys only. A private key and a peer's point go in; the x coordinate of
//! the shared point comes out, leading zeros kept.
//!
//! The peer's point is checked to be on the curve in each agreement: one off it would give away some
//! bits of the private key with each message.

use ::p256::NistP256;
use ::p256::elliptic_curve::ecdh::diffie_hellman;
use ::p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ::p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, NonZeroScalar, PublicKey};
use ::p384::NistP384;
use ::p521::NistP521;
use zeroize::Zeroizing;

use super::ec;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// An ECDH private key and its point.
pub(crate) struct EcdhPrivateKey {
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
        Ok(Self { scalar, point })
    }

    /// Returns the uncompressed point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        self.point.clone()
    }

    /// Returns the x coordinate of the shared point, full length; refuses a peer on another curve.
    pub(crate) fn agree(&self, peer: &EcdhPublicKey) -> Result<SecretBytes, CryptoError> {
        match (&self.scalar, &peer.0) {
            (Scalar::P256(scalar), Peer::P256(peer)) => Ok(agree(scalar, peer)),
            (Scalar::P384(scalar), Peer::P384(peer)) => Ok(agree(scalar, peer)),
            (Scalar::P521(scalar), Peer::P521(peer)) => Ok(agree(scalar, peer)),
            _ => Err(CryptoError),
        }
    }
}

/// The ECDH public key of a peer, parsed once.
pub(crate) struct EcdhPublicKey(Peer);

enum Peer {
    P256(PublicKey<NistP256>),
    P384(PublicKey<NistP384>),
    P521(PublicKey<NistP521>),
}

impl EcdhPublicKey {
    /// Reads an uncompressed point; refuses one that isn't on the curve.
    pub(crate) fn new(curve: EcCurve, point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_point_form(point)?;
        match curve {
            EcCurve::P256 => ec::public_key(point).map(Peer::P256),
            EcCurve::P384 => ec::public_key(point).map(Peer::P384),
            EcCurve::P521 => ec::public_key(point).map(Peer::P521),
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => Err(CryptoError),
        }
        .map(Self)
    }
}

fn scalar<C: CurveArithmetic>(d: &[u8]) -> Result<Zeroizing<NonZeroScalar<C>>, CryptoError> {
    Ok(Zeroizing::new(ec::secret_key::<C>(d)?.to_nonzero_scalar()))
}

fn agree<C>(scalar: &NonZeroScalar<C>, peer: &PublicKey<C>) -> SecretBytes
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let shared = diffie_hellman::<C>(scalar, peer.as_affine());
    shared.raw_secret_bytes().to_vec().into()
}
