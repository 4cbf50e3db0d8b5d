//! ECDSA on secp256k1 with SHA-256, by k256, on all stacks (RFC 8812 §3.2), with the checks and the
//! generation of its keys. A message goes in, `r || s` comes out, or is verified.
//!
//! Both values of s pass: the rule that only the lower one does is Bitcoin's. Key agreement on this
//! curve is not registered (RFC 8812 §3.1) and not offered.

use ::k256::ecdsa::signature::{Signer, Verifier};
use ::k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, SignatureBytes};
use crate::secret::SecretBytes;

/// Reads an uncompressed point whose form has been checked.
pub(crate) fn verifying_key(point: &[u8]) -> Result<VerifyingKey, CryptoError> {
    VerifyingKey::from_sec1_bytes(point).map_err(|_| CryptoError)
}

/// Reads a private key of 32 bytes; refuses 0 and what isn't below the order.
pub(crate) fn signing_key(d: &[u8]) -> Result<SigningKey, CryptoError> {
    SigningKey::from_slice(d).map_err(|_| CryptoError)
}

/// Returns the uncompressed point of a key.
pub(crate) fn point(key: &VerifyingKey) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// Signs deterministically (RFC 6979).
pub(crate) fn sign(key: &SigningKey, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
    let signature: Signature = key.try_sign(message).map_err(|_| CryptoError)?;
    SignatureBytes::copy_of(&signature.to_bytes())
}

/// Verifies `r || s`.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    let signature = Signature::from_slice(signature).map_err(|_| CryptoError)?;
    // k256 refuses the greater of the two values of s, as Bitcoin does; JWS has no such rule, and
    // other libraries make both.
    key.verify(message, &signature.normalize_s()).map_err(|_| CryptoError)
}

/// Generates a private key and its uncompressed point.
pub(crate) fn generate(
    fill_random: fn(&mut [u8]) -> Result<(), CryptoError>,
) -> Result<(SecretBytes, Vec<u8>), CryptoError> {
    let mut d = Zeroizing::new(vec![0; 32]);
    fill_random(&mut d)?;
    // The order is so close to 2^256 that a draw outside it doesn't happen with a generator that
    // works: an error then says so.
    let point = point(signing_key(&d)?.verifying_key());
    Ok((SecretBytes::from_zeroizing(d), point))
}
