//! PBKDF2 with HMAC and SHA-2 on the stack `aws-lc-rs` (RFC 8018 §5.2, RFC 7518 §4.8): a password and a salt
//! go in, a key of any length comes out.
//!
//! The time it takes is the iterations' number times that of two hashes. Who may choose the number is the
//! caller's rule.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512, derive};

use crate::crypto::Hash;

/// Fills `key` with what the password and the salt derive.
pub(crate) fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: NonZeroU32, key: &mut [u8]) {
    let algorithm = match hash {
        Hash::Sha256 => PBKDF2_HMAC_SHA256,
        Hash::Sha384 => PBKDF2_HMAC_SHA384,
        Hash::Sha512 => PBKDF2_HMAC_SHA512,
    };
    derive(algorithm, iterations, salt, password, key);
}
