//! ECDH on the NIST curves, on the stack `aws-lc-rs` (SP 800-56A §5.7.1.2, RFC 7518 §4.6). A private
//! key and a peer's point go in; the x coordinate of the shared point comes out, leading zeros kept.
//!
//! The peer's point is checked to be on the curve in each agreement: one off it would give away some
//! bits of the private key with each message.

use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, PrivateKey, agree};

use super::ec;
use crate::crypto::{CryptoError, EcCurve};
use crate::secret::SecretBytes;

/// An ECDH private key and its point.
pub(crate) struct EcdhPrivateKey {
    key: PrivateKey,
    point: Vec<u8>,
}

impl EcdhPrivateKey {
    /// Reads a private key; refuses 0 and what isn't below the order.
    pub(crate) fn new(curve: EcCurve, d: &[u8]) -> Result<Self, CryptoError> {
        Self::with_key(ec::private_key(algorithm(curve)?, d)?)
    }

    /// Generates a private key.
    pub(crate) fn generate(curve: EcCurve) -> Result<Self, CryptoError> {
        Self::with_key(PrivateKey::generate(algorithm(curve)?).map_err(|_| CryptoError)?)
    }

    fn with_key(key: PrivateKey) -> Result<Self, CryptoError> {
        let point = ec::point(&key)?;
        Ok(Self { key, point })
    }

    /// Returns the uncompressed point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        self.point.clone()
    }

    /// Returns the x coordinate of the shared point, full length; refuses a peer on another curve.
    pub(crate) fn agree(&self, peer: &EcdhPublicKey) -> Result<SecretBytes, CryptoError> {
        // aws-lc-rs takes the parsed key over. Its clone is a reference and the point's bytes.
        agree(&self.key, peer.0.clone(), CryptoError, |shared| Ok(shared.to_vec().into()))
    }
}

/// The ECDH public key of a peer, parsed once.
pub(crate) struct EcdhPublicKey(ParsedPublicKey);

impl EcdhPublicKey {
    /// Reads an uncompressed point; refuses one that isn't on the curve.
    pub(crate) fn new(curve: EcCurve, point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_point_form(point)?;
        ec::public_key(algorithm(curve)?, point).map(Self)
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
