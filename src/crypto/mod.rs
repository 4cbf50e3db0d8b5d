//! The seam to the crypto libraries: bytes go in, bytes or an opaque [`CryptoError`] come out. Knows no
//! JOSE. Lengths and encodings are the caller's to choose and refused here: nothing panics on input.
//!
//! The stack is chosen at compile time: `aws_lc` with the feature `aws-lc-rs`, else `ring`; `rust_crypto` is
//! what both share, HMAC with SHA-256 only where the processor has that hash. Both accept and refuse the same;
//! what differs is speed, [`HAS_RSA_GENERATION`] and [`HAS_RSA_OAEP`]. Keys are checked and precomputed when they
//! are made, but ring reads RSA and P-256 public keys' numbers anew for each signature it verifies.
//!
//! Secrets are wiped, also inside aws-lc-rs, RustCrypto and dalek. ring can't wipe the keys inside it,
//! and the `rsa` crate leaves numbers of its private operation behind.

mod bytes;
mod ec;
mod ecdsa_der;
mod hmac;
mod rsa;
mod rust_crypto;

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
// With both stacks on, the tests hold them against each other.
#[cfg(all(feature = "ring", any(not(feature = "aws-lc-rs"), test)))]
mod ring;

#[cfg(test)]
mod tests;

#[cfg(feature = "aws-lc-rs")]
use aws_lc as stack;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
use ring as stack;

pub(crate) use bytes::{Bytes, Digest, SignatureBytes};
pub(crate) use ec::EcCurve;
pub(crate) use ecdsa_der::ecdsa_signature_from_der;
pub(crate) use hmac::HmacKey;
pub(crate) use rsa::{OaepHash, RsaPadding, RsaPrivateComponents};
#[cfg(feature = "encrypted-pkcs8")]
pub(crate) use rust_crypto::scrypt;
pub(crate) use rust_crypto::{
    AesCbcKey, AesKwKey, Ed25519Signed, Ed25519VerifyingKey, HmacSha256Key, digest, ed25519_verify_each,
    sha256,
};
pub(crate) use stack::{
    AesGcmKey, EcdhPrivateKey, EcdhPublicKey, EcdsaSigningKey, EcdsaVerifyingKey, Ed25519SigningKey,
    HAS_RSA_GENERATION, HAS_RSA_OAEP, RsaOaepPrivateKey, RsaOaepPublicKey, RsaSigningKey, RsaVerifyingKey,
    X25519PrivateKey, check_rsa_private, ec_check_public, ec_generate, ec_public_from_private, fill_random,
    generate_rsa, pbkdf2, sha1,
};

/// A crypto operation failed. It says nothing else, so that no cause can be told from another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CryptoError;

impl std::fmt::Display for CryptoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("crypto operation failed")
    }
}

impl std::error::Error for CryptoError {}

/// A SHA-2 hash function (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Returns the number of bytes of the hash value.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
