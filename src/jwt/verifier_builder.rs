//! The verifier's choices: keys and setters go in, a [`JwtVerifier`] comes out, or an error that says
//! which choices are missing or contradict each other.
//!
//! Issuer and audience must be chosen or waived by name (RFC 8725 §3.8, §3.9): a check that is left out
//! by not knowing of it is how tokens for one service open another.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::accepted_header::AcceptedHeaders;
use super::claims::Claims;
use super::nested::Decryption;
use super::policy::{Check, Expectation, Policy, Rule};
use super::verifier::{JwtVerifier, Source};
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::jwe::{ContentEncryption, DecryptionKey, JweAlgorithm};
use crate::jws::JwsAlgorithm;
use crate::jws::alg::AlgorithmSet;
use crate::keys::KeySet;
use crate::limits::Limits;

/// The choices of a [`JwtVerifier`] in the making. What nobody chose is strict.
///
/// ```
/// use countersign::{JwsAlgorithm, JwtVerifier, SigningKey};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let verifying_key = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
/// let verifier = JwtVerifier::builder(verifying_key)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .token_type("at+jwt")
///     .leeway(Duration::from_secs(30))
///     .max_age(Duration::from_secs(3600))
///     .required_claims(["sub", "scope"])
///     .rule("scope", |claims| claims.find("scope").is_some_and(|scope| scope.as_str().is_some()))
///     .build()?;
/// # let _ = verifier;
/// # Ok(())
/// # }
/// ```
#[must_use = "`build` makes the verifier"]
pub struct JwtVerifierBuilder {
    sources: Vec<Source>,
    /// Each source came with its issuer, so there is nothing left to choose.
    per_issuer: bool,
    issuers: Expectation,
    algorithms: Option<Vec<JwsAlgorithm>>,
    token_types: Vec<String>,
    untyped: bool,
    understood: Vec<String>,
    decryption: Option<KeySet<DecryptionKey>>,
    key_management: Option<Vec<JweAlgorithm>>,
    content_encryptions: Option<Vec<ContentEncryption>>,
    compression: bool,
    policy: Policy,
    /// Choices that contradict each other, for `build` to refuse.
    contradiction: Option<&'static str>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl JwtVerifierBuilder {
    /// A clock that is wrong by more than this is no clock.
    pub(crate) const MAX_LEEWAY: Duration = Duration::from_secs(600);

    pub(super) fn new(sources: Vec<Source>, per_issuer: bool) -> Self {
        Self {
            sources,
            per_issuer,
            issuers: Expectation::Unset,
            algorithms: None,
            token_types: Vec::new(),
            untyped: false,
            understood: Vec::new(),
            decryption: None,
            key_management: None,
            content_encryptions: None,
            compression: false,
            policy: Policy {
                subject: None,
                audience: Expectation::Unset,
                sole_audience: false,
                leeway: Duration::ZERO,
                max_age: None,
                refuse_future_issued_at: false,
                allow_missing_expiry: false,
                required: Vec::new(),
                rules: Vec::new(),
                checks_if_expired: Vec::new(),
            },
            contradiction: None,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
        }
    }

