//! What a verifier gives out: the registered claims, the key's algorithm and ID, and the claims in the
//! caller's type, owned or borrowed from a buffer.
//!
//! Only the verifier makes these, after everything held (RFC 7519 §7.2): to have one is the proof. What
//! they say of the key is the key's own word and not the header's.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;

use super::NumericDate;
use super::claims::{Audience, NoClaims, Registered};
use super::understood::{KeptHeader, UnderstoodHeader};
use crate::error::Error;
use crate::jws::JwsAlgorithm;
use crate::secret::{DecodingRoom, Wiped};

/// A token that was verified, with its claims in the caller's type.
///
/// Its text doesn't identify it. Whoever holds a token signed by ES256, ES384, ES512 or ES256K can write it a
/// second way that verifies too, without the key: of the signature (r, s), (r, n − s) is the twin. So what
/// refuses tokens by memory (a list of revoked ones, a store against replay) goes by
/// [`jwt_id`](Self::jwt_id) or other claims, never by the token's text or a hash of it. A cache of accepted
/// ones may, as the twin is verified by itself.
///
/// ```
/// use countersign::{JwtVerifier, VerifiedJwt};
///
/// #[derive(serde::Deserialize)]
/// struct OrderClaims {
///     tenant: u64,
/// }
///
/// fn tenant(verifier: &JwtVerifier, token: &str) -> Result<u64, countersign::Error> {
///     let jwt: VerifiedJwt<OrderClaims> = verifier.verify(token)?;
///     Ok(jwt.claims().tenant)
/// }
/// # let _ = tenant;
/// ```
#[derive(Clone, PartialEq)]
pub struct VerifiedJwt<T> {
    said: Said,
    claims: T,
}

/// What a token says, its texts one behind the other in one allocation.
#[derive(Clone, PartialEq)]
struct Said {
    texts: String,
    issuer: Option<Range<usize>>,
    subject: Option<Range<usize>>,
    // Most tokens are for one audience.
    first_audience: Option<Range<usize>>,
    other_audiences: Vec<Range<usize>>,
    expires_at: Option<NumericDate>,
    not_before: Option<NumericDate>,
    issued_at: Option<NumericDate>,
    jwt_id: Option<Range<usize>>,
    algorithm: JwsAlgorithm,
    key_id: Option<Range<usize>>,
    header: KeptHeader,
}

impl Said {
    fn new(
        registered: &Registered<'_>,
        algorithm: JwsAlgorithm,
        key_id: Option<&str>,
        header: UnderstoodHeader<'_>,
    ) -> Self {
        let Registered { issuer, subject, audience, expires_at, not_before, issued_at, jwt_id } = registered;
        let [issuer, subject, jwt_id] = [issuer, subject, jwt_id].map(Option::as_deref);
        let sole = [issuer, subject, jwt_id, key_id].into_iter().flatten().map(str::len);
        let room = sole.sum::<usize>() + audience.map_or(0, Audience::text_len);
        let mut texts = String::with_capacity(room);
        let mut keep = |text: &str| {
            let start = texts.len();
            texts.push_str(text);
            start..texts.len()
        };
        let mut audiences = audience.iter().flat_map(|audience| audience.iter());
        Self {
            issuer: issuer.map(&mut keep),
            subject: subject.map(&mut keep),
            first_audience: audiences.next().map(|audience| keep(&audience)),
            other_audiences: audiences.map(|audience| keep(&audience)).collect(),
            expires_at: *expires_at,
            not_before: *not_before,
            issued_at: *issued_at,
            jwt_id: jwt_id.map(&mut keep),
            algorithm,
            key_id: key_id.map(&mut keep),
            header: header.into(),
            texts,
        }
    }

    fn text(&self, place: Option<&Range<usize>>) -> Option<&str> {
        self.texts.get(place?.clone())
    }
}

impl<T> VerifiedJwt<T> {
    #[inline(always)]
    pub(crate) fn new(jwt: BorrowedJwt<'_, T>) -> Self {
        let BorrowedJwt { registered, algorithm, key_id, header, claims } = jwt;
        Self { said: Said::new(&registered, algorithm, key_id, header), claims }
    }

    /// How many bytes of the header are kept.
    #[cfg(feature = "gateway")]
    pub(crate) fn header_len(&self) -> usize {
        self.said.header.len()
    }

    /// Parts the claims from the rest.
    pub(crate) fn split(self) -> (VerifiedJwt<NoClaims>, T) {
        let Self { said, claims } = self;
        (VerifiedJwt { said, claims: NoClaims }, claims)
    }

