//! The one public error: whose fault it is, what was expected, and a stable code.
//!
//! Messages never contain a token, a claim's value or a secret, whatever the input was
//! (a 1 MB token gives a one-line message). What the application configured itself, such
//! as the expected audience, is shown.

mod claim;
mod key;
mod limit;
mod malformed;
mod policy;

use std::borrow::Cow;

pub use claim::ClaimProblem;
pub use key::KeyDefect;
pub use limit::Limit;
pub use malformed::{Defect, Part};
pub use policy::{Refusal, Unsupported};

/// Why a token, a key or a setting was refused.
///
/// Variants are sorted by whose fault it is; [`Error::code`] gives each case a stable name. Log the
/// message and the code, and tell a client no more than the status: why its token was refused helps
/// an attacker too.
///
/// ```
/// use countersign::{Error, JwsAlgorithm, SigningKey, jws};
///
/// fn answer(error: &Error) -> (u16, &'static str) {
///     let what = if error.is_expired() { "token expired" } else { "token refused" };
///     (error.http_status(), if error.is_invalid_token() { what } else { "out of order" })
/// }
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
/// let error = jws::verify(&key, "Bearer not.a.token").unwrap_err();
/// assert_eq!((answer(&error), error.code()), ((401, "token refused"), "base64url"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sender's bytes don't have the form that the RFCs ask for.
    #[error("malformed {part}: {defect}")]
    #[non_exhaustive]
    Malformed {
        /// Where the defect is.
        part: Part,
        /// What is wrong there.
        defect: Defect,
    },
    /// Well-formed, but this build or this library doesn't do it.
    #[error("unsupported: {0}")]
    Unsupported(Unsupported),
    /// Well-formed and known, but our policy says no.
    #[error("not allowed: {0}")]
    NotAllowed(Refusal),
    /// None of the given keys fits the header's `alg` and `kid`, or the algorithms that were asked for;
    /// or a verifier of many issuers got a token that names none of them.
    #[error("no matching key: expected a key of the algorithm and the key ID asked for, found none")]
    NoMatchingKey,
    /// The key can't be used for what was asked.
    #[error("invalid key: {0}")]
    InvalidKey(KeyDefect),
    /// The signature doesn't verify under any candidate key.
    #[error("invalid signature")]
    InvalidSignature,
    /// Decryption failed. No detail, on purpose: every cause is the same error
    /// ([RFC 7516 §11.5](https://www.rfc-editor.org/rfc/rfc7516#section-11.5)).
    #[error("decryption failed")]
    DecryptionFailed,
    /// The token is authentic, but a claim is not what the verifier asks for.
    #[error("claim `{claim}`: {problem}")]
    #[non_exhaustive]
    Claim {
        /// The claim's name as the verifier knows it.
        claim: Cow<'static, str>,
        /// What is wrong with it.
        problem: ClaimProblem,
    },
    /// The claims are authentic and in order, but don't fit the type the caller asked for.
    #[error("claims don't fit the requested type: expected {expected} at column {column}")]
    #[non_exhaustive]
    ClaimsType {
        /// What the type expected there, in serde's words.
        expected: String,
        /// The column (bytes, counted from 1) in the claims' JSON text.
        column: usize,
    },
    /// An input is larger than [`Limits`](crate::Limits) permits.
    #[error("limit exceeded: expected at most {max} {limit}, found more")]
    #[non_exhaustive]
    LimitExceeded {
        /// Which limit.
        limit: Limit,
        /// The limit's value.
        max: u64,
    },
    /// The caller's own settings contradict each other or are incomplete.
    #[error("misuse: {reason}")]
    #[non_exhaustive]
    Misuse {
        /// What to change.
        reason: Cow<'static, str>,
    },
    /// Something outside the token and the settings can't be had now, so there is no verdict.
    #[error("unavailable: {what}")]
    #[non_exhaustive]
    Unavailable {
        /// What can't be had.
        what: &'static str,
    },
    /// The keys to verify with can't be had now, so there is no verdict: where they are published can't be
    /// reached, or gives nothing that can be used, and none that were had before are recent enough.
    #[error("key source unavailable: expected keys that are recent enough, found none")]
    KeySourceUnavailable,
}

impl Error {
    /// Returns the stable name of this case, for logs, metrics and tests.
    ///
    /// Codes are part of the API and don't change; messages may.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { defect, .. } => defect.code(),
            Self::Unsupported(what) => what.code(),
            Self::NotAllowed(refusal) => refusal.code(),
            Self::NoMatchingKey => "no_matching_key",
            Self::InvalidKey(defect) => defect.code(),
            Self::InvalidSignature => "invalid_signature",
            Self::DecryptionFailed => "decryption_failed",
            Self::Claim { problem, .. } => problem.code(),
            Self::ClaimsType { .. } => "claims_type",
            Self::LimitExceeded { limit, .. } => limit.code(),
            Self::Misuse { .. } => "misuse",
            Self::Unavailable { .. } => "unavailable",
            Self::KeySourceUnavailable => "key_source_unavailable",
        }
    }

    /// Returns the HTTP status that an API answers with: 401 for a bad token, 403 for one in order that
    /// doesn't permit a call in its name, 503 where no verdict was possible, 500 where the application's
    /// own settings or keys are at fault.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Misuse { .. } | Self::InvalidKey(_) => 500,
            // A key's text or bytes, and what a build can't do with a key, are the application's.
            Self::Unsupported(Unsupported::Key(_) | Unsupported::Feature(_)) => 500,
            Self::Malformed {
                part: Part::Jwk | Part::JwkSet | Part::Pem | Part::Der | Part::Metadata,
                ..
            } => 500,
            Self::LimitExceeded {
                limit:
                    Limit::KeyBytes
                    | Limit::JwkSetBytes
                    | Limit::JwkSetKeys
                    | Limit::Pkcs8Iterations
                    | Limit::Pkcs8Memory,
                ..
            } => 500,
            Self::Unavailable { .. } | Self::KeySourceUnavailable => 503,
            Self::NotAllowed(Refusal::Scope | Refusal::Actor) => 403,
            _ => 401,
        }
    }

    /// Returns whether the token was in order but for its `exp`, so that a fresh one may help.
    #[must_use]
    pub const fn is_expired(&self) -> bool {
        matches!(self, Self::Claim { problem: ClaimProblem::Expired { .. }, .. })
    }

    /// Returns whether the token itself is to blame, not the application or its surroundings.
    #[must_use]
    pub const fn is_invalid_token(&self) -> bool {
        self.http_status() == 401
    }

    /// Returns the claim that was refused, if one was.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        match self {
            Self::Claim { claim, .. } => Some(claim),
            _ => None,
        }
    }

    pub(crate) const fn malformed(part: Part, defect: Defect) -> Self {
        Self::Malformed { part, defect }
    }

    pub(crate) fn misuse(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Misuse { reason: reason.into() }
    }

    pub(crate) fn for_claim(claim: impl Into<Cow<'static, str>>, problem: ClaimProblem) -> Self {
        Self::Claim { claim: claim.into(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No input makes a system lack randomness; `tests/errors.rs` has all other cases.
    #[test]
    fn what_is_unavailable_says_so() {
        let error = Error::Unavailable { what: "the system's randomness" };
        assert_eq!(error.to_string(), "unavailable: the system's randomness");
        assert_eq!((error.code(), error.http_status()), ("unavailable", 503));
        assert!(!error.is_invalid_token());
    }
}
