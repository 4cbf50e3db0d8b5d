//! Decryption with a choice: keys and settings go in once, then tokens in any serialization; a
//! [`DecryptedJwe`] comes out, which says more than the plaintext (RFC 7516 §5.2, §7).
//!
//! The stages are those of `token` and `message`, so that a setting here can't skip one.

use crate::error::{Error, Refusal};
use crate::limits::Limits;
use crate::wire::header::HeaderRules;

use super::decrypted::DecryptedJwe;
use super::decryption_key::DecryptionKey;
use super::token::{EncryptedJson, EncryptedToken};

/// Decryption under several keys, of compact tokens and of JSON, with settings.
///
/// Built once, shared by reference. Which serialization a token has is the caller's word, by the method. For
/// one key and a compact token, [`decrypt`](super::decrypt) does. What was decrypted may come from anyone who
/// has the public key.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder, JweDecrypter};
///
/// let key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("2026-01");
/// let json = JweBuilder::new(&key.encryption_key()?)
///     .additional_authenticated_data("order 17")
///     .encrypt_json(b"card 4242")?;
///
/// let decrypted = JweDecrypter::new([&key]).decrypt_json(&json)?;
/// assert_eq!(decrypted.plaintext().expose_secret(), b"card 4242");
/// assert_eq!(decrypted.additional_authenticated_data(), Some(&b"order 17"[..]));
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "`decrypt` or `decrypt_json` opens a token"]
pub struct JweDecrypter {
    keys: Vec<DecryptionKey>,
    understood: Vec<String>,
    compression: bool,
    limits: Limits,
}

