//! Signing with a key that isn't in the process: a public key and an [`ExternalSigner`] go in, a
//! [`SigningKey`] comes out, whose signatures are checked under that public key before any token leaves
//! (RFC 7515 §5.1).
//!
//! A service that is asked for one signature may return another's, another encoding, or none. What it
//! returns is verified as any receiver would, so none of that becomes a token.

use std::sync::Arc;

use super::alg::Family;
use super::key::Signer;
use super::{JwsAlgorithm, SigningKey, VerifyingKey};
use crate::crypto::{self, SignatureBytes};
use crate::error::{Defect, Error, KeyDefect, Part};
use crate::external::{ExternalFuture, ExternalKeyError};
use crate::jwk::{Jwk, KeyMaterial};

/// A private key outside the process that signs, in a call that returns with the signature: an HSM's
/// library, a TPM, an agent on a socket.
///
/// [`SigningKey::external`] makes a key of it. Where the answer comes over a network and an executor is
/// there to wait for it, implement [`AsyncExternalSigner`] instead.
///
/// ```
/// use countersign::jws::ExternalSigner;
/// use countersign::{ExternalKeyError, JwsAlgorithm};
///
/// struct Hsm;
///
/// impl ExternalSigner for Hsm {
///     fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
///         // This one takes a hash value and returns DER.
///         let digest = JwsAlgorithm::Es256.digest(signing_input).ok_or(ExternalKeyError::Refused)?;
///         let der = self.sign_digest(&digest)?;
///         Ok(JwsAlgorithm::Es256.signature_from_der(&der)?)
///     }
/// }
/// # impl Hsm {
/// #     fn sign_digest(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
/// #         Err(ExternalKeyError::Unavailable)
/// #     }
/// # }
/// ```
pub trait ExternalSigner: Send + Sync {
    /// Signs the JWS signing input, all of it, and returns the signature in the form of
    /// [RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3): of ECDSA `r || s`, each of the
    /// coordinate's length, for which [`JwsAlgorithm::signature_from_der`] helps.
    ///
    /// Keys that take a hash value are given [`JwsAlgorithm::digest`] of it.
    ///
    /// # Errors
    ///
    /// [`ExternalKeyError::Unavailable`] or [`ExternalKeyError::Refused`].
    fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, ExternalKeyError>;
}

/// A private key outside the process that signs, and whose signature is awaited.
///
/// [`SigningKey::external_async`] makes a key of it, for
/// [`JwtIssuer::issue_async`](crate::JwtIssuer::issue_async) and [`JwsBuilder::sign_async`](crate::jws::JwsBuilder::sign_async). Any executor
/// drives the future. How long to wait is the implementation's decision, or that of whoever awaits the
/// token.
///
/// ```
/// use countersign::jws::AsyncExternalSigner;
/// use countersign::{ExternalFuture, ExternalKeyError};
///
/// struct Kms;
///
/// impl AsyncExternalSigner for Kms {
///     fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
///         Box::pin(async move { self.request(signing_input).await })
///     }
/// }
/// # impl Kms {
/// #     async fn request(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
/// #         Err(ExternalKeyError::Unavailable)
/// #     }
/// # }
/// ```
pub trait AsyncExternalSigner: Send + Sync {
    /// Signs the JWS signing input as [`ExternalSigner::sign`] does, and gives the signature once it is
    /// there.
    ///
    /// # Errors
    ///
    /// [`ExternalKeyError::Unavailable`] or [`ExternalKeyError::Refused`].
    fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>>;
}

/// One client for several keys or owners.
impl<S: ExternalSigner + ?Sized> ExternalSigner for Arc<S> {
    fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
        (**self).sign(signing_input)
    }
}

/// One client for several keys or owners.
impl<S: AsyncExternalSigner + ?Sized> AsyncExternalSigner for Arc<S> {
    fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
        (**self).sign(signing_input)
    }
}

