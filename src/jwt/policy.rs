//! The rules that a verifier holds claims to: claims and the time go in, a verdict comes out (RFC 7519
//! §4.1, RFC 8725 §3.8, §3.9).
//!
//! It runs once the signature holds. What nobody chose is strict, and `exp` is judged last, so that
//! "expired" means that all else was in order. The issuer is the verifier's to judge, which knows whose
//! key signed.

use std::borrow::Cow;
use std::time::Duration;

use super::NumericDate;
use super::claims::{Audience, Claims, Registered};
use crate::error::{ClaimProblem, Error};
use crate::limits::Limits;
use crate::wire::json::Members;

/// What the claims must be. The issuer is judged by the verifier, which knows whose key signed.
pub(super) struct Policy {
    pub(super) subject: Option<String>,
    pub(super) audience: Expectation,
    pub(super) sole_audience: bool,
    pub(super) leeway: Duration,
    pub(super) max_age: Option<Duration>,
    pub(super) refuse_future_issued_at: bool,
    pub(super) allow_missing_expiry: bool,
    pub(super) required: Vec<String>,
    pub(super) rules: Vec<Rule>,
    /// A profile's own judgements, for a token that has expired: of any other, the profile judges as it
    /// reads the claims. So "expired" means that all else is in order, and nothing is read twice.
    pub(super) checks_if_expired: Vec<Check>,
}

/// Which values of a claim are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Expectation {
    /// Nobody chose yet.
    #[default]
    Unset,
    /// Any value, or none: waived by name.
    Any,
    /// One of these, octet by octet.
    OneOf(Vec<String>),
}

