//! Signing with keys whose signature is awaited: the same builders and payloads go in as in `sign` and
//! `sign_json`, and the same serializations come out (RFC 7515 §5.1, §7).
//!
//! Any key will do. One in the process has signed at the first poll; one outside that answers in a call
//! blocks the thread meanwhile. What is to be signed is written before the key is asked, and nothing is kept
//! between polls but that: a future that is dropped leaves no token behind, though the key may have signed.

use super::JwsBuilder;
use super::sign::{detached_token, payload_text, signing_input, with_signature};
use super::sign_json::{encodes_payload, signature_text, utf8};
use crate::error::Error;
use crate::wire::jws_json::{JwsJson, SignatureText};

impl JwsBuilder<'_> {
    /// Signs a payload like [`sign`](Self::sign), and waits for the signature of an external key.
    ///
    /// Any key will do: one in the process has signed at the first poll, one of
    /// [`SigningKey::external`](crate::SigningKey::external) blocks the thread meanwhile. The future is
    /// [`Send`] and may be dropped at any time; there is no token then, though the key may have signed.
    ///
    /// ```
    /// use countersign::jws::JwsBuilder;
    /// use countersign::{Error, SigningKey};
    ///
    /// async fn webhook(key: &SigningKey, body: &[u8]) -> Result<String, Error> {
    ///     JwsBuilder::new(key).token_type("webhook+jws").sign_async(body).await
    /// }
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    /// # let key = SigningKey::generate(countersign::JwsAlgorithm::Es256)?;
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let Poll::Ready(token) = pin!(webhook(&key, b"{}")).poll(&mut context) else { panic!("it waits") };
    /// # assert_eq!(token?.split('.').count(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign), but for what it says of a key whose answer has to be awaited.
    pub async fn sign_async(&self, payload: &[u8]) -> Result<String, Error> {
        let token = self.unsigned(payload)?;
        let signature = self.key.sign_async(&token).await?;
        Ok(with_signature(token, &signature))
    }

    /// Signs a payload like [`sign_detached`](Self::sign_detached), and waits for the signature.
    ///
    /// # Errors
    ///
    /// As [`sign_detached`](Self::sign_detached) and [`sign_async`](Self::sign_async).
    pub async fn sign_detached_async(&self, payload: &[u8]) -> Result<String, Error> {
        let (header, input) = self.unsigned_detached(payload)?;
        Ok(detached_token(&header, &self.key.sign_async(&input).await?))
    }

    /// Signs a payload like [`sign_json`](Self::sign_json), and waits for the signature.
    ///
    /// # Errors
    ///
    /// As [`sign_json`](Self::sign_json) and [`sign_async`](Self::sign_async).
    pub async fn sign_json_async(&self, payload: &[u8]) -> Result<String, Error> {
        let text = payload_text(payload, self.encodes_payload());
        // What can't stand in JSON isn't signed first.
        let in_json = utf8(&text)?;
        Ok(JwsJson::write_flattened(Some(in_json), &self.signature_async(&text).await?))
    }

    /// Signs a payload like [`sign_json_detached`](Self::sign_json_detached), and waits for the signature.
    ///
    /// # Errors
    ///
    /// As [`sign_json_detached`](Self::sign_json_detached) and [`sign_async`](Self::sign_async).
    pub async fn sign_json_detached_async(&self, payload: &[u8]) -> Result<String, Error> {
        let text = payload_text(payload, self.encodes_payload());
        Ok(JwsJson::write_flattened(None, &self.signature_async(&text).await?))
    }

    async fn signature_async(&self, payload: &[u8]) -> Result<SignatureText<'static>, Error> {
        let header = self.header()?;
        let signature = self.key.sign_async(&signing_input(&header.protected, payload)).await?;
        Ok(signature_text(header, &signature))
    }
}

/// Signs a payload once for each builder like [`sign_general`](super::sign_general), and waits for the
/// signatures, one after another.
///
/// # Errors
///
/// As [`sign_general`](super::sign_general) and [`JwsBuilder::sign_async`].
pub async fn sign_general_async(builders: &[JwsBuilder<'_>], payload: &[u8]) -> Result<String, Error> {
    let text = payload_text(payload, encodes_payload(builders)?);
    let in_json = utf8(&text)?;
    Ok(JwsJson::write_general(Some(in_json), &signatures_async(builders, &text).await?))
}

/// Signs a payload that travels beside the token like
/// [`sign_general_detached`](super::sign_general_detached), and waits for the signatures, one after another.
///
/// # Errors
///
/// As [`sign_general_detached`](super::sign_general_detached) and [`JwsBuilder::sign_async`].
pub async fn sign_general_detached_async(
    builders: &[JwsBuilder<'_>],
    payload: &[u8],
) -> Result<String, Error> {
    let text = payload_text(payload, encodes_payload(builders)?);
    Ok(JwsJson::write_general(None, &signatures_async(builders, &text).await?))
}

async fn signatures_async(
    builders: &[JwsBuilder<'_>],
    payload: &[u8],
) -> Result<Vec<SignatureText<'static>>, Error> {
    let mut signatures = Vec::with_capacity(builders.len());
    for builder in builders {
        signatures.push(builder.signature_async(payload).await?);
    }
    Ok(signatures)
}
