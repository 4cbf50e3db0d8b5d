//! The stack `ring`, the default: ring for HMAC, PBKDF2, RSA signatures, ES256, AES-128-GCM, AES-256-GCM and
//! randomness; RustCrypto and dalek for what ring lacks or is slower at. The same names as the stack
//! `aws-lc-rs`, under which `crypto` gives them out.
//!
//! RSA-OAEP and the generation of RSA keys come from the `rsa` crate, if its feature is on.

mod aes_gcm;
mod ec;
mod ecdh;
mod ecdsa;
mod ed25519;
mod hmac;
mod pbkdf2;
mod rsa;
#[cfg(feature = "rsa")]
mod rsa_crate;
#[cfg(not(feature = "rsa"))]
mod rsa_none;
mod rsa_numbers;
mod x25519;

use ::ring::rand::{SecureRandom, SystemRandom};

use super::CryptoError;

pub(crate) use aes_gcm::AesGcmKey;
pub(crate) use ec::{ec_check_public, ec_generate, ec_public_from_private};
pub(crate) use ecdh::{EcdhPrivateKey, EcdhPublicKey};
pub(crate) use ecdsa::{EcdsaSigningKey, EcdsaVerifyingKey};
pub(crate) use ed25519::Ed25519SigningKey;
pub(crate) use hmac::HmacKey;
pub(crate) use pbkdf2::pbkdf2;
pub(crate) use rsa::{RsaSigningKey, RsaVerifyingKey, check_rsa_private};
#[cfg(feature = "rsa")]
pub(crate) use rsa_crate::{RsaOaepPrivateKey, RsaOaepPublicKey, generate_rsa};
#[cfg(not(feature = "rsa"))]
pub(crate) use rsa_none::{RsaOaepPrivateKey, RsaOaepPublicKey, generate_rsa};
pub(crate) use x25519::X25519PrivateKey;

/// Whether this build generates RSA keys: ring doesn't, the `rsa` crate does.
pub(crate) const HAS_RSA_GENERATION: bool = cfg!(feature = "rsa");

/// Whether this build has RSA-OAEP: ring doesn't, the `rsa` crate does.
pub(crate) const HAS_RSA_OAEP: bool = cfg!(feature = "rsa");

/// Returns the SHA-1 hash value, for what is named by it (`x5t`, RFC 7517 §4.8). It proves nothing.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let digest = ::ring::digest::digest(&::ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().try_into().expect("SHA-1 gives 20 bytes")
}

/// Fills the buffer from the operating system's generator.
pub(crate) fn fill_random(out: &mut [u8]) -> Result<(), CryptoError> {
    SystemRandom::new().fill(out).map_err(|_| CryptoError)
}
