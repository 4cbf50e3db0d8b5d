//! A refusal of a guard: why, and the answer that HTTP has for it (RFC 6750 §3, §3.1).
//!
//! It holds nothing of the token, so it can be logged and handed on; what a client is told is the status and
//! the challenge, which say less.

use std::fmt;

use super::credentials::BadCredentials;
use crate::error::Error;
use crate::gateway::authorization::Denied;
use crate::gateway::challenge::BearerChallenge;

/// Why a [`Guard`](super::Guard) refused a request, and the answer to it.
///
/// | what | status | `WWW-Authenticate` |
/// |---|---|---|
/// | no credentials, or of another scheme | 401 | a challenge without an error |
/// | credentials that can't be read, or twice | 400 | `invalid_request` |
/// | a token that is bad, expired, revoked, replayed, or bound to what wasn't proven | 401 | `invalid_token` |
/// | a token in order that doesn't meet a requirement | 403 | `insufficient_scope` |
/// | the same, where another login is what's missing | 401 | `insufficient_user_authentication` |
/// | no verdict: a store, a key source or an external key is unavailable | 503 | none |
/// | the application's own settings | 500 | none |
///
/// With a status of 503 comes no `Retry-After`: when what is down comes back, nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    cause: RefusalCause,
    www_authenticate: Option<String>,
}

/// Why a [`Guard`](super::Guard) refused a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalCause {
    /// There is no token to judge.
    Credentials(BadCredentials),
    /// The token was refused, or there is no verdict on it.
    Token(Error),
    /// The token is in order, and doesn't meet a requirement.
    Denied(Denied),
}

impl Refused {
    pub(super) fn new(cause: RefusalCause, challenge: &BearerChallenge) -> Self {
        let www_authenticate = match &cause {
            RefusalCause::Credentials(BadCredentials::Missing | BadCredentials::OtherScheme) => {
                Some(challenge.for_no_token())
            }
            RefusalCause::Credentials(_) => Some(challenge.for_invalid_request()),
            RefusalCause::Token(error) => challenge.for_error(error),
            RefusalCause::Denied(denied) => Some(challenge.for_denied(denied)),
        };
        Self { cause, www_authenticate }
    }

    /// Returns why.
    #[must_use]
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// Returns the status to answer with: 400, 401, 403, 500 or 503.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match &self.cause {
            RefusalCause::Credentials(credentials) => credentials.http_status(),
            RefusalCause::Token(error) => error.http_status(),
            RefusalCause::Denied(denied) => denied.http_status(),
        }
    }

    /// Returns the stable name of the cause, for logs, metrics and tests: that of [`Error::code`] or
    /// [`Denied::code`], or one that begins with `credentials_`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.cause {
            RefusalCause::Credentials(credentials) => credentials.code(),
            RefusalCause::Token(error) => error.code(),
            RefusalCause::Denied(denied) => denied.code(),
        }
    }

    /// Returns the value of the `WWW-Authenticate` field to answer with; none for a status that has none.
    #[must_use]
    pub fn www_authenticate(&self) -> Option<&str> {
        self.www_authenticate.as_deref()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused: ")?;
        match &self.cause {
            RefusalCause::Credentials(credentials) => credentials.fmt(f),
            RefusalCause::Token(error) => error.fmt(f),
            RefusalCause::Denied(denied) => denied.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}
