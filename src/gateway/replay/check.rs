//! The check that lets a token pass once: a verified token goes in, and nothing or an error comes out.
//!
//! It takes what only a verifier makes, so a forged token can't use up the ID of a good one. What the store
//! can't tell is refused with 503, unless the application said otherwise by a name that is found.

use std::fmt;
use std::sync::Arc;

use super::store::{ReplayStore, TokenUse};
use crate::error::{ClaimProblem, Error, Refusal};
use crate::jwt::{NumericDate, VerifiedJwt};
use crate::profile::access_token::AccessToken;

/// Lets each token pass once: built once, shared by reference.
///
/// Ask it last, after revocation and authorization: whatever it lets pass is used up. A token that was used is
/// 401 with the code `replayed`; a store that doesn't answer or has no room is 503, `unavailable`.
///
/// ```
/// use countersign::gateway::replay::{MemoryReplays, ReplayCheck};
/// use std::sync::Arc;
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
/// # use countersign::profile::access_token::Grant;
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// # async fn run() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let text = issuer.issue(&Grant::to("user-17", "client-4"))?;
/// let replay = ReplayCheck::new(Arc::new(MemoryReplays::new(1_000_000)));
/// let token = verifier.verify::<NoClaims>(&text)?;
/// replay.use_up(&token).await?;
/// assert_eq!(replay.use_up(&token).await.unwrap_err().code(), "replayed");
/// # Ok(())
/// # }
/// # let Poll::Ready(done) = pin!(run()).poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
/// # done.unwrap();
/// ```
#[derive(Clone)]
pub struct ReplayCheck {
    store: Arc<dyn ReplayStore>,
    open: bool,
}

impl ReplayCheck {
    /// Makes a check that asks this store, or an [`Arc`] of one.
    #[must_use]
    pub fn new(store: impl ReplayStore + 'static) -> Self {
        Self { store: Arc::new(store), open: false }
    }

    /// Accepts tokens while the store doesn't answer or has no room. Whoever has a token can use it as often
    /// as they like for as long as that lasts, and whoever can bring the store down, at will.
    #[must_use]
    pub fn danger_accept_if_unavailable(mut self) -> Self {
        self.open = true;
        self
    }

    /// Uses an access token up.
    ///
    /// If the future is dropped before it is done, the token may be used up or not.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] with the code `replayed` if it was used before; [`Error::Claim`] if it has no ID
    /// or never expires, so that it can't be told from others; [`Error::Unavailable`] if the store can't tell.
    pub fn use_up<'a, T>(
        &'a self,
        token: &'a AccessToken<T>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'a, T> {
        self.judge(token.issuer(), token.token_id(), token.expires_at())
    }

    /// Uses a token of another kind up. Otherwise as [`use_up`](Self::use_up).
    ///
    /// # Errors
    ///
    /// As [`use_up`](Self::use_up).
    pub fn use_up_jwt<'a, T>(
        &'a self,
        token: &'a VerifiedJwt<T>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'a, T> {
        self.judge(token.issuer().unwrap_or_default(), token.jwt_id(), token.expires_at())
    }

    async fn judge(
        &self,
        issuer: &str,
        token_id: Option<&str>,
        expires_at: Option<NumericDate>,
    ) -> Result<(), Error> {
        let missing = |claim| Error::for_claim(claim, ClaimProblem::Missing { hint: "" });
        let token_id = token_id.ok_or_else(|| missing("jti"))?;
        let expires_at = expires_at.ok_or_else(|| missing("exp"))?;
        match self.store.use_once(TokenUse::new(issuer, token_id, expires_at)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::NotAllowed(Refusal::Replayed)),
            Err(_) if self.open => Ok(()),
            Err(_) => Err(Error::Unavailable { what: "the replay store" }),
        }
    }
}

impl fmt::Debug for ReplayCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayCheck").field("open", &self.open).finish_non_exhaustive()
    }
}
