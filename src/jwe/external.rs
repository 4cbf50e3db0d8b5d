//! Decrypting with a key that isn't in the process: it unwraps the content key ([`ExternalUnwrapper`]),
//! or agrees on a secret ([`ExternalAgreement`]) from which the library derives and unwraps the rest
//! (RFC 7516 §5.2, RFC 7518 §4.6). A [`DecryptionKey`] comes out that is used like any other.
//!
//! What the sender can see is judged before the key is asked. What it answers is a secret's business:
//! that it refuses, or that its answer has a wrong length, ends as every other failed decryption does
//! (RFC 7516 §11.5).

use std::fmt;
use std::sync::Arc;

use crate::crypto::CryptoError;
use crate::error::{Defect, Error, KeyDefect, Part, Refusal};
use crate::external::{ExternalFuture, ExternalKeyError};
use crate::jwk::{Jwk, KeyMaterial, Operation, ephemeral_jwk};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::header::HeaderRules;

use super::alg::JweAlgorithm;
use super::decryption_key::{DecryptionKey, Material};
use super::enc::ContentEncryption;
use super::recipient::{Accepted, ContentKey, OpenContentKey, RecipientInput};
use super::token::EncryptedToken;

/// A key outside the process that unwraps content keys, in a call that returns with the content key: an
/// RSA key for `RSA-OAEP` and its kin, or a secret for `A*KW` and `A*GCMKW`.
///
/// [`DecryptionKey::external_unwrapper`] makes a key of it.
///
/// ```
/// use countersign::jwe::{ExternalUnwrapper, WrappedKey};
/// use countersign::{DecryptionKey, ExternalKeyError, JweAlgorithm, SecretBytes};
///
/// struct Hsm;
///
/// impl ExternalUnwrapper for Hsm {
///     fn unwrap(&self, wrapped: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
///         self.c_unwrap_key(wrapped.encrypted_key()).map(SecretBytes::from)
///     }
/// }
/// # impl Hsm {
/// #     fn c_unwrap_key(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
/// #         Err(ExternalKeyError::Refused)
/// #     }
/// # }
///
/// // A secret has no public key to state; that of an RSA key is stated instead of `None`.
/// let key = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, Hsm)?;
/// # let secret = countersign::EncryptionKey::symmetric(JweAlgorithm::A256Kw, vec![7; 32].into())?;
/// # let token = countersign::encrypt(&secret, b"")?;
/// assert_eq!(countersign::decrypt(&key, &token).unwrap_err().code(), "decryption_failed");
/// # Ok::<(), countersign::Error>(())
/// ```
pub trait ExternalUnwrapper: Send + Sync {
    /// Unwraps a content key.
    ///
    /// # Errors
    ///
    /// [`ExternalKeyError::Refused`] if it doesn't unwrap, for whatever reason: the sender must not learn
    /// which. [`ExternalKeyError::Unavailable`] only if the key wasn't asked, or said nothing.
    fn unwrap(&self, wrapped: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError>;
}

/// A key outside the process that unwraps content keys, and whose answer is awaited.
///
/// [`DecryptionKey::external_unwrapper_async`] makes a key of it. Any executor drives the future.
pub trait AsyncExternalUnwrapper: Send + Sync {
    /// Unwraps a content key as [`ExternalUnwrapper::unwrap`] does, and gives it once it is there.
    ///
    /// # Errors
    ///
    /// As [`ExternalUnwrapper::unwrap`].
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes>;
}

/// A private key outside the process that agrees on a secret, in a call that returns with it: for
/// `ECDH-ES` and its kin.
///
/// [`DecryptionKey::external_agreement`] makes a key of it. The key derivation and the unwrapping that
/// follow are the library's.
///
/// ```
/// use countersign::jwe::{EphemeralPublicKey, ExternalAgreement};
/// use countersign::{DecryptionKey, ExternalKeyError, JweAlgorithm, SecretBytes, decrypt, encrypt};
///
/// struct Token;
///
/// impl ExternalAgreement for Token {
///     fn agree(&self, ephemeral: &EphemeralPublicKey) -> Result<SecretBytes, ExternalKeyError> {
///         self.derive(ephemeral.octets()).map(SecretBytes::from)
///     }
/// }
/// # impl Token {
/// #     fn derive(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
/// #         Err(ExternalKeyError::Unavailable)
/// #     }
/// # }
///
/// # let public_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.to_public_jwk()?;
/// let key = DecryptionKey::external_agreement(JweAlgorithm::EcdhEsA256Kw, &public_key, Token)?;
/// let token = encrypt(&key.encryption_key()?, b"card 4242")?;
/// assert_eq!(decrypt(&key, &token).unwrap_err().http_status(), 503);
/// # Ok::<(), countersign::Error>(())
/// ```
pub trait ExternalAgreement: Send + Sync {
    /// Agrees with the sender's ephemeral key and returns the shared secret Z: on a NIST curve the x
    /// coordinate of the shared point, its leading zeros kept (32, 48 or 66 bytes), on X25519 32 bytes.
    ///
    /// No key derivation function is to be applied: the library does that
    /// ([RFC 7518 §4.6.2](https://www.rfc-editor.org/rfc/rfc7518#section-4.6.2)). The ephemeral key is on
    /// the stated key's curve; that was checked.
    ///
    /// # Errors
    ///
    /// [`ExternalKeyError::Unavailable`] or [`ExternalKeyError::Refused`].
    fn agree(&self, ephemeral: &EphemeralPublicKey) -> Result<SecretBytes, ExternalKeyError>;
}

/// A private key outside the process that agrees on a secret, and whose answer is awaited.
///
/// [`DecryptionKey::external_agreement_async`] makes a key of it. Any executor drives the future.
pub trait AsyncExternalAgreement: Send + Sync {
    /// Agrees as [`ExternalAgreement::agree`] does, and gives the shared secret once it is there.
    ///
    /// # Errors
    ///
    /// As [`ExternalAgreement::agree`].
    fn agree<'a>(&'a self, ephemeral: &'a EphemeralPublicKey) -> ExternalFuture<'a, SecretBytes>;
}

/// One client for several keys or owners.
impl<K: ExternalUnwrapper + ?Sized> ExternalUnwrapper for Arc<K> {
    fn unwrap(&self, wrapped: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        (**self).unwrap(wrapped)
    }
}

/// One client for several keys or owners.
impl<K: AsyncExternalUnwrapper + ?Sized> AsyncExternalUnwrapper for Arc<K> {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        (**self).unwrap(wrapped)
    }
}

