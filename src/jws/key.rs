//! Keys that sign and keys that verify: a JWK, PEM or secret and one algorithm go in, a [`SigningKey`]
//! or a [`VerifyingKey`] comes out that does that algorithm and no other (RFC 7515 §5, RFC 7517 §4.2 to
//! §4.4).
//!
//! An RSA key that is bound to RS256 can't be taken for an HMAC secret, whatever a header says (RFC
//! 8725 §2.1). `alg`, `use`, `key_ops`, type and size are judged here, once.

use std::fmt;
use std::sync::Arc;

use super::JwsAlgorithm;
use super::alg::{EDDSA, Family, ecdsa, eddsa, hmac, rsa};
use super::external::External;
use crate::crypto::{
    EcdsaSigningKey, EcdsaVerifyingKey, Ed25519Signed, Ed25519SigningKey, Ed25519VerifyingKey, HmacKey,
    RsaSigningKey, RsaVerifyingKey, SignatureBytes,
};
use crate::error::{Error, KeyDefect, Unsupported};
use crate::jwk::{Jwk, KeyMaterial, Operation};
use crate::secret::SecretBytes;

/// A key that signs, bound to one algorithm.
///
/// It holds a private key or a shared secret: it can't be cloned, printed or serialized. It is
/// generated, stands for a key outside the process ([`external`](Self::external)), or is made from a JWK ([`from_jwk`](Self::from_jwk)), PEM (`from_pem`), DER
/// ([`Jwk::from_pkcs8_der`], then [`from_jwk_for`](Self::from_jwk_for)) or a shared secret
/// ([`hmac`](Self::hmac)).
///
/// ```
/// use countersign::{JwsAlgorithm, SigningKey, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
/// let token = jws::sign(&key, b"ready")?;
/// assert_eq!(jws::verify(&key.verifying_key()?, &token)?.payload(), b"ready");
/// # Ok(())
/// # }
/// ```
pub struct SigningKey {
    algorithm: JwsAlgorithm,
    /// What the header says: the algorithm's name, or `EdDSA` on request.
    name: &'static str,
    /// Of an external key, the public half.
    jwk: Jwk,
    signer: Arc<Signer>,
}

#[allow(clippy::large_enum_variant, reason = "there is one, behind an `Arc`; its size depends on the stack")]
pub(super) enum Signer {
    Hmac(HmacKey),
    Rsa(RsaSigningKey),
    Ecdsa(EcdsaSigningKey),
    Eddsa(Ed25519SigningKey),
    External(Box<External>),
}

