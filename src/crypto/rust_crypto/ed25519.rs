//! Verification of Ed25519 by dalek, on all stacks (RFC 8032 §5.1.7): a public key, a message and a
//! signature go in, and hold or don't.
//!
//! Strict, where libraries differ: one encoding for each point, S below the order, no points of small
//! order. Otherwise one signature could hold for many messages or have a second spelling, and two
//! verifiers could disagree about a token.

use std::sync::OnceLock;

use curve25519_dalek::edwards::EdwardsPoint;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::crypto::CryptoError;

/// An Ed25519 public key, its point decompressed once.
pub(crate) struct Ed25519VerifyingKey {
    key: VerifyingKey,
    /// Asked for with batches only: it costs about as much as verifying a signature.
    torsion_free: OnceLock<bool>,
}

impl Ed25519VerifyingKey {
    /// Reads a public key; refuses what isn't a point in its one encoding, and points of small
    /// order, under which one signature holds for nearly every message.
    pub(crate) fn new(public_key: &[u8; 32]) -> Result<Self, CryptoError> {
        if !is_reduced(public_key) {
            return Err(CryptoError);
        }
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| CryptoError)?;
        if key.is_weak() { Err(CryptoError) } else { Ok(Self { key, torsion_free: OnceLock::new() }) }
    }

    /// Verifies a signature of 64 bytes; refuses S >= L and an R of small order too.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let signature = Signature::from_slice(signature).map_err(|_| CryptoError)?;
        self.key.verify_strict(message, &signature).map_err(|_| CryptoError)
    }

    /// Returns whether the key's point is in the group of prime order, as every key is that was made by
    /// RFC 8032 §5.1.5.
    pub(crate) fn is_torsion_free(&self) -> bool {
        *self.torsion_free.get_or_init(|| self.point().is_torsion_free())
    }

    pub(super) fn point(&self) -> EdwardsPoint {
        self.key.to_edwards()
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

/// RFC 8032 §5.1.3: "If the resulting value is >= p, decoding fails." dalek reduces it instead.
pub(super) fn is_reduced(point: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = point;
    !(high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed)
}