    /// Accepts tokens of this issuer: `iss` becomes required and is compared octet by octet
    /// ([RFC 7519 §4.1.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.1)), a trailing slash included. Called again, it adds another
    /// issuer that signs with the same keys; [`JwtVerifier::for_issuers`] is for issuers with keys of
    /// their own.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        match &mut self.issuers {
            Expectation::OneOf(issuers) => issuers.push(issuer.into()),
            Expectation::Unset => self.issuers = Expectation::OneOf(vec![issuer.into()]),
            Expectation::Any => self.contradiction = Some("expected `issuer` or `any_issuer`, found both"),
        }
        self
    }

    /// Accepts tokens of any issuer, or of none: whoever holds a key that the verifier trusts.
    pub fn any_issuer(mut self) -> Self {
        if self.issuers != Expectation::Unset {
            self.contradiction = Some("expected `issuer` or `any_issuer`, found both");
        }
        self.issuers = Expectation::Any;
        self
    }

    /// Accepts tokens for this audience: `aud` becomes required and must hold it, octet by octet
    /// ([RFC 7519 §4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)). Called again, it adds another audience that will do.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        match &mut self.policy.audience {
            Expectation::OneOf(audiences) => audiences.push(audience.into()),
            Expectation::Unset => self.policy.audience = Expectation::OneOf(vec![audience.into()]),
            Expectation::Any => {
                self.contradiction = Some("expected `audience` or `any_audience`, found both");
            }
        }
        self
    }

    /// Accepts tokens for any audience, or for none: also those that were issued for another service.
    pub fn any_audience(mut self) -> Self {
        if self.policy.audience != Expectation::Unset {
            self.contradiction = Some("expected `audience` or `any_audience`, found both");
        }
        self.policy.audience = Expectation::Any;
        self
    }

    /// Refuses tokens that name several audiences, even if each of them will do or they are the same.
    pub fn sole_audience(mut self) -> Self {
        self.policy.sole_audience = true;
        self
    }

    /// Accepts tokens about this subject only: `sub` becomes required.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.policy.subject = Some(subject.into());
        self
    }

    /// Accepts these signature algorithms only. Default: what the keys themselves say, which is enough
    /// unless a published set holds keys without `alg` or more than you want.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Accepts tokens of this type only: the header's `typ` becomes required and is compared as a
    /// media type ([RFC 7515 §4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9)). Called again, it adds another type that will
    /// do. Of a nested token, the type of the signed one counts. Default: any type, or none.
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.token_types.push(token_type.into());
        self
    }

    /// Forgives clocks that differ by this much, at most 10 minutes, wherever a time is compared: `exp`,
    /// `nbf`, `iat` and [`max_age`](Self::max_age). Default: none.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.policy.leeway = leeway;
        self
    }

    /// Refuses tokens that were issued longer ago than this, or in the future: `iat` becomes required.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.policy.max_age = Some(max_age);
        self
    }

    /// Refuses tokens whose `iat` is in the future. Default: accepted, as [RFC 7519](https://www.rfc-editor.org/rfc/rfc7519) has no rule on it.
    pub fn refuse_future_issued_at(mut self) -> Self {
        self.policy.refuse_future_issued_at = true;
        self
    }

    /// Accepts tokens without `exp`, which never expire. One that is there still counts.
    pub fn allow_missing_expiry(mut self) -> Self {
        self.policy.allow_missing_expiry = true;
        self
    }

    /// Requires these claims to be there, at most 64. A claim whose value is null is there: any JSON
    /// value is one ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)); the registered claims are never null. A field that isn't optional in
    /// the claims' type is required anyhow.
    pub fn required_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        for name in names.into_iter().map(Into::into) {
            // Each has one bit when claims are read, so it stands here once.
            if !self.policy.required.contains(&name) {
                self.policy.required.push(name);
            }
        }
        self
    }

    /// Adds a rule of the application's own. It sees the claims once the signature holds; if it
    /// returns false, the token is refused for the claim of that name, see
    /// [`Claims`](crate::jwt::Claims).
    pub fn rule<F>(mut self, claim: impl Into<Cow<'static, str>>, holds: F) -> Self
    where
        F: Fn(Claims<'_>) -> bool + Send + Sync + 'static,
    {
        self.policy.rules.push(Rule { claim: claim.into(), holds: Box::new(holds) });
        self
    }

    /// Accepts a header without `typ` beside the types that are asked for: for a profile whose issuers
    /// leave it out, and which tells its tokens by their claims.
    pub(crate) fn allow_missing_type(mut self) -> Self {
        self.untyped = true;
        self
    }

    /// Adds a profile's own judgement, which gives its reason before a token is called expired. Tokens that
    /// aren't, the profile judges as it reads them, see [`JwtVerifier::verify_reading`].
    pub(crate) fn check_if_expired<F>(mut self, check: F) -> Self
    where
        F: Fn(Claims<'_>) -> Result<(), Error> + Send + Sync + 'static,
    {
        let check: Check = Box::new(check);
        self.policy.checks_if_expired.push(check);
        self
    }

    /// Accepts tokens that are signed, then encrypted to these keys ([`DecryptionKey`] or a set), and
    /// no others: a token that is only signed, or only encrypted, is refused.
    ///
    /// ```
    /// use countersign::{DecryptionKey, JweAlgorithm, JwsAlgorithm, JwtVerifier, KeySet, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// # let verifying_key = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
    /// let old = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("10");
    /// let new = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("11");
    /// let verifier = JwtVerifier::builder(verifying_key)
    ///     .issuer("https://id.example.com")
    ///     .audience("https://orders.example.com")
    ///     .decrypt_with([old, new].into_iter().collect::<KeySet<DecryptionKey>>())
    ///     .build()?;
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// ```
    pub fn decrypt_with(mut self, keys: impl Into<KeySet<DecryptionKey>>) -> Self {
        self.decryption = Some(keys.into());
        self
    }

    /// Accepts these key management algorithms only. Default: what the keys themselves say.
    pub fn key_management_algorithms(mut self, algorithms: impl IntoIterator<Item = JweAlgorithm>) -> Self {
        self.key_management = Some(algorithms.into_iter().collect());
        self
    }

    /// Accepts these content encryption algorithms only. Default: what the keys allow, which is all six
    /// unless they were told otherwise.
    pub fn content_encryptions(mut self, encryptions: impl IntoIterator<Item = ContentEncryption>) -> Self {
        self.content_encryptions = Some(encryptions.into_iter().collect());
        self
    }

    /// Accepts encrypted tokens whose plaintext is compressed: `zip` with `DEF`
    /// ([RFC 7516 §4.1.3](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.3)). Default: refused. Needs the feature `deflate`.
    ///
    /// The signed token inside may then be longer than what it came in; it is held to
    /// [`Limits::inflated_bytes`] and, as any token, to [`Limits::token_bytes`]. `zip` in a signed token's header
    /// means nothing. Better ask the issuer not to compress: a token's length then tells what is in it
    /// ([RFC 8725 §3.6](https://www.rfc-editor.org/rfc/rfc8725#section-3.6)).
    #[cfg(feature = "deflate")]
    pub fn allow_compression(mut self) -> Self {
        self.compression = true;
        self
    }

    /// Declares parameters of a signed token's header that the application understands, so that `crit` may
    /// name them ([RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)). Who declares one has to process it:
    /// [`VerifiedJwt::parameter`](crate::VerifiedJwt::parameter) gives it out.
    ///
    /// The header of an encrypted token around it isn't given out, so nothing there may be critical; where
    /// that is needed, [`JweDecrypter`](crate::jwe::JweDecrypter) decrypts and this verifies what was inside.
    ///
    /// ```
    /// use countersign::{Error, JwtVerifier, NoClaims, VerifyingKey};
    ///
    /// fn tenant(key: VerifyingKey, token: &str) -> Result<Option<u64>, Error> {
    ///     let verifier = JwtVerifier::builder(key).issuer("https://id.example.com")
    ///         .audience("https://orders.example.com").understood_critical(["tenant"]).build()?;
    ///     verifier.verify::<NoClaims>(token)?.parameter("tenant")
    /// }
    /// # let _ = tenant;
    /// ```
    pub fn understood_critical<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.understood.extend(names.into_iter().map(Into::into));
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the limits on input. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if issuer or audience was neither set nor waived, a name is empty, there is no
    /// key, or none for the listed algorithms, a list is empty, choices contradict each other, the leeway
    /// is over 10 minutes, or more than 64 claims are required.
    pub fn build(mut self) -> Result<JwtVerifier, Error> {
        self.check()?;
        if let [source] = self.sources.as_mut_slice()
            && !self.per_issuer
        {
            source.issuers = self.issuers;
        }
        let decryption = match self.decryption {
            Some(keys) => {
                Some(Decryption::new(keys, self.key_management, self.content_encryptions, self.compression))
            }
            None => None,
        };
        Ok(JwtVerifier {
            sources: self.sources,
            algorithms: self.algorithms.into_iter().flatten().collect(),
            token_types: self.token_types,
            untyped: self.untyped,
            understood: self.understood.into(),
            accepted_headers: AcceptedHeaders::default(),
            decryption,
            policy: self.policy,
            clock: self.clock,
            limits: self.limits,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let empty = |keys: &KeySet| keys.is_empty();
        let issuers_unset = self.issuers == Expectation::Unset;
        let misuses = [
            (self.contradiction.is_some(), self.contradiction.unwrap_or_default()),
            (self.sources.is_empty(), "expected at least one issuer, found none"),
            (
                self.sources.iter().any(|source| empty(&source.keys)),
                "expected at least one key that verifies, found none; `KeySet::skipped` says why",
            ),
            (
                self.issuers.has_empty() || self.sources.iter().any(|source| source.issuers.has_empty()),
                "expected an issuer that isn't empty",
            ),
            (self.policy.audience.has_empty(), "expected an audience that isn't empty"),
            (
                !self.per_issuer && issuers_unset,
                "expected a choice of issuer: `issuer` sets it, `any_issuer` waives it",
            ),
            (
                self.per_issuer && !issuers_unset,
                "expected no `issuer` or `any_issuer` beside `for_issuers`, which names the issuers",
            ),
            (
                self.policy.audience == Expectation::Unset,
                "expected a choice of audience: `audience` sets it, `any_audience` waives it",
            ),
            (
                self.policy.sole_audience && self.policy.audience == Expectation::Any,
                "expected an `audience` beside `sole_audience`, found `any_audience`",
            ),
            (
                self.algorithms.as_ref().is_some_and(Vec::is_empty),
                "expected at least one algorithm in `algorithms`, found none",
            ),
            (
                self.algorithms.as_ref().is_some_and(|listed| {
                    let listed: AlgorithmSet = listed.iter().copied().collect();
                    !listed.is_empty() && self.sources.iter().any(|source| !source.keys.serves(listed))
                }),
                "expected of each issuer a key for one of `algorithms`, found none",
            ),
            (
                self.key_management.as_ref().is_some_and(Vec::is_empty),
                "expected at least one algorithm in `key_management_algorithms`, found none",
            ),
            (
                self.content_encryptions.as_ref().is_some_and(Vec::is_empty),
                "expected at least one algorithm in `content_encryptions`, found none",
            ),
            (
                self.decryption.is_none()
                    && (self.key_management.is_some() || self.content_encryptions.is_some()),
                "expected `decrypt_with` beside a list of algorithms for encrypted tokens, found none",
            ),
            (
                self.compression && self.decryption.is_none(),
                "expected `decrypt_with` beside `allow_compression`, found none",
            ),
            (
                self.decryption.as_ref().is_some_and(KeySet::is_empty),
                "expected at least one key that decrypts, found none; `KeySet::skipped` says why",
            ),
            (
                self.key_management
                    .as_ref()
                    .zip(self.decryption.as_ref())
                    .is_some_and(|(listed, keys)| !keys.serves(listed)),
                "expected a key for one of `key_management_algorithms`, found none",
            ),
            (self.policy.leeway > Self::MAX_LEEWAY, "expected a leeway of at most 10 minutes, found more"),
            (
                self.policy.required.len() > Policy::MAX_REQUIRED,
                "expected at most 64 required claims, found more",
            ),
        ];
        match misuses.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(Error::misuse(reason)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder").finish_non_exhaustive()
    }
}
