//! HMAC-SHA-256 on all stacks (RFC 2104), for keys of one message, as is the MAC half of A128CBC-HS256 (RFC 7518
//! §5.2.3), and for all keys where the processor has SHA-256. A key and parts of a message go in, the full tag comes
//! out, or is compared in constant time.
//!
//! The stacks' own HMAC takes longer to set a key up than to use it once.

use ::hmac::{Hmac, KeyInit as _, Mac as _};
use ::sha2::Sha256;

use crate::crypto::{CryptoError, Digest};

/// An HMAC-SHA-256 key, wiped when dropped.
pub(crate) struct HmacSha256Key(Hmac<Sha256>);

impl HmacSha256Key {
    pub(crate) fn new(key: &[u8]) -> Result<Self, CryptoError> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| CryptoError)
    }

    /// Whether the processor has instructions for this hash, and they are used.
    pub(crate) fn has_instructions() -> bool {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        let has = std::arch::is_x86_feature_detected!("sha") && std::arch::is_x86_feature_detected!("sse4.1");
        #[cfg(target_arch = "aarch64")]
        let has = std::arch::is_aarch64_feature_detected!("sha2");
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
        let has = false;
        has
    }

    /// Returns the full tag over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        Digest::copy_of(&mac.finalize().into_bytes()).expect("a SHA-256 hash value has 32 bytes")
    }

    /// Verifies a full tag, in constant time but for its length.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), CryptoError> {
        self.0.clone().chain_update(message).verify_slice(tag).map_err(|_| CryptoError)
    }
}
