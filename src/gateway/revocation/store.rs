//! The trait of a store of revocations, and what such a store is asked about: the names that a verified
//! token may be revoked by.
//!
//! What a mark means for a token is judged here, in [`Revocable::is_revoked_by`], so that each store only
//! has to find it.

use std::sync::Arc;

use super::mark::{Revocation, RevocationKey, RevocationKind};
use crate::gateway::store::{StoreFuture, seconds_up};
use crate::jwt::{NumericDate, VerifiedJwt};
use crate::profile::access_token::AccessToken;

/// Keeps revocations, and tells whether a token is revoked.
///
/// [`MemoryRevocations`](super::MemoryRevocations) is the one in memory. Of another:
///
/// - what [`revoke`](Self::revoke) has answered, every later [`is_revoked`](Self::is_revoked) knows;
/// - a revocation of a name that is there already leaves the later of both instants and of both times until
///   which it is kept; one without an instant counts as later than any;
/// - none is forgotten before its [`until`](Revocation::until): a store without room says
///   [`StoreError::Full`](crate::gateway::StoreError::Full), and from then on either refuses the tokens that
///   the lost revocation could concern, or answers no more;
/// - what it can't tell is an error, never a `false`.
///
/// ```
/// use countersign::gateway::revocation::{Revocable, Revocation, RevocationStore};
/// use countersign::gateway::{StoreError, StoreFuture};
///
/// /// A store that is always down: all tokens are refused with 503.
/// struct Down;
///
/// impl RevocationStore for Down {
///     fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
///         Box::pin(async { Err(StoreError::Unavailable) })
///     }
///
///     fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
///         let names: Vec<[u8; 32]> = token.keys().map(|key| key.digest()).collect();
///         Box::pin(async move {
///             let _ = names; // look them up in one request, `token.is_revoked_by(before)` for each found
///             Err(StoreError::Unavailable)
///         })
///     }
/// }
/// ```
pub trait RevocationStore: Send + Sync {
    /// Keeps a revocation until its [`until`](Revocation::until).
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`](crate::gateway::StoreError::Full) if there is no room for it,
    /// [`StoreError::Unavailable`](crate::gateway::StoreError::Unavailable) if it may not be kept for another
    /// reason. Whoever revokes has to try again: tokens may pass that were meant.
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> StoreFuture<'a, ()>;

    /// Returns whether the token is revoked, by any of its [`keys`](Revocable::keys).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`](crate::gateway::StoreError::Unavailable) if the store can't tell,
    /// [`StoreError::Full`](crate::gateway::StoreError::Full) if a revocation that found no room could mean
    /// the token. Either refuses it with 503, see [`RevocationCheck`](super::RevocationCheck).
    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool>;
}

/// One store for whoever checks and whoever revokes, of any type: `Arc<dyn RevocationStore>` too.
impl<S: RevocationStore + ?Sized> RevocationStore for Arc<S> {
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> StoreFuture<'a, ()> {
        (**self).revoke(revocation)
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        (**self).is_revoked(token)
    }
}

/// What of a verified token says whether it is revoked.
#[derive(Debug, Clone, Copy)]
pub struct Revocable<'a> {
    keys: [Option<RevocationKey<'a>>; 6],
    issued_at: Option<NumericDate>,
}

impl<'a> Revocable<'a> {
    /// Takes an access token.
    #[must_use]
    pub fn of<T>(token: &'a AccessToken<T>) -> Self {
        Self::new(
            token.issuer(),
            [token.token_id(), Some(token.subject()), token.session_id(), token.key_id()],
            token.issued_at(),
        )
    }

    /// Takes a token of another kind. `session_id` is its `sid`, if its claims have one.
    #[must_use]
    pub fn of_jwt<T>(token: &'a VerifiedJwt<T>, session_id: Option<&'a str>) -> Self {
        Self::new(
            token.issuer().unwrap_or_default(),
            [token.jwt_id(), token.subject(), session_id, token.key_id()],
            token.issued_at(),
        )
    }

    fn new(
        issuer: &'a str,
        [token_id, subject, session_id, key_id]: [Option<&'a str>; 4],
        issued_at: Option<NumericDate>,
    ) -> Self {
        let key = |kind, id: Option<&'a str>| id.map(|id| RevocationKey::new(kind, issuer, id));
        let keys = [
            key(RevocationKind::TokenId, token_id),
            key(RevocationKind::Subject, subject),
            key(RevocationKind::Session, session_id),
            key(RevocationKind::KeyId, key_id),
            key(RevocationKind::IssuedAt, Some("")),
            Some(RevocationKey::new(RevocationKind::IssuedAt, "", "")),
        ];
        Self { keys, issued_at }
    }

    /// Returns the names to look up, at most six.
    pub fn keys(&self) -> impl Iterator<Item = RevocationKey<'a>> + use<'a> {
        self.keys.into_iter().flatten()
    }

    /// Returns whether a revocation that was found under one of the [`keys`](Self::keys), with this
    /// [`before`](Revocation::before), means this token.
    #[must_use]
    pub fn is_revoked_by(&self, before: Option<NumericDate>) -> bool {
        match (before, self.issued_at) {
            // Whoever leaves out when it was issued gains nothing by it.
            (None, _) | (_, None) => true,
            (Some(before), Some(issued_at)) => issued_before(issued_at, i64::from(seconds_up(before))),
        }
    }

    pub(super) fn issued_at(&self) -> Option<NumericDate> {
        self.issued_at
    }
}

/// Whether the second of `iat` is before this one.
pub(super) fn issued_before(issued_at: NumericDate, second: i64) -> bool {
    issued_at.seconds() < second
}
