//! AES-GCM on the stack `ring` (SP 800-38D, RFC 7518 §4.7, §5.3): ring for 128 and 256 bits, RustCrypto
//! for 192. A key, a nonce and the data in place go in; the tag or the plaintext comes out.
//!
//! Whoever calls it makes the nonces: one that comes twice under a key gives the authentication key
//! away. Data that doesn't authenticate is wiped, so that it can't be used by mistake.

use ::aes_gcm::aead::consts::U12;
use ::aes_gcm::aes::Aes192;
use ::aes_gcm::{AeadInOut, AesGcm, KeyInit};
use ::ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

use crate::crypto::CryptoError;

const TAG_LEN: usize = 16;

/// An AES-GCM key, its key schedule and hash key made once.
pub(crate) struct AesGcmKey(Schedule);

#[expect(
    clippy::large_enum_variant,
    reason = "content encryption keys live for one message: a box costs more"
)]
enum Schedule {
    Ring(LessSafeKey),
    Aes192(AesGcm<Aes192, U12>),
}

impl AesGcmKey {
    /// Makes a key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => {
                let cipher = AesGcm::new_from_slice(key).map_err(|_| CryptoError)?;
                return Ok(Self(Schedule::Aes192(cipher)));
            }
            _ => &AES_256_GCM,
        };
        UnboundKey::new(algorithm, key)
            .map(|key| Self(Schedule::Ring(LessSafeKey::new(key))))
            .map_err(|_| CryptoError)
    }

    /// Encrypts in place; returns the tag. A nonce must never come twice under one key.
    pub(crate) fn seal_in_place(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG_LEN], CryptoError> {
        match &self.0 {
            Schedule::Ring(key) => {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let tag =
                    key.seal_in_place_separate_tag(nonce, Aad::from(aad), data).map_err(|_| CryptoError)?;
                tag.as_ref().try_into().map_err(|_| CryptoError)
            }
            Schedule::Aes192(cipher) => cipher
                .encrypt_inout_detached(nonce.into(), aad, data.into())
                .map(Into::into)
                .map_err(|_| CryptoError),
        }
    }

    /// Decrypts in place, or wipes the data and fails.
    pub(crate) fn open_in_place(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        let opened = match &self.0 {
            Schedule::Ring(key) => {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                key.open_in_place_separate_tag(nonce, Aad::from(aad), (*tag).into(), data, 0..)
                    .map(|_| ())
                    .map_err(|_| CryptoError)
            }
            Schedule::Aes192(cipher) => cipher
                .decrypt_inout_detached(nonce.into(), aad, (&mut *data).into(), tag.into())
                .map_err(|_| CryptoError),
        };
        if opened.is_err() {
            data.zeroize();
        }
        opened
    }
}
