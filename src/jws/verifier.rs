//! Verifying in every serialization: a token and keys go in, the header's rules and the choice of keys come
//! before any signature is checked, and only what holds comes out (RFC 7515 §5.2, §7; RFC 7797).
//!
//! A token that isn't in order is refused as a whole, however many of its signatures would hold.

use super::unverified::{DecodedSignature, Payload, Unverified};
use super::verified::{PartlyVerifiedJws, RefusedSignature, VerifiedJsonJws, VerifiedJws, VerifiedSignature};
use super::{JwsAlgorithm, VerifyingKey};
use crate::error::{Error, Limit, Refusal, Unsupported};
use crate::limits::Limits;
use crate::wire::header::{Header, HeaderRules};
use crate::wire::over_limit;

/// Verifies tokens in compact or JSON serialization under a choice of keys, with detached and unencoded
/// payloads where asked for.
///
/// Built once, shared by reference. Which serialization a token has is the caller's word, by the method;
/// claims are [`JwtVerifier`](crate::JwtVerifier)'s, which takes the compact one only. Keys are chosen as in a
/// [`KeySet`](crate::KeySet): by the header's algorithm and `kid`, a few, tried in turn.
///
/// ```
/// use countersign::jws::{JwsBuilder, JwsVerifier};
/// use countersign::{JwsAlgorithm, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// let verifier = JwsVerifier::new([&key.verifying_key()?]);
///
/// let json = JwsBuilder::new(&key).sign_json(b"ready")?;
/// assert_eq!(verifier.verify_json(&json)?.payload(), b"ready");
/// let token = JwsBuilder::new(&key).sign_detached(b"ready")?;
/// assert_eq!(verifier.verify_detached(&token, b"steady").unwrap_err().code(), "invalid_signature");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "`verify` and its siblings do the work"]
pub struct JwsVerifier {
    keys: Vec<VerifyingKey>,
    understood: Vec<String>,
    allows_unencoded_payload: bool,
    allows_unprotected_algorithm: bool,
    limits: Limits,
}

