//! Ed25519 signing on the stack `ring` (RFC 8032 §5.1.6, RFC 8037 §3.1), by dalek, which is faster than
//! ring: a seed and a message go in, a signature of 64 bytes comes out.
//!
//! The public key is always derived from the seed: a signer that takes another one leaks its private
//! key with the first signature. `rust_crypto` verifies.

use ed25519_dalek::{Signer, SigningKey};

use crate::crypto::{CryptoError, SignatureBytes};

/// An Ed25519 private key: the seed and what follows from it.
pub(crate) struct Ed25519SigningKey(SigningKey);

impl Ed25519SigningKey {
    /// Reads a seed; any 32 bytes are one.
    pub(crate) fn new(seed: &[u8; 32]) -> Result<Self, CryptoError> {
        Ok(Self(SigningKey::from_bytes(seed)))
    }

    /// Returns the public key.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs; the signature has 64 bytes.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        let signature = self.0.try_sign(message).map_err(|_| CryptoError)?;
        SignatureBytes::copy_of(&signature.to_bytes())
    }
}
