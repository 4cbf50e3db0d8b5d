//! What both stacks take from the RustCrypto and dalek crates: SHA-2, AES key wrap, AES-CBC, HMAC-SHA-256, the
//! verification of Ed25519, secp256k1, and scrypt.
//!
//! Each is here because ring lacks it, because both stacks must judge alike (which Ed25519
//! signatures hold differs from library to library), or because it is faster for one message.

mod aes_cbc;
mod aes_kw;
mod ed25519;
mod ed25519_batch;
mod hmac_sha256;
#[cfg(feature = "encrypted-pkcs8")]
mod scrypt;
#[cfg(feature = "es256k")]
pub(super) mod secp256k1;
mod sha2;

pub(crate) use aes_cbc::AesCbcKey;
pub(crate) use aes_kw::AesKwKey;
pub(crate) use ed25519::Ed25519VerifyingKey;
pub(crate) use ed25519_batch::{Ed25519Signed, ed25519_verify_each};
pub(crate) use hmac_sha256::HmacSha256Key;
#[cfg(feature = "encrypted-pkcs8")]
pub(crate) use scrypt::scrypt;
pub(crate) use sha2::{digest, sha256};
