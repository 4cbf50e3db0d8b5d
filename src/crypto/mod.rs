//! The seam to the crypto libraries: raw primitives that know no JOSE.
//!
//! Bytes go in, bytes or an opaque [`CryptoError`] come out. Keys are checked, parsed and
//! precomputed when they are made, and an operation does none of that again, with two exceptions:
//! ring has no parsed form of RSA and P-256 public keys, so it reads their numbers with each
//! signature it verifies, and a peer's X25519 key stays the raw bytes that it is.
//! The stack is chosen at compile time: `aws_lc` when the feature `aws-lc-rs` is on, else
//! `ring`. Both have the same names and accept and refuse the same keys and inputs; what
//! differs is speed, and whether RSA keys can be generated and RSA-OAEP exists
//! ([`HAS_RSA_GENERATION`], [`HAS_RSA_OAEP`]). `rust_crypto` holds what both stacks share.
//!
//! The secrets that this module holds are wiped, and the keys inside aws-lc-rs, RustCrypto and
//! dalek too. ring offers no wiping of the keys inside it, and the `rsa` crate leaves some
//! intermediate numbers of its private operation behind.
//!
//! Nothing here panics on input: lengths and encodings are the caller's to choose and this
//! module's to refuse.

mod bytes;
mod ec;
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

pub(crate) use bytes::{Digest, SignatureBytes};
pub(crate) use ec::EcCurve;
pub(crate) use rsa::{OaepHash, RsaPadding, RsaPrivateComponents};
pub(crate) use rust_crypto::{AesCbcKey, AesKwKey, Ed25519VerifyingKey, digest};
pub(crate) use stack::{
    AesGcmKey, EcdhPrivateKey, EcdhPublicKey, EcdsaSigningKey, EcdsaVerifyingKey, Ed25519SigningKey,
    HAS_RSA_GENERATION, HAS_RSA_OAEP, HmacKey, RsaOaepPrivateKey, RsaOaepPublicKey, RsaSigningKey,
    RsaVerifyingKey, X25519PrivateKey, check_rsa_private, ec_check_public, ec_generate,
    ec_public_from_private, fill_random, generate_rsa,
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
