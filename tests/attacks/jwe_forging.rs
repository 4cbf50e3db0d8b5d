//! Forging of encrypted tokens: A128CBC-HS256 (RFC 7518 §5.2.3) with any header, key and padding, made
//! without the library under test.

use aes::Aes128;
use aes_kw::{KeyInit as _, KwAes128};
use cbc::Encryptor;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};

use crate::support::*;

/// The initialization vector of every forged token.
pub(crate) const IV: [u8; 16] = [9; 16];

/// Encrypts as a sender would.
pub(crate) fn sealed(cek: &[u8], header: &str, encrypted_key: &[u8], plaintext: &[u8]) -> String {
    let missing = 16 - plaintext.len() % 16;
    let padding = vec![u8::try_from(missing).unwrap(); missing];
    sealed_blocks(cek, header, encrypted_key, &[plaintext, &padding].concat())
}

/// Encrypts whole blocks, whose padding may be anything, under a MAC that is right.
pub(crate) fn sealed_blocks(cek: &[u8], header: &str, encrypted_key: &[u8], blocks: &[u8]) -> String {
    let encryptor = Encryptor::<Aes128>::new_from_slices(&cek[16..], &IV).unwrap();
    authenticated(cek, header, encrypted_key, &IV, &encryptor.encrypt_padded_vec::<NoPadding>(blocks))
}

/// Puts a right MAC on any ciphertext.
pub(crate) fn authenticated(
    cek: &[u8],
    header: &str,
    encrypted_key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> String {
    let protected = encode(header);
    let bits = u64::try_from(protected.len() * 8).unwrap().to_be_bytes();
    let mac = hmac(256, &cek[..16], &[protected.as_bytes(), iv, ciphertext, &bits].concat());
    let parts = [encrypted_key, iv, ciphertext, &mac[..16]].map(encode);
    format!("{protected}.{}", parts.join("."))
}

/// The Concat KDF for 32 octets (RFC 7518 §4.6.2).
pub(crate) fn agreed_key(shared: &[u8], algorithm: &str, party_u: &[u8], party_v: &[u8]) -> [u8; 32] {
    let len = |data: &[u8]| u32::try_from(data.len()).unwrap().to_be_bytes();
    let algorithm = algorithm.as_bytes();
    sha256(&[
        &1_u32.to_be_bytes(),
        shared,
        &len(algorithm),
        algorithm,
        &len(party_u),
        party_u,
        &len(party_v),
        party_v,
        &256_u32.to_be_bytes(),
    ])
}

/// What the JSON of a message says beside its headers and recipients: initialization vector, ciphertext and tag of
/// any plaintext, under a MAC over any encoded protected header and additional data.
pub(crate) fn sealed_members(cek: &[u8], protected: &str, aad: Option<&str>, plaintext: &[u8]) -> String {
    let missing = 16 - plaintext.len() % 16;
    let blocks = [plaintext, &vec![u8::try_from(missing).unwrap(); missing]].concat();
    let encryptor = Encryptor::<Aes128>::new_from_slices(&cek[16..], &IV).unwrap();
    let ciphertext = encryptor.encrypt_padded_vec::<NoPadding>(&blocks);
    let covered = aad.map_or_else(|| protected.to_owned(), |aad| format!("{protected}.{aad}"));
    let bits = u64::try_from(covered.len() * 8).unwrap().to_be_bytes();
    let mac = hmac(256, &cek[..16], &[covered.as_bytes(), &IV, &ciphertext, &bits].concat());
    let [iv, ciphertext, tag] = [&IV[..], &ciphertext, &mac[..16]].map(encode);
    format!(r#""iv":"{iv}","ciphertext":"{ciphertext}","tag":"{tag}""#)
}

/// A content key wrapped with a shared key of 128 bits (RFC 3394), in base64url.
pub(crate) fn wrapped(wrapping_key: [u8; 16], cek: &[u8]) -> String {
    let mut encrypted_key = vec![0; cek.len() + 8];
    let kek = KwAes128::new(&wrapping_key.into());
    encode(kek.wrap_key(cek, &mut encrypted_key).unwrap())
}