impl SigningKey {
    /// Generates a key: a secret of the hash's length for HS*, 2048 bits for RS* and PS*, else the
    /// algorithm's curve. Other sizes: [`Jwk::generate`], then [`from_jwk_for`](Self::from_jwk_for).
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for RSA on the ring stack without feature `rsa`;
    /// [`Error::Unavailable`] if the system gives no randomness.
    pub fn generate(algorithm: JwsAlgorithm) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::generate(algorithm.generated_kind())?)
    }

    /// Makes the key out of a private JWK that names its algorithm in `alg`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the JWK names no algorithm, has no private part, or forbids signing in
    /// `use` or `key_ops`; [`Error::Unsupported`] if the algorithm isn't one for signatures.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        Self::from_jwk_for(stated_algorithm(jwk)?, jwk)
    }

    /// Makes the key for that algorithm out of a private JWK.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the key's type, curve, size or own `alg` doesn't go with the
    /// algorithm, it has no private part, or its `use` or `key_ops` forbids signing.
    pub fn from_jwk_for(algorithm: JwsAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        check_use(algorithm, jwk, Operation::Sign)?;
        let material = jwk.material();
        let signer = match algorithm.family() {
            Family::Hmac(hash) => Signer::Hmac(hmac::key(hash, secret(material)?)?),
            Family::Rsa(padding, hash) => Signer::Rsa(rsa::signing_key(padding, hash, material)?),
            Family::Ecdsa(curve) => Signer::Ecdsa(ecdsa::signing_key(curve, material)?),
            Family::Eddsa => Signer::Eddsa(eddsa::signing_key(material)?),
        };
        Ok(Self::with_signer(algorithm, jwk, signer))
    }

    pub(super) fn with_signer(algorithm: JwsAlgorithm, jwk: &Jwk, signer: Signer) -> Self {
        Self { algorithm, name: algorithm.name(), jwk: jwk.clone_key(), signer: Arc::new(signer) }
    }

    /// Makes the key for that algorithm out of a private key's PEM (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    ///
    /// As [`Jwk::from_pem`] and [`from_jwk_for`](Self::from_jwk_for).
    #[cfg(feature = "pem")]
    pub fn from_pem(algorithm: JwsAlgorithm, pem: &str) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Makes an HS256, HS384 or HS512 key out of a secret of at least the hash's length in bytes: 32,
    /// 48 or 64 ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    ///
    /// The bytes are taken as they are: base64 or hexadecimal text is to be decoded first, or the peer
    /// who does so has another key. Random bytes, not a passphrase, which can be guessed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] for a shorter secret or another family of algorithm.
    pub fn hmac(algorithm: JwsAlgorithm, secret: SecretBytes) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::from_secret(secret)?)
    }

    /// The door that [`danger`](crate::danger) opens: the secret may be short, though not empty.
    pub(crate) fn weak_hmac(algorithm: JwsAlgorithm, secret: SecretBytes) -> Result<Self, Error> {
        let jwk = Jwk::from_secret(secret)?;
        // No other family takes a secret, and each says so in its own words.
        let Family::Hmac(hash) = algorithm.family() else { return Self::from_jwk_for(algorithm, &jwk) };
        let signer =
            Arc::new(Signer::Hmac(HmacKey::new(hash, self::secret(jwk.material())?.expose_secret())));
        Ok(Self { algorithm, name: algorithm.name(), jwk, signer })
    }

    /// Sets the key ID that tokens carry in `kid`.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.jwk = self.jwk.with_key_id(key_id);
        self
    }

    /// Writes `EdDSA`, the older name, into headers instead of `Ed25519`, for receivers that know no
    /// other. Changes nothing for keys of other algorithms.
    #[must_use]
    pub fn with_eddsa_name(mut self) -> Self {
        if self.algorithm == JwsAlgorithm::Ed25519 {
            self.name = EDDSA;
        }
        self
    }

    /// Returns the same key once more, for a second owner.
    #[must_use]
    pub fn clone_key(&self) -> Self {
        let Self { algorithm, name, jwk, signer } = self;
        Self { algorithm: *algorithm, name, jwk: jwk.clone_key(), signer: Arc::clone(signer) }
    }

    /// Returns the algorithm that the key is bound to.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the key ID, if the key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.jwk.key_id()
    }

    /// Makes the key that verifies what this one signs: the public half, or for HS* the same secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the crypto library refuses the public half, which a key that was
    /// made by this library doesn't bring about.
    pub fn verifying_key(&self) -> Result<VerifyingKey, Error> {
        if let Signer::Hmac(_) = *self.signer {
            return VerifyingKey::of_any_secret(self.algorithm, &self.jwk);
        }
        VerifyingKey::new(self.algorithm, &self.jwk)
    }

    /// Returns the public half as a JWK with `alg`, `use` and `kid`, to publish.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] for an HS* key, which has no public half.
    pub fn to_public_jwk(&self) -> Result<Jwk, Error> {
        let public = self.jwk.to_public()?.with_algorithm(self.name);
        Ok(public.with_use(crate::jwk::KeyUse::Signature))
    }

    /// Returns the private key or the secret as a JWK with `alg`, to keep in a safe place.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::NotPrivate`] for an external key, whose private half isn't here.
    pub fn expose_jwk(&self) -> Result<Jwk, Error> {
        if let Signer::External(_) = *self.signer {
            return Err(Error::InvalidKey(KeyDefect::NotPrivate));
        }
        Ok(self.jwk.clone_key().with_algorithm(self.name))
    }

    pub(super) fn signer(&self) -> &Signer {
        &self.signer
    }

    pub(crate) fn header_name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn sign(&self, signing_input: &[u8]) -> Result<SignatureBytes, Error> {
        match &*self.signer {
            Signer::Hmac(key) => Ok(SignatureBytes::from(key.sign(&[signing_input]))),
            Signer::Rsa(key) => key.sign(signing_input).map_err(|_| SIGNING_FAILED),
            Signer::Ecdsa(key) => key.sign(signing_input).map_err(|_| SIGNING_FAILED),
            Signer::Eddsa(key) => key.sign(signing_input).map_err(|_| SIGNING_FAILED),
            Signer::External(key) => key.sign(signing_input),
        }
    }
}

