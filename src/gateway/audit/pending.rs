//! A decision that is still to be made: what is known of it gathers here, and however it ends, one event
//! goes out.
//!
//! It ends by value, once. Where it is dropped instead, because a future was, or by an early return that
//! forgot it, the event says that too.

use std::fmt;
use std::time::Instant;

use super::event::{AuditEvent, Token, Verdict};
use super::facts::VerifiedFacts;
use super::text::Text;
use super::trail::Audit;
use crate::error::Error;
use crate::gateway::authorization::Denied;
use crate::gateway::cache::TokenDigest;
use crate::jwt::NoClaims;
use crate::profile::access_token::AccessToken;

/// A decision in the making, from [`Audit::begin`]. Its end is one event.
#[must_use = "dropped, it records that the decision was abandoned"]
pub struct PendingDecision<'a> {
    audit: &'a Audit,
    started: Instant,
    request_id: Option<&'a str>,
    token: Option<&'a str>,
    digest: Option<TokenDigest>,
    cache_hit: Option<bool>,
    verified: Option<AccessToken<NoClaims>>,
    is_open: bool,
}

impl<'a> PendingDecision<'a> {
    pub(super) fn new(audit: &'a Audit) -> Self {
        Self {
            audit,
            started: Instant::now(),
            request_id: None,
            token: None,
            digest: None,
            cache_hit: None,
            verified: None,
            is_open: true,
        }
    }

    /// Says which request it is about.
    pub fn request_id(&mut self, id: &'a str) {
        self.request_id = Some(id);
    }

    /// Says which token came with the request. Of it, the event gives out what its accessors say.
    pub fn token(&mut self, token: &'a str) {
        self.token = Some(token);
        self.digest = None;
    }

    /// Says what the token's digest is, which saves computing it.
    pub(in crate::gateway) fn digest(&mut self, digest: TokenDigest) {
        self.digest = Some(digest);
    }

    /// Says whether a cache had the token.
    pub fn cache_hit(&mut self, hit: bool) {
        self.cache_hit = Some(hit);
    }

    /// Says that the token was verified. What else is judged of it may still refuse it.
    pub fn verified<T>(&mut self, token: &AccessToken<T>) {
        self.verified = Some(token.without_claims());
    }

    /// Ends it: the request may pass, with this token.
    pub fn accepted<T>(mut self, token: &AccessToken<T>) {
        self.verified(token);
        self.end(Verdict::ACCEPTED);
    }

    /// Ends it: the token is refused, or there was no telling.
    pub fn refused(mut self, error: &Error) {
        self.end(Verdict::error(error));
    }

    /// Ends it: the token is in order, and the request may not pass with it.
    pub fn denied(mut self, denied: &Denied) {
        self.end(Verdict::denied(denied));
    }

    /// Ends it with a reason of the application's own, such as a rate limit. Codes are names for logs and
    /// metrics: few, and none made of input.
    pub fn refused_as(mut self, code: &'static str, http_status: u16) {
        self.end(Verdict::refused(code, http_status));
    }

    fn end(&mut self, verdict: Verdict<'_>) {
        self.is_open = false;
        let audit = self.audit;
        let verified = self.verified.as_ref().map(|token| VerifiedFacts::new(token, audit.subject_key()));
        let token = self.token.and_then(|text| Token::new(text, verified.is_some(), self.digest.as_ref()));
        audit.hand_out(&AuditEvent {
            at: audit.now(),
            took: self.started.elapsed(),
            verdict,
            cache_hit: self.cache_hit,
            request_id: self.request_id.map(Text::new),
            verified,
            token,
        });
    }
}

impl Drop for PendingDecision<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.end(Verdict::ABANDONED);
        }
    }
}

/// Shows none of the request.
impl fmt::Debug for PendingDecision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingDecision")
            .field("has_token", &self.token.is_some())
            .field("is_verified", &self.verified.is_some())
            .finish_non_exhaustive()
    }
}