impl Expectation {
    pub(super) fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Unset => false,
            Self::Any => true,
            Self::OneOf(accepted) => accepted.iter().any(|accepted| accepted == value),
        }
    }

    /// Whether an accepted value is empty, as an unset variable of the environment is.
    pub(super) fn has_empty(&self) -> bool {
        matches!(self, Self::OneOf(accepted) if accepted.iter().any(String::is_empty))
    }

    /// The accepted values as an error shows them. They come from the application, not the token.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Unset | Self::Any => String::from("any value"),
            Self::OneOf(accepted) => {
                accepted.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

/// An application's own rule, under the name of the claim that it refuses.
pub(super) struct Rule {
    pub(super) claim: Cow<'static, str>,
    pub(super) holds: Box<dyn Fn(Claims<'_>) -> bool + Send + Sync>,
}

/// A judgement that gives its reason.
pub(super) type Check = Box<dyn Fn(Claims<'_>) -> Result<(), Error> + Send + Sync>;

impl Policy {
    /// More claims than this can't be required; one bit each marks the ones that were seen.
    pub(super) const MAX_REQUIRED: usize = 64;

    /// Reads the claims set, as [`Registered::read`] does: each registered claim is absent or valid, and each
    /// required claim is there.
    pub(super) fn read<'a>(
        &self,
        text: &'a str,
        limits: &Limits,
        members: &mut Members<'a>,
        registered: &mut Registered<'a>,
    ) -> Result<(), Error> {
        let mut seen = 0_u64;
        registered.read(text, limits, members, |name| {
            for (position, _) in self.required.iter().enumerate().filter(|(_, required)| *required == name) {
                seen |= 1 << position;
            }
        })?;
        for (position, required) in self.required.iter().enumerate() {
            if seen & (1 << position) == 0 {
                return Err(missing(required.clone(), ""));
            }
        }
        Ok(())
    }

    /// Judges the claims. `exp` comes last, so that "expired" means that all else is in order.
    pub(super) fn judge(
        &self,
        registered: &Registered<'_>,
        claims: Claims<'_>,
        now: NumericDate,
    ) -> Result<(), Error> {
        self.judge_audience(registered.audience)?;
        self.judge_subject(registered.subject.as_deref())?;
        self.judge_again(registered, claims, now)
    }

    /// Judges what may be another verdict the next time: the times, and the application's rules.
    pub(super) fn judge_again(
        &self,
        registered: &Registered<'_>,
        claims: Claims<'_>,
        now: NumericDate,
    ) -> Result<(), Error> {
        self.judge_start(registered, now)?;
        for Rule { claim, holds } in &self.rules {
            if !holds(claims) {
                return Err(Error::for_claim(claim.clone(), ClaimProblem::Refused));
            }
        }
        self.judge_expiry(registered.expires_at, now).or_else(|expired| {
            self.checks_if_expired.iter().try_for_each(|check| check(claims))?;
            Err(expired)
        })
    }

    fn judge_audience(&self, audience: Option<Audience<'_>>) -> Result<(), Error> {
        const HINT: &str = "`any_audience` waives it";
        if self.audience == Expectation::Any && !self.sole_audience {
            return Ok(());
        }
        let audience = audience.ok_or_else(|| missing("aud", HINT))?;
        if !audience.iter().any(|value| self.audience.accepts(&value)) {
            return Err(unexpected("aud", self.audience.describe()));
        }
        if self.sole_audience && audience.iter().nth(1).is_some() {
            return Err(unexpected("aud", format!("no audience but {}", self.audience.describe())));
        }
        Ok(())
    }

    fn judge_subject(&self, subject: Option<&str>) -> Result<(), Error> {
        let Some(expected) = &self.subject else { return Ok(()) };
        let subject = subject.ok_or_else(|| missing("sub", ""))?;
        if subject != expected {
            return Err(unexpected("sub", format!("{expected:?}")));
        }
        Ok(())
    }

    fn judge_start(&self, registered: &Registered<'_>, now: NumericDate) -> Result<(), Error> {
        let latest = now.saturating_add(self.leeway);
        if let Some(not_before) = registered.not_before {
            // "the current date/time MUST be after or equal to the not-before date/time listed in
            // the "nbf" claim." RFC 7519 §4.1.5
            if latest < not_before {
                let ahead = not_before.saturating_since(now);
                return Err(Error::for_claim("nbf", ClaimProblem::NotYetValid { ahead }));
            }
            if registered.expires_at.is_some_and(|expires_at| expires_at < not_before) {
                let rule = "a time not after `exp`";
                return Err(Error::for_claim("nbf", ClaimProblem::Contradiction { rule }));
            }
        }
        if let Some(issued_at) = registered.issued_at
            && (self.refuse_future_issued_at || self.max_age.is_some())
            && latest < issued_at
        {
            let ahead = issued_at.saturating_since(now);
            return Err(Error::for_claim("iat", ClaimProblem::IssuedInFuture { ahead }));
        }
        if let Some(max_age) = self.max_age {
            let issued_at = registered.issued_at.ok_or_else(|| missing("iat", "`max_age` needs it"))?;
            if issued_at.saturating_add(max_age).saturating_add(self.leeway) < now {
                let age = now.saturating_since(issued_at);
                return Err(Error::for_claim("iat", ClaimProblem::TooOld { age, max_age }));
            }
        }
        Ok(())
    }

    fn judge_expiry(&self, expires_at: Option<NumericDate>, now: NumericDate) -> Result<(), Error> {
        let Some(expires_at) = expires_at else {
            if self.allow_missing_expiry {
                return Ok(());
            }
            return Err(missing("exp", "`allow_missing_expiry` waives it"));
        };
        // "the expiration time on or after which the JWT MUST NOT be accepted for processing."
        // RFC 7519 §4.1.4
        if expires_at.saturating_add(self.leeway) <= now {
            let ago = now.saturating_since(expires_at);
            return Err(Error::for_claim("exp", ClaimProblem::Expired { ago }));
        }
        Ok(())
    }
}

pub(super) fn missing(claim: impl Into<Cow<'static, str>>, hint: &'static str) -> Error {
    Error::for_claim(claim, ClaimProblem::Missing { hint })
}

pub(super) fn unexpected(claim: &'static str, expected: String) -> Error {
    Error::for_claim(claim, ClaimProblem::Unexpected { expected })
}
