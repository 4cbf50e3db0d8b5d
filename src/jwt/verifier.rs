//! The verifier: text goes in; size, form, decryption, header, key, signature and claims are judged in
//! that order, and typed claims come out or an error (RFC 7519 §7.2, RFC 8725 §3).
//!
//! One call, which can't be half done. A token of one issuer passes only under a key of that issuer, so
//! that none of several can speak for another (RFC 8725 §3.8).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned};

use super::accepted_header::{AcceptedHeaders, SignerHint};
use super::claims::{Claims, Registered};
use super::nested::{Decryption, NESTED};
use super::policy::{Expectation, Policy, missing, unexpected};
#[cfg(feature = "remote-keys")]
use super::sourced::KeyedVerifier;
use super::understood::UnderstoodHeader;
use super::verified::{BorrowedJwt, TokenBuffer, VerifiedJwt};
use super::verifier_builder::JwtVerifierBuilder;
use crate::clock::Clock;
use crate::error::{Error, Part, Refusal};
use crate::jws::alg::AlgorithmSet;
use crate::jws::{SignedParts, VerifyingKey};
use crate::keys::{KeySet, check_count};
use crate::limits::Limits;
use crate::secret::{DecodingRoom, WipedRoom};
use crate::wire::compact::{self, Form};
use crate::wire::header::{Header, media_type_eq};
use crate::wire::json::Members;
use crate::wire::typed;

/// Verifies tokens: built once, shared by reference.
///
/// [`verify`](Self::verify) parses, decrypts if asked to, picks the key, checks the signature and judges
/// the claims ([RFC 7519 §7.2](https://www.rfc-editor.org/rfc/rfc7519#section-7.2)); a token comes out right in every respect, or an
/// error does. `exp` is required, issuer and audience are choices that `build` insists on, the leeway is
/// zero. For bytes instead of claims there are [`jws::verify`](crate::jws::verify) and
/// [`decrypt`](crate::decrypt).
///
/// ```
/// use countersign::{JwsAlgorithm, JwtIssuer, JwtVerifier, SigningKey, VerifiedJwt};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct OrderClaims {
///     tenant: u64,
/// }
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let public_key = key.verifying_key()?;
/// # let issuer = JwtIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(Duration::from_secs(300)).build()?;
/// # let token = issuer.issue("user-17", &OrderClaims { tenant: 4 })?;
/// let verifier = JwtVerifier::builder(public_key)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .build()?;
/// let jwt: VerifiedJwt<OrderClaims> = verifier.verify(&token)?;
/// assert_eq!((jwt.subject(), jwt.claims().tenant), (Some("user-17"), 4));
/// # Ok(())
/// # }
/// ```
pub struct JwtVerifier {
    pub(super) sources: Vec<Source>,
    pub(super) algorithms: AlgorithmSet,
    pub(super) token_types: Vec<String>,
    /// A header without `typ` will do too.
    pub(super) untyped: bool,
    /// What `crit` of a signed token's header may name; tokens that give it out share it.
    pub(super) understood: Arc<[String]>,
    pub(super) accepted_headers: AcceptedHeaders,
    pub(super) decryption: Option<Decryption>,
    pub(super) policy: Policy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: Limits,
}

/// Keys, and the issuers whose tokens they may sign.
pub(super) struct Source {
    pub(super) issuers: Expectation,
    pub(super) keys: KeySet,
}

/// A signed token whose header is judged, and nothing else: neither signature nor claims.
pub(crate) struct JudgedToken<'t, 'b> {
    pub(super) parts: SignedParts<'t, 'b>,
    hint: SignerHint<'b>,
    /// Where its header belongs once the signature held, if it isn't there yet.
    to_keep: Option<&'b AcceptedHeaders>,
}

impl JwtVerifier {
    /// Begins a verifier that trusts these keys: one [`VerifyingKey`] or a [`KeySet`].
    pub fn builder(keys: impl Into<KeySet>) -> JwtVerifierBuilder {
        JwtVerifierBuilder::new(vec![Source { issuers: Expectation::Unset, keys: keys.into() }], false)
    }