/// One client for several keys or owners.
impl<K: ExternalAgreement + ?Sized> ExternalAgreement for Arc<K> {
    fn agree(&self, ephemeral: &EphemeralPublicKey) -> Result<SecretBytes, ExternalKeyError> {
        (**self).agree(ephemeral)
    }
}

/// One client for several keys or owners.
impl<K: AsyncExternalAgreement + ?Sized> AsyncExternalAgreement for Arc<K> {
    fn agree<'a>(&'a self, ephemeral: &'a EphemeralPublicKey) -> ExternalFuture<'a, SecretBytes> {
        (**self).agree(ephemeral)
    }
}

/// What an external key is given to unwrap.
#[derive(Clone, Copy)]
pub struct WrappedKey<'t> {
    encrypted_key: &'t [u8],
    /// `iv` and `tag` of AES-GCM key wrap.
    gcm: Option<([u8; 12], [u8; 16])>,
}

impl WrappedKey<'_> {
    /// Returns the JWE encrypted key. It has the length that the algorithm gives it.
    #[must_use]
    pub const fn encrypted_key(&self) -> &[u8] {
        self.encrypted_key
    }

    /// Returns the initialization vector of `A*GCMKW`, 12 bytes; [`None`] for other algorithms.
    #[must_use]
    pub fn initialization_vector(&self) -> Option<&[u8]> {
        self.gcm.as_ref().map(|(iv, _)| iv.as_slice())
    }

    /// Returns the authentication tag of `A*GCMKW`, 16 bytes; [`None`] for other algorithms.
    #[must_use]
    pub fn authentication_tag(&self) -> Option<&[u8]> {
        self.gcm.as_ref().map(|(_, tag)| tag.as_slice())
    }
}

