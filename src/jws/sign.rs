//! Signing: a key and a payload go in, the header is written, its protected part and the payload become the
//! signing input, and that becomes a compact JWS or one in JSON (RFC 7515 §5.1, §7).
//!
//! `alg` and `kid` come from the key and from nowhere else. `jwt` issues through here with a header
//! that it encoded once. The JSON forms are put together in `sign_json`.

use std::borrow::Cow;

use serde::Serialize;

use super::{JwsAlgorithm, SigningKey};
use crate::crypto::SignatureBytes;
use crate::error::Error;
use crate::jwk::Jwk;
use crate::wire::base64url;
use crate::wire::header::{B64, FurtherParameters, HeaderWriter};

/// Signs a payload of any bytes and returns the compact serialization.
///
/// The protected header holds `alg` and, if the key has one, `kid`
/// ([RFC 7515 §5.1](https://www.rfc-editor.org/rfc/rfc7515#section-5.1)). Everyone can read the payload. Claims are signed by
/// [`JwtIssuer`](crate::JwtIssuer), which adds what a JWT needs.
///
/// # Errors
///
/// [`Error::Unavailable`] if the crypto library gives no randomness. With an external key also
/// [`Error::Unavailable`] if it can't be reached, [`Error::InvalidKey`] if it refuses
/// ([`KeyDefect::Refused`](crate::KeyDefect::Refused)) or returns anything but its signature
/// ([`KeyDefect::Signature`](crate::KeyDefect::Signature)), and [`Error::Misuse`] if its answer has to be awaited,
/// which [`JwsBuilder::sign_async`] does.
///
/// ```
/// use countersign::{JwsAlgorithm, SigningKey, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Ed25519)?;
/// assert_eq!(jws::sign(&key, b"any bytes")?.split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
pub fn sign(key: &SigningKey, payload: &[u8]) -> Result<String, Error> {
    JwsBuilder::new(key).sign(payload)
}

/// Signing with header parameters of one's own, and in every serialization.
///
/// The parameters are judged when it signs. [`JwsVerifier`](crate::jws::JwsVerifier) verifies what it makes.
///
/// ```
/// use countersign::jws::{JwsAlgorithm, JwsBuilder, SigningKey, verify};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// let token = JwsBuilder::new(&key).token_type("webhook+jws").content_type("json").sign(b"{}")?;
/// assert_eq!(verify(&key.verifying_key()?, &token)?.token_type(), Some("webhook+jws"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "`sign` makes the token"]
pub struct JwsBuilder<'k> {
    pub(super) key: &'k SigningKey,
    token_type: Option<String>,
    content_type: Option<String>,
    parameters: FurtherParameters,
    unprotected_parameters: FurtherParameters,
    has_unprotected_key_id: bool,
    has_unencoded_payload: bool,
}

impl<'k> JwsBuilder<'k> {
    /// Begins a token that is signed with this key.
    pub fn new(key: &'k SigningKey) -> Self {
        Self {
            key,
            token_type: None,
            content_type: None,
            parameters: FurtherParameters::new(),
            unprotected_parameters: FurtherParameters::new(),
            has_unprotected_key_id: false,
            has_unencoded_payload: false,
        }
    }

