//! One decision on one request, as the sinks get it.
//!
//! An event borrows from the request that it is about, and works out only what a sink asks for: hashing a
//! token or a subject takes as long as finding a token in a cache. The token itself stays in here.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use super::facts::{UnverifiedFacts, VerifiedFacts};
use super::fingerprint::TokenFingerprint;
use super::text::{AuditText, Text};
use crate::error::Error;
use crate::gateway::authorization::Denied;
use crate::gateway::cache::TokenDigest;
use crate::limits::Limits;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The request may pass.
    Accepted,
    /// It may not, or nobody could tell.
    Refused,
    /// Nothing was: the request was dropped while it was judged, mostly because the client went away.
    Abandoned,
}

impl Decision {
    /// Returns the decision in one word, which doesn't change: `accepted`, `refused` or `abandoned`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One decision, for an [`AuditSink`](super::AuditSink).
///
/// A [`PendingDecision`](super::PendingDecision) makes it. Facts of the token are [verified](Self::verified)
/// or [not](Self::unverified), never both, and the token, its signature and other claims can't be had from
/// here. Text comes as [`AuditText`], which prints escaped and bounded.
#[derive(Clone)]
pub struct AuditEvent<'a> {
    pub(super) at: SystemTime,
    pub(super) took: Duration,
    pub(super) verdict: Verdict<'a>,
    pub(super) cache_hit: Option<bool>,
    pub(super) request_id: Option<Text<'a>>,
    pub(super) verified: Option<VerifiedFacts<'a>>,
    pub(super) token: Option<Token<'a>>,
}

/// A decision and its reason.
#[derive(Clone)]
pub(super) struct Verdict<'a> {
    decision: Decision,
    code: Option<&'static str>,
    http_status: Option<u16>,
    requirement: Option<Text<'a>>,
}

impl<'a> Verdict<'a> {
    pub(super) const ACCEPTED: Self = Self::without_reason(Decision::Accepted);
    pub(super) const ABANDONED: Self = Self::without_reason(Decision::Abandoned);

    const fn without_reason(decision: Decision) -> Self {
        Self { decision, code: None, http_status: None, requirement: None }
    }

    pub(super) fn refused(code: &'static str, http_status: u16) -> Self {
        let (code, http_status) = (Some(code), Some(http_status));
        Self { decision: Decision::Refused, code, http_status, requirement: None }
    }

    pub(super) fn error(error: &Error) -> Self {
        Self::refused(error.code(), error.http_status())
    }

    pub(super) fn denied(denied: &'a Denied) -> Self {
        let requirement = Some(Text::new(denied.requirement()));
        Self { requirement, ..Self::refused(denied.code(), denied.http_status()) }
    }
}

/// What is read of a token's text, when it is asked for.
#[derive(Clone)]
pub(super) struct Token<'a> {
    /// `None` in a kept event: what is queued holds no token.
    text: Option<&'a str>,
    fingerprint: OnceLock<TokenFingerprint>,
    header: OnceLock<Option<UnverifiedFacts>>,
}

impl<'a> Token<'a> {
    /// A token that wasn't verified and is larger than verifiers look at by default is neither hashed nor
    /// read: whoever is refused for it chooses how large it is.
    pub(super) fn new(text: &'a str, is_verified: bool, digest: Option<&TokenDigest>) -> Option<Self> {
        let fingerprint = digest.map(TokenFingerprint::of_digest).map(OnceLock::from).unwrap_or_default();
        let is_looked_at = is_verified || text.len() <= Limits::default().token_bytes;
        is_looked_at.then(|| Self { text: Some(text), fingerprint, header: OnceLock::new() })
    }

    fn fingerprint(&self) -> TokenFingerprint {
        *self.fingerprint.get_or_init(|| TokenFingerprint::of(self.text.unwrap_or_default()))
    }

    fn header(&self) -> Option<&UnverifiedFacts> {
        self.header.get_or_init(|| UnverifiedFacts::read(self.text?)).as_ref()
    }

    /// The same without the token.
    fn to_kept(&self, is_verified: bool) -> Token<'static> {
        let header = if is_verified { None } else { self.header().cloned() };
        Token { text: None, fingerprint: self.fingerprint().into(), header: header.into() }
    }
}