/// Shows the lengths, nothing of what the sender wrote.
impl fmt::Debug for WrappedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { encrypted_key, gcm } = self;
        f.debug_struct("WrappedKey")
            .field("encrypted_key", &format_args!("{} bytes", encrypted_key.len()))
            .field("has_tag", &gcm.is_some())
            .finish()
    }
}

/// The sender's ephemeral public key, which an external key agrees with. It is on the external key's
/// curve.
pub struct EphemeralPublicKey {
    jwk: Jwk,
}

impl EphemeralPublicKey {
    pub(super) fn new(material: KeyMaterial) -> Self {
        Self { jwk: ephemeral_jwk(material) }
    }

    /// Returns the key as a JWK, which gives it out in other forms ([`Jwk::to_spki_der`]).
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Returns the key's octets: on a NIST curve the uncompressed point, `0x04 || x || y`, on X25519 the
    /// 32 bytes.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self.jwk.material() {
            KeyMaterial::Ec(key) => &key.point,
            KeyMaterial::Okp(key) => &key.x,
            KeyMaterial::Oct(_) | KeyMaterial::Rsa(_) => &[],
        }
    }
}

/// Shows the kind of key.
impl fmt::Debug for EphemeralPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EphemeralPublicKey").field("kind", &self.jwk.kind()).finish_non_exhaustive()
    }
}