/// A checked key fails to sign only for want of randomness.
const SIGNING_FAILED: Error = Error::Unavailable { what: "the crypto library couldn't sign" };

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}

/// A key that verifies signatures, bound to one algorithm. It can't sign.
///
/// It is made from the public key that an issuer publishes, as a JWK, PEM (`from_pem`, certificates
/// too) or DER ([`Jwk::from_spki_der`], then [`from_jwk_for`](Self::from_jwk_for)), or from the
/// [`SigningKey`]. A published set of keys becomes a [`KeySet`](crate::KeySet) instead.
///
/// ```
/// use countersign::{Jwk, JwsAlgorithm, VerifyingKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let jwk = Jwk::from_json(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )?;
/// let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk)?.with_key_id("2026-11");
/// assert_eq!(key.key_id(), Some("2026-11"));
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail
/// # use countersign::{VerifyingKey, jws};
/// fn forge(key: &VerifyingKey) {
///     let _ = jws::sign(key, b"no");
/// }
/// ```
pub struct VerifyingKey {
    algorithm: JwsAlgorithm,
    key_id: Option<Box<str>>,
    /// Tells keys apart by what they are; a secret's is not to be shown (RFC 7638 §7).
    thumbprint: Arc<str>,
    verifier: Arc<Verifier>,
}

#[allow(clippy::large_enum_variant, reason = "there is one, behind an `Arc`; its size depends on the stack")]
enum Verifier {
    Hmac(HmacKey),
    Rsa(RsaVerifyingKey),
    Ecdsa(EcdsaVerifyingKey),
    Eddsa(Ed25519VerifyingKey),
}