impl AuditEvent<'_> {
    /// Returns when it was decided.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// Returns how long it took to decide.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Returns what was decided.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.verdict.decision
    }

    /// Returns why it was refused, as [`Error::code`] and [`Denied::code`] say it; of a request whose credentials
    /// aren't one bearer token, a code that begins with `credentials_`, see
    /// [`BadCredentials`](crate::gateway::BadCredentials); or whatever
    /// [`PendingDecision::refused_as`](super::PendingDecision::refused_as) was told. `None` unless it was refused.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.verdict.code
    }

    /// Returns the HTTP status of a refusal.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.verdict.http_status
    }

    /// Returns the requirement that the token doesn't meet, see [`Denied::requirement`].
    #[must_use]
    pub fn requirement(&self) -> Option<AuditText<'_>> {
        self.verdict.requirement.as_ref().map(Text::shown)
    }

    /// Returns whether the token was found in a cache; `None` if none was asked.
    #[must_use]
    pub fn cache_hit(&self) -> Option<bool> {
        self.cache_hit
    }

    /// Returns the request's ID. Often the client chose it.
    #[must_use]
    pub fn request_id(&self) -> Option<AuditText<'_>> {
        self.request_id.as_ref().map(Text::shown)
    }

    /// Returns what the token says, if it was verified. One that was refused later, such as for a scope, was.
    #[must_use]
    pub fn verified(&self) -> Option<&VerifiedFacts<'_>> {
        self.verified.as_ref()
    }

    /// Returns what the header of a token says that was not verified. `None` if it was, if there was no token,
    /// and if the header is out of order.
    #[must_use]
    pub fn unverified(&self) -> Option<&UnverifiedFacts> {
        if self.verified.is_some() {
            return None;
        }
        self.token.as_ref()?.header()
    }

    /// Returns the first 8 bytes of the token's SHA-256. `None` if there was no token, or one larger than
    /// is looked at.
    #[must_use]
    pub fn token_fingerprint(&self) -> Option<TokenFingerprint> {
        self.token.as_ref().map(Token::fingerprint)
    }

    /// Returns the event independent of the request, to keep it or to send it to another thread. Of long text
    /// it keeps what can be printed, so that a queue of events has a bound in bytes too. What is worked out for
    /// it is worked out for the sinks after this one, too.
    #[must_use]
    pub fn to_kept(&self) -> AuditEvent<'static> {
        let Self { at, took, verdict, cache_hit, request_id, verified, token } = self;
        let Verdict { decision, code, http_status, requirement } = verdict;
        AuditEvent {
            at: *at,
            took: *took,
            verdict: Verdict {
                decision: *decision,
                code: *code,
                http_status: *http_status,
                requirement: requirement.as_ref().map(Text::to_kept),
            },
            cache_hit: *cache_hit,
            request_id: request_id.as_ref().map(Text::to_kept),
            verified: verified.as_ref().map(VerifiedFacts::to_kept),
            token: token.as_ref().map(|token| token.to_kept(verified.is_some())),
        }
    }
}

#[cfg(all(test, feature = "tracing"))]
impl AuditEvent<'_> {
    /// Whether the hash of the token, its header and the hash of the subject were worked out.
    pub(super) fn worked_out(&self) -> [bool; 3] {
        let token = self.token.as_ref();
        [
            token.is_some_and(|token| token.fingerprint.get().is_some()),
            token.is_some_and(|token| token.header.get().is_some()),
            self.verified.as_ref().is_some_and(VerifiedFacts::has_hashed),
        ]
    }
}

/// Shows what a sink sees.
impl fmt::Debug for AuditEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("at", &self.at)
            .field("took", &self.took)
            .field("decision", &self.decision())
            .field("code", &self.code())
            .field("http_status", &self.http_status())
            .field("requirement", &self.requirement())
            .field("cache_hit", &self.cache_hit)
            .field("request_id", &self.request_id())
            .field("verified", &self.verified())
            .field("unverified", &self.unverified())
            .field("token_fingerprint", &self.token_fingerprint())
            .finish()
    }
}