impl DecryptionKey {
    /// Makes the key for that algorithm out of one elsewhere that unwraps content keys: `RSA-OAEP` and its
    /// kin with the public key stated, `A*KW` and `A*GCMKW` with [`None`], as a secret has none.
    ///
    /// RSA-OAEP works so in every build, also in one that can't do it itself.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::NotPublic`] for a private key or a secret; [`KeyDefect::Algorithm`],
    /// [`KeyDefect::Use`] or [`KeyDefect::Type`] when the JWK isn't one to encrypt with under that
    /// algorithm; [`Error::Misuse`] for any other algorithm, and for RSA without its public key.
    pub fn external_unwrapper<'k>(
        algorithm: JweAlgorithm,
        public_key: impl Into<Option<&'k Jwk>>,
        unwrapper: impl ExternalUnwrapper + 'static,
    ) -> Result<Self, Error> {
        Self::of_unwrapper(algorithm, public_key.into(), Unwrapper::Call(Box::new(unwrapper)))
    }

    /// Makes the key like [`external_unwrapper`](Self::external_unwrapper), for one whose answers are
    /// awaited.
    ///
    /// [`decrypt_async`] and [`JwtVerifier::verify_async`](crate::JwtVerifier::verify_async) decrypt with
    /// it; for what doesn't wait, a token for it is [`Error::Misuse`].
    ///
    /// # Errors
    ///
    /// As [`external_unwrapper`](Self::external_unwrapper).
    pub fn external_unwrapper_async<'k>(
        algorithm: JweAlgorithm,
        public_key: impl Into<Option<&'k Jwk>>,
        unwrapper: impl AsyncExternalUnwrapper + 'static,
    ) -> Result<Self, Error> {
        Self::of_unwrapper(algorithm, public_key.into(), Unwrapper::Await(Box::new(unwrapper)))
    }

    /// Makes the key for that algorithm, `ECDH-ES` or one of its kin, out of a private key elsewhere that
    /// agrees, and its public key.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::NotPublic`] for a private key or a secret; [`KeyDefect::Algorithm`],
    /// [`KeyDefect::Use`] or [`KeyDefect::Type`] when the JWK isn't one to encrypt with under that
    /// algorithm; [`KeyDefect::Rejected`] for an X25519 key of small order; [`Error::Misuse`] for any other
    /// algorithm.
    pub fn external_agreement(
        algorithm: JweAlgorithm,
        public_key: &Jwk,
        agreement: impl ExternalAgreement + 'static,
    ) -> Result<Self, Error> {
        Self::of_agreement(algorithm, public_key, Agreement::Call(Box::new(agreement)))
    }

    /// Makes the key like [`external_agreement`](Self::external_agreement), for one whose answers are
    /// awaited.
    ///
    /// [`decrypt_async`] and [`JwtVerifier::verify_async`](crate::JwtVerifier::verify_async) decrypt with
    /// it; for what doesn't wait, a token for it is [`Error::Misuse`].
    ///
    /// # Errors
    ///
    /// As [`external_agreement`](Self::external_agreement).
    pub fn external_agreement_async(
        algorithm: JweAlgorithm,
        public_key: &Jwk,
        agreement: impl AsyncExternalAgreement + 'static,
    ) -> Result<Self, Error> {
        Self::of_agreement(algorithm, public_key, Agreement::Await(Box::new(agreement)))
    }

    fn of_unwrapper(
        algorithm: JweAlgorithm,
        public_key: Option<&Jwk>,
        unwrapper: Unwrapper,
    ) -> Result<Self, Error> {
        let material = match public_key {
            Some(jwk) => stated(algorithm, jwk)?,
            None => Material::Elsewhere,
        };
        let recipient = algorithm.family().external_unwrapping(unwrapper, public_key)?;
        Ok(Self::new(algorithm, material, recipient))
    }

    fn of_agreement(algorithm: JweAlgorithm, public_key: &Jwk, agreement: Agreement) -> Result<Self, Error> {
        let material = stated(algorithm, public_key)?;
        let recipient = algorithm.family().external_agreement(algorithm, agreement, public_key)?;
        Ok(Self::new(algorithm, material, recipient))
    }
}

/// The public key of an external pair, as it is stated. It is what others encrypt with, and judged so.
fn stated(algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Material, Error> {
    algorithm.check_jwk(jwk)?;
    if jwk.is_private() || jwk.is_secret() {
        return Err(Error::InvalidKey(KeyDefect::NotPublic));
    }
    if !jwk.permits(Operation::Encrypt) {
        return Err(Error::InvalidKey(KeyDefect::Use));
    }
    Ok(Material::Public(jwk.clone_key().with_algorithm(algorithm.name())))
}

/// Decrypts a token like [`decrypt`](crate::decrypt), and waits for an external key.
///
/// Any key will do; one in the process has decrypted at the first poll. The future is [`Send`] and may be
/// dropped at any time: nothing is left half done, and what secrets it held are wiped.
///
/// ```
/// use countersign::jwe::{DecryptionKey, decrypt_async};
/// use countersign::{Error, SecretBytes};
///
/// async fn card(key: &DecryptionKey, token: &str) -> Result<SecretBytes, Error> {
///     decrypt_async(key, token).await
/// }
/// # use countersign::{JweAlgorithm, encrypt};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// # let key = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
/// # let token = encrypt(&key.encryption_key()?, b"card 4242")?;
/// # let mut context = Context::from_waker(Waker::noop());
/// # let Poll::Ready(card) = pin!(card(&key, &token)).poll(&mut context) else { panic!("it waits") };
/// # assert_eq!(card?.expose_secret(), b"card 4242");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
///
/// As [`decrypt`](crate::decrypt), but for what it says of a key whose answer has to be awaited.
pub async fn decrypt_async(key: &DecryptionKey, token: &str) -> Result<SecretBytes, Error> {
    let (mut header, limits) = (Vec::new(), Limits::default());
    let rules = HeaderRules::new(&limits, &[]);
    let token = EncryptedToken::parse_known(token, &rules, &mut header, key.known_headers())?;
    if token.algorithm() != key.algorithm() {
        return Err(Error::NotAllowed(Refusal::Algorithm));
    }
    token.decrypt_with_candidates_async([key]).await
}

/// Who unwraps.
pub(super) enum Unwrapper {
    /// It answers when it is called.
    Call(Box<dyn ExternalUnwrapper>),
    /// It answers later.
    Await(Box<dyn AsyncExternalUnwrapper>),
}

impl Unwrapper {
    /// The step that asks. Where the encrypted key can't be one, the answer is known, and nobody is asked:
    /// what isn't of the right length needn't cost a request.
    pub(super) fn accept<'a>(
        &'a self,
        encrypted_key: &'a [u8],
        gcm: Option<([u8; 12], [u8; 16])>,
        expected_len: usize,
    ) -> Accepted<'a> {
        let fits = encrypted_key.len() == expected_len;
        let wrapped = WrappedKey { encrypted_key, gcm };
        let ask = move || if fits { Ok(wrapped) } else { Err(ExternalKeyError::Refused) };
        match self {
            Self::Call(key) => Accepted::call(move || key.unwrap(ask()?).map(ContentKey::Fresh)),
            Self::Await(key) => {
                Accepted::later(Box::pin(async move { key.unwrap(ask()?).await.map(ContentKey::Fresh) }))
            }
        }
    }
}

