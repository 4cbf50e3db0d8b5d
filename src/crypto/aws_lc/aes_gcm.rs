//! AES-GCM on the stack `aws-lc-rs` (SP 800-38D, RFC 7518 §4.7, §5.3), all three key sizes. A key, a
//! nonce and the data in place go in; the tag or the plaintext comes out.
//!
//! Whoever calls it makes the nonces: one that comes twice under a key gives the authentication key
//! away. Data that doesn't authenticate is wiped, so that it can't be used by mistake.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

use crate::crypto::CryptoError;

const TAG_LEN: usize = 16;

/// An AES-GCM key, its key schedule and hash key made once.
pub(crate) struct AesGcmKey(LessSafeKey);

impl AesGcmKey {
    /// Makes a key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            _ => &AES_256_GCM,
        };
        UnboundKey::new(algorithm, key).map(|key| Self(LessSafeKey::new(key))).map_err(|_| CryptoError)
    }

    /// Encrypts in place; returns the tag. A nonce must never come twice under one key.
    pub(crate) fn seal_in_place(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG_LEN], CryptoError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), data).map_err(|_| CryptoError)?;
        tag.as_ref().try_into().map_err(|_| CryptoError)
    }

    /// Decrypts in place, or wipes the data and fails.
    pub(crate) fn open_in_place(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place_separate_tag(nonce, Aad::from(aad), tag, data).is_ok();
        if opened {
            Ok(())
        } else {
            data.zeroize();
            Err(CryptoError)
        }
    }
}