impl SigningKey {
    /// Makes the key for that algorithm out of a private key elsewhere and its public key.
    ///
    /// Every signature that comes back is verified under the public key first: a wrong one is
    /// [`KeyDefect::Signature`], and no token. `kid` is the JWK's, until
    /// [`with_key_id`](Self::with_key_id) sets it.
    ///
    /// ```
    /// use countersign::jws::{ExternalSigner, sign, verify};
    /// use countersign::{Error, ExternalKeyError, JwsAlgorithm, SigningKey};
    /// # use countersign::Jwk;
    /// # use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    ///
    /// # struct Agent(ed25519_dalek::SigningKey);
    /// # impl ExternalSigner for Agent {
    /// #     fn sign(&self, input: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
    /// #         Ok(ed25519_dalek::Signer::sign(&self.0, input).to_vec())
    /// #     }
    /// # }
    /// # fn main() -> Result<(), Error> {
    /// # let agent = Agent(ed25519_dalek::SigningKey::from_bytes(&[7; 32]));
    /// # let x = URL_SAFE_NO_PAD.encode(agent.0.verifying_key());
    /// # let public_jwk = Jwk::from_json(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#))?;
    /// // `agent` is an `ExternalSigner`, `public_jwk` the public key that belongs to it.
    /// let key = SigningKey::external(JwsAlgorithm::Ed25519, &public_jwk, agent)?;
    /// let token = sign(&key, b"ready")?;
    /// assert_eq!(verify(&key.verifying_key()?, &token)?.payload(), b"ready");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`VerifyingKey::from_jwk_for`]; [`Error::InvalidKey`] also for a secret, as HS* has no public
    /// key to check a signature with, and for an RSA key of more than 4096 bits.
    pub fn external(
        algorithm: JwsAlgorithm,
        public_key: &Jwk,
        signer: impl ExternalSigner + 'static,
    ) -> Result<Self, Error> {
        Self::of_holder(algorithm, public_key, Holder::Call(Box::new(signer)))
    }

    /// Makes the key like [`external`](Self::external), for signatures that are awaited:
    /// [`JwtIssuer::issue_async`](crate::JwtIssuer::issue_async) and [`JwsBuilder::sign_async`](crate::jws::JwsBuilder::sign_async) sign with
    /// it, and what doesn't wait is [`Error::Misuse`].
    ///
    /// # Errors
    ///
    /// As [`external`](Self::external).
    pub fn external_async(
        algorithm: JwsAlgorithm,
        public_key: &Jwk,
        signer: impl AsyncExternalSigner + 'static,
    ) -> Result<Self, Error> {
        Self::of_holder(algorithm, public_key, Holder::Await(Box::new(signer)))
    }

    fn of_holder(algorithm: JwsAlgorithm, public_key: &Jwk, holder: Holder) -> Result<Self, Error> {
        if public_key.is_secret() {
            return Err(Error::InvalidKey(KeyDefect::NotPublic));
        }
        let public = VerifyingKey::from_jwk_for(algorithm, public_key)?;
        let signature_len = signature_len(algorithm, public_key)?;
        let external = External { public, signature_len, holder };
        Ok(Self::with_signer(algorithm, public_key, Signer::External(Box::new(external))))
    }

    /// Signs and waits for the signature, if it is one to wait for.
    pub(crate) async fn sign_async(&self, signing_input: &[u8]) -> Result<SignatureBytes, Error> {
        if let Signer::External(external) = self.signer()
            && let Holder::Await(signer) = &external.holder
        {
            return external.checked(signing_input, signer.sign(signing_input).await);
        }
        self.sign(signing_input)
    }
}

impl JwsAlgorithm {
    /// Returns the hash value of a signing input that the algorithm signs, for an external key that takes
    /// no more than that; [`None`] for HS* and Ed25519, which take the input itself.
    ///
    /// ```
    /// use countersign::JwsAlgorithm;
    ///
    /// assert_eq!(JwsAlgorithm::Es384.digest(b"header.payload").map(|digest| digest.len()), Some(48));
    /// assert_eq!(JwsAlgorithm::Ed25519.digest(b"header.payload"), None);
    /// ```
    #[must_use]
    pub fn digest(self, signing_input: &[u8]) -> Option<Vec<u8>> {
        let hash = match self.family() {
            Family::Rsa(_, hash) => hash,
            Family::Ecdsa(curve) => curve.hash(),
            Family::Hmac(_) | Family::Eddsa => return None,
        };
        Some(crypto::digest(hash, &[signing_input]).as_ref().to_vec())
    }

