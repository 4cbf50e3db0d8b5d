//! ECDH on the NIST curves, on the stack `aws-lc-rs` (SP 800-56A §5.7.1.2, RFC 7518 §4.6). A private
//! key and a peer's point go in; the x coordinate of the shared point comes out, leading zeros kept.
//!
//! The peer's point is checked to be on the curve in each agreement: one off it would give away some
//! bits of the private key with each message.

use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, agree};

use super::ec;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// An ECDH private key and its point.
pub(crate) struct EcdhPrivateKey {
    curve: EcCurve,
    key: PrivateKey,
    point: Vec<u8>,
}

impl EcdhPrivateKey {
    /// Reads a private key; refuses 0 and what isn't below the order.
    pub(crate) fn new(curve: EcCurve, d: &[u8]) -> Result<Self, CryptoError> {
        Self::with_key(curve, ec::private_key(algorithm(curve)?, d)?)
    }

    /// Generates a private key.
    pub(crate) fn generate(curve: EcCurve) -> Result<Self, CryptoError> {
        Self::with_key(curve, PrivateKey::generate(algorithm(curve)?).map_err(|_| CryptoError)?)
    }

    fn with_key(curve: EcCurve, key: PrivateKey) -> Result<Self, CryptoError> {
        let point = ec::point(&key)?;
        Ok(Self { curve, key, point })
    }

    /// Returns the uncompressed point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        self.point.clone()
    }

    /// Returns the x coordinate of the shared point, full length; refuses a peer's point that
    /// isn't uncompressed and on this curve.
    pub(crate) fn agree(&self, peer_point: &[u8]) -> Result<SecretBytes, CryptoError> {
        self.curve.check_point_form(peer_point)?;
        let peer = ec::public_key(algorithm(self.curve)?, peer_point)?;
        agree(&self.key, peer, CryptoError, |shared| Ok(shared.to_vec().into()))
    }
}

fn algorithm(curve: EcCurve) -> Result<&'static Algorithm, CryptoError> {
    match curve {
        EcCurve::P256 => Ok(&ECDH_P256),
        EcCurve::P384 => Ok(&ECDH_P384),
        EcCurve::P521 => Ok(&ECDH_P521),
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => Err(CryptoError),
    }
}
