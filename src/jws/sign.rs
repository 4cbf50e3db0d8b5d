//! Signing: a key and a payload go in, the protected header is written, both become the signing input,
//! and that becomes a compact JWS (RFC 7515 §5.1, §7.1).
//!
//! `alg` and `kid` come from the key and from nowhere else. `jwt` issues through here with a header
//! that it encoded once.

use super::SigningKey;
use crate::crypto::SignatureBytes;
use crate::error::Error;
use crate::wire::base64url;
use crate::wire::header::HeaderWriter;

/// Signs a payload of any bytes and returns the compact serialization.
///
/// The protected header holds `alg` and, if the key has one, `kid`
/// ([RFC 7515 §5.1](https://www.rfc-editor.org/rfc/rfc7515#section-5.1)). Everyone can read the payload. Claims are signed by
/// [`JwtIssuer`](crate::JwtIssuer), which adds what a JWT needs.
///
/// # Errors
///
/// [`Error::Unavailable`] if the crypto library gives no randomness.
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

/// Signing with header parameters of one's own: `typ` and `cty`.
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
}

impl<'k> JwsBuilder<'k> {
    /// Begins a token that is signed with this key.
    pub fn new(key: &'k SigningKey) -> Self {
        Self { key, token_type: None, content_type: None }
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

    /// Signs a payload of any bytes and returns the compact serialization.
    ///
    /// # Errors
    ///
    /// As [`sign`].
    pub fn sign(&self, payload: &[u8]) -> Result<String, Error> {
        sign_encoded(self.key, &self.protected_header(), payload)
    }

    /// The protected header that the key's tokens carry, base64url-encoded.
    pub(crate) fn protected_header(&self) -> String {
        let Self { key, token_type, content_type } = self;
        let mut header = HeaderWriter::new(key.header_name());
        for (name, value) in
            [("typ", token_type.as_deref()), ("cty", content_type.as_deref()), ("kid", key.key_id())]
        {
            if let Some(value) = value {
                header.string(name, value);
            }
        }
        header.finish()
    }
}

/// Signs a payload under a protected header that is encoded already.
pub(crate) fn sign_encoded(key: &SigningKey, header: &str, payload: &[u8]) -> Result<String, Error> {
    let signing_input = signing_input(header, payload);
    let signature = key.sign(signing_input.as_bytes())?;
    Ok(with_signature(signing_input, &signature))
}

/// Begins a token: what is signed, with room for the signature.
pub(crate) fn signing_input(header: &str, payload: &[u8]) -> String {
    // Room for the payload at 4 characters for 3 bytes, and for a signature of RSA-4096.
    let mut token = String::with_capacity(header.len() + payload.len() / 3 * 4 + 4 + 700);
    token.push_str(header);
    token.push('.');
    base64url::encode_to(payload, &mut token);
    token
}

/// Ends a token with its signature.
pub(crate) fn with_signature(mut token: String, signature: &SignatureBytes) -> String {
    token.push('.');
    base64url::encode_to(signature.as_ref(), &mut token);
    token
}
