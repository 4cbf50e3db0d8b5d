//! Sets of keys that verify: a published JWK set goes in, a `KeySet` comes out, which a token's `alg`
//! and `kid` then pick from (RFC 7515 §5.2, RFC 7517 §4.5).
//!
//! A JWK without `alg` is bound to each algorithm that its type and curve permit, as no key here is
//! unbound. Secrets never come out of a public set: an issuer's public key taken for an HMAC secret is
//! the oldest attack there is (RFC 8725 §2.1).

use super::KeySet;
use super::key_set::{Entry, check_count};
use crate::crypto::{Hash, RsaPadding};
use crate::error::{Error, KeyDefect, Refusal};
use crate::jwk::{Jwk, JwkSet, KeyMaterial, OkpCurve, SkippedKey};
use crate::jws::alg::{AlgorithmSet, Family};
use crate::jws::{JwsAlgorithm, SignedParts, VerifiedJws, VerifyingKey};
use crate::limits::Limits;
use crate::secret::WipedRoom;

impl KeySet<VerifyingKey> {
    /// Makes the set from public keys, as an identity provider publishes them.
    ///
    /// A JWK that can't verify (private or secret, `use: enc`, a weak key, an unknown algorithm) is
    /// skipped, see [`skipped`](Self::skipped). A secret never becomes an HS* key here: that is
    /// [`shared_secrets`](Self::shared_secrets). A JWK without `alg` stands for every algorithm of
    /// its type and curve; of an RSA key, a verifier without a list of its own takes RS256 and PS256.
    ///
    /// ```
    /// use countersign::{JwkSet, JwsAlgorithm, KeySet, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let key = SigningKey::generate(JwsAlgorithm::Es384)?.with_key_id("a");
    /// let published: JwkSet = [key.to_public_jwk()?].into_iter().collect();
    /// assert_eq!(KeySet::verification(&published).len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn verification(set: &JwkSet) -> Self {
        Self::compile(set, |jwk| {
            if jwk.is_secret() || jwk.is_private() {
                return Err(Error::InvalidKey(KeyDefect::NotPublic));
            }
            Ok(())
        })
    }

    /// Makes the set from secrets that issuer and verifier share, for HS256, HS384 and HS512.
    ///
    /// For a set that only these two hold. Everything but an `oct` JWK is skipped, see
    /// [`skipped`](Self::skipped).
    ///
    /// ```
    /// use countersign::{JwkSet, JwsAlgorithm, KeySet, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let key = SigningKey::generate(JwsAlgorithm::Hs256)?.with_key_id("a");
    /// let shared: JwkSet = [key.expose_jwk()?].into_iter().collect();
    /// assert_eq!(KeySet::shared_secrets(&shared).len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn shared_secrets(set: &JwkSet) -> Self {
        Self::compile(set, |jwk| {
            if jwk.is_secret() { Ok(()) } else { Err(jwk.material().mismatch("a symmetric secret")) }
        })
    }

    fn compile(set: &JwkSet, admit: impl Fn(&Jwk) -> Result<(), Error>) -> Self {
        let mut entries = Vec::new();
        let mut skipped = set.skipped().to_vec();
        for (index, jwk) in set.placed() {
            match admit(jwk).and_then(|()| entries_of(jwk)) {
                Ok(keys) => entries.extend(keys),
                Err(reason) => skipped.push(SkippedKey::new(index, jwk.key_id(), reason)),
            }
        }
        Self::new(entries, VerifyingKey::key_id, skipped)
    }

    /// Verifies a compact JWS under the key that its header names and returns its payload.
    ///
    /// # Errors
    ///
    /// As [`jws::verify`](crate::jws::verify); [`Error::LimitExceeded`] if the token names no key ID
    /// and too many keys fit.
    pub fn verify(&self, token: &str) -> Result<VerifiedJws, Error> {
        self.verify_with_limits(token, &Limits::default())
    }

    /// Verifies a compact JWS like [`verify`](Self::verify), under limits of the caller's.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_with_limits(&self, token: &str, limits: &Limits) -> Result<VerifiedJws, Error> {
        let mut decoded = WipedRoom::new();
        let parts = SignedParts::split(token, limits, &mut decoded)?;
        let header = parts.header(limits, &[])?;
        let algorithm = parts.algorithm(&header)?;
        self.check_algorithm(algorithm, AlgorithmSet::default())?;
        let mut candidates = self.candidates(algorithm, AlgorithmSet::default(), header.kid.as_deref());
        check_count(candidates.clone(), limits)?;
        let key = candidates.find(|key| parts.verified_by(key)).ok_or(Error::InvalidSignature)?;
        Ok(parts.believed(&header, key))
    }

    /// The header's algorithm must be on the list, or without a list be one of the keys'.
    pub(crate) fn check_algorithm(&self, algorithm: JwsAlgorithm, listed: AlgorithmSet) -> Result<(), Error> {
        let allowed = if listed.is_empty() {
            self.entries().any(|entry| entry.key.algorithm() == algorithm && !entry.only_if_listed)
        } else {
            listed.contains(algorithm)
        };
        if allowed { Ok(()) } else { Err(Error::NotAllowed(Refusal::Algorithm)) }
    }

    /// Whether any key could ever be a candidate under this list.
    pub(crate) fn serves(&self, listed: AlgorithmSet) -> bool {
        self.entries().any(|entry| listed.contains(entry.key.algorithm()))
    }

    /// The key that a header of this algorithm and key ID picks, if the set holds no other. If it is none,
    /// [`check_algorithm`](Self::check_algorithm) and [`candidates`](Self::candidates) say why.
    pub(crate) fn sole(
        &self,
        algorithm: JwsAlgorithm,
        listed: AlgorithmSet,
        key_id: Option<&str>,
    ) -> Option<&VerifyingKey> {
        let Entry { key, only_if_listed } = self.sole_entry()?;
        let is_allowed = if listed.is_empty() { !only_if_listed } else { listed.contains(algorithm) };
        let is_named = match (key.key_id(), key_id) {
            (Some(expected), Some(found)) => expected == found,
            _ => true,
        };
        (key.algorithm() == algorithm && is_allowed && is_named).then_some(key)
    }

    /// The keys that a header of this algorithm and key ID picks.
    pub(crate) fn candidates(
        &self,
        algorithm: JwsAlgorithm,
        listed: AlgorithmSet,
        key_id: Option<&str>,
    ) -> impl Iterator<Item = &VerifyingKey> + Clone {
        self.select(key_id, move |entry: &Entry<VerifyingKey>| {
            entry.key.algorithm() == algorithm && (!entry.only_if_listed || !listed.is_empty())
        })
    }
}

