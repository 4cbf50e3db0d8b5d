//! `A128GCM`, `A192GCM`, `A256GCM`: AES-GCM for the content (RFC 7518 §5.3). Plaintext goes in,
//! ciphertext and a tag of 128 bits come out, and back.
//!
//! Content is encrypted and decrypted in its own buffer, which is wiped if the step fails.

use zeroize::Zeroizing;

use crate::crypto::{AesGcmKey, CryptoError, Digest};
use crate::secret::SecretBytes;

use super::{ContentCipher, Sealed};

/// AES-GCM with its key.
pub(super) struct AesGcm(AesGcmKey);

impl AesGcm {
    pub(super) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        AesGcmKey::new(key).map(Self)
    }
}

impl ContentCipher for AesGcm {
    fn seal(&self, iv: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        let nonce = iv.try_into().map_err(|_| CryptoError)?;
        // Plaintext until it is encrypted: should that fail, it is wiped.
        let mut content = Zeroizing::new(plaintext.to_vec());
        let tag = Digest::copy_of(&self.0.seal_in_place(nonce, aad, &mut content)?)?;
        Ok(Sealed { ciphertext: std::mem::take(&mut *content), tag })
    }

    fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: Vec<u8>,
        tag: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        let nonce = iv.try_into().map_err(|_| CryptoError)?;
        // Exactly 128 bits: a shorter tag would be compared by its own length, and guessed.
        let tag = tag.try_into().map_err(|_| CryptoError)?;
        let mut content = Zeroizing::new(ciphertext);
        self.0.open_in_place(nonce, aad, &mut content, tag)?;
        Ok(SecretBytes::from_zeroizing(content))
    }
}
