//! ECDSA on the stack `aws-lc-rs` (FIPS 186-5 §6, RFC 7518 §3.4), with k256 for secp256k1 (RFC 8812
//! §3.2). A message goes in, `r || s` comes out, or is verified.
//!
//! The fixed-length form alone is read, never DER, so a signature has one spelling. Public keys are
//! parsed once, when they are made.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    ParsedPublicKey,
};

#[cfg(feature = "es256k")]
use crate::crypto::rust_crypto::secp256k1;
use crate::crypto::{CryptoError, EcCurve, SignatureBytes};

/// An ECDSA public key, parsed once.
pub(crate) struct EcdsaVerifyingKey(Verifying);

enum Verifying {
    Nist(ParsedPublicKey),
    #[cfg(feature = "es256k")]
    Secp256k1(Box<::k256::ecdsa::VerifyingKey>),
}

impl EcdsaVerifyingKey {
    /// Reads an uncompressed point; refuses one that isn't on the curve.
    pub(crate) fn new(curve: EcCurve, point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_point_form(point)?;
        let algorithm = match curve {
            EcCurve::P256 => &ECDSA_P256_SHA256_FIXED,
            EcCurve::P384 => &ECDSA_P384_SHA384_FIXED,
            EcCurve::P521 => &ECDSA_P521_SHA512_FIXED,
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => {
                return secp256k1::verifying_key(point).map(|key| Self(Verifying::Secp256k1(Box::new(key))));
            }
        };
        ParsedPublicKey::new(algorithm, point).map(|key| Self(Verifying::Nist(key))).map_err(|_| CryptoError)
    }

    /// Verifies `r || s`, either value of s.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        match &self.0 {
            Verifying::Nist(key) => key.verify_sig(message, signature).map_err(|_| CryptoError),
            #[cfg(feature = "es256k")]
            Verifying::Secp256k1(key) => secp256k1::verify(key, message, signature),
        }
    }
}

/// An ECDSA private key.
pub(crate) struct EcdsaSigningKey(Signing);

enum Signing {
    Nist(EcdsaKeyPair),
    #[cfg(feature = "es256k")]
    Secp256k1(Box<::k256::ecdsa::SigningKey>),
}

impl EcdsaSigningKey {
    /// Reads a private key and its uncompressed point; refuses them unless they belong together.
    pub(crate) fn new(curve: EcCurve, d: &[u8], point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_private_len(d)?;
        curve.check_point_form(point)?;
        let algorithm = match curve {
            EcCurve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            EcCurve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            EcCurve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => {
                let key = secp256k1::signing_key(d)?;
                let matches = secp256k1::point(key.verifying_key()) == point;
                return if matches { Ok(Self(Signing::Secp256k1(Box::new(key)))) } else { Err(CryptoError) };
            }
        };
        // aws-lc-rs derives the point itself, and refuses another one.
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, d, point)
            .map(|key| Self(Signing::Nist(key)))
            .map_err(|_| CryptoError)
    }

    /// Signs; returns `r || s`.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        match &self.0 {
            Signing::Nist(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| CryptoError)?;
                SignatureBytes::copy_of(signature.as_ref())
            }
            #[cfg(feature = "es256k")]
            Signing::Secp256k1(key) => secp256k1::sign(key, message),
        }
    }
}
