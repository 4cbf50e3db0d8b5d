//! Ed25519 signing on the stack `aws-lc-rs` (RFC 8032 §5.1.6, RFC 8037 §3.1): a seed and a message go
//! in, a signature of 64 bytes comes out.
//!
//! The public key is always derived from the seed: a signer that takes another one leaks its private
//! key with the first signature. `rust_crypto` verifies, on all stacks by the same strict rules.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::crypto::{CryptoError, SignatureBytes};

/// An Ed25519 private key and its public key.
pub(crate) struct Ed25519SigningKey {
    key_pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl Ed25519SigningKey {
    /// Reads a seed; any 32 bytes are one.
    pub(crate) fn new(seed: &[u8; 32]) -> Result<Self, CryptoError> {
        // Unchecked means: without a public key to compare with. The caller compares.
        let key_pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| CryptoError)?;
        let public = key_pair.public_key().as_ref().try_into().map_err(|_| CryptoError)?;
        Ok(Self { key_pair, public })
    }

    /// Returns the public key.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.public
    }

    /// Signs; the signature has 64 bytes.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        let signature = self.key_pair.try_sign(message).map_err(|_| CryptoError)?;
        SignatureBytes::copy_of(signature.as_ref())
    }
}