    /// Begins a verifier that trusts several issuers, each with keys of its own: a token of one,
    /// signed with the key of another, is refused.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, JwtVerifier, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let staff = SigningKey::generate(JwsAlgorithm::Es256)?;
    /// let customers = SigningKey::generate(JwsAlgorithm::Ed25519)?;
    /// let verifier = JwtVerifier::for_issuers([
    ///     ("https://staff.example.com", staff.verifying_key()?),
    ///     ("https://customers.example.com", customers.verifying_key()?),
    /// ])
    /// .audience("https://orders.example.com")
    /// .build()?;
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_issuers<I, S, K>(issuers: I) -> JwtVerifierBuilder
    where
        I: IntoIterator<Item = (S, K)>,
        S: Into<String>,
        K: Into<KeySet>,
    {
        let source = |(issuer, keys): (S, K)| Source {
            issuers: Expectation::OneOf(vec![issuer.into()]),
            keys: keys.into(),
        };
        JwtVerifierBuilder::new(issuers.into_iter().map(source).collect(), true)
    }

    /// Verifies a token and gives out its claims in the caller's type.
    ///
    /// The token comes alone: without the header field's `Bearer ` in front, and without white space or a
    /// line break around it.
    ///
    /// In this order: size, number of parts, base64url, JSON, header rules, algorithm, key, signature,
    /// claims, the caller's type; for an encrypted token the same before and after decryption. Nothing
    /// of the claims reaches the caller's type before all else holds.
    ///
    /// # Errors
    ///
    /// - [`Error::LimitExceeded`], [`Error::Malformed`] and [`Error::Unsupported`] if the token isn't one
    ///   that a verifier looks at.
    /// - [`Error::NotAllowed`] if its algorithms, its `typ`, or its being encrypted or not isn't what the
    ///   verifier was made for.
    /// - [`Error::NoMatchingKey`], [`Error::DecryptionFailed`] and [`Error::InvalidSignature`] if no key
    ///   opens or verifies it.
    /// - [`Error::Claim`] if a claim isn't what the verifier asks for; [`Error::is_expired`] tells the case
    ///   that a fresh token may cure.
    /// - [`Error::ClaimsType`] if the claims don't fit the type.
    /// - [`Error::Unavailable`] if the system gives no randomness, which decryption draws, or an external
    ///   key can't be reached.
    /// - [`Error::Misuse`] if the token is for an external key that must be waited for:
    ///   [`verify_async`](Self::verify_async) does.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<VerifiedJwt<T>, Error> {
        let mut room = WipedRoom::new();
        self.verify_reading(token, &mut room, typed::from_members).map(VerifiedJwt::new)
    }

    /// Verifies a token like [`verify`](Self::verify); the claims borrow their text from the buffer.
    ///
    /// It saves allocations where many tokens are verified. A claim with escapes (`\"`, `\u00e9`) can't
    /// be borrowed as a `&str`: `Cow<str>` takes both.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, JwtIssuer, JwtVerifier, SigningKey, TokenBuffer};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct OrderClaims<'a> {
    ///     scope: &'a str,
    /// }
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
    /// # let verifier = JwtVerifier::builder(key.verifying_key()?).any_issuer().any_audience().build()?;
    /// # let issuer = JwtIssuer::builder(key).without_issuer().without_audience()
    /// #     .lifetime(std::time::Duration::from_secs(300)).build()?;
    /// # let token = issuer.issue("user-17", &OrderClaims { scope: "orders:read" })?;
    /// let mut buffer = TokenBuffer::new();
    /// let jwt = verifier.verify_borrowed::<OrderClaims<'_>>(&token, &mut buffer)?;
    /// assert_eq!(jwt.claims().scope, "orders:read");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_borrowed<'b, T: Deserialize<'b>>(
        &'b self,
        token: &str,
        buffer: &'b mut TokenBuffer,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        self.verify_reading(token, buffer, typed::from_members)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Verifies a token, and has its claims read once all else holds.
    #[inline(always)]
    pub(crate) fn verify_reading<'b, T>(
        &'b self,
        token: &str,
        room: &'b mut impl DecodingRoom,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        if self.decryption.is_none() {
            // Whoever takes signed tokens only asks what else it might be once it was refused: its parts are
            // counted twice then, and not each time.
            let accepted = self.accept_signed(token, room, read);
            return accepted.map_err(|refusal| self.decryption_of(token).err().unwrap_or(refusal));
        }
        let Some(decryption) = self.decryption_of(token)? else {
            return self.accept_signed(token, room, read);
        };
        let inner = decryption.open(token, &self.limits)?;
        self.accept_signed(Decryption::signed_token(&inner, &self.limits)?, room, read)
    }

    /// What a token of this form is decrypted with, if it is one that this verifier looks at.
    pub(super) fn decryption_of(&self, token: &str) -> Result<Option<&Decryption>, Error> {
        compact::check_size(token, &self.limits)?;
        match (compact::form(token)?, &self.decryption) {
            (Form::Jws, None) => Ok(None),
            (Form::Jwe, Some(decryption)) => Ok(Some(decryption)),
            (Form::Jws, Some(_)) => Err(Error::NotAllowed(Refusal::Unencrypted)),
            (Form::Jwe, None) => Err(Error::NotAllowed(Refusal::Encrypted)),
        }
    }

    #[inline(always)]
    pub(super) fn accept_signed<'b, T>(
        &'b self,
        token: &str,
        room: &'b mut impl DecodingRoom,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        let judged = self.judge_signed(token, room)?;
        self.accept_judged(&judged, |key| judged.parts.verified_by(key), read)
    }

    /// Splits a signed token and judges its header.
    // Called apart, this and what accepts show in what an HS256 token takes.
    #[inline(always)]
    pub(super) fn judge_signed<'t, 'b>(
        &'b self,
        token: &'t str,
        room: &'b mut impl DecodingRoom,
    ) -> Result<JudgedToken<'t, 'b>, Error> {
        // Whoever understands parameters reads them once the token is verified: their header is needed again.
        let accepted_headers = self.understood.is_empty().then_some(&self.accepted_headers);
        let mut known = None;
        let parts = SignedParts::split_unless(token, &self.limits, room, |header| {
            known = accepted_headers.and_then(|accepted| accepted.find(header));
            known.is_some()
        })?;
        let to_keep = accepted_headers.filter(|_| known.is_none());
        let hint = known.map_or_else(|| self.judge_header(&parts), Ok)?;
        Ok(JudgedToken { parts, hint, to_keep })
    }

    /// Accepts a token whose header is judged, if its signature holds.
    #[inline(always)]
    pub(crate) fn accept_judged<'b, T>(
        &'b self,
        token: &JudgedToken<'_, 'b>,
        holds: impl Fn(&VerifyingKey) -> bool,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        self.accept_by(token, holds, |_| Ok(()), read)
    }

    /// Accepts a token that a profile split by rules of its own. Once the signature holds, the profile judges the
    /// claims by `judge`, before this verifier does and so before any token is called expired.
    #[cfg(feature = "remote-keys")]
    pub(crate) fn accept_parts<'b, T>(
        &'b self,
        parts: SignedParts<'_, 'b>,
        judge: impl FnOnce(Claims<'_>) -> Result<(), Error>,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        let token = JudgedToken { parts, hint: self.judge_header(&parts)?, to_keep: None };
        self.accept_by(&token, |key| parts.verified_by(key), judge, read)
    }

    #[inline(always)]
    fn accept_by<'b, T>(
        &'b self,
        JudgedToken { parts, hint, to_keep }: &JudgedToken<'_, 'b>,
        holds: impl Fn(&VerifyingKey) -> bool,
        judge: impl FnOnce(Claims<'_>) -> Result<(), Error>,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        let (mut members, mut registered) = (Members::new(), Registered::default());
        let key = self.check_signature(parts, hint, holds, &mut members, &mut registered)?;
        if let Some(accepted_headers) = to_keep {
            accepted_headers.keep(parts.encoded_header(), hint);
        }
        let claims = Claims::new(members.text(), &self.limits);
        judge(claims)?;
        self.policy.judge(&registered, claims, self.clock.now().into())?;
        let claims = read(&members)?;
        let header = UnderstoodHeader::new(parts.header_text(), &self.understood);
        Ok(BorrowedJwt { registered, algorithm: key.algorithm(), key_id: key.key_id(), header, claims })
    }

    /// Reads a header that isn't known yet. What is accepted here depends on its text and on this verifier,
    /// and on nothing that changes.
    fn judge_header<'b>(&self, parts: &SignedParts<'_, 'b>) -> Result<SignerHint<'b>, Error> {
        let header = parts.header(&self.limits, &self.understood)?;
        self.check_type(&header)?;
        check_content_type(&header)?;
        Ok(SignerHint { algorithm: parts.algorithm(&header)?, key_id: header.kid })
    }

    fn check_type(&self, header: &Header<'_>) -> Result<(), Error> {
        let Some(accepted) = (!self.token_types.is_empty()).then_some(&self.token_types) else {
            return Ok(());
        };
        let Some(typ) = header.typ.as_deref() else {
            return if self.untyped { Ok(()) } else { Err(Error::NotAllowed(Refusal::Type)) };
        };
        if accepted.iter().any(|accepted| media_type_eq(accepted, typ)) {
            return Ok(());
        }
        Err(Error::NotAllowed(Refusal::Type))
    }

    /// Finds the key that made the signature, among those of an issuer that the claims name. Puts the
    /// registered claims and all of them where they belong: authentic from here on.
    fn check_signature<'b>(
        &'b self,
        parts: &SignedParts<'_, 'b>,
        hint: &SignerHint<'_>,
        holds: impl Fn(&VerifyingKey) -> bool,
        members: &mut Members<'b>,
        registered: &mut Registered<'b>,
    ) -> Result<&'b VerifyingKey, Error> {
        let mut read = || {
            let text = typed::text(parts.unverified_payload(), Part::Claims)?;
            self.policy.read(text, &self.limits, members, registered)
        };
        if let Some((source, key)) = self.sole_key(hint) {
            if !holds(key) {
                return Err(Error::InvalidSignature);
            }
            read()?;
            source.check_issuer(registered.issuer.as_deref())?;
            return Ok(key);
        }
        let issuer = self.issuer_hint(parts);
        let candidates = self.candidates(hint, issuer.as_deref())?;
        let mut signers = candidates.filter(|(_, key)| holds(key)).peekable();
        signers.peek().ok_or(Error::InvalidSignature)?;
        read()?;
        // Issuers may share a key, so a key that fits another issuer may be found again for this one.
        let mut refusal = Error::InvalidSignature;
        for (source, key) in signers {
            match source.check_issuer(registered.issuer.as_deref()) {
                Ok(()) => return Ok(key),
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    /// The key to try, if this verifier has no other. There is nothing to choose then, and going through the
    /// [`candidates`](Self::candidates) takes as long as reading the claims' dates and names.
    #[inline(always)]
    fn sole_key(
        &self,
        SignerHint { algorithm, key_id }: &SignerHint<'_>,
    ) -> Option<(&Source, &VerifyingKey)> {
        let [source] = self.sources.as_slice() else { return None };
        if self.limits.candidate_keys == 0 {
            return None;
        }
        Some((source, source.keys.sole(*algorithm, self.algorithms, key_id.as_deref())?))
    }

    /// The keys to try, of the issuer that the claims name if they do; a bounded number.
    #[inline]
    fn candidates<'v>(
        &'v self,
        SignerHint { algorithm, key_id }: &SignerHint<'_>,
        issuer: Option<&str>,
    ) -> Result<impl Iterator<Item = (&'v Source, &'v VerifyingKey)>, Error> {
        let algorithm = *algorithm;
        let sources = self
            .sources
            .iter()
            .filter(move |source| issuer.is_none_or(|issuer| source.issuers.accepts(issuer)));
        sources
            .clone()
            .map(|source| source.keys.check_algorithm(algorithm, self.algorithms))
            .reduce(Result::or)
            .unwrap_or(Err(Error::NoMatchingKey))?;
        let candidates = sources.flat_map(move |source| {
            let keys = source.keys.candidates(algorithm, self.algorithms, key_id.as_deref());
            keys.map(move |key| (source, key))
        });
        match check_count(candidates.clone(), &self.limits) {
            // The keys of many issuers aren't tried in turn for a token that names none of them.
            Err(Error::LimitExceeded { .. }) if self.sources.len() > 1 && issuer.is_none() => {
                Err(Error::NoMatchingKey)
            }
            counted => counted.map(|()| candidates),
        }
    }

    /// The key to try, if it is only one and of an algorithm whose signatures are checked together: for the
    /// others, nothing is looked up twice.
    pub(super) fn sole_candidate<'b>(&'b self, token: &JudgedToken<'_, 'b>) -> Option<&'b VerifyingKey> {
        if !token.hint.algorithm.verifies_together() {
            return None;
        }
        let issuer = self.issuer_hint(&token.parts);
        let mut candidates = self.candidates(&token.hint, issuer.as_deref()).ok()?;
        let (_, key) = candidates.next()?;
        candidates.next().is_none().then_some(key)
    }

    /// With several issuers, the claims say whose keys to try, and no more than that: the issuer is
    /// compared again once the signature holds. An issuer that none of the sources knows is no hint.
    fn issuer_hint<'b>(&self, parts: &SignedParts<'_, 'b>) -> Option<Cow<'b, str>> {
        if self.sources.len() < 2 {
            return None;
        }
        let issuer = Registered::issuer_hint(parts.unverified_payload(), &self.limits)?;
        self.sources.iter().any(|source| source.issuers.accepts(&issuer)).then_some(issuer)
    }
}

