//! Signing: a key and a payload go in, the protected header is written, both become the signing input,
//! and that becomes a compact JWS (RFC 7515 §5.1, §7.1).
//!
//! `alg` and `kid` come from the key and from nowhere else. `jwt` issues through here with a header
//! that it encoded once.

use super::SigningKey;
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
    sign_encoded(key, &protected_header(key, None), payload)
}

/// Builds the protected header that this key's tokens carry, base64url-encoded.
pub(crate) fn protected_header(key: &SigningKey, typ: Option<&str>) -> String {
    let mut header = HeaderWriter::new(key.header_name());
    if let Some(typ) = typ {
        header.string("typ", typ);
    }
    if let Some(key_id) = key.key_id() {
        header.string("kid", key_id);
    }
    header.finish()
}

/// Signs a payload under a protected header that is encoded already.
pub(crate) fn sign_encoded(key: &SigningKey, header: &str, payload: &[u8]) -> Result<String, Error> {
    // Room for the payload at 4 characters for 3 bytes, and for a signature of RSA-4096.
    let mut token = String::with_capacity(header.len() + payload.len() / 3 * 4 + 4 + 700);
    token.push_str(header);
    token.push('.');
    base64url::encode_to(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    base64url::encode_to(signature.as_ref(), &mut token);
    Ok(token)
}
