//! The sender's key: the recipient's public key or a shared secret and one algorithm go in, an
//! [`EncryptionKey`] comes out, with the content encryption it will use (RFC 7516 §5.1, RFC 7517 §4.2
//! to §4.4).
//!
//! Of a private JWK only the public part is kept. Clones share the count of messages, which AES-GCM
//! bounds (RFC 7518 §8.4).

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, KeyDefect};
use crate::jwk::{Jwk, Operation};
use crate::secret::SecretBytes;

use super::alg::{JweAlgorithm, MIN_ITERATIONS};
use super::enc::ContentEncryption;
use super::recipient::KeyManagement;

/// A key to encrypt with, bound to one algorithm: the recipient's public key or a shared secret.
///
/// It is made from what the recipient publishes, as a JWK, PEM (`from_pem`, certificates too) or DER
/// ([`Jwk::from_spki_der`], then [`from_jwk_for`](Self::from_jwk_for)); out of a JWK set,
/// [`recipient_key`](crate::recipient_key) chooses one.
///
/// With `dir` and an AES-GCM content encryption, and with the `A*GCMKW` algorithms, one key encrypts
/// at most 2^32 messages ([RFC 7518 §8.4](https://www.rfc-editor.org/rfc/rfc7518#section-8.4)). This object and all that [`clone_key`](Self::clone_key)
/// makes of it count together; objects made from the same key once more, in this process or in
/// another, share that budget without knowing of each other, so replace such keys in time.
///
/// ```
/// use countersign::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm};
///
/// let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEs)?.with_key_id("2026-01");
/// let published = recipient.to_public_jwk()?;
///
/// let key = EncryptionKey::from_jwk(&published)?;
/// assert_eq!(key.algorithm(), JweAlgorithm::EcdhEs);
/// assert_eq!(key.key_id(), Some("2026-01"));
/// assert_eq!(key.content_encryption(), ContentEncryption::A256Gcm);
/// # Ok::<(), countersign::Error>(())
/// ```
pub struct EncryptionKey {
    core: Arc<EncryptionCore>,
    key_id: Option<String>,
    enc: ContentEncryption,
    header: OnceLock<PlainHeader>,
}

/// The header of a key's compact tokens, encoded as it stands in each: what the key says and one `cty`.
struct PlainHeader {
    content_type: Option<String>,
    encoded: String,
}

/// What the clones of a key share.
pub(super) struct EncryptionCore {
    algorithm: JweAlgorithm,
    management: KeyManagement,
}

impl EncryptionCore {
    pub(super) fn new(algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        Ok(Self { algorithm, management: algorithm.family().encryption(algorithm, jwk)? })
    }
}

impl EncryptionKey {
    /// Takes the key of a JWK for the algorithm that the JWK's own `alg` names.
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

    /// Takes the key of a JWK for an algorithm.
    ///
    /// # Errors
    ///
    /// [`KeyDefect::Algorithm`] when the JWK's own `alg` names another one, [`KeyDefect::Use`] when
    /// its `use` or `key_ops` forbids encryption, [`KeyDefect::Type`] or [`KeyDefect::Size`] when
    /// the key isn't one of the algorithm, [`KeyDefect::NotPublic`] when it is private
    /// ([`Jwk::to_public`] drops that part), [`KeyDefect::Rejected`] for an X25519 key of small order, whose
    /// shared secret would be everyone's, and [`Error::Unsupported`] for RSA-OAEP in a build without it.
    pub fn from_jwk_for(algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Self, Error> {
        algorithm.check_jwk(jwk)?;
        if !jwk.permits(Operation::Encrypt) {
            return Err(Error::InvalidKey(KeyDefect::Use));
        }
        let core = Arc::new(EncryptionCore::new(algorithm, jwk)?);
        // A private key where a public one is due has leaked, or is about to.
        if jwk.is_private() && !jwk.is_secret() {
            return Err(Error::InvalidKey(KeyDefect::NotPublic));
        }
        Ok(Self::from_core(core, jwk.key_id().map(str::to_owned)))
    }

    /// Takes a public key or a certificate in PEM for an algorithm.
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
    /// ```
    /// # #[cfg(feature = "pbes2")]
    /// # fn main() -> Result<(), countersign::Error> {
    /// use countersign::{DecryptionKey, EncryptionKey, JweAlgorithm, SecretBytes, decrypt, encrypt};
    ///
    /// let password = || SecretBytes::from(b"entrap-o-peter-long-credit-tun".to_vec());
    /// let algorithm = JweAlgorithm::Pbes2Hs512A256Kw;
    ///
    /// let token = encrypt(&EncryptionKey::password(algorithm, password())?, b"a private key")?;
    /// let key = DecryptionKey::password(algorithm, password())?;
    /// assert_eq!(decrypt(&key, &token)?.expose_secret(), b"a private key");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "pbes2"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyDefect::TooSmall`] for an empty password, [`Error::Misuse`] for another algorithm, and
    /// [`Error::Unsupported`] in a build without the feature.
    pub fn password(algorithm: JweAlgorithm, password: SecretBytes) -> Result<Self, Error> {
        algorithm.check_password()?;
        Self::from_jwk_for(algorithm, &Jwk::from_secret(password)?)
    }

    pub(super) fn from_core(core: Arc<EncryptionCore>, key_id: Option<String>) -> Self {
        let enc = core.management.content_encryption().unwrap_or_default();
        Self { core, key_id, enc, header: OnceLock::new() }
    }

    /// Sets the `kid`, which goes into the header of every token.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self.header = OnceLock::new();
        self
    }

