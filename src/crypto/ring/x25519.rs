//! X25519 on the stack `ring` (RFC 7748 §6.1, RFC 8037 §3.2), by dalek: ring has ephemeral private keys
//! only. A private key and a peer's public key go in, the shared secret of 32 bytes comes out.
//!
//! Any 32 bytes are a public key. One of small order makes the secret all zeros, which everyone knows;
//! the agreement refuses that.

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::fill_random;
use crate::crypto::CryptoError;
use crate::secret::SecretBytes;

/// An X25519 private key and its public key.
pub(crate) struct X25519PrivateKey {
    secret: StaticSecret,
    public: PublicKey,
}

impl X25519PrivateKey {
    /// Reads a private key; any 32 bytes are one.
    pub(crate) fn new(private_key: &[u8; 32]) -> Result<Self, CryptoError> {
        let secret = StaticSecret::from(*private_key);
        let public = PublicKey::from(&secret);
        Ok(Self { secret, public })
    }

    /// Generates a private key.
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        let mut private_key = Zeroizing::new([0; 32]);
        fill_random(private_key.as_mut())?;
        Self::new(&private_key)
    }

    /// Returns the public key.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    /// Returns the shared secret; refuses a peer that makes it all zeros (RFC 8037 §5).
    pub(crate) fn agree(&self, peer_public_key: &[u8; 32]) -> Result<SecretBytes, CryptoError> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(*peer_public_key));
        if shared.was_contributory() { Ok(shared.as_bytes().to_vec().into()) } else { Err(CryptoError) }
    }
}