    /// Returns `iss`, the principal that issued the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.said.text(self.said.issuer.as_ref())
    }

    /// Returns `sub`, the principal that the token is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.said.text(self.said.subject.as_ref())
    }

    /// Returns `aud`, the recipients that the token is for; none if the claim is absent.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        let places = self.said.first_audience.iter().chain(&self.said.other_audiences);
        places.filter_map(|place| self.said.text(Some(place)))
    }

    /// Returns `exp`, from when on the token is not accepted any more.
    #[must_use]
    pub fn expires_at(&self) -> Option<NumericDate> {
        self.said.expires_at
    }

    /// Returns `nbf`, before when the token is not accepted.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.said.not_before
    }

    /// Returns `iat`, when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<NumericDate> {
        self.said.issued_at
    }

    /// Returns `jti`, the token's own ID, which says better than its text whether it was seen before.
    #[must_use]
    pub fn jwt_id(&self) -> Option<&str> {
        self.said.text(self.said.jwt_id.as_ref())
    }

    /// Returns the algorithm of the key that the signature verifies under.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.said.algorithm
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.said.text(self.said.key_id.as_ref())
    }

    /// Returns a parameter of the signed token's protected header that the verifier was told to understand
    /// ([`understood_critical`](crate::jwt::JwtVerifierBuilder::understood_critical)), whether `crit` names it or
    /// not. `None` if it isn't there, and for every other name.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<P: DeserializeOwned>(&self, name: &str) -> Result<Option<P>, Error> {
        self.said.header.as_understood().parameter(name)
    }

    /// Returns the claims in the caller's type.
    #[must_use]
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// Gives out the claims in the caller's type.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.claims
    }
}

/// Shows the key and none of the claims.
impl<T> fmt::Debug for VerifiedJwt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJwt")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}

/// A token that was verified, whose claims borrow from a [`TokenBuffer`]: what
/// [`JwtVerifier::verify_borrowed`](crate::JwtVerifier::verify_borrowed) gives out.
#[derive(Clone)]
pub struct BorrowedJwt<'b, T> {
    pub(super) registered: Registered<'b>,
    pub(super) algorithm: JwsAlgorithm,
    pub(super) key_id: Option<&'b str>,
    pub(super) header: UnderstoodHeader<'b>,
    pub(super) claims: T,
}

impl<'b, T> BorrowedJwt<'b, T> {
    /// Returns `iss`, the principal that issued the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.registered.issuer.as_deref()
    }

    /// Returns `sub`, the principal that the token is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.registered.subject.as_deref()
    }

    /// Returns `aud`, the recipients that the token is for; none if the claim is absent.
    pub fn audience(&self) -> impl Iterator<Item = Cow<'b, str>> + use<'b, T> {
        self.registered.audience.into_iter().flat_map(|audience| audience.iter())
    }

    /// Returns `exp`, from when on the token is not accepted any more.
    #[must_use]
    pub fn expires_at(&self) -> Option<NumericDate> {
        self.registered.expires_at
    }

    /// Returns `nbf`, before when the token is not accepted.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.registered.not_before
    }

    /// Returns `iat`, when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<NumericDate> {
        self.registered.issued_at
    }

    /// Returns `jti`, the token's own ID.
    #[must_use]
    pub fn jwt_id(&self) -> Option<&str> {
        self.registered.jwt_id.as_deref()
    }

    /// Returns the algorithm of the key that the signature verifies under.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id
    }

    /// Returns a parameter of the signed token's protected header that the verifier was told to understand
    /// ([`understood_critical`](crate::jwt::JwtVerifierBuilder::understood_critical)), whether `crit` names it or
    /// not. `None` if it isn't there, and for every other name.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<P: DeserializeOwned>(&self, name: &str) -> Result<Option<P>, Error> {
        self.header.parameter(name)
    }

    /// Returns the claims in the caller's type.
    #[must_use]
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// Gives out the claims in the caller's type.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.claims
    }
}

/// Shows the key and none of the claims.
impl<T> fmt::Debug for BorrowedJwt<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedJwt")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Room for one token's decoded parts, to be used again for the next. Wiped when dropped.
///
/// ```
/// use countersign::{JwtVerifier, NoClaims, TokenBuffer};
///
/// fn count_valid(verifier: &JwtVerifier, tokens: &[String]) -> usize {
///     let mut buffer = TokenBuffer::new();
///     tokens.iter().filter(|token| verifier.verify_borrowed::<NoClaims>(token, &mut buffer).is_ok()).count()
/// }
/// # let _ = count_valid;
/// ```
#[derive(Default)]
pub struct TokenBuffer {
    decoded: Wiped,
}

impl TokenBuffer {
    /// Makes an empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl DecodingRoom for TokenBuffer {
    fn room_of(&mut self, len: usize) -> &mut [u8] {
        if self.decoded.len() < len {
            // It would move if it grew, and leave what it held before behind.
            self.decoded = Wiped::from(vec![0; len]);
        }
        self.decoded.get_mut(..len).unwrap_or_default()
    }
}

/// Shows nothing of what the buffer holds.
impl fmt::Debug for TokenBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuffer").finish_non_exhaustive()
    }
}
