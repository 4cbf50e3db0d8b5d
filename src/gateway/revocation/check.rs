//! The check that refuses revoked tokens: a verified token goes in, and nothing or an error comes out.
//!
//! It runs on each request, whether the token was verified just now or comes out of a cache. What the store
//! can't tell is refused too, with 503, unless the application said otherwise by a name that is found.

use std::fmt;
use std::sync::Arc;

use super::store::{Revocable, RevocationStore};
use crate::error::{Error, Refusal};
use crate::profile::access_token::AccessToken;

/// Refuses revoked tokens: built once, shared by reference.
///
/// A revoked token is 401 with the code `revoked`; a store that doesn't answer is 503, `unavailable`.
#[derive(Clone)]
pub struct RevocationCheck {
    store: Arc<dyn RevocationStore>,
    open: bool,
}

impl RevocationCheck {
    /// Makes a check that asks this store, which is mostly an [`Arc`] of one: whoever revokes has another.
    #[must_use]
    pub fn new(store: impl RevocationStore + 'static) -> Self {
        Self { store: Arc::new(store), open: false }
    }

    /// Accepts tokens while the store doesn't answer or has no room. Whoever has a revoked token can use it
    /// for as long as that lasts, and whoever can bring the store down, at will.
    #[must_use]
    pub fn danger_accept_if_unavailable(mut self) -> Self {
        self.open = true;
        self
    }

    /// Checks a verified access token.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] with the code `revoked` if it was revoked; [`Error::Unavailable`] if the store
    /// can't tell.
    pub fn check<'a, T>(
        &'a self,
        token: &'a AccessToken<T>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'a, T> {
        self.check_revocable(Revocable::of(token))
    }

    /// Checks a verified token of another kind, see [`Revocable::of_jwt`].
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub async fn check_revocable(&self, token: Revocable<'_>) -> Result<(), Error> {
        match self.store.is_revoked(token).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Error::NotAllowed(Refusal::Revoked)),
            Err(_) if self.open => Ok(()),
            Err(_) => Err(Error::Unavailable { what: "the revocation store" }),
        }
    }
}

impl fmt::Debug for RevocationCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationCheck").field("open", &self.open).finish_non_exhaustive()
    }
}