impl VerifyingKey {
    /// Makes the key out of a public JWK (or for HS* a secret one) that names its algorithm in `alg`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the JWK names no algorithm, is private, or forbids verifying in `use` or
    /// `key_ops`; [`Error::Unsupported`] if the algorithm isn't one for signatures.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        Self::from_jwk_for(stated_algorithm(jwk)?, jwk)
    }

    /// Makes the key for that algorithm out of a public JWK (or for HS* a secret one).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the key's type, curve, size or own `alg` doesn't go with the
    /// algorithm, it is private ([`Jwk::to_public`] drops that part), or its `use` or `key_ops`
    /// forbids verifying.
    pub fn from_jwk_for(algorithm: JwsAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        check_use(algorithm, jwk, Operation::Verify)?;
        // A private key where a public one is due has leaked, or is about to.
        if jwk.is_private() && !jwk.is_secret() {
            return Err(Error::InvalidKey(KeyDefect::NotPublic));
        }
        Self::new(algorithm, jwk)
    }

    /// Makes the key for that algorithm out of a public key's or a certificate's PEM.
    ///
    /// # Errors
    ///
    /// As [`Jwk::from_pem`] and [`from_jwk_for`](Self::from_jwk_for).
    #[cfg(feature = "pem")]
    pub fn from_pem(algorithm: JwsAlgorithm, pem: &str) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Makes an HS256, HS384 or HS512 key out of a secret of at least the hash's length in bytes: 32,
    /// 48 or 64 ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    ///
    /// They are the bytes that [`SigningKey::hmac`] takes, as they are: whoever has them can sign too.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] for a shorter secret or another family of algorithm.
    pub fn hmac(algorithm: JwsAlgorithm, secret: SecretBytes) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::from_secret(secret)?)
    }

    fn new(algorithm: JwsAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        let material = jwk.material();
        let verifier = match algorithm.family() {
            Family::Hmac(hash) => Verifier::Hmac(hmac::key(hash, secret(material)?)?),
            Family::Rsa(padding, hash) => Verifier::Rsa(rsa::verifying_key(padding, hash, material)?),
            Family::Ecdsa(curve) => Verifier::Ecdsa(ecdsa::verifying_key(curve, material)?),
            Family::Eddsa => Verifier::Eddsa(eddsa::verifying_key(material)?),
        };
        Ok(Self::of(algorithm, jwk, verifier))
    }

    fn of(algorithm: JwsAlgorithm, jwk: &Jwk, verifier: Verifier) -> Self {
        Self {
            algorithm,
            key_id: jwk.key_id().map(Box::from),
            thumbprint: Arc::from(jwk.thumbprint()),
            verifier: Arc::new(verifier),
        }
    }

    /// The twin of an HS* signing key, whose secret was judged when that was made.
    fn of_any_secret(algorithm: JwsAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        let Family::Hmac(hash) = algorithm.family() else { return Self::new(algorithm, jwk) };
        let verifier = Verifier::Hmac(HmacKey::new(hash, secret(jwk.material())?.expose_secret()));
        Ok(Self::of(algorithm, jwk, verifier))
    }

    /// Sets the key ID that a token's `kid` is compared with.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into().into_boxed_str());
        self
    }

    /// Returns the same key once more, for a second owner.
    #[must_use]
    pub fn clone_key(&self) -> Self {
        let Self { algorithm, key_id, thumbprint, verifier } = self;
        Self {
            algorithm: *algorithm,
            key_id: key_id.clone(),
            thumbprint: Arc::clone(thumbprint),
            verifier: Arc::clone(verifier),
        }
    }

    /// Returns the algorithm that the key is bound to.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the key ID, if the key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the thumbprint of the public key, or of the secret: not to be shown.
    pub(super) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Returns whether the signature over the message holds.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &*self.verifier {
            Verifier::Hmac(key) => key.verify(message, signature),
            Verifier::Rsa(key) => key.verify(message, signature),
            Verifier::Ecdsa(key) => key.verify(message, signature),
            Verifier::Eddsa(key) => key.verify(message, signature),
        }
        .is_ok()
    }

    /// What has the signature over the message checked together with others, if the algorithm has that.
    pub(super) fn together<'a>(
        &'a self,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> Option<Ed25519Signed<'a>> {
        match &*self.verifier {
            Verifier::Eddsa(key) => Some(Ed25519Signed { key, message, signature }),
            _ => None,
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The signature algorithm that the JWK names.
fn stated_algorithm(jwk: &Jwk) -> Result<JwsAlgorithm, Error> {
    let name = jwk.algorithm().ok_or(Error::InvalidKey(KeyDefect::AlgorithmUnknown))?;
    let unknown =
        Unsupported::Key("expected a signature algorithm of this build in the key's `alg`, found another");
    JwsAlgorithm::from_name(name).ok_or(Error::Unsupported(unknown))
}

/// The JWK's `alg`, `use` and `key_ops`, where they are there, must permit this.
fn check_use(algorithm: JwsAlgorithm, jwk: &Jwk, operation: Operation) -> Result<(), Error> {
    if jwk.algorithm().is_some_and(|name| JwsAlgorithm::from_name(name) != Some(algorithm)) {
        return Err(Error::InvalidKey(KeyDefect::Algorithm));
    }
    if !jwk.permits(operation) {
        return Err(Error::InvalidKey(KeyDefect::Use));
    }
    Ok(())
}

fn secret(material: &KeyMaterial) -> Result<&SecretBytes, Error> {
    match material {
        KeyMaterial::Oct(secret) => Ok(secret),
        _ => Err(material.mismatch("a symmetric secret")),
    }
}
