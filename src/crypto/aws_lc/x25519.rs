//! X25519 on the stack `aws-lc-rs` (RFC 7748 §6.1, RFC 8037 §3.2): a private key and a peer's public
//! key go in, the shared secret of 32 bytes comes out.
//!
//! Any 32 bytes are a public key. One of small order makes the secret all zeros, which everyone knows;
//! the agreement refuses that.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};

use crate::crypto::CryptoError;
use crate::secret::SecretBytes;

/// An X25519 private key and its public key.
pub(crate) struct X25519PrivateKey {
    key: PrivateKey,
    public: [u8; 32],
}

impl X25519PrivateKey {
    /// Reads a private key; any 32 bytes are one.
    pub(crate) fn new(private_key: &[u8; 32]) -> Result<Self, CryptoError> {
        PrivateKey::from_private_key(&X25519, private_key).map_err(|_| CryptoError).and_then(Self::with_key)
    }

    /// Generates a private key.
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        PrivateKey::generate(&X25519).map_err(|_| CryptoError).and_then(Self::with_key)
    }

    fn with_key(key: PrivateKey) -> Result<Self, CryptoError> {
        let public = key.compute_public_key().map_err(|_| CryptoError)?;
        let public = public.as_ref().try_into().map_err(|_| CryptoError)?;
        Ok(Self { key, public })
    }

    /// Returns the public key.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.public
    }

    /// Returns the shared secret; refuses a peer that makes it all zeros (RFC 8037 §5).
    pub(crate) fn agree(&self, peer_public_key: &[u8; 32]) -> Result<SecretBytes, CryptoError> {
        // aws-lc-rs itself refuses the all-zero value (RFC 7748 §6.1).
        agree(&self.key, UnparsedPublicKey::new(&X25519, peer_public_key), CryptoError, |shared| {
            Ok(shared.to_vec().into())
        })
    }
}
