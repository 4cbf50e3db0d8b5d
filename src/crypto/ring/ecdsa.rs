//! ECDSA on the stack `ring` (FIPS 186-5 §6, RFC 7518 §3.4, RFC 8812 §3.2): ring for P-256, RustCrypto
//! for the rest. A message goes in, `r || s` comes out, or is verified.
//!
//! The fixed-length form alone is read, never DER, so a signature has one spelling. A private key is
//! taken only with the point that belongs to it.

use ::p384::ecdsa::signature::{Signer, Verifier};
use ::ring::rand::SystemRandom;
use ::ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};

use super::ec::ec_check_public;
#[cfg(feature = "es256k")]
use crate::crypto::rust_crypto::secp256k1;
use crate::crypto::{CryptoError, EcCurve, SignatureBytes};

/// An ECDSA public key.
pub(crate) struct EcdsaVerifyingKey(Verifying);

enum Verifying {
    // ring offers no parsed public key; it is still three times as fast as the next.
    P256(UnparsedPublicKey<Box<[u8]>>),
    P384(::p384::ecdsa::VerifyingKey),
    P521(::p521::ecdsa::VerifyingKey),
    #[cfg(feature = "es256k")]
    Secp256k1(::k256::ecdsa::VerifyingKey),
}

impl EcdsaVerifyingKey {
    /// Reads an uncompressed point; refuses one that isn't on the curve.
    pub(crate) fn new(curve: EcCurve, point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_point_form(point)?;
        Ok(Self(match curve {
            EcCurve::P256 => {
                ec_check_public(curve, point)?;
                Verifying::P256(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.into()))
            }
            EcCurve::P384 => {
                Verifying::P384(::p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| CryptoError)?)
            }
            EcCurve::P521 => {
                Verifying::P521(::p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| CryptoError)?)
            }
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => Verifying::Secp256k1(secp256k1::verifying_key(point)?),
        }))
    }

    /// Verifies `r || s`, either value of s.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        match &self.0 {
            Verifying::P256(key) => key.verify(message, signature).map_err(|_| CryptoError),
            Verifying::P384(key) => ::p384::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(message, &signature))
                .map_err(|_| CryptoError),
            Verifying::P521(key) => ::p521::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(message, &signature))
                .map_err(|_| CryptoError),
            #[cfg(feature = "es256k")]
            Verifying::Secp256k1(key) => secp256k1::verify(key, message, signature),
        }
    }
}

/// An ECDSA private key.
pub(crate) struct EcdsaSigningKey(Box<Signing>);

enum Signing {
    P256(EcdsaKeyPair),
    P384(::p384::ecdsa::SigningKey),
    P521(::p521::ecdsa::SigningKey),
    #[cfg(feature = "es256k")]
    Secp256k1(::k256::ecdsa::SigningKey),
}

impl EcdsaSigningKey {
    /// Reads a private key and its uncompressed point; refuses them unless they belong together.
    pub(crate) fn new(curve: EcCurve, d: &[u8], point: &[u8]) -> Result<Self, CryptoError> {
        curve.check_private_len(d)?;
        curve.check_point_form(point)?;
        let (signing, derived) = match curve {
            EcCurve::P256 => {
                let rng = SystemRandom::new();
                // ring derives the point itself, and refuses another one.
                let key = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    d,
                    point,
                    &rng,
                );
                (Signing::P256(key.map_err(|_| CryptoError)?), None)
            }
            EcCurve::P384 => {
                let key = ::p384::ecdsa::SigningKey::from_slice(d).map_err(|_| CryptoError)?;
                let derived = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Signing::P384(key), Some(derived))
            }
            EcCurve::P521 => {
                let key = ::p521::ecdsa::SigningKey::from_slice(d).map_err(|_| CryptoError)?;
                let derived = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Signing::P521(key), Some(derived))
            }
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => {
                let key = secp256k1::signing_key(d)?;
                let derived = secp256k1::point(key.verifying_key());
                (Signing::Secp256k1(key), Some(derived))
            }
        };
        let matches = derived.is_none_or(|derived| derived == point);
        if matches { Ok(Self(Box::new(signing))) } else { Err(CryptoError) }
    }

    /// Signs; returns `r || s`.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        match &*self.0 {
            Signing::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| CryptoError)?;
                SignatureBytes::copy_of(signature.as_ref())
            }
            Signing::P384(key) => {
                let signature: ::p384::ecdsa::Signature = key.try_sign(message).map_err(|_| CryptoError)?;
                SignatureBytes::copy_of(&signature.to_bytes())
            }
            Signing::P521(key) => {
                let signature: ::p521::ecdsa::Signature = key.try_sign(message).map_err(|_| CryptoError)?;
                SignatureBytes::copy_of(&signature.to_bytes())
            }
            #[cfg(feature = "es256k")]
            Signing::Secp256k1(key) => secp256k1::sign(key, message),
        }
    }
}
