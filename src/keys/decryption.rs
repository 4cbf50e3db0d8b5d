//! Sets of keys that decrypt: a private JWK set goes in, a `KeySet` of decryption keys comes out, which
//! a token's `alg` and `kid` then pick from (RFC 7516 §5.2, RFC 7517 §4.5).
//!
//! Decryption keys rotate too, so the old one stays while tokens for it are under way. A secret must
//! name its algorithm: under several, one key would do several things.

use super::KeySet;
use super::key_set::Entry;
use crate::error::{Error, KeyDefect, Refusal};
use crate::jwe::{DecryptionKey, EncryptedToken, JweAlgorithm};
use crate::jwk::{Jwk, JwkSet, SkippedKey};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::header::HeaderRules;

impl KeySet<DecryptionKey> {
    /// Makes the set from private and secret keys, as a recipient keeps them.
    ///
    /// A JWK that can't decrypt (public, `use: sig`, of an unknown algorithm) is skipped, see
    /// [`skipped`](Self::skipped). A private JWK without `alg` stands for every algorithm that its type
    /// and curve permit; a secret one must name its algorithm.
    ///
    /// ```
    /// use countersign::{DecryptionKey, JweAlgorithm, JwkSet, KeySet, encrypt};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let old = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("10");
    /// let new = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("11");
    /// let kept: JwkSet = [old.expose_jwk()?, new.expose_jwk()?].into_iter().collect();
    ///
    /// let keys = KeySet::decryption(&kept);
    /// let token = encrypt(&old.encryption_key()?, b"under way")?;
    /// assert_eq!(keys.decrypt(&token)?.expose_secret(), b"under way");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn decryption(set: &JwkSet) -> Self {
        let mut entries = Vec::new();
        let mut skipped = set.skipped().to_vec();
        for (index, jwk) in set.placed() {
            match keys_of(jwk) {
                Ok(keys) => {
                    entries.extend(keys.into_iter().map(|key| Entry { key, only_if_listed: false }));
                }
                Err(reason) => skipped.push(SkippedKey::new(index, jwk.key_id(), reason)),
            }
        }
        Self::new(entries, DecryptionKey::key_id, skipped)
    }

    /// Decrypts a compact JWE with the key that its header names and returns the plaintext.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](crate::decrypt); [`Error::LimitExceeded`] if the token names no key ID and too
    /// many keys fit.
    pub fn decrypt(&self, token: &str) -> Result<SecretBytes, Error> {
        self.decrypt_with_limits(token, &Limits::default())
    }

    /// Decrypts a compact JWE like [`decrypt`](Self::decrypt), under limits of the caller's.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt).
    pub fn decrypt_with_limits(&self, token: &str, limits: &Limits) -> Result<SecretBytes, Error> {
        let mut header = Vec::new();
        let rules = HeaderRules::new(limits, &[]);
        self.open(&EncryptedToken::parse(token, &rules, &mut header)?)
    }

    /// Decrypts a compact JWE like [`decrypt`](Self::decrypt), and waits for external keys.
    ///
    /// The future is [`Send`] and may be dropped at any time: nothing is left half done.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt).
    pub async fn decrypt_async(&self, token: &str) -> Result<SecretBytes, Error> {
        let (mut header, limits) = (Vec::new(), Limits::default());
        let rules = HeaderRules::new(&limits, &[]);
        self.open_async(&EncryptedToken::parse(token, &rules, &mut header)?).await
    }

    /// Whether any key could ever be a candidate under this list.
    pub(crate) fn serves(&self, listed: &[JweAlgorithm]) -> bool {
        self.entries().any(|entry| listed.contains(&entry.key.algorithm()))
    }

    pub(crate) fn open(&self, token: &EncryptedToken<'_>) -> Result<SecretBytes, Error> {
        token.decrypt_with_candidates(self.candidates(token)?)
    }

    pub(crate) async fn open_async(&self, token: &EncryptedToken<'_>) -> Result<SecretBytes, Error> {
        token.decrypt_with_candidates_async(self.candidates(token)?).await
    }

    /// Finds out whether there are keys to open the token, as [`open`](Self::open) does first, and asks none.
    #[cfg(feature = "remote-keys")]
    pub(crate) fn check_candidates(&self, token: &EncryptedToken<'_>) -> Result<(), Error> {
        token.check_candidates(self.candidates(token)?)
    }

    /// The keys that a token's header picks.
    fn candidates(
        &self,
        token: &EncryptedToken<'_>,
    ) -> Result<impl Iterator<Item = &DecryptionKey> + Clone, Error> {
        let algorithm = token.algorithm();
        if !self.entries().any(|entry| entry.key.algorithm() == algorithm) {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        let of_algorithm = move |entry: &Entry<DecryptionKey>| entry.key.algorithm() == algorithm;
        Ok(self.select(token.key_id(), of_algorithm))
    }
}

/// The keys that one JWK stands for: one if it names its algorithm, else one for each that its type
/// and curve permit.
fn keys_of(jwk: &Jwk) -> Result<Vec<DecryptionKey>, Error> {
    if jwk.algorithm().is_some() {
        return Ok(vec![DecryptionKey::from_jwk(jwk)?]);
    }
    if jwk.is_secret() {
        // One secret under several algorithms would be a key that does several things.
        return Err(Error::InvalidKey(KeyDefect::AlgorithmUnknown));
    }
    let mut refusal = jwk.material().mismatch("a key for key agreement or RSA-OAEP");
    let mut keys = Vec::new();
    for &algorithm in JweAlgorithm::ALL {
        match DecryptionKey::from_jwk_for(algorithm, jwk) {
            Ok(key) => keys.push(key),
            Err(Error::InvalidKey(KeyDefect::Type { .. })) => {}
            Err(reason) => refusal = reason,
        }
    }
    if keys.is_empty() { Err(refusal) } else { Ok(keys) }
}