/// The recipient's side of an algorithm that has nothing to say in the header.
pub(super) struct Unwrapping<L> {
    unwrapper: Unwrapper,
    encrypted_key_len: L,
}

impl<L: Fn(ContentEncryption) -> usize + Send + Sync> Unwrapping<L> {
    /// `encrypted_key_len` is the one length of an encrypted key, in bytes.
    pub(super) const fn new(unwrapper: Unwrapper, encrypted_key_len: L) -> Self {
        Self { unwrapper, encrypted_key_len }
    }
}

impl<L: Fn(ContentEncryption) -> usize + Send + Sync> OpenContentKey for Unwrapping<L> {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        let RecipientInput { enc, encrypted_key, .. } = recipient;
        if encrypted_key.is_empty() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        Ok(self.unwrapper.accept(encrypted_key, None, (self.encrypted_key_len)(enc)))
    }
}

/// Who agrees.
pub(super) enum Agreement {
    /// It answers when it is called.
    Call(Box<dyn ExternalAgreement>),
    /// It answers later.
    Await(Box<dyn AsyncExternalAgreement>),
}

impl Agreement {
    /// The step that asks, and derives the content key from a shared secret of the curve's length.
    pub(super) fn accept<'a>(
        &'a self,
        ephemeral: EphemeralPublicKey,
        secret_len: usize,
        derive: impl FnOnce(&SecretBytes) -> Result<ContentKey<'a>, CryptoError> + Send + 'a,
    ) -> Accepted<'a> {
        let derive = move |shared: SecretBytes| {
            // An answer of another length is as secret as the answer: that the leading zeros of a secret were
            // left out would tell the sender of the `epk` something about it. All zeros is what a public key
            // of small order makes, and known to everyone (RFC 8037 §5, RFC 7748 §6.1).
            if shared.len() != secret_len || shared == SecretBytes::from(vec![0; secret_len]) {
                return Err(ExternalKeyError::Refused);
            }
            derive(&shared).map_err(|CryptoError| ExternalKeyError::Refused)
        };
        match self {
            Self::Call(key) => Accepted::call(move || derive(key.agree(&ephemeral)?)),
            Self::Await(key) => {
                Accepted::later(Box::pin(async move { derive(key.agree(&ephemeral).await?) }))
            }
        }
    }
}