    /// Sets `typ`, the media type of the whole token.
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.token_type = Some(token_type.into());
        self
    }

    /// Sets `cty`, the media type of the payload.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds a parameter of the application's own to the protected header
    /// ([RFC 7515 §4.3](https://www.rfc-editor.org/rfc/rfc7515#section-4.3)). Verifiers that don't know it pass over it.
    ///
    /// Of the names that the specifications define, it takes those that say where keys are: `jku`, `jwk`,
    /// `x5u`, `x5c`, `x5t` and `x5t#S256`. A `jwk` must be the signing key's own public half.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, SigningKey, jws};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let key = SigningKey::generate(JwsAlgorithm::Es256)?;
    /// let request = jws::JwsBuilder::new(&key)
    ///     .parameter("url", "https://acme.example.com/new-order")
    ///     .sign_json(b"{}")?;
    /// let verified = jws::JwsVerifier::new([&key.verifying_key()?]).verify_json(&request)?;
    /// let url: Option<String> = verified.first().parameter("url")?;
    /// assert_eq!(url.as_deref(), Some("https://acme.example.com/new-order"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.parameters.add(name, value);
        self
    }

    /// Adds a parameter of the application's own to the protected header and names it in `crit`, so that
    /// verifiers that don't understand it refuse the token
    /// ([RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)).
    ///
    /// The verifier declares it in
    /// [`understood_critical`](crate::jws::JwsVerifier::understood_critical) and then reads it.
    pub fn critical_parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.parameters.add_critical(name, value);
        self
    }

    /// Adds a parameter to the unprotected header, which the JSON serializations have
    /// ([RFC 7515 §7.2.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.2.1)).
    ///
    /// The signature doesn't cover it: whoever passes the token on can change it. For hints only.
    pub fn unprotected_parameter<T: Serialize + ?Sized>(
        mut self,
        name: impl Into<String>,
        value: &T,
    ) -> Self {
        self.unprotected_parameters.add(name, value);
        self
    }

    /// Writes the key's ID into the unprotected header instead of the protected one, for receivers that
    /// look for it there. In the JSON serializations only; changes nothing for a key without an ID.
    pub fn unprotected_key_id(mut self) -> Self {
        self.has_unprotected_key_id = true;
        self
    }

    /// Signs the payload as it is instead of its base64url: `b64` is false and critical
    /// ([RFC 7797 §3](https://www.rfc-editor.org/rfc/rfc7797#section-3)).
    ///
    /// For large or readable payloads, where both sides agreed on it. A compact serialization then takes
    /// printable ASCII without dots, one in JSON takes UTF-8, a detached payload is any bytes. A JWT can't
    /// have it ([RFC 7797 §7](https://www.rfc-editor.org/rfc/rfc7797#section-7)).
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, SigningKey, jws};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let key = SigningKey::generate(JwsAlgorithm::Hs256)?;
    /// let signature = jws::JwsBuilder::new(&key).unencoded_payload().sign_detached(b"$.02")?;
    /// let verifier = jws::JwsVerifier::new([&key.verifying_key()?]).allow_unencoded_payload();
    /// assert!(verifier.verify_detached(&signature, b"$.02").is_ok());
    /// assert!(verifier.verify_detached(&signature, b"$.03").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn unencoded_payload(mut self) -> Self {
        self.has_unencoded_payload = true;
        self
    }

    /// Signs a payload of any bytes and returns the compact serialization.
    ///
    /// # Errors
    ///
    /// As [`sign`]; [`Error::Misuse`] if a parameter has a name that the specifications define or another
    /// parameter has, its value doesn't serialize to JSON, a parameter is unprotected, or an unencoded
    /// payload isn't printable ASCII without dots. A `jwk` that isn't a valid key gives the error of
    /// [`Jwk::from_json`](crate::Jwk::from_json), [`Error::Misuse`] if it is another key than the signing
    /// key's public half, and [`Error::InvalidKey`] if that key is a secret and has none.
    pub fn sign(&self, payload: &[u8]) -> Result<String, Error> {
        let token = self.unsigned(payload)?;
        let signature = self.key.sign(&token)?;
        Ok(with_signature(token, &signature))
    }

    /// The compact serialization up to its signature.
    pub(super) fn unsigned(&self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        let header = self.compact_header()?;
        if !self.has_unencoded_payload {
            return Ok(unsigned_token(self.key.algorithm(), &header, payload));
        }
        if !is_plain(payload) {
            return Err(Error::misuse(
                "expected an unencoded payload of printable ASCII without dots, found another; `sign_detached` \
                 takes any bytes",
            ));
        }
        let mut token = begun_token(self.key.algorithm(), &header, payload.len());
        token.extend_from_slice(payload);
        Ok(token)
    }

    /// Signs a payload of any bytes that travels beside the token, and returns the compact serialization
    /// with an empty payload part ([RFC 7515 Appendix F](https://www.rfc-editor.org/rfc/rfc7515#appendix-F)).
    ///
    /// [`verify_detached`](crate::jws::JwsVerifier::verify_detached) takes both.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign), but for what it says of unencoded payloads.
    pub fn sign_detached(&self, payload: &[u8]) -> Result<String, Error> {
        let (header, input) = self.unsigned_detached(payload)?;
        Ok(detached_token(&header, &self.key.sign(&input)?))
    }

    /// The header of a detached compact serialization, and what is signed.
    pub(super) fn unsigned_detached(&self, payload: &[u8]) -> Result<(String, Vec<u8>), Error> {
        let header = self.compact_header()?;
        let input = signing_input(&header, &payload_text(payload, self.encodes_payload()));
        Ok((header, input))
    }

    /// The protected header that the key's tokens carry, base64url-encoded.
    pub(crate) fn protected_header(&self) -> Result<String, Error> {
        self.header().map(|header| header.protected)
    }

    /// Whether the signing input has the payload in base64url.
    pub(super) fn encodes_payload(&self) -> bool {
        !self.has_unencoded_payload
    }

    /// Both parts of the header.
    pub(super) fn header(&self) -> Result<WrittenHeader, Error> {
        let Self { key, token_type, content_type, parameters, unprotected_parameters, .. } = self;
        FurtherParameters::check(&[parameters, unprotected_parameters], Some(JWK))?;
        for jwk in [parameters, unprotected_parameters].into_iter().filter_map(|own| own.find(JWK)) {
            check_own_key(key, jwk)?;
        }
        let mut protected = HeaderWriter::new(key.header_name());
        let mut unprotected = HeaderWriter::empty();
        for (name, value) in [("typ", token_type.as_deref()), ("cty", content_type.as_deref())] {
            if let Some(value) = value {
                protected.string(name, value);
            }
        }
        if let Some(key_id) = key.key_id() {
            let header = if self.has_unprotected_key_id { &mut unprotected } else { &mut protected };
            header.string("kid", key_id);
        }
        let critical: &[&str] = if self.has_unencoded_payload {
            protected.raw(B64, "false");
            &[B64]
        } else {
            &[]
        };
        parameters.write(critical, &mut protected);
        unprotected_parameters.write(&[], &mut unprotected);
        Ok(WrittenHeader { protected: protected.finish(), unprotected: unprotected.finish_json() })
    }

    /// The protected header, if there is no other.
    fn compact_header(&self) -> Result<String, Error> {
        let WrittenHeader { protected, unprotected } = self.header()?;
        if unprotected.is_some() {
            return Err(Error::misuse(
                "expected protected parameters only in a compact serialization, found an unprotected one; \
                 `sign_json` takes it",
            ));
        }
        Ok(protected)
    }
}

