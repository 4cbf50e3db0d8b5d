//! Claims that aren't what the verifier asks for (RFC 7519 §4.1): what `jwt` found goes in, a code and
//! a message come out.
//!
//! Messages hold what the application expects and how far off a time is, never the claim's own value:
//! that is the sender's, and logs are read by others.

use std::fmt;
use std::time::Duration;

/// What is wrong with a claim of an authentic token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimProblem {
    /// The claim is required and absent.
    #[non_exhaustive]
    Missing {
        /// How to do without it, where that is possible.
        hint: &'static str,
    },
    /// The claim is there with a wrong JSON type or form, which is never taken for absent.
    #[non_exhaustive]
    Malformed {
        /// The form it should have.
        expected: &'static str,
        /// The JSON kind it has.
        found: &'static str,
    },
    /// `exp` has passed, this long ago.
    #[non_exhaustive]
    Expired {
        /// The time since `exp`, leeway not counted.
        ago: Duration,
    },
    /// `nbf` is in the future by this much.
    #[non_exhaustive]
    NotYetValid {
        /// The time until `nbf`, leeway not counted.
        ahead: Duration,
    },
    /// `iat` is in the future by this much.
    #[non_exhaustive]
    IssuedInFuture {
        /// The time until `iat`, leeway not counted.
        ahead: Duration,
    },
    /// The token is older than `max_age`.
    #[non_exhaustive]
    TooOld {
        /// The time since `iat`.
        age: Duration,
        /// The greatest age allowed.
        max_age: Duration,
    },
    /// The claim's value isn't one that the verifier expects.
    #[non_exhaustive]
    Unexpected {
        /// What the verifier was set up to expect.
        expected: String,
    },
    /// Two claims contradict each other.
    #[non_exhaustive]
    Contradiction {
        /// The rule that is broken.
        rule: &'static str,
    },
    /// The claim is there, and this kind of token has none: it is a token of another kind.
    Unwanted,
    /// A custom rule refused the claim.
    Refused,
}

impl ClaimProblem {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "claim_missing",
            Self::Malformed { .. } => "claim_malformed",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::TooOld { .. } => "too_old",
            Self::Unexpected { .. } => "claim_unexpected",
            Self::Contradiction { .. } => "claim_contradiction",
            Self::Unwanted => "claim_unwanted",
            Self::Refused => "claim_refused",
        }
    }
}

impl std::error::Error for ClaimProblem {}

impl fmt::Display for ClaimProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { hint: "" } => f.write_str("expected, found none"),
            Self::Missing { hint } => write!(f, "expected, found none ({hint})"),
            Self::Malformed { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Expired { ago } => write!(f, "expected a time to come, found one {} s ago", ago.as_secs()),
            Self::NotYetValid { ahead } => {
                write!(f, "expected a time that has come, found one {} s ahead", ahead.as_secs())
            }
            Self::IssuedInFuture { ahead } => {
                write!(f, "expected a time that has passed, found one {} s ahead", ahead.as_secs())
            }
            Self::TooOld { age, max_age } => {
                write!(f, "expected an age of at most {} s, found {} s", max_age.as_secs(), age.as_secs())
            }
            Self::Unexpected { expected } => write!(f, "expected {expected}, found another value"),
            Self::Contradiction { rule } => write!(f, "expected {rule}"),
            Self::Unwanted => f.write_str("expected none in a token of this kind, found one"),
            Self::Refused => {
                f.write_str("expected what the application's own rule asks for, found something else")
            }
        }
    }
}
