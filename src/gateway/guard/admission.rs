//! The guard itself, and the order in which it judges: credentials → cache → decryption → signature → claims →
//! revocation → authorization → replay (RFC 6750 §2.1, RFC 9068 §4).
//!
//! Each check runs on what the ones before it let pass. Replay is the last, so that a request which is refused
//! uses no token up; a cached token is found first and judged by all that follows.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::builder::GuardBuilder;
use super::credentials::BadCredentials;
use super::refused::{RefusalCause, Refused};
use super::request::GuardRequest;
use crate::error::Error;
use crate::gateway::audit::{Audit, PendingDecision};
use crate::gateway::authorization::{Denied, Requirement};
use crate::gateway::cache::{TokenCache, Verification};
use crate::gateway::challenge::BearerChallenge;
use crate::gateway::replay::ReplayCheck;
use crate::gateway::revocation::RevocationCheck;
use crate::jwt::SourcedVerifier;
use crate::profile::access_token::{AccessToken, AccessTokenVerifier, Presented};

/// Guards an API: built once, shared by reference.
///
/// A request passes if it has exactly one `Authorization` field with one bearer token
/// ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)), the verifier accepts the token, it isn't revoked, it meets
/// what is required, and it wasn't used before where that matters; asked in this order. Whatever comes of it,
/// the audit trail has one event of it.
///
/// The verifier is an [`AccessTokenVerifier`], or a [`SourcedVerifier`] of them whose keys come from elsewhere.
/// The futures belong to no executor. With feature `tower`, `gateway::tower` is a guard as a layer.
///
/// A guard has one verifier. One for several issuers whose keys are at hand is made by
/// [`AccessTokenVerifier::for_issuers`]. Fetched keys are one issuer's, as a
/// [`KeySource`](crate::keys::remote::KeySource) serves one: then each issuer has a guard, and the request's path or
/// host decides which one it goes to, not the token. Guards may share audit trail, cache and stores.
///
/// ```
/// use countersign::gateway::authorization::Requirement;
/// use countersign::gateway::cache::TokenCache;
/// use countersign::gateway::revocation::{MemoryRevocations, RevocationCheck};
/// use countersign::gateway::{BearerChallenge, Guard, GuardRequest};
/// use countersign::{AccessTokenVerifier, NoClaims};
/// use std::sync::Arc;
/// # use countersign::gateway::audit::{Audit, AuditEvent, AuditSink};
/// # use countersign::profile::access_token::Grant;
/// # use countersign::{AccessTokenIssuer, JwsAlgorithm, SigningKey};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// # struct Sink;
/// # impl AuditSink for Sink { fn record(&self, _: &AuditEvent<'_>) {} }
///
/// # async fn run() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let public_key = key.verifying_key()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let authorization = format!("Bearer {}", issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"]))?);
/// # let audit = Audit::builder(Sink).build()?;
/// let verifier = AccessTokenVerifier::builder(public_key)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .build()?;
/// let guard = Guard::builder(verifier)
///     .require(Requirement::scope("orders:read"))
///     .revocation(RevocationCheck::new(Arc::new(MemoryRevocations::new(1_000_000))))
///     .audit(audit)
///     .cache(TokenCache::builder().build()?)
///     .challenge(BearerChallenge::new().realm("orders")?)
///     .build()?;
///
/// let token = guard.admit::<NoClaims>(GuardRequest::new([&authorization])).await.map_err(|_| ());
/// assert_eq!(token.unwrap().subject(), "user-17");
///
/// let refused = guard.admit::<NoClaims>(GuardRequest::new(["Bearer mF_9.B5f-4.1JqM"])).await.unwrap_err();
/// assert_eq!(refused.http_status(), 401);
/// assert_eq!(refused.www_authenticate(), Some(r#"Bearer realm="orders", error="invalid_token""#));
/// # Ok(())
/// # }
/// # let Poll::Ready(done) = pin!(run()).poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
/// # done.unwrap();
/// ```
pub struct Guard {
    pub(super) verifier: SourcedVerifier<AccessTokenVerifier>,
    pub(super) requirement: Requirement,
    pub(super) revocation: Option<RevocationCheck>,
    pub(super) audit: Option<Arc<Audit>>,
    pub(super) cache: Option<Arc<TokenCache>>,
    pub(super) replay: Option<ReplayCheck>,
    pub(super) challenge: BearerChallenge,
}

