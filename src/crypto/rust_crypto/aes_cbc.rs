//! AES-CBC with PKCS #7 padding, on all stacks: the cipher half of AES_CBC_HMAC_SHA2 (RFC 7518 §5.2). A
//! key, an initialization vector and a plaintext go in, the padded ciphertext comes out, and back.
//!
//! It authenticates nothing: the caller checks the MAC before it decrypts, so that a padding failure
//! tells an attacker nothing.

use ::aes::{Aes128, Aes192, Aes256};
use ::cbc::cipher::block_padding::{Padding as _, Pkcs7};
use ::cbc::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
    consts::U16,
};
use ::cbc::{Decryptor, Encryptor};
use zeroize::Zeroize;

use crate::crypto::CryptoError;

const BLOCK_LEN: usize = 16;

/// A content encryption key's cipher half, its key schedule made once.
pub(crate) struct AesCbcKey(Schedule);

enum Schedule {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

impl AesCbcKey {
    /// Makes a key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        let schedule = match key.len() {
            16 => Aes128::new_from_slice(key).map(Schedule::Aes128),
            24 => Aes192::new_from_slice(key).map(Schedule::Aes192),
            _ => Aes256::new_from_slice(key).map(Schedule::Aes256),
        };
        schedule.map(Self).map_err(|_| CryptoError)
    }

    /// Encrypts and appends the ciphertext, 1 to 16 bytes longer than the plaintext.
    pub(crate) fn encrypt(
        &self,
        iv: &[u8; BLOCK_LEN],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        let start = out.len();
        let padded_len = (plaintext.len() / BLOCK_LEN + 1) * BLOCK_LEN;
        // Room first: growing with plaintext inside would leave an unwiped copy behind.
        out.reserve(padded_len);
        out.extend_from_slice(plaintext);
        out.resize(start + padded_len, 0);
        let buffer = out.get_mut(start..).ok_or(CryptoError)?;
        match &self.0 {
            Schedule::Aes128(cipher) => pad_and_encrypt(cipher, iv, buffer, plaintext.len()),
            Schedule::Aes192(cipher) => pad_and_encrypt(cipher, iv, buffer, plaintext.len()),
            Schedule::Aes256(cipher) => pad_and_encrypt(cipher, iv, buffer, plaintext.len()),
        }
    }

    /// Decrypts in place and takes the padding off, or wipes the buffer and fails.
    pub(crate) fn decrypt_in_place(
        &self,
        iv: &[u8; BLOCK_LEN],
        data: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        let plaintext_len = match &self.0 {
            Schedule::Aes128(cipher) => decrypt_padded(cipher, iv, data),
            Schedule::Aes192(cipher) => decrypt_padded(cipher, iv, data),
            Schedule::Aes256(cipher) => decrypt_padded(cipher, iv, data),
        };
        match plaintext_len {
            Ok(len) => {
                data.truncate(len);
                Ok(())
            }
            Err(error) => {
                data.zeroize();
                Err(error)
            }
        }
    }
}

/// The padding goes in beforehand, and all blocks through one call: each gets the round keys ready anew.
fn pad_and_encrypt<C>(
    cipher: &C,
    iv: &[u8; BLOCK_LEN],
    buffer: &mut [u8],
    plaintext_len: usize,
) -> Result<(), CryptoError>
where
    C: BlockCipherEncrypt<BlockSize = U16>,
{
    let (blocks, _) = Array::slice_as_chunks_mut(buffer);
    Pkcs7::pad(blocks.last_mut().ok_or(CryptoError)?, plaintext_len % BLOCK_LEN);
    Encryptor::inner_iv_init(cipher, iv.into()).encrypt_blocks(blocks);
    Ok(())
}

fn decrypt_padded<C>(cipher: &C, iv: &[u8; BLOCK_LEN], data: &mut [u8]) -> Result<usize, CryptoError>
where
    C: BlockCipherDecrypt<BlockSize = U16>,
{
    let (blocks, rest) = Array::slice_as_chunks_mut(data);
    if !rest.is_empty() {
        return Err(CryptoError);
    }
    Decryptor::inner_iv_init(cipher, iv.into()).decrypt_blocks(blocks);
    Pkcs7::unpad_blocks(blocks).map(<[u8]>::len).map_err(|_| CryptoError)
}
