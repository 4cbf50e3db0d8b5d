//! Signing in JSON: builders and one payload go in, the flattened or the general serialization comes out
//! (RFC 7515 §7.2, Appendix F; RFC 7797 §5).
//!
//! Each signature has its own key and header; the payload is encoded once. Where the payload is unencoded,
//! it is for all signatures, as its one text can't be both.

use std::borrow::Cow;

use super::JwsBuilder;
use super::sign::{WrittenHeader, payload_text, signing_input};
use crate::crypto::SignatureBytes;
use crate::error::Error;
use crate::limits::Limits;
use crate::wire::base64url;
use crate::wire::jws_json::{JwsJson, SignatureText};

impl JwsBuilder<'_> {
    /// Signs a payload of any bytes and returns the flattened JSON serialization
    /// ([RFC 7515 §7.2.2](https://www.rfc-editor.org/rfc/rfc7515#section-7.2.2)).
    ///
    /// [`verify_json`](crate::jws::JwsVerifier::verify_json) verifies it; several signatures over one payload
    /// are [`sign_general`]'s.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, SigningKey, jws};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let key = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("a");
    /// let json = jws::JwsBuilder::new(&key).unprotected_key_id().sign_json(b"agreed")?;
    /// assert!(json.starts_with(r#"{"payload":"YWdyZWVk","protected":""#));
    /// assert!(json.contains(r#""header":{"kid":"a"}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign), but that unprotected parameters have room here, and that an unencoded payload
    /// is any UTF-8.
    pub fn sign_json(&self, payload: &[u8]) -> Result<String, Error> {
        let text = payload_text(payload, self.encodes_payload());
        Ok(JwsJson::write_flattened(Some(utf8(&text)?), &self.signature(&text)?))
    }

    /// Signs a payload of any bytes that travels beside the token, and returns the flattened JSON
    /// serialization without it ([RFC 7515 Appendix F](https://www.rfc-editor.org/rfc/rfc7515#appendix-F)).
    ///
    /// [`verify_json_detached`](crate::jws::JwsVerifier::verify_json_detached) takes both.
    ///
    /// # Errors
    ///
    /// As [`sign_json`](Self::sign_json), but an unencoded payload is any bytes.
    pub fn sign_json_detached(&self, payload: &[u8]) -> Result<String, Error> {
        let text = payload_text(payload, self.encodes_payload());
        Ok(JwsJson::write_flattened(None, &self.signature(&text)?))
    }

    fn signature(&self, payload: &[u8]) -> Result<SignatureText<'static>, Error> {
        let header = self.header()?;
        let signature = self.key.sign(&signing_input(&header.protected, payload))?;
        Ok(signature_text(header, &signature))
    }
}

/// A signature as it stands in JSON, with its header.
pub(super) fn signature_text(header: WrittenHeader, signature: &SignatureBytes) -> SignatureText<'static> {
    SignatureText {
        protected: Some(Cow::Owned(header.protected)),
        unprotected: header.unprotected.map(Cow::Owned),
        signature: Cow::Owned(base64url::encode(signature.as_ref())),
    }
}

/// Signs a payload once for each builder and returns the general JSON serialization
/// ([RFC 7515 §7.2.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.2.1)).
///
/// For what several parties sign, or one party with an old and a new key. Whoever verifies it decides
/// whether all signatures have to hold ([`verify_json`](crate::jws::JwsVerifier::verify_json)) or some.
///
/// ```
/// use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
/// use countersign::{JwsAlgorithm, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let buyer = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("buyer");
/// let seller = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("seller");
/// let json = sign_general(&[JwsBuilder::new(&buyer), JwsBuilder::new(&seller)], b"100 apples")?;
///
/// let verifier = JwsVerifier::new([&buyer.verifying_key()?, &seller.verifying_key()?]);
/// let verified = verifier.verify_json(&json)?;
/// assert_eq!((verified.payload(), verified.distinct_keys()), (&b"100 apples"[..], 2));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`JwsBuilder::sign_json`]; [`Error::Misuse`] for no builder, more than 16, or builders of which only
/// some have an unencoded payload.
pub fn sign_general(builders: &[JwsBuilder<'_>], payload: &[u8]) -> Result<String, Error> {
    let text = payload_text(payload, encodes_payload(builders)?);
    Ok(JwsJson::write_general(Some(utf8(&text)?), &signatures(builders, &text)?))
}

/// Signs a payload that travels beside the token once for each builder, and returns the general JSON
/// serialization without it ([RFC 7515 Appendix F](https://www.rfc-editor.org/rfc/rfc7515#appendix-F)).
///
/// # Errors
///
/// As [`sign_general`], but an unencoded payload is any bytes.
pub fn sign_general_detached(builders: &[JwsBuilder<'_>], payload: &[u8]) -> Result<String, Error> {
    let text = payload_text(payload, encodes_payload(builders)?);
    Ok(JwsJson::write_general(None, &signatures(builders, &text)?))
}

fn signatures(builders: &[JwsBuilder<'_>], payload: &[u8]) -> Result<Vec<SignatureText<'static>>, Error> {
    builders.iter().map(|builder| builder.signature(payload)).collect()
}

/// What the builders agree on. RFC 7797 §3: "if the JWS has multiple signatures and/or MACs, the "b64" Header
/// Parameter value MUST be the same for all of them."
pub(super) fn encodes_payload(builders: &[JwsBuilder<'_>]) -> Result<bool, Error> {
    let max = Limits::default().recipients;
    let (first, others) = builders
        .split_first()
        .filter(|_| builders.len() <= max)
        .ok_or_else(|| Error::misuse(format!("expected 1 to {max} signatures, found another number")))?;
    let encodes = first.encodes_payload();
    if others.iter().any(|other| other.encodes_payload() != encodes) {
        return Err(Error::misuse(
            "expected `unencoded_payload` for all signatures or none, found it for some",
        ));
    }
    Ok(encodes)
}

/// The text that stands in the JSON. RFC 7797 §5.3: what isn't UTF-8 can't.
pub(super) fn utf8(payload_text: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(payload_text).map_err(|_| {
        Error::misuse(
            "expected an unencoded payload of UTF-8 in a JSON serialization, found other bytes; detached, it \
             is any bytes",
        )
    })
}
