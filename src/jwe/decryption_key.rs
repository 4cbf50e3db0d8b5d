//! The recipient's key: a JWK, PEM or secret and one algorithm go in, a [`DecryptionKey`] comes out
//! that decrypts for that algorithm and no other (RFC 7516 §5.2, RFC 7517 §4.2 to §4.4).
//!
//! `alg`, `use`, `key_ops`, type and size are judged here, once. Clones share the key and the
//! encryption key made from it, so that all of them count their messages together (RFC 7518 §8.4).

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::crypto::{Bytes, fill_random};
use crate::error::{Error, KeyDefect, Refusal};
use crate::jwk::{Jwk, KeyUse, Operation};
use crate::secret::SecretBytes;

use super::alg::JweAlgorithm;
use super::enc::ContentEncryption;
use super::encryption_key::{EncryptionCore, EncryptionKey};
use super::known_headers::KnownHeaders;
use super::recipient::{Accepted, OpenContentKey, RecipientInput, no_randomness};

/// A key to decrypt with, bound to one algorithm: a private key or a shared secret.
///
/// A token for another algorithm isn't decrypted, whatever its header asks for; nor is one whose
/// `kid` is another than the key's, where both have one. It is generated, or made from a JWK
/// ([`from_jwk`](Self::from_jwk)), PEM (`from_pem`), DER ([`Jwk::from_pkcs8_der`], then
/// [`from_jwk_for`](Self::from_jwk_for)) or a shared secret ([`symmetric`](Self::symmetric),
/// [`direct`](Self::direct)), or stands for a key outside the process
/// ([`external_unwrapper`](Self::external_unwrapper), [`external_agreement`](Self::external_agreement)).
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm};
/// use countersign::jwk::Jwk;
///
/// let key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("2026-01");
/// let stored = key.expose_jwk()?.expose_json(); // for a file that only this service reads
///
/// let key = DecryptionKey::from_jwk(&Jwk::from_json(stored.expose_secret())?)?;
/// assert_eq!(key.algorithm(), JweAlgorithm::EcdhEsA256Kw);
/// assert_eq!(key.key_id(), Some("2026-01"));
/// # Ok::<(), countersign::Error>(())
/// ```
pub struct DecryptionKey {
    core: Arc<DecryptionCore>,
    key_id: Option<String>,
    allowed: Vec<ContentEncryption>,
}

/// What the clones of a key share.
struct DecryptionCore {
    algorithm: JweAlgorithm,
    material: Material,
    recipient: Box<dyn OpenContentKey>,
    /// Made once, so that all encryption keys made of this key count their messages together.
    encryption: OnceLock<Arc<EncryptionCore>>,
    known: KnownHeaders,
    /// What stands for a content key that isn't one.
    substitute: OnceLock<Bytes<SUBSTITUTE_LEN>>,
}

/// The longest key of a content encryption, that of A256CBC-HS512 (RFC 7518 §5.2.5), in bytes.
const SUBSTITUTE_LEN: usize = 64;

/// What there is of a key to give out, with the `alg` that [`JweAlgorithm::of_jwk`] reads the algorithm
/// from.
pub(super) enum Material {
    /// The whole key: private or secret.
    Here(Jwk),
    /// The public key of an external pair.
    Public(Jwk),
    /// Nothing: an external secret.
    Elsewhere,
}

impl Material {
    fn jwk(&self) -> Option<&Jwk> {
        match self {
            Self::Here(jwk) | Self::Public(jwk) => Some(jwk),
            Self::Elsewhere => None,
        }
    }
}