/// A signed token's payload is its claims. RFC 7519 §7.2 has whoever meets a "cty" value of "JWT" go on with
/// the payload as another token; taken for claims, it would be read as something else than its signer said.
fn check_content_type(header: &Header<'_>) -> Result<(), Error> {
    if header.cty.as_deref().is_some_and(|cty| media_type_eq(cty, NESTED)) {
        return Err(Error::NotAllowed(Refusal::TokenInside));
    }
    Ok(())
}

#[cfg(feature = "remote-keys")]
impl KeyedVerifier for JwtVerifier {
    fn lacks_signing_key(&self, token: &str, refusal: &Error) -> bool {
        let is_about_a_key = match refusal {
            Error::NoMatchingKey => true,
            // An issuer that changes its algorithm changes its keys. A list of algorithms stays what it is.
            Error::NotAllowed(Refusal::Algorithm) => self.algorithms.is_empty(),
            _ => false,
        };
        // Once a key fits that decrypts, these two are said of the signed token inside.
        is_about_a_key
            && self.decryption_of(token).is_ok_and(|decryption| {
                decryption.is_none_or(|decryption| decryption.has_key_for(token, &self.limits))
            })
    }
}

impl Source {
    fn check_issuer(&self, issuer: Option<&str>) -> Result<(), Error> {
        if self.issuers == Expectation::Any {
            return Ok(());
        }
        let issuer = issuer.ok_or_else(|| missing("iss", "`any_issuer` waives it"))?;
        if self.issuers.accepts(issuer) {
            return Ok(());
        }
        Err(unexpected("iss", self.issuers.describe()))
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.sources.iter().map(|source| source.issuers.describe()).collect();
        let issuers = issuers.join(" or ");
        f.debug_struct("JwtVerifier")
            .field("issuers", &format_args!("{issuers}"))
            .field("audience", &format_args!("{}", self.policy.audience.describe()))
            .finish_non_exhaustive()
    }
}
