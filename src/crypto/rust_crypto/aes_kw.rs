//! AES key wrap on all stacks (RFC 3394 §2.2, RFC 7518 §4.4), with its default initial value: key data
//! of a multiple of 8 bytes goes in, 8 bytes more come out, and back.
//!
//! Wrapping is deterministic and needs no nonce, so no count of messages bounds it. Unwrapping checks
//! the initial value; hostile lengths are errors like any other.

use ::aes_kw::{KeyInit, KwAes128, KwAes192, KwAes256};
use zeroize::Zeroizing;

use crate::crypto::CryptoError;
use crate::secret::SecretBytes;

/// Bytes that wrapping adds: the integrity check.
const OVERHEAD: usize = 8;

/// A key encryption key, its key schedule made once.
pub(crate) struct AesKwKey(Schedule);

enum Schedule {
    Aes128(KwAes128),
    Aes192(KwAes192),
    Aes256(KwAes256),
}

impl AesKwKey {
    /// Makes a key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        let schedule = match key.len() {
            16 => KwAes128::new_from_slice(key).map(Schedule::Aes128),
            24 => KwAes192::new_from_slice(key).map(Schedule::Aes192),
            _ => KwAes256::new_from_slice(key).map(Schedule::Aes256),
        };
        schedule.map(Self).map_err(|_| CryptoError)
    }

    /// Wraps key data of a multiple of 8 bytes, at least 16 (RFC 3394 §2).
    pub(crate) fn wrap(&self, key_data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        check_key_data_len(key_data.len())?;
        let mut wrapped = vec![0; key_data.len() + OVERHEAD];
        match &self.0 {
            Schedule::Aes128(key) => key.wrap_key(key_data, &mut wrapped),
            Schedule::Aes192(key) => key.wrap_key(key_data, &mut wrapped),
            Schedule::Aes256(key) => key.wrap_key(key_data, &mut wrapped),
        }
        .map_err(|_| CryptoError)?;
        Ok(wrapped)
    }

    /// Unwraps what [`AesKwKey::wrap`] made, or refuses it.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        let len = wrapped.len().checked_sub(OVERHEAD).ok_or(CryptoError)?;
        check_key_data_len(len)?;
        let mut key_data = Zeroizing::new(vec![0; len]);
        match &self.0 {
            Schedule::Aes128(key) => key.unwrap_key(wrapped, &mut key_data),
            Schedule::Aes192(key) => key.unwrap_key(wrapped, &mut key_data),
            Schedule::Aes256(key) => key.unwrap_key(wrapped, &mut key_data),
        }
        .map_err(|_| CryptoError)?;
        Ok(SecretBytes::from_zeroizing(key_data))
    }
}

fn check_key_data_len(len: usize) -> Result<(), CryptoError> {
    if len >= 16 && len.is_multiple_of(8) { Ok(()) } else { Err(CryptoError) }
}