    /// Turns an ECDSA signature in DER, as most services return it, into the `r || s` of
    /// [RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4). It doesn't verify the
    /// signature.
    ///
    /// ```
    /// use countersign::JwsAlgorithm;
    ///
    /// let signature = JwsAlgorithm::Es256.signature_from_der(&[0x30, 6, 2, 1, 7, 2, 1, 9])?;
    /// assert_eq!((signature.len(), signature[31], signature[63]), (64, 7, 9));
    /// # Ok::<(), countersign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for what isn't exactly one DER signature of the algorithm's curve;
    /// [`Error::Misuse`] for an algorithm other than ES*, whose signatures have one form only.
    pub fn signature_from_der(self, der: &[u8]) -> Result<Vec<u8>, Error> {
        let Family::Ecdsa(curve) = self.family() else {
            return Err(Error::misuse(
                "expected an ECDSA algorithm, whose signatures DER is for, found another",
            ));
        };
        let signature = crypto::ecdsa_signature_from_der(curve, der).map_err(|_| {
            Error::malformed(Part::Der, Defect::Encoding("an ECDSA signature: r and s (RFC 3279 §2.2.3)"))
        })?;
        Ok(signature.as_ref().to_vec())
    }
}

/// A key elsewhere, with what its signatures are checked by.
pub(super) struct External {
    public: VerifyingKey,
    signature_len: usize,
    holder: Holder,
}

/// Who has the private key.
enum Holder {
    Call(Box<dyn ExternalSigner>),
    Await(Box<dyn AsyncExternalSigner>),
}

impl External {
    /// Signs in a call that returns with the signature.
    pub(super) fn sign(&self, signing_input: &[u8]) -> Result<SignatureBytes, Error> {
        match &self.holder {
            Holder::Call(signer) => self.checked(signing_input, signer.sign(signing_input)),
            Holder::Await(_) => Err(Error::misuse(
                "expected a call that waits for an asynchronous external key, such as `issue_async` or \
                 `sign_async`, found one that doesn't",
            )),
        }
    }

    /// Lets a signature through that holds under the stated public key.
    fn checked(
        &self,
        signing_input: &[u8],
        signature: Result<Vec<u8>, ExternalKeyError>,
    ) -> Result<SignatureBytes, Error> {
        let signature = match signature {
            Ok(signature) => signature,
            Err(ExternalKeyError::Unavailable) => return Err(ExternalKeyError::UNAVAILABLE),
            Err(ExternalKeyError::Refused) => return Err(Error::InvalidKey(KeyDefect::Refused)),
        };
        if signature.len() != self.signature_len {
            return Err(wrong(
                "expected a signature of the algorithm's length from the external key, found another; \
                 `signature_from_der` converts DER",
            ));
        }
        if !self.public.verifies(signing_input, &signature) {
            return Err(wrong(
                "expected a signature by the stated key from the external key, found one that doesn't verify",
            ));
        }
        SignatureBytes::copy_of(&signature).map_err(|_| wrong("expected a signature of at most 4096 bits"))
    }
}

const fn wrong(reason: &'static str) -> Error {
    Error::InvalidKey(KeyDefect::Signature(reason))
}

/// The one length of the key's signatures, in bytes (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
fn signature_len(algorithm: JwsAlgorithm, public_key: &Jwk) -> Result<usize, Error> {
    match algorithm.family() {
        Family::Ecdsa(curve) => Ok(2 * curve.coordinate_len()),
        Family::Eddsa => Ok(64),
        Family::Rsa(..) => match public_key.material() {
            // `SignatureBytes` has room for no more.
            KeyMaterial::Rsa(key) if key.n.len() > 512 => {
                Err(Error::InvalidKey(KeyDefect::TooLarge { max_bits: 4096 }))
            }
            KeyMaterial::Rsa(key) => Ok(key.n.len()),
            other => Err(other.mismatch("an RSA key")),
        },
        Family::Hmac(_) => Err(Error::InvalidKey(KeyDefect::NotPublic)),
    }
}
