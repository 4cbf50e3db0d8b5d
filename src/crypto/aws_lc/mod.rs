//! The stack `aws-lc-rs`: HMAC, PBKDF2, RSA, the NIST curves, X25519, Ed25519 signing, AES-GCM and randomness.
//! The same names as the stack `ring`, under which `crypto` gives them out.
//!
//! It has what ring lacks: RSA-OAEP, the generation of RSA keys and AES-192-GCM, so no other library
//! does RSA here.

mod aes_gcm;
mod ec;
mod ecdh;
mod ecdsa;
mod ed25519;
mod hmac;
mod pbkdf2;
mod rsa;
mod rsa_oaep;
mod x25519;

use super::CryptoError;

pub(crate) use aes_gcm::AesGcmKey;
pub(crate) use ec::{ec_check_public, ec_generate, ec_public_from_private};
pub(crate) use ecdh::{EcdhPrivateKey, EcdhPublicKey};
pub(crate) use ecdsa::{EcdsaSigningKey, EcdsaVerifyingKey};
pub(crate) use ed25519::Ed25519SigningKey;
pub(crate) use hmac::HmacKey;
pub(crate) use pbkdf2::pbkdf2;
pub(crate) use rsa::{RsaSigningKey, RsaVerifyingKey, check_rsa_private, generate_rsa};
pub(crate) use rsa_oaep::{RsaOaepPrivateKey, RsaOaepPublicKey};
pub(crate) use x25519::X25519PrivateKey;

/// Whether this build generates RSA keys.
pub(crate) const HAS_RSA_GENERATION: bool = true;

/// Whether this build has RSA-OAEP.
pub(crate) const HAS_RSA_OAEP: bool = true;

/// Returns the SHA-1 hash value, for what is named by it (`x5t`, RFC 7517 §4.8). It proves nothing.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let digest = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().try_into().expect("SHA-1 gives 20 bytes")
}

/// Fills the buffer from the library's generator, which the operating system seeds.
pub(crate) fn fill_random(out: &mut [u8]) -> Result<(), CryptoError> {
    aws_lc_rs::rand::fill(out).map_err(|_| CryptoError)
}