impl Guard {
    /// Begins a guard that verifies tokens by this verifier.
    pub fn builder(verifier: impl Into<SourcedVerifier<AccessTokenVerifier>>) -> GuardBuilder {
        GuardBuilder::new(verifier.into())
    }

    /// Judges a request, and gives out its verified token.
    ///
    /// The future is [`Send`] if `T` is. Dropped before it is done, it leaves an event behind that says so,
    /// and with a [`replay`](GuardBuilder::replay) check perhaps a token that counts as used. One that was never
    /// polled leaves nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`], which has the status and the header field to answer with.
    pub async fn admit<T: DeserializeOwned>(
        &self,
        request: GuardRequest<'_>,
    ) -> Result<AccessToken<T>, Refused> {
        let mut decision = self.audit.as_deref().map(Audit::begin);
        let verdict = self.judge(request, &mut decision).await;
        if let Some(decision) = decision {
            match &verdict {
                Ok(token) => decision.accepted(token),
                Err(RefusalCause::Token(error)) => decision.refused(error),
                Err(RefusalCause::Denied(denied)) => decision.denied(denied),
                Err(RefusalCause::Credentials(credentials)) => {
                    decision.refused_as(credentials.code(), credentials.http_status());
                }
            }
        }
        verdict.map_err(|cause| Refused::new(cause, &self.challenge))
    }

    async fn judge<'r, T: DeserializeOwned>(
        &self,
        request: GuardRequest<'r>,
        decision: &mut Option<PendingDecision<'r>>,
    ) -> Result<AccessToken<T>, RefusalCause> {
        let GuardRequest { authorization, proof, requirement, request_id } = request;
        if let (Some(decision), Some(request_id)) = (&mut *decision, request_id) {
            decision.request_id(request_id);
        }
        let text = authorization.token()?;
        if let Some(decision) = decision {
            decision.token(text);
        }
        let presented = proof.map_or(Presented::AsBearer, Presented::With);
        let verification = Verification::of(self.cache.as_deref(), &self.verifier, text, presented).await;
        if let Some(decision) = decision
            && self.cache.is_some()
        {
            decision.cache_hit(verification.is_hit());
            if let Some(digest) = verification.digest() {
                decision.digest(digest);
            }
        }
        let (token, verifier): (AccessToken<T>, _) = verification.into_token_and_verifier()?;
        if let Some(decision) = decision {
            decision.verified(&token);
        }
        if let Some(check) = &self.revocation {
            match self.cache.as_deref() {
                Some(cache) => cache.check_revocation(&verifier, text, &token, check).await?,
                None => check.check(&token).await?,
            }
        }
        self.authorize(&token, requirement, &verifier)?;
        if let Some(check) = &self.replay {
            check.use_up(&token).await?;
        }
        Ok(token)
    }

    /// Asks for what the guard requires of all requests and for what this one takes, by the verifier's clock.
    fn authorize<T>(
        &self,
        token: &AccessToken<T>,
        own: Option<&Requirement>,
        verifier: &AccessTokenVerifier,
    ) -> Result<(), Denied> {
        let now = verifier.jwt().system_time();
        let general = self.requirement.check_at(token, now);
        let Some(own) = own else { return general };
        match general.and_then(|()| own.check_at(token, now)) {
            Ok(()) => Ok(()),
            // A client that is told of one half's scopes only would be back without the other's.
            Err(half) => self.requirement.clone().and(own.clone()).check_at(token, now).and(Err(half)),
        }
    }
}

impl From<BadCredentials> for RefusalCause {
    fn from(credentials: BadCredentials) -> Self {
        Self::Credentials(credentials)
    }
}

impl From<Error> for RefusalCause {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

impl From<Denied> for RefusalCause {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// Shows what is required and which checks there are.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verifier: _, requirement, revocation, audit, cache, replay, challenge } = self;
        f.debug_struct("Guard")
            .field("requirement", requirement)
            .field("revocation", revocation)
            .field("audit", audit)
            .field("cache", cache)
            .field("replay", replay)
            .field("challenge", challenge)
            .finish_non_exhaustive()
    }
}