/// The keys that one JWK stands for: one if it names its algorithm, else one for each that its type
/// and curve permit.
fn entries_of(jwk: &Jwk) -> Result<Vec<Entry<VerifyingKey>>, Error> {
    if jwk.algorithm().is_some() {
        return Ok(vec![Entry { key: VerifyingKey::from_jwk(jwk)?, only_if_listed: false }]);
    }
    let mut refusal = jwk.material().mismatch("a key for signatures");
    let mut entries = Vec::new();
    for &algorithm in JwsAlgorithm::ALL.iter().filter(|algorithm| permits(jwk.material(), algorithm.family()))
    {
        let only_if_listed = matches!(
            algorithm.family(),
            Family::Rsa(RsaPadding::Pkcs1 | RsaPadding::Pss, Hash::Sha384 | Hash::Sha512)
        );
        match VerifyingKey::from_jwk_for(algorithm, jwk) {
            Ok(key) => entries.push(Entry { key, only_if_listed }),
            Err(reason) => refusal = reason,
        }
    }
    if entries.is_empty() { Err(refusal) } else { Ok(entries) }
}

fn permits(material: &KeyMaterial, family: Family) -> bool {
    match (material, family) {
        (KeyMaterial::Oct(_), Family::Hmac(_)) | (KeyMaterial::Rsa(_), Family::Rsa(..)) => true,
        (KeyMaterial::Ec(key), Family::Ecdsa(curve)) => key.curve == curve,
        (KeyMaterial::Okp(key), Family::Eddsa) => key.curve == OkpCurve::Ed25519,
        _ => false,
    }
}