    /// Sets what encrypts the content. Default: `A256GCM`.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when this is a key for `dir` with another content encryption.
    pub fn with_content_encryption(mut self, enc: ContentEncryption) -> Result<Self, Error> {
        if self.core.management.content_encryption().is_some_and(|only| only != enc) {
            return Err(Error::misuse(
                "expected the content encryption that the key for `dir` was made for, found another",
            ));
        }
        self.enc = enc;
        self.header = OnceLock::new();
        Ok(self)
    }

    /// Sets how many iterations PBKDF2 makes of the password, for a key that is one.
    ///
    /// Default: 600,000 with HMAC-SHA-256, 210,000 with HMAC-SHA-384 and HMAC-SHA-512, as OWASP's Password Storage
    /// Cheat Sheet advises for SHA-256 and SHA-512 (SHA-384 costs what SHA-512 does). More slows down
    /// everyone alike, whoever guesses included; recipients bound what they accept, this library's at 1,200,000.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a key that isn't a password, and for less than 1,000, which
    /// [RFC 7518 §4.8.1.2](https://www.rfc-editor.org/rfc/rfc7518#section-4.8.1.2) calls the least.
    pub fn with_iterations(mut self, iterations: u32) -> Result<Self, Error> {
        let iterations = NonZeroU32::new(iterations)
            .filter(|iterations| *iterations >= MIN_ITERATIONS)
            .ok_or_else(|| Error::misuse("expected at least 1,000 iterations, found fewer"))?;
        let management = self.core.management.with_iterations(iterations).ok_or_else(|| {
            Error::misuse("expected a key made from a password, the only sort with iterations, found another")
        })?;
        self.core = Arc::new(EncryptionCore { algorithm: self.core.algorithm, management });
        Ok(self)
    }

    /// Makes another object of the same key. Both count their messages together.
    #[must_use]
    pub fn clone_key(&self) -> Self {
        let header = OnceLock::new();
        Self { core: Arc::clone(&self.core), key_id: self.key_id.clone(), enc: self.enc, header }
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

    /// Returns what encrypts the content.
    #[must_use]
    pub const fn content_encryption(&self) -> ContentEncryption {
        self.enc
    }

    /// Returns the encoded header of a compact token that says what the key does, `cty`, and nothing else, as `write`
    /// makes it. It is kept for the first `cty` asked for; [`None`] for another.
    pub(super) fn plain_header(
        &self,
        content_type: Option<&str>,
        write: impl FnOnce() -> String,
    ) -> Option<&str> {
        let kept = self
            .header
            .get_or_init(|| PlainHeader { content_type: content_type.map(str::to_owned), encoded: write() });
        (kept.content_type.as_deref() == content_type).then_some(&*kept.encoded)
    }

    pub(super) fn management(&self) -> &KeyManagement {
        &self.core.management
    }
}

/// Shows the algorithms and the `kid`, nothing of the key.
impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { core, key_id, enc, header: _ } = self;
        f.debug_struct("EncryptionKey")
            .field("algorithm", &core.algorithm)
            .field("content_encryption", enc)
            .field("key_id", key_id)
            .finish_non_exhaustive()
    }
}