impl JwsVerifier {
    /// Makes a verifier of these keys: `[&key]`, several, or a whole `&set`.
    ///
    /// Without a key, and with a set in which none can serve, every token is refused with
    /// [`Error::Misuse`]: the fault isn't the token's.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k VerifyingKey>) -> Self {
        Self {
            keys: keys.into_iter().map(VerifyingKey::clone_key).collect(),
            understood: Vec::new(),
            allows_unencoded_payload: false,
            allows_unprotected_algorithm: false,
            limits: Limits::default(),
        }
    }

    /// Declares header parameters that the application understands and processes itself, so that `crit`
    /// may name them ([RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)).
    pub fn understood_critical<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.understood.extend(names.into_iter().map(Into::into));
        self
    }

    /// Accepts payloads that were signed as they are, beside those in base64url
    /// ([RFC 7797](https://www.rfc-editor.org/rfc/rfc7797)). Not needed where both sides didn't agree on it.
    pub fn allow_unencoded_payload(mut self) -> Self {
        self.allows_unencoded_payload = true;
        self
    }

    /// Accepts an `alg` outside the protected header, which the JSON serializations permit. Default: refused.
    ///
    /// The signature doesn't cover it then, so whoever passes the token on can write another one
    /// ([RFC 7515 §10.7](https://www.rfc-editor.org/rfc/rfc7515#section-10.7)). What that gains them is to choose
    /// which of the keys given to [`new`](Self::new) are tried, and so to have a good token refused, as by
    /// changing anything else in it. No token gets through that way: each key is bound to one algorithm and
    /// verifies by that one, whatever the header says, and what is reported is the key's algorithm. That is
    /// why this is a setting and not in [`danger`](crate::danger).
    pub fn allow_unprotected_algorithm(mut self) -> Self {
        self.allows_unprotected_algorithm = true;
        self
    }

    /// Sets the limits on input. Default: [`Limits::default`]. [`Limits::candidate_keys`] is on each signature, so
    /// a token in JSON may cost as many verifications as that times [`Limits::recipients`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Verifies a compact serialization.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Unsupported`] or [`Error::LimitExceeded`] for what isn't a strict
    /// compact JWS that was asked for; [`Error::NotAllowed`] if the header's `alg` isn't of any key;
    /// [`Error::NoMatchingKey`] if it names the ID of none; [`Error::InvalidSignature`]. [`Error::Misuse`] if
    /// the verifier has no key, whatever the token.
    pub fn verify(&self, token: &str) -> Result<VerifiedJws, Error> {
        self.all(&self.compact(token, None)?).map(VerifiedJsonJws::into_compact)
    }

    /// Verifies a compact serialization whose payload part is empty, over a payload from beside it
    /// ([RFC 7515 Appendix F](https://www.rfc-editor.org/rfc/rfc7515#appendix-F)).
    ///
    /// Token and payload together may be as large as [`Limits::token_bytes`] says.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); [`Error::Malformed`] if the token has a payload of its own.
    pub fn verify_detached(&self, token: &str, payload: &[u8]) -> Result<VerifiedJws, Error> {
        self.all(&self.compact(token, Some(payload))?).map(VerifiedJsonJws::into_compact)
    }

    /// Verifies a flattened or general JSON serialization, all of whose signatures have to hold.
    ///
    /// Each has to hold under one of the keys: one of a key that isn't among them refuses the token.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), for the first signature that has such a fault.
    pub fn verify_json(&self, json: &str) -> Result<VerifiedJsonJws, Error> {
        self.all(&self.json(json, None)?)
    }

    /// Verifies a flattened or general JSON serialization without `payload`, or with an empty one, over a
    /// payload from beside it; all signatures have to hold.
    ///
    /// # Errors
    ///
    /// As [`verify_json`](Self::verify_json); [`Error::Malformed`] if the token has a payload of its own.
    pub fn verify_json_detached(&self, json: &str, payload: &[u8]) -> Result<VerifiedJsonJws, Error> {
        self.all(&self.json(json, Some(payload))?)
    }

    /// Verifies a flattened or general JSON serialization and says which of its signatures hold, and why the
    /// others don't. One has to.
    ///
    /// For tokens with signatures of others' too. Whoever has a key among those given can sign anything by
    /// themselves: ask [`is_signed_by`](PartlyVerifiedJws::is_signed_by) for the key that matters.
    ///
    /// ```
    /// use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
    /// use countersign::{JwsAlgorithm, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let old = SigningKey::generate(JwsAlgorithm::Es256)?;
    /// let new = SigningKey::generate(JwsAlgorithm::Ed25519)?;
    /// let json = sign_general(&[JwsBuilder::new(&old), JwsBuilder::new(&new)], b"release")?;
    ///
    /// let known = old.verifying_key()?;
    /// let verified = JwsVerifier::new([&known]).verify_json_any(&json)?;
    /// assert!(verified.is_signed_by(&known));
    /// assert_eq!(verified.refused()[0].reason().code(), "algorithm_not_allowed");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] or [`Error::LimitExceeded`] if anything in the token isn't in order, whichever
    /// signature it is in; the reason of the first signature, or [`Error::InvalidSignature`], if none holds.
    /// [`Error::Misuse`] if the verifier has no key, whatever the token.
    pub fn verify_json_any(&self, json: &str) -> Result<PartlyVerifiedJws, Error> {
        self.any(&self.json(json, None)?)
    }

    /// Verifies like [`verify_json_any`](Self::verify_json_any) a serialization without `payload`, or with an
    /// empty one, over a payload from beside it.
    ///
    /// # Errors
    ///
    /// As [`verify_json_any`](Self::verify_json_any); [`Error::Malformed`] if the token has a payload of its
    /// own.
    pub fn verify_json_any_detached(&self, json: &str, payload: &[u8]) -> Result<PartlyVerifiedJws, Error> {
        self.any(&self.json(json, Some(payload))?)
    }

    fn compact<'t>(&self, token: &'t str, detached: Option<&'t [u8]>) -> Result<Unverified<'t>, Error> {
        self.check_keys()?;
        Unverified::compact(token, detached, &self.limits)
    }

    fn json<'t>(&self, json: &'t str, detached: Option<&'t [u8]>) -> Result<Unverified<'t>, Error> {
        self.check_keys()?;
        Unverified::json(json, detached, &self.limits)
    }

    /// Before any token is looked at: that none can be verified is no token's fault.
    fn check_keys(&self) -> Result<(), Error> {
        if self.keys.is_empty() {
            return Err(Error::misuse(
                "expected a key to verify with, found none; `JwsVerifier::new` takes keys or a `KeySet` in which \
                 one can serve",
            ));
        }
        Ok(())
    }

    /// All signatures, each of which has to hold.
    fn all(&self, token: &Unverified<'_>) -> Result<VerifiedJsonJws, Error> {
        let decoded = token.decode(&self.limits)?;
        // Every header is judged before any signature is checked.
        let chosen = decoded.signatures().map(|signature| self.choose(signature));
        let chosen = chosen.collect::<Result<Vec<_>, Error>>()?;
        let payload = decoded.payload()?;
        let mut verified = chosen.iter().map(|chosen| chosen.verify(&payload));
        // There is one at least, and all of none must not count as all.
        let first = verified.next().unwrap_or(Err(Error::InvalidSignature))?;
        let others = verified.collect::<Result<_, Error>>()?;
        Ok(VerifiedJsonJws::new(payload.into_decoded(), first, others))
    }

    /// All signatures, one of which has to hold.
    fn any(&self, token: &Unverified<'_>) -> Result<PartlyVerifiedJws, Error> {
        let decoded = token.decode(&self.limits)?;
        let mut chosen = Vec::new();
        for signature in decoded.signatures() {
            match self.choose(signature) {
                // What isn't a header, and what is too large, is nothing that a signature is about.
                Err(error @ (Error::Malformed { .. } | Error::LimitExceeded { .. })) => {
                    return Err(error);
                }
                judged => chosen.push(judged),
            }
        }
        let payload = decoded.payload()?;
        let (mut verified, mut refused) = (Vec::new(), Vec::new());
        for (index, chosen) in chosen.into_iter().enumerate() {
            match chosen.and_then(|chosen| chosen.verify(&payload)) {
                Ok(signature) => verified.push(signature),
                Err(reason) => refused.push(RefusedSignature::new(index, reason)),
            }
        }
        if verified.is_empty() {
            // A signature that fails is the stronger word: the others are of no key that was given.
            let failed = refused.iter().find(|refused| *refused.reason() == Error::InvalidSignature);
            let reason = failed.or(refused.first()).map(|refused| refused.reason().clone());
            return Err(reason.unwrap_or(Error::InvalidSignature));
        }
        Ok(PartlyVerifiedJws::new(payload.into_decoded(), verified, refused))
    }

    /// Reads a signature's header and chooses the keys that it may hold under.
    fn choose<'s>(&'s self, signature: &'s DecodedSignature<'_>) -> Result<Chosen<'s>, Error> {
        let rules = HeaderRules {
            unencoded_payload: self.allows_unencoded_payload,
            unprotected_algorithm: self.allows_unprotected_algorithm,
            ..HeaderRules::new(&self.limits, &self.understood)
        };
        let header = Header::read_jws(signature.header_text(), &rules)?;
        let algorithm =
            JwsAlgorithm::from_name(&header.alg).ok_or(Error::Unsupported(Unsupported::Algorithm))?;
        let of_algorithm = || self.keys.iter().filter(|key| key.algorithm() == algorithm);
        if of_algorithm().next().is_none() {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        // The same choice as a `KeySet` makes: the key ID is the sender's hint.
        let keys: Vec<_> = match header.kid.as_deref() {
            None => of_algorithm().collect(),
            Some(key_id) => {
                let named: Vec<_> = of_algorithm().filter(|key| key.key_id() == Some(key_id)).collect();
                let unnamed = || of_algorithm().filter(|key| key.key_id().is_none()).collect();
                if named.is_empty() { unnamed() } else { named }
            }
        };
        let max = self.limits.candidate_keys;
        match keys.len() {
            0 => Err(Error::NoMatchingKey),
            count if count > max => Err(over_limit(Limit::CandidateKeys, max)),
            _ => Ok(Chosen { signature, header, keys }),
        }
    }
}

/// A signature whose header is in order, and the keys that it is tried under.
struct Chosen<'s> {
    signature: &'s DecodedSignature<'s>,
    header: Header<'s>,
    keys: Vec<&'s VerifyingKey>,
}

impl Chosen<'_> {
    fn verify(&self, payload: &Payload<'_>) -> Result<VerifiedSignature, Error> {
        let Self { signature, header, keys } = self;
        let input = payload.signing_input(signature);
        let key = keys.iter().find(|key| key.verifies(&input, signature.bytes()));
        let key = key.ok_or(Error::InvalidSignature)?;
        Ok(VerifiedSignature::new(signature.index(), key, header, signature.header_text()))
    }
}
