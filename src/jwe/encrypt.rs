//! Encryption, the short way: a plaintext or claims and an [`EncryptionKey`] go in, a compact JWE comes out
//! (RFC 7516 §5.1, §7.1).
//!
//! [`JweBuilder`] does it, and more than this: header parameters, several recipients, JSON serialization.

use serde::Serialize;

use crate::error::Error;

use super::builder::JweBuilder;
use super::encryption_key::EncryptionKey;

/// Encrypts any bytes, so that only the recipient can read them.
///
/// It doesn't prove who made the token: to prove that, sign first, as
/// [`JwtIssuerBuilder::encrypt_for`](crate::jwt::JwtIssuerBuilder::encrypt_for) does. Nor does it hide the
/// length.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, decrypt, encrypt};
///
/// let private_key = DecryptionKey::generate(JweAlgorithm::EcdhEs)?;
/// let public_key = private_key.encryption_key()?;
///
/// let token = encrypt(&public_key, b"card 4242")?;
/// assert_eq!(decrypt(&private_key, &token)?.expose_secret(), b"card 4242");
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// [`KeyDefect::Exhausted`](crate::KeyDefect::Exhausted) when the key has encrypted as many
/// messages as it may, and [`Error::Unavailable`] when the system has no random numbers.
pub fn encrypt(key: &EncryptionKey, plaintext: &[u8]) -> Result<String, Error> {
    JweBuilder::new(key).encrypt(plaintext)
}

/// Encrypts claims: a value that serializes to a JSON object.
///
/// The recipient learns from them only what anyone with the public key may have made up.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, decrypt_claims, encrypt_claims};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Card { number: String }
///
/// let private_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
/// let token = encrypt_claims(&private_key.encryption_key()?, &Card { number: "4242".into() })?;
/// let card: Card = decrypt_claims(&private_key, &token)?;
/// assert_eq!(card.number, "4242");
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Misuse`] when the claims don't serialize to a JSON object of distinct names, within what
/// [`Limits::default`] permits in depth and members; otherwise as [`encrypt`].
pub fn encrypt_claims<T: Serialize + ?Sized>(key: &EncryptionKey, claims: &T) -> Result<String, Error> {
    JweBuilder::new(key).encrypt_claims(claims)
}