/// Both parts of a header, ready to be signed and sent.
pub(super) struct WrittenHeader {
    /// In base64url.
    pub(super) protected: String,
    /// As JSON, if it has any parameter.
    pub(super) unprotected: Option<String>,
}

/// RFC 7515 §4.1.3: `jwk` is "the public key that corresponds to the key used to digitally sign the JWS".
/// Anything else in its place is a mistake, and a private key there is published.
fn check_own_key(key: &SigningKey, json: &str) -> Result<(), Error> {
    let jwk = Jwk::from_json(json)?;
    let own = key.to_public_jwk()?;
    if jwk.is_private() || jwk.is_secret() || jwk.thumbprint() != own.thumbprint() {
        return Err(Error::misuse("expected the signing key's own public half in `jwk`, found another key"));
    }
    Ok(())
}

const JWK: &str = "jwk";

/// Returns a payload as the signing input ends with it.
pub(super) fn payload_text(payload: &[u8], encodes: bool) -> Cow<'_, [u8]> {
    if encodes { base64url::encode(payload).into_bytes().into() } else { payload.into() }
}

/// Puts the signing input together: RFC 7515 §5.1 step 8, RFC 7797 §3.
pub(super) fn signing_input(header: &str, payload: &[u8]) -> Vec<u8> {
    [header.as_bytes(), b".", payload].concat()
}

/// Signs a payload under a protected header that is encoded already.
pub(crate) fn sign_encoded(key: &SigningKey, header: &str, payload: &[u8]) -> Result<String, Error> {
    let token = unsigned_token(key.algorithm(), header, payload);
    let signature = key.sign(&token)?;
    Ok(with_signature(token, &signature))
}

/// Begins a compact JWS: its signing input, with room for the signature.
pub(crate) fn unsigned_token(algorithm: JwsAlgorithm, header: &str, payload: &[u8]) -> Vec<u8> {
    let mut token = begun_token(algorithm, header, base64url::encoded_len(payload.len()));
    base64url::encode_to_bytes(payload, &mut token);
    token
}

/// A header and the dot behind it, with room for a payload of so many bytes, as it stands in the token, and the signature.
fn begun_token(algorithm: JwsAlgorithm, header: &str, payload_len: usize) -> Vec<u8> {
    let signature_len = base64url::encoded_len(algorithm.max_signature_len());
    let mut token = Vec::with_capacity(header.len() + payload_len + 2 + signature_len);
    token.extend_from_slice(header.as_bytes());
    token.push(b'.');
    token
}

/// Ends a compact JWS with its signature.
// The token is bytes until then: it is looked at as text once, and not part by part.
pub(crate) fn with_signature(mut token: Vec<u8>, signature: &SignatureBytes) -> String {
    token.push(b'.');
    base64url::encode_to_bytes(signature.as_ref(), &mut token);
    String::from_utf8(token).expect("base64url, dots and plain payloads are ASCII")
}

/// Puts a compact JWS together whose payload travels beside it.
pub(super) fn detached_token(header: &str, signature: &SignatureBytes) -> String {
    format!("{header}..{}", base64url::encode(signature.as_ref()))
}

/// RFC 7797 §5.2: what a payload may hold that stands unencoded in a compact serialization, "%x20-2D" and
/// "%x2F-7E".
pub(super) fn is_plain(payload: &[u8]) -> bool {
    payload.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'.')
}