impl DecryptionKey {
    /// Takes the key of a private or secret JWK for the algorithm that the JWK's own `alg` names.
    ///
    /// A content encryption in `alg` (`"alg":"A128GCM"`) means `dir` with that `enc`. A password
    /// (`"alg":"PBES2-…"`) isn't taken by its own word: [`password`](Self::password) and
    /// [`from_jwk_for`](Self::from_jwk_for) ask for it.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::AlgorithmUnknown`] when the JWK has no `alg`, or has `dir` and 256 bits, which
    /// fit two content encryptions; [`Error::Unsupported`] when `alg` is none for key management, or
    /// a password's; otherwise as [`from_jwk_for`](Self::from_jwk_for).
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        Self::from_jwk_for(JweAlgorithm::of_jwk(jwk)?, jwk)
    }

    /// Takes the key of a private or secret JWK for an algorithm.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Algorithm`] when the JWK's own `alg` names another one, [`KeyDefect::Use`] when
    /// its `use` or `key_ops` forbids decryption, [`KeyDefect::NotPrivate`] for a public key,
    /// [`KeyDefect::Type`] or [`KeyDefect::Size`] when the key isn't one of the algorithm, and
    /// [`Error::Unsupported`] for RSA-OAEP in a build without it.
    pub fn from_jwk_for(algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        algorithm.check_jwk(jwk)?;
        if !jwk.permits(Operation::Decrypt) {
            return Err(Error::InvalidKey(KeyDefect::Use));
        }
        let recipient = algorithm.family().decryption(algorithm, jwk)?;
        let name = recipient.content_encryption().map_or(algorithm.name(), ContentEncryption::name);
        let jwk = jwk.clone_key().with_algorithm(name);
        Ok(Self::new(algorithm, Material::Here(jwk), recipient))
    }

    pub(super) fn new(
        algorithm: JweAlgorithm,
        material: Material,
        recipient: Box<dyn OpenContentKey>,
    ) -> Self {
        let key_id = material.jwk().and_then(Jwk::key_id).map(str::to_owned);
        let core = DecryptionCore {
            algorithm,
            material,
            recipient,
            encryption: OnceLock::new(),
            known: KnownHeaders::default(),
            substitute: OnceLock::new(),
        };
        Self { core: Arc::new(core), key_id, allowed: ContentEncryption::ALL.to_vec() }
    }

    /// Takes a private key in PEM for an algorithm.
    ///
    /// # Errors
    ///
    /// As [`Jwk::from_pem`] and [`from_jwk_for`](Self::from_jwk_for).
    #[cfg(feature = "pem")]
    pub fn from_pem(algorithm: JweAlgorithm, pem: &str) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Takes a shared secret for `dir`: it encrypts the content itself. Random bytes, no passphrase:
    /// 16, 24, 32, 48 or 64, as the content encryption asks.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Size`] when the secret isn't as long as the content encryption's key.
    pub fn direct(enc: ContentEncryption, secret: SecretBytes) -> Result<Self, Error> {
        Self::from_jwk_for(JweAlgorithm::Dir, &Jwk::from_secret(secret)?.with_algorithm(enc.name()))
    }

    /// Takes a shared secret for an algorithm that wraps the content key: `A*KW`, `A*GCMKW`. Random
    /// bytes, no passphrase: 16, 24 or 32, as the algorithm asks.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Size`] when the secret isn't as long as the algorithm's key,
    /// [`KeyDefect::Type`] when the algorithm needs a key pair, and [`Error::Misuse`] for `dir` and for `PBES2-*`.
    pub fn symmetric(algorithm: JweAlgorithm, secret: SecretBytes) -> Result<Self, Error> {
        algorithm.check_symmetric()?;
        Self::from_jwk_for(algorithm, &Jwk::from_secret(secret)?)
    }

    /// Takes a password for an algorithm of `PBES2-*` ([RFC 7518 §4.8](https://www.rfc-editor.org/rfc/rfc7518#section-4.8)). Needs the feature `pbes2`.
    ///
    /// A password is bytes: of text, take the UTF-8, in the one Unicode form that both sides agreed on (RFC 8265
    /// has rules for that). Whoever gets hold of a token can try passwords against it, as fast as they can
    /// compute, so it should be as hard to guess as the derived key: [RFC 7518 §8.8](https://www.rfc-editor.org/rfc/rfc7518#section-8.8) recommends 16 to 128 bytes for
    /// `PBES2-HS256+A128KW`, 32 to 128 for `PBES2-HS512+A256KW`.
    ///
    /// Each token costs as many iterations as its header says, up to [`Limits::pbes2_iterations`](crate::Limits::pbes2_iterations):
    /// up to two seconds or so, for anyone who can send one.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::TooSmall`] for an empty password, [`Error::Misuse`] for another algorithm, and
    /// [`Error::Unsupported`] in a build without the feature.
    pub fn password(algorithm: JweAlgorithm, password: SecretBytes) -> Result<Self, Error> {
        algorithm.check_password()?;
        Self::from_jwk_for(algorithm, &Jwk::from_secret(password)?)
    }

    /// Makes a new key for an algorithm.
    ///
    /// For ECDH-ES it is on P-256; for another curve, [`Jwk::generate`] makes the key and
    /// [`from_jwk_for`](Self::from_jwk_for) takes it. For RSA it has 2048 bits, for `dir` it is for
    /// `A256GCM`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for RSA-OAEP in a build without it, [`Error::Unavailable`] when the
    /// system has no random numbers.
    pub fn generate(algorithm: JweAlgorithm) -> Result<Self, Error> {
        Self::from_jwk_for(algorithm, &algorithm.family().generate()?)
    }

    /// Sets the `kid`. Tokens with another one aren't for this key.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Sets which content encryptions are allowed in a token. Default: all that there are.
    ///
    /// An empty list allows none. It doesn't widen what a key for `dir` decrypts, which is one.
    #[must_use]
    pub fn allow_content_encryptions(mut self, allowed: impl IntoIterator<Item = ContentEncryption>) -> Self {
        self.allowed = allowed.into_iter().collect();
        self
    }

    /// Makes another object of the same key.
    #[must_use]
    pub fn clone_key(&self) -> Self {
        Self { core: Arc::clone(&self.core), key_id: self.key_id.clone(), allowed: self.allowed.clone() }
    }

    /// Returns the `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the algorithm that the key is bound to.
    #[must_use]
    pub fn algorithm(&self) -> JweAlgorithm {
        self.core.algorithm
    }

    /// Returns the key that encrypts for this one: its public part, or the same shared secret.
    ///
    /// It has this key's `kid`, and a content encryption that this key allows: `A256GCM`, or else
    /// the first on the list.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Use`] when this is a shared secret whose `use` or `key_ops` forbids encryption,
    /// [`Error::Misuse`] when it is an external secret, or the list of allowed content encryptions leaves
    /// none; [`Error::Unsupported`] for an external RSA key in a build without RSA-OAEP.
    pub fn encryption_key(&self) -> Result<EncryptionKey, Error> {
        let DecryptionCore { algorithm, material, encryption, .. } = &*self.core;
        let jwk = material.jwk().ok_or_else(|| {
            Error::misuse("expected a key to encrypt with, found an external secret, which unwraps only")
        })?;
        // The `key_ops` of a private key say nothing of what others may do with the public one.
        if jwk.is_secret() && !jwk.permits(Operation::Encrypt) {
            return Err(Error::InvalidKey(KeyDefect::Use));
        }
        let core = match encryption.get() {
            Some(core) => core,
            None => {
                let core = Arc::new(EncryptionCore::new(*algorithm, jwk)?);
                encryption.get_or_init(|| core)
            }
        };
        let key = EncryptionKey::from_core(Arc::clone(core), self.key_id.clone());
        if self.allowed.contains(&key.content_encryption()) {
            return Ok(key);
        }
        let &first = self.allowed.first().ok_or_else(|| {
            Error::misuse(
                "expected at least one content encryption in `allow_content_encryptions`, found none",
            )
        })?;
        key.with_content_encryption(first)
    }

    /// Returns the public part as a JWK, with `alg`, `use` and `kid`: what senders are given.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::NotPublic`] when this is a shared secret.
    pub fn to_public_jwk(&self) -> Result<Jwk, Error> {
        let jwk = self.core.material.jwk().ok_or(Error::InvalidKey(KeyDefect::NotPublic))?.to_public()?;
        let jwk = match (jwk.key_use(), jwk.key_operations()) {
            (None, None) => jwk.with_use(KeyUse::Encryption),
            _ => jwk,
        };
        Ok(self.with_own_key_id(jwk))
    }

    /// Returns the whole key as a JWK, private or secret parts included, with `alg` and `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::NotPrivate`] for an external key, whose private or secret parts aren't here.
    pub fn expose_jwk(&self) -> Result<Jwk, Error> {
        match &self.core.material {
            Material::Here(jwk) => Ok(self.with_own_key_id(jwk.clone_key())),
            Material::Public(_) | Material::Elsewhere => Err(Error::InvalidKey(KeyDefect::NotPrivate)),
        }
    }

    fn with_own_key_id(&self, jwk: Jwk) -> Jwk {
        match &self.key_id {
            Some(key_id) => jwk.with_key_id(key_id),
            None => jwk,
        }
    }

    /// Returns whether a recipient of a message may be this key, as far as `alg` and `kid` tell.
    pub(super) fn fits(&self, algorithm: JweAlgorithm, key_id: Option<&str>) -> bool {
        let same_id = match (self.key_id(), key_id) {
            (Some(own), Some(asked)) => own == asked,
            _ => true,
        };
        same_id && self.algorithm() == algorithm
    }

    /// Returns the headers of tokens that the key opened.
    pub(super) fn known_headers(&self) -> &KnownHeaders {
        &self.core.known
    }

    /// Returns what to go on with where the key gave no content key of the right length (RFC 7516 §11.5): random
    /// bytes that nobody has seen. Drawn once, as what each of these opens is nothing, whoever makes the token.
    pub(super) fn substitute_for(&self, enc: ContentEncryption) -> Result<&[u8], Error> {
        let substitute = match self.core.substitute.get() {
            Some(substitute) => substitute,
            None => {
                let drawn = Bytes::filled(SUBSTITUTE_LEN, fill_random).map_err(no_randomness)?;
                self.core.substitute.get_or_init(|| drawn)
            }
        };
        Ok(substitute.as_ref().get(..enc.key_len()).expect("no key is longer"))
    }

    /// Judges the recipient's part of a token, with no secret at work.
    pub(super) fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        if !self.allowed.contains(&recipient.enc) {
            return Err(Error::NotAllowed(Refusal::ContentEncryption));
        }
        self.core.recipient.accept(recipient)
    }
}

/// Shows the algorithms and the `kid`, nothing of the key.
impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { core, key_id, allowed } = self;
        f.debug_struct("DecryptionKey")
            .field("algorithm", &core.algorithm)
            .field("allowed", allowed)
            .field("key_id", key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_of_its_own_that_is_random() {
        let [key, other] = [(); 2].map(|()| DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap());
        for &enc in ContentEncryption::ALL {
            let substitute = key.substitute_for(enc).unwrap();
            assert_eq!(substitute.len(), enc.key_len());
            assert_eq!(key.clone_key().substitute_for(enc).unwrap(), substitute);
            assert_ne!(other.substitute_for(enc).unwrap(), substitute);
            assert_ne!(substitute, vec![0; enc.key_len()]);
        }
    }
}
