//! The choices of a guard: a verifier and what goes with it go in, a [`Guard`] comes out, or an error that
//! says which choice is missing or made twice.
//!
//! What a gateway must not lack because nobody thought of it has no default: what is required of a token,
//! where revocations are looked up, and where decisions are written down. Each can be done without, by a name
//! that is found (compare RFC 8725 §3.8, §3.9 on issuer and audience).

use std::fmt;
use std::sync::Arc;

use super::admission::Guard;
use crate::error::Error;
use crate::gateway::audit::Audit;
use crate::gateway::authorization::Requirement;
use crate::gateway::cache::TokenCache;
use crate::gateway::challenge::BearerChallenge;
use crate::gateway::replay::ReplayCheck;
use crate::gateway::revocation::RevocationCheck;
use crate::jwt::SourcedVerifier;
use crate::profile::access_token::AccessTokenVerifier;

/// The choices of a [`Guard`] in the making.
///
/// Three can't be left out: [`require`](Self::require); [`revocation`](Self::revocation) or
/// [`without_revocation`](Self::without_revocation); [`audit`](Self::audit) or
/// [`without_audit`](Self::without_audit).
#[must_use = "`build` makes the guard"]
pub struct GuardBuilder {
    verifier: SourcedVerifier<AccessTokenVerifier>,
    requirement: Option<Requirement>,
    revocation: Choice<RevocationCheck>,
    audit: Choice<Arc<Audit>>,
    cache: Choice<Arc<TokenCache>>,
    replay: Choice<ReplayCheck>,
    challenge: Choice<BearerChallenge>,
}

/// What was said of one part.
enum Choice<T> {
    Open,
    With(T),
    Without,
    Contradictory,
}

impl<T> Choice<T> {
    fn make(&mut self, made: Self) {
        *self = if matches!(self, Self::Open) { made } else { Self::Contradictory };
    }

    /// Returns what was chosen, if that is one thing.
    fn made(self, what: &'static str) -> Result<Option<T>, Error> {
        match self {
            Self::With(chosen) => Ok(Some(chosen)),
            Self::Without | Self::Open => Ok(None),
            Self::Contradictory => {
                Err(Error::misuse(format!("expected one choice of {what} for a guard, found two")))
            }
        }
    }

    /// As [`made`](Self::made), for what has no default.
    fn required(self, what: &'static str, names: &'static str) -> Result<Option<T>, Error> {
        if matches!(self, Self::Open) {
            return Err(Error::misuse(format!(
                "expected a choice of {what} for a guard, found none; {names}"
            )));
        }
        self.made(what)
    }
}

impl GuardBuilder {
    pub(super) fn new(verifier: SourcedVerifier<AccessTokenVerifier>) -> Self {
        Self {
            verifier,
            requirement: None,
            revocation: Choice::Open,
            audit: Choice::Open,
            cache: Choice::Open,
            replay: Choice::Open,
            challenge: Choice::Open,
        }
    }

    /// Requires this of every token. Called again, it requires that too; what one route takes beyond that goes
    /// with its requests. Where any token for this API will do, that is
    /// [`Requirement::authenticated`].
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.requirement = Some(match self.requirement {
            Some(before) => before.and(requirement),
            None => requirement,
        });
        self
    }

    /// Refuses revoked tokens, those that a cache knows too.
    pub fn revocation(mut self, check: RevocationCheck) -> Self {
        self.revocation.make(Choice::With(check));
        self
    }

    /// Asks nobody whether a token was revoked. A token that leaked is then good until it expires, whatever
    /// anyone does: for tokens that live shorter than a revocation would take.
    pub fn without_revocation(mut self) -> Self {
        self.revocation.make(Choice::Without);
        self
    }

    /// Writes each decision down.
    pub fn audit(mut self, audit: impl Into<Arc<Audit>>) -> Self {
        self.audit.make(Choice::With(audit.into()));
        self
    }

    /// Writes no decision down. That a token was stolen and used shows nowhere then, unless the application
    /// writes its own trail.
    pub fn without_audit(mut self) -> Self {
        self.audit.make(Choice::Without);
        self
    }

    /// Remembers verified tokens. Default: each is verified each time.
    pub fn cache(mut self, cache: impl Into<Arc<TokenCache>>) -> Self {
        self.cache.make(Choice::With(cache.into()));
        self
    }

    /// Lets each token pass once. Default: as often as it is sent, as bearer tokens are made for.
    pub fn replay(mut self, check: ReplayCheck) -> Self {
        self.replay.make(Choice::With(check));
        self
    }

    /// Answers refusals with this challenge. Default: one without a realm and without metadata.
    pub fn challenge(mut self, challenge: BearerChallenge) -> Self {
        self.challenge.make(Choice::With(challenge));
        self
    }

    /// Makes the guard.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if nothing is said of what is required, of revocation or of the audit trail, or of one
    /// part twice.
    pub fn build(self) -> Result<Guard, Error> {
        let Self { verifier, requirement, revocation, audit, cache, replay, challenge } = self;
        let requirement = requirement.ok_or_else(|| {
            Error::misuse(
                "expected a requirement for a guard, found none; `require` sets it, and \
                 `Requirement::authenticated()` asks for nothing but the token",
            )
        })?;
        Ok(Guard {
            verifier,
            requirement,
            revocation: revocation.required("revocation", "`revocation` or `without_revocation` makes it")?,
            audit: audit.required("an audit trail", "`audit` or `without_audit` makes it")?,
            cache: cache.made("a cache")?,
            replay: replay.made("replay")?,
            challenge: challenge.made("a challenge")?.unwrap_or_default(),
        })
    }
}

/// Shows what is required.
impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder").field("requirement", &self.requirement).finish_non_exhaustive()
    }
}
