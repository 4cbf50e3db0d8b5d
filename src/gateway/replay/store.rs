//! The trait of a store of used tokens, and what such a store is told: whose token of which ID was used, and
//! until when that has to be remembered.
//!
//! A token goes by its issuer and `jti` (RFC 7519 §4.1.7) and not by its text: one signature may be written
//! in two ways that both verify, and a replay in the other way is one all the same.

use std::fmt;
use std::sync::Arc;

use crate::gateway::revocation::digest;
use crate::gateway::store::{StoreFuture, kept_until};
use crate::jwt::NumericDate;

/// Keeps which tokens were used.
///
/// [`MemoryReplays`](super::MemoryReplays) is the one in memory. Of another:
///
/// - of all that ask about one token, at once or one after the other, on whichever machine, one hears `true`:
///   looking and writing are one step, such as Redis' `SET NX`;
/// - none is forgotten before its [`until`](TokenUse::until), and what is past that by the store's own clock
///   is `false`;
/// - what it can't tell or keep is an error, never a `true`.
///
/// ```
/// use countersign::gateway::replay::{ReplayStore, TokenUse};
/// use countersign::gateway::{StoreError, StoreFuture};
///
/// /// A store that is always down: all tokens are refused with 503.
/// struct Down;
///
/// impl ReplayStore for Down {
///     fn use_once<'a>(&'a self, used: TokenUse<'a>) -> StoreFuture<'a, bool> {
///         Box::pin(async move {
///             let _ = (used.digest(), used.until()); // write it if it isn't there, in one step
///             Err(StoreError::Unavailable)
///         })
///     }
/// }
/// ```
pub trait ReplayStore: Send + Sync {
    /// Keeps that a token was used, until its [`until`](TokenUse::until). Returns whether it was the first
    /// use.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`](crate::gateway::StoreError::Full) if there is no room to remember it,
    /// [`StoreError::Unavailable`](crate::gateway::StoreError::Unavailable) if the store can't tell or keep it
    /// for another reason. Either refuses the token with 503, see [`ReplayCheck`](super::ReplayCheck).
    fn use_once<'a>(&'a self, used: TokenUse<'a>) -> StoreFuture<'a, bool>;
}

/// One store for several checks, of any type: `Arc<dyn ReplayStore>` too.
impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn use_once<'a>(&'a self, used: TokenUse<'a>) -> StoreFuture<'a, bool> {
        (**self).use_once(used)
    }
}

/// A token that is used.
#[derive(Clone, Copy)]
pub struct TokenUse<'a> {
    issuer: &'a str,
    token_id: &'a str,
    expires_at: NumericDate,
}

impl<'a> TokenUse<'a> {
    /// Describes the use of a token that this issuer gave this ID, and that expires then.
    #[must_use]
    pub fn new(issuer: &'a str, token_id: &'a str, expires_at: NumericDate) -> Self {
        Self { issuer, token_id, expires_at }
    }

    /// Returns who issued the token.
    #[must_use]
    pub fn issuer(&self) -> &'a str {
        self.issuer
    }

    /// Returns the token's ID, unique among its issuer's.
    #[must_use]
    pub fn token_id(&self) -> &'a str {
        self.token_id
    }

    /// Returns how long a store keeps it: until the token has expired, leeway included.
    #[must_use]
    pub fn until(&self) -> NumericDate {
        kept_until(self.expires_at)
    }

    /// Returns the SHA-256 of issuer and ID: a key of one length for stores outside the process, the same
    /// in each of them.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        // Another number than those of revocations, for a store that keeps both.
        digest(u8::MAX, self.issuer, self.token_id)
    }
}

/// Shows the time, and none of the names.
impl fmt::Debug for TokenUse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenUse").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