impl JweDecrypter {
    /// Makes a decrypter of these keys: `[&key]`, several, or a whole `&set`.
    ///
    /// For each recipient of a token, the keys of its algorithm are tried that have its `kid`, or else those
    /// that have none; all of its algorithm if it names no `kid`. Without a key, and with a set in which none
    /// can serve, every token is refused with [`Error::Misuse`]: the fault isn't the token's.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k DecryptionKey>) -> Self {
        Self {
            keys: keys.into_iter().map(DecryptionKey::clone_key).collect(),
            understood: Vec::new(),
            compression: false,
            limits: Limits::default(),
        }
    }

    /// Declares header parameters that the application understands and processes itself, so that `crit`
    /// may name them ([RFC 7516 §4.1.13](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.13)).
    ///
    /// Whoever names one here has to obey it: [`DecryptedJwe::parameter`] reads it.
    pub fn understood_critical<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.understood.extend(names.into_iter().map(Into::into));
        self
    }

    /// Accepts tokens whose plaintext is compressed: `zip` with `DEF`
    /// ([RFC 7516 §4.1.3](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.3)). Default: refused. Needs the feature `deflate`.
    ///
    /// A short token then becomes a long plaintext, up to [`Limits::inflated_bytes`], and nothing of it is given
    /// out if it would be longer. The token says itself whether it is compressed; others are read as ever.
    ///
    /// ```
    /// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder, JweDecrypter, decrypt};
    ///
    /// let key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
    /// let token = JweBuilder::new(&key.encryption_key()?).compress().encrypt(&[0; 100_000])?;
    /// assert!(token.len() < 1000);
    ///
    /// let decrypted = JweDecrypter::new([&key]).allow_compression().decrypt(&token)?;
    /// assert_eq!(decrypted.plaintext().len(), 100_000);
    /// assert_eq!(decrypt(&key, &token).unwrap_err().code(), "unsupported_compression");
    /// # Ok::<(), countersign::Error>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub const fn allow_compression(mut self) -> Self {
        self.compression = true;
        self
    }

    /// Sets the limits. [`Limits::candidate_keys`] and [`Limits::pbes2_iterations`] are on all recipients of
    /// a token and keys together.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Decrypts a compact token: five parts.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](super::decrypt); [`Error::LimitExceeded`] if too many keys fit; [`Error::Misuse`] if the
    /// decrypter has no key, whatever the token.
    pub fn decrypt(&self, token: &str) -> Result<DecryptedJwe, Error> {
        let (mut header, rules) = (Vec::new(), self.rules());
        let token = self.compact(token, &rules, &mut header)?;
        let opened = token.open(&self.keys)?;
        DecryptedJwe::new(opened, token.content_encryption(), &[])
    }

    /// Decrypts a token in JSON, flattened or general, for the first of its recipients that one of the keys
    /// opens.
    ///
    /// All of the token must be in order, what it says to the other recipients too; only an algorithm that
    /// isn't known here is passed over.
    ///
    /// `alg` and `enc` may stand in an unprotected header, without being asked for: with recipients of several
    /// algorithms `alg` must, as it is each one's own
    /// ([RFC 7516 §7.2.1](https://www.rfc-editor.org/rfc/rfc7516#section-7.2.1)), and `enc` may, where nothing is
    /// protected ([RFC 7520 §5.12](https://www.rfc-editor.org/rfc/rfc7520#section-5.12)). A JWS differs
    /// ([`allow_unprotected_algorithm`](crate::jws::JwsVerifier::allow_unprotected_algorithm)). Whoever changes
    /// one on the way gains nothing but a message that doesn't open: each key is bound to one `alg` and does no
    /// other, and under another `enc` the content key has another length or the tag doesn't hold. `zip` and
    /// `crit` must be protected.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt); [`Error::Malformed`] for JSON that isn't exactly one JWE, and for several
    /// recipients of an algorithm that has one; [`Error::LimitExceeded`] for more recipients than
    /// [`Limits::recipients`].
    pub fn decrypt_json(&self, json: &str) -> Result<DecryptedJwe, Error> {
        let (mut header, rules) = (Vec::new(), self.rules());
        let token = self.json(json, &rules, &mut header)?;
        let opened = token.open(&self.keys)?;
        DecryptedJwe::new(opened, token.content_encryption(), token.additional_authenticated_data())
    }

    /// Decrypts a compact token like [`decrypt`](Self::decrypt), and waits for external keys.
    ///
    /// The future is [`Send`] and may be dropped at any time: nothing is left half done.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt).
    pub async fn decrypt_async(&self, token: &str) -> Result<DecryptedJwe, Error> {
        let (mut header, rules) = (Vec::new(), self.rules());
        let token = self.compact(token, &rules, &mut header)?;
        let opened = token.open_async(&self.keys).await?;
        DecryptedJwe::new(opened, token.content_encryption(), &[])
    }

    /// Decrypts a token in JSON like [`decrypt_json`](Self::decrypt_json), and waits for external keys.
    ///
    /// Who sends a token may name a key once for each recipient, so an external key may be asked as often as
    /// [`Limits::candidate_keys`] says.
    ///
    /// # Errors
    ///
    /// As [`decrypt_json`](Self::decrypt_json).
    pub async fn decrypt_json_async(&self, json: &str) -> Result<DecryptedJwe, Error> {
        let (mut header, rules) = (Vec::new(), self.rules());
        let token = self.json(json, &rules, &mut header)?;
        let opened = token.open_async(&self.keys).await?;
        DecryptedJwe::new(opened, token.content_encryption(), token.additional_authenticated_data())
    }

    /// Takes a compact token apart, for one of whose algorithm there is a key.
    fn compact<'t>(
        &self,
        token: &'t str,
        rules: &HeaderRules<'t>,
        header: &'t mut Vec<u8>,
    ) -> Result<EncryptedToken<'t>, Error> {
        self.check_keys()?;
        let token = EncryptedToken::parse(token, rules, header)?;
        if !self.keys.iter().any(|key| key.algorithm() == token.algorithm()) {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        Ok(token)
    }

    /// Takes a token in JSON apart, for one of whose algorithms there is a key.
    fn json<'t>(
        &self,
        json: &'t str,
        rules: &HeaderRules<'t>,
        header: &'t mut Vec<u8>,
    ) -> Result<EncryptedJson<'t>, Error> {
        self.check_keys()?;
        let token = EncryptedJson::parse(json, rules, header)?;
        if !token.algorithms().any(|algorithm| self.keys.iter().any(|key| key.algorithm() == algorithm)) {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        Ok(token)
    }

    /// Before any token is looked at: that none can be decrypted is no token's fault.
    fn check_keys(&self) -> Result<(), Error> {
        if self.keys.is_empty() {
            return Err(Error::misuse(
                "expected a key to decrypt with, found none; `JweDecrypter::new` takes keys or a `KeySet` in which \
                 one can serve",
            ));
        }
        Ok(())
    }

    fn rules(&self) -> HeaderRules<'_> {
        HeaderRules { compression: self.compression, ..HeaderRules::new(&self.limits, &self.understood) }
    }
}
