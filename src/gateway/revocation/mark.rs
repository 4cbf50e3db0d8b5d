//! What is revoked: an issuer's tokens of one ID, subject, session or key, or of a time, and until when
//! that has to be remembered.
//!
//! All names are an issuer's own: `jti` is unique among its tokens (RFC 7519 §4.1.7), a subject's or a
//! session's name means something to it only, so that none of several issuers can revoke for another.

use std::fmt;

use crate::crypto;
use crate::gateway::store::kept_until;
use crate::jwt::NumericDate;
use crate::profile::access_token::AccessToken;

/// By what a token is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationKind {
    /// The token's own ID, `jti`.
    TokenId,
    /// Its subject, `sub`.
    Subject,
    /// The session that it was issued in, `sid`.
    Session,
    /// The ID of the key that its signature verifies under.
    KeyId,
    /// When it was issued, `iat`.
    IssuedAt,
}

impl RevocationKind {
    /// The number that it has in a store, which must not change: gateways of two versions may share one.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::TokenId => 0,
            Self::Subject => 1,
            Self::Session => 2,
            Self::KeyId => 3,
            Self::IssuedAt => 4,
        }
    }
}

/// The name that a revocation goes by in a store, and that a token is looked up by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RevocationKey<'a> {
    kind: RevocationKind,
    issuer: &'a str,
    id: &'a str,
}

impl<'a> RevocationKey<'a> {
    pub(super) fn new(kind: RevocationKind, issuer: &'a str, id: &'a str) -> Self {
        Self { kind, issuer, id }
    }

    /// Returns by what it is revoked.
    #[must_use]
    pub fn kind(&self) -> RevocationKind {
        self.kind
    }

    /// Returns whose tokens are meant; empty for everyone's.
    #[must_use]
    pub fn issuer(&self) -> &'a str {
        self.issuer
    }

    /// Returns the token's, the subject's, the session's or the key's name; empty for
    /// [`RevocationKind::IssuedAt`].
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Returns the SHA-256 of kind, issuer and name: a key of one length for stores outside the process,
    /// the same in each of them. It tells a name apart and doesn't hide it from whoever can guess it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest(self.kind.number(), self.issuer, self.id)
    }
}

/// Shows the kind, and none of the names.
impl fmt::Debug for RevocationKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The SHA-256 of two names under a number, with the first one's length, so that no two pairs read alike.
pub(in crate::gateway) fn digest(number: u8, first: &str, second: &str) -> [u8; 32] {
    let length = u64::try_from(first.len()).unwrap_or(u64::MAX).to_be_bytes();
    crypto::sha256(&[&[number], &length, first.as_bytes(), second.as_bytes()])
}

/// Tokens that are refused from now on.
///
/// `expires_at` is the latest `exp` of the tokens concerned: of one token its own, otherwise now and the
/// longest lifetime that the issuer gives. After that, and 10 minutes for the greatest leeway, the store
/// forgets it, as they are refused anyhow; say rather too late than too early.
///
/// ```
/// use countersign::gateway::revocation::{MemoryRevocations, Revocation};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), countersign::gateway::StoreError> {
/// let revocations = MemoryRevocations::new(1_000_000);
/// let now = SystemTime::now();
/// // The password was changed: all that was issued to this subject until now is void.
/// let longest = now + Duration::from_secs(3600);
/// revocations.insert(&Revocation::subject_before("https://id.example.com", "user-17", now, longest))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Revocation {
    kind: RevocationKind,
    issuer: String,
    id: String,
    before: Option<NumericDate>,
    expires_at: NumericDate,
}

impl Revocation {
    /// Revokes the token of this ID. `expires_at` is its `exp`.
    pub fn token_id(
        issuer: impl Into<String>,
        token_id: impl Into<String>,
        expires_at: impl Into<NumericDate>,
    ) -> Self {
        Self::new(RevocationKind::TokenId, issuer.into(), token_id.into(), None, expires_at.into())
    }

    /// Revokes a token that was verified. None if it has no ID or never expires: then its subject, session
    /// or time can be revoked.
    #[must_use]
    pub fn of_token<T>(token: &AccessToken<T>) -> Option<Self> {
        Some(Self::token_id(token.issuer(), token.token_id()?, token.expires_at()?))
    }

    /// Revokes a subject's tokens that were issued before an instant.
    ///
    /// The instant is rounded up to the whole second, as `iat` is mostly written in whole seconds: a token of
    /// the very second counts as issued before it. A token without `iat` always does.
    pub fn subject_before(
        issuer: impl Into<String>,
        subject: impl Into<String>,
        before: impl Into<NumericDate>,
        expires_at: impl Into<NumericDate>,
    ) -> Self {
        let before = Some(before.into());
        Self::new(RevocationKind::Subject, issuer.into(), subject.into(), before, expires_at.into())
    }

    /// Revokes all tokens of a session, whenever they were or will be issued: what a logout token asks for
    /// ([OpenID Connect Back-Channel Logout §2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)).
    pub fn session(
        issuer: impl Into<String>,
        session_id: impl Into<String>,
        expires_at: impl Into<NumericDate>,
    ) -> Self {
        Self::new(RevocationKind::Session, issuer.into(), session_id.into(), None, expires_at.into())
    }

    /// Revokes all tokens whose signature verifies under the key of this ID. Take the key itself out of the
    /// verifier too: this refuses its tokens until that has reached every gateway. A key without an ID can't
    /// be revoked like this.
    pub fn key_id(
        issuer: impl Into<String>,
        key_id: impl Into<String>,
        expires_at: impl Into<NumericDate>,
    ) -> Self {
        Self::new(RevocationKind::KeyId, issuer.into(), key_id.into(), None, expires_at.into())
    }

    /// Revokes all of an issuer's tokens that were issued before an instant, see
    /// [`subject_before`](Self::subject_before).
    pub fn issuer_before(
        issuer: impl Into<String>,
        before: impl Into<NumericDate>,
        expires_at: impl Into<NumericDate>,
    ) -> Self {
        let before = Some(before.into());
        Self::new(RevocationKind::IssuedAt, issuer.into(), String::new(), before, expires_at.into())
    }

    /// Revokes all tokens that were issued before an instant, whoever issued them, see
    /// [`subject_before`](Self::subject_before).
    pub fn everything_before(before: impl Into<NumericDate>, expires_at: impl Into<NumericDate>) -> Self {
        Self::issuer_before(String::new(), before, expires_at)
    }

    fn new(
        kind: RevocationKind,
        issuer: String,
        id: String,
        before: Option<NumericDate>,
        expires_at: NumericDate,
    ) -> Self {
        Self { kind, issuer, id, before, expires_at }
    }

    /// Returns the name that it goes by in a store.
    #[must_use]
    pub fn key(&self) -> RevocationKey<'_> {
        RevocationKey::new(self.kind, &self.issuer, &self.id)
    }

    /// Returns the instant before which the tokens were issued; none if it doesn't matter when.
    #[must_use]
    pub fn before(&self) -> Option<NumericDate> {
        self.before
    }

    /// Returns how long a store keeps it: until the tokens have expired, leeway included.
    #[must_use]
    pub fn until(&self) -> NumericDate {
        kept_until(self.expires_at)
    }
}

/// Shows the kind and the times, and none of the names.
impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("kind", &self.kind)
            .field("before", &self.before)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
