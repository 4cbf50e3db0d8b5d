//! Decryption, the public functions: a compact JWE and a key go in, the plaintext comes out as secret
//! bytes, or its claims in the caller's type (RFC 7516 §5.2).
//!
//! The stages are `token`'s; here the key's algorithm is compared with the header's before anything is
//! decrypted, so that no header picks an algorithm (RFC 8725 §3.1). What was decrypted may come from
//! anyone.

use serde::de::DeserializeOwned;

use crate::error::{Defect, Error, Part, Refusal};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::header::HeaderRules;
use crate::wire::{json, typed};

use super::decryption_key::DecryptionKey;
use super::token::EncryptedToken;

/// Decrypts a token to the bytes that were encrypted.
///
/// They come from anyone who has the public key: a token that must come from somebody is signed
/// inside. Tokens larger than [`Limits::default`] permits are refused.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, decrypt, encrypt};
///
/// let key = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
/// let token = encrypt(&key.encryption_key()?, b"card 4242")?;
/// assert_eq!(decrypt(&key, &token)?.expose_secret(), b"card 4242");
///
/// let other_key = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
/// assert_eq!(decrypt(&other_key, &token), Err(countersign::Error::DecryptionFailed));
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// - [`Error::LimitExceeded`], [`Error::Malformed`] and [`Error::Unsupported`] for what can be said
///   without a key.
/// - [`Error::NotAllowed`] when the token's `alg` isn't the key's, or the key doesn't allow its `enc`.
/// - [`Error::NoMatchingKey`] when the token is for another `kid`.
/// - [`Error::DecryptionFailed`] for everything that a key is needed to tell, without any detail
///   ([RFC 7516 §11.5](https://www.rfc-editor.org/rfc/rfc7516#section-11.5)).
/// - [`Error::Unavailable`] when the system has no random numbers, or an external key can't be reached.
/// - [`Error::Misuse`] when the key is external and its answer has to be awaited, which
///   [`decrypt_async`](super::decrypt_async) does.
pub fn decrypt(key: &DecryptionKey, token: &str) -> Result<SecretBytes, Error> {
    decrypt_with_limits(key, token, &Limits::default())
}

/// Decrypts a token like [`decrypt`], under limits of the caller's: a token of more than 16 KiB
/// needs a larger [`Limits::token_bytes`].
///
/// # Errors
///
/// As [`decrypt`].
pub fn decrypt_with_limits(key: &DecryptionKey, token: &str, limits: &Limits) -> Result<SecretBytes, Error> {
    let mut header = Vec::new();
    let rules = HeaderRules::new(limits, &[]);
    let token = EncryptedToken::parse_known(token, &rules, &mut header, key.known_headers())?;
    if token.algorithm() != key.algorithm() {
        return Err(Error::NotAllowed(Refusal::Algorithm));
    }
    token.decrypt_with_candidates([key])
}

/// Decrypts a token to claims: a JSON object, read into a type of the caller's.
///
/// As with [`decrypt`], the claims may have been made up by anyone. They aren't judged either:
/// no `exp` is looked at, no `aud`. Not for access tokens, which are signed inside:
/// [`JwtVerifierBuilder::decrypt_with`](crate::jwt::JwtVerifierBuilder::decrypt_with) is for those.
///
/// ```
/// use countersign::{DecryptionKey, JweAlgorithm, decrypt_claims, encrypt_claims};
/// use std::collections::BTreeMap;
///
/// let key = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
/// let token = encrypt_claims(&key.encryption_key()?, &BTreeMap::from([("card", 4242)]))?;
/// let claims: BTreeMap<String, u32> = decrypt_claims(&key, &token)?;
/// assert_eq!(claims["card"], 4242);
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// As [`decrypt`]; [`Error::Malformed`] when the plaintext isn't a JSON object with distinct names;
/// [`Error::ClaimsType`] when the object doesn't fit the type.
pub fn decrypt_claims<T: DeserializeOwned>(key: &DecryptionKey, token: &str) -> Result<T, Error> {
    let limits = Limits::default();
    let plaintext = decrypt_with_limits(key, token, &limits)?;
    let text = std::str::from_utf8(plaintext.expose_secret())
        .map_err(|_| Error::malformed(Part::Claims, Defect::Utf8))?;
    // Duplicate names and the like first: serde_json takes the last of two, and so may others.
    json::scan_object(text, Part::Claims, &limits, |_, _| Ok(()))?;
    typed::from_json(text)
}
