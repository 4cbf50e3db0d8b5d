//! RSA-OAEP on the stack `aws-lc-rs` (RFC 8017 §7.1, RFC 7518 §4.3): a content encryption key goes in,
//! a ciphertext as long as the modulus comes out, and back.
//!
//! Decryption fails in one way, whatever is wrong with the padding: to tell causes apart is Manger's
//! attack. The label is always empty.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use zeroize::Zeroizing;

use super::rsa::key_pair;
use crate::crypto::rsa::check_public_sizes;
use crate::crypto::{CryptoError, OaepHash, RsaPrivateComponents};
use crate::secret::SecretBytes;

/// An RSA-OAEP public key.
pub(crate) struct RsaOaepPublicKey {
    algorithm: &'static OaepAlgorithm,
    key: OaepPublicEncryptingKey,
}

impl RsaOaepPublicKey {
    /// Reads the modulus and the public exponent, big-endian without leading zeros.
    pub(crate) fn new(hash: OaepHash, n: &[u8], e: &[u8]) -> Result<Self, CryptoError> {
        check_public_sizes(n, e)?;
        let key: PublicEncryptingKey = RsaPublicKeyComponents { n, e }.try_into().map_err(|_| CryptoError)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError)?;
        Ok(Self { algorithm: algorithm(hash), key })
    }

    /// Encrypts a plaintext that leaves room for the padding; the ciphertext is as long as the
    /// modulus.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut ciphertext = vec![0; self.key.ciphertext_size()];
        let len = self
            .key
            .encrypt(self.algorithm, plaintext, &mut ciphertext, None)
            .map_err(|_| CryptoError)?
            .len();
        ciphertext.truncate(len);
        Ok(ciphertext)
    }
}

/// An RSA-OAEP private key.
pub(crate) struct RsaOaepPrivateKey {
    algorithm: &'static OaepAlgorithm,
    key: OaepPrivateDecryptingKey,
}

impl RsaOaepPrivateKey {
    /// Reads a private key; refuses one whose numbers contradict each other.
    pub(crate) fn new(hash: OaepHash, components: &RsaPrivateComponents) -> Result<Self, CryptoError> {
        // The numbers go in as PKCS #8 only; its buffer is wiped when dropped.
        let pkcs8: Pkcs8V1Der<'_> = key_pair(components)?.as_der().map_err(|_| CryptoError)?;
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).map_err(|_| CryptoError)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CryptoError)?;
        Ok(Self { algorithm: algorithm(hash), key })
    }

    /// Decrypts, or fails in one way whatever is wrong.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<SecretBytes, CryptoError> {
        let mut plaintext = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let len = self
            .key
            .decrypt(self.algorithm, ciphertext, &mut plaintext, None)
            .map_err(|_| CryptoError)?
            .len();
        plaintext.truncate(len);
        Ok(SecretBytes::from_zeroizing(plaintext))
    }
}

fn algorithm(hash: OaepHash) -> &'static OaepAlgorithm {
    match hash {
        OaepHash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        OaepHash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        OaepHash::Sha384 => &OAEP_SHA384_MGF1SHA384,
        OaepHash::Sha512 => &OAEP_SHA512_MGF1SHA512,
    }
}
