//! What the stack `ring` has in place of RSA-OAEP and RSA generation without the feature `rsa`: types
//! without values, whose constructors fail.
//!
//! So callers compile the same in each build. They ask `HAS_RSA_OAEP` and `HAS_RSA_GENERATION` first,
//! to say which feature is missing.

use std::convert::Infallible;

use crate::crypto::{CryptoError, OaepHash, RsaPrivateComponents};
use crate::secret::SecretBytes;

/// An RSA-OAEP public key, which this build can't have.
pub(crate) struct RsaOaepPublicKey(Infallible);

impl RsaOaepPublicKey {
    /// Fails: this build has no RSA-OAEP.
    pub(crate) fn new(_: OaepHash, _: &[u8], _: &[u8]) -> Result<Self, CryptoError> {
        Err(CryptoError)
    }

    /// Can't be called.
    pub(crate) fn encrypt(&self, _: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self.0 {}
    }
}

/// An RSA-OAEP private key, which this build can't have.
pub(crate) struct RsaOaepPrivateKey(Infallible);

impl RsaOaepPrivateKey {
    /// Fails: this build has no RSA-OAEP.
    pub(crate) fn new(_: OaepHash, _: &RsaPrivateComponents) -> Result<Self, CryptoError> {
        Err(CryptoError)
    }

    /// Can't be called.
    pub(crate) fn decrypt(&self, _: &[u8]) -> Result<SecretBytes, CryptoError> {
        match self.0 {}
    }
}

/// Fails: this build doesn't generate RSA keys.
pub(crate) fn generate_rsa(_: usize) -> Result<RsaPrivateComponents, CryptoError> {
    Err(CryptoError)
}
