//! What weakens a check, by that word at the call site. Each item says what an attacker gains ([RFC
//! 8725 §2](https://www.rfc-editor.org/rfc/rfc8725#section-2)).
//!
//! Three things are here, for tools and for peers that can't be changed: claims that nobody verified, HMAC
//! secrets shorter than the hash, and keys fetched in clear. Nothing else in the crate depends on this module, so that a
//! search for its name finds every use.

use serde::de::DeserializeOwned;

use crate::error::{Error, Part};
use crate::jws::{JwsAlgorithm, SignedParts, SigningKey, VerifyingKey};
#[cfg(feature = "remote-keys")]
use crate::keys::remote::RemoteJwksBuilder;
use crate::limits::Limits;
use crate::secret::{SecretBytes, WipedRoom};
use crate::wire::json::scan_object;
use crate::wire::typed;

/// Reads the claims of a signed token without verifying anything, for debugging and for tools.
///
/// Whoever can send a token chooses every word of these claims: to act on them is to let anyone in.
/// To pick a verifier, [`UnverifiedToken`](crate::UnverifiedToken) is enough; for several issuers,
/// [`JwtVerifier::for_issuers`](crate::JwtVerifier::for_issuers) picks their keys.
///
/// # Errors
///
/// [`Error::Malformed`] or [`Error::LimitExceeded`] if the token isn't a strict compact JWS with a JSON
/// object as payload; [`Error::ClaimsType`] if the claims don't fit the type.
///
/// ```
/// use countersign::{JwsAlgorithm, SigningKey, danger, jws};
///
/// #[derive(serde::Deserialize)]
/// struct Shown {
///     sub: String,
/// }
///
/// # fn main() -> Result<(), countersign::Error> {
/// let token = jws::sign(&SigningKey::generate(JwsAlgorithm::Es256)?, b"{\"sub\":\"anyone\"}")?;
/// let shown: Shown = danger::unverified_claims(&token)?;
/// assert_eq!(shown.sub, "anyone"); // or so the sender says
/// # Ok(())
/// # }
/// ```
pub fn unverified_claims<T: DeserializeOwned>(token: &str) -> Result<T, Error> {
    let limits = Limits::default();
    let mut decoded = WipedRoom::new();
    let parts = SignedParts::split(token, &limits, &mut decoded)?;
    let text = typed::text(parts.unverified_payload(), Part::Payload)?;
    scan_object(text, Part::Claims, &limits, |_, _| Ok(()))?;
    typed::from_json(text)
}

/// Makes a signing key for HS256, HS384 or HS512 out of a secret that is shorter than the hash.
///
/// Who sees one token can try secrets against it, offline and by the billion: a short or guessable one
/// is found, and then the attacker issues any token. Only for a peer that can't be changed
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2), [RFC 8725 §3.5](https://www.rfc-editor.org/rfc/rfc8725#section-3.5)).
///
/// # Errors
///
/// [`Error::InvalidKey`] for an empty secret or another family of algorithm.
///
/// ```
/// use countersign::{JwsAlgorithm, SecretBytes, danger, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let secret = SecretBytes::from(b"your-256-bit-secret".to_vec());
/// let key = danger::weak_hmac_signing_key(JwsAlgorithm::Hs256, secret)?;
/// let token = jws::sign(&key, b"for an old peer")?;
/// assert!(jws::verify(&key.verifying_key()?, &token).is_ok());
/// # Ok(())
/// # }
/// ```
pub fn weak_hmac_signing_key(algorithm: JwsAlgorithm, secret: SecretBytes) -> Result<SigningKey, Error> {
    SigningKey::weak_hmac(algorithm, secret)
}

/// Makes a verifying key for HS256, HS384 or HS512 out of a secret that is shorter than the hash.
///
/// Who sees one token can try secrets against it, offline and by the billion: a short or guessable one
/// is found, and then this key accepts the attacker's tokens. Only for a peer that can't be changed
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2), [RFC 8725 §3.5](https://www.rfc-editor.org/rfc/rfc8725#section-3.5)).
///
/// # Errors
///
/// [`Error::InvalidKey`] for an empty secret or another family of algorithm.
///
/// ```
/// use countersign::{JwsAlgorithm, SecretBytes, VerifyingKey, danger};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let secret = || SecretBytes::from(b"your-256-bit-secret".to_vec());
/// assert!(VerifyingKey::hmac(JwsAlgorithm::Hs256, secret()).is_err());
/// let key = danger::weak_hmac_verifying_key(JwsAlgorithm::Hs256, secret())?;
/// # let _ = key;
/// # Ok(())
/// # }
/// ```
pub fn weak_hmac_verifying_key(algorithm: JwsAlgorithm, secret: SecretBytes) -> Result<VerifyingKey, Error> {
    SigningKey::weak_hmac(algorithm, secret)?.verifying_key()
}

/// Lets a source fetch its keys over plain http, from anywhere.
///
/// Whoever is on the way to the server, or answers in its place, puts a key of their own into the answer, and
/// every token that they make passes. Only within a network that is trusted as this process is. To loopback,
/// plain http needs no permission.
///
/// ```
/// use countersign::danger;
/// use countersign::keys::remote::RemoteJwks;
///
/// let keys = danger::allow_plain_http(RemoteJwks::from_url("http://id.internal/jwks"));
/// # let _ = keys;
/// ```
#[cfg(feature = "remote-keys")]
pub fn allow_plain_http(keys: RemoteJwksBuilder) -> RemoteJwksBuilder {
    keys.plain_http()
}
