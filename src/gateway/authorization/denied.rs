//! A refusal to a token that is in order: which requirement it doesn't meet, the status that says so, and
//! what a client could bring (RFC 6750 §3.1, RFC 9470 §3).
//!
//! It is a type of its own and no case of [`Error`](crate::Error): nothing is wrong with the token, and
//! the client may well use it for something else.

use std::fmt;
use std::time::Duration;

use super::explain::{Cure, Lack};
use crate::profile::access_token::is_scope;

/// Which requirement an access token doesn't meet.
///
/// ```
/// use countersign::gateway::authorization::Requirement;
/// # use countersign::profile::access_token::Grant;
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let token = issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"]))?;
/// # let token = verifier.verify::<NoClaims>(&token)?;
/// let denied = Requirement::scopes(["orders:read", "orders:write"]).check(&token).unwrap_err();
/// assert_eq!(denied.requirement(), "all of: scope `orders:write`");
/// assert_eq!((denied.http_status(), denied.code()), (403, "insufficient_scope"));
/// assert_eq!(denied.scope().as_deref(), Some("orders:read orders:write"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    requirement: String,
    scopes: Vec<String>,
    acr_values: Vec<String>,
    max_age: Option<Duration>,
    only_authentication: bool,
}

impl Denied {
    pub(super) fn new(lack: Lack) -> Self {
        let Lack { path, scopes, acr_values, max_age, cure, .. } = lack;
        Self {
            requirement: path.join(": "),
            scopes,
            acr_values,
            max_age,
            only_authentication: cure == Cure::Authentication,
        }
    }

    /// Returns the path to the requirement that failed, from the outermost in. It holds names that the
    /// application chose, and nothing that the token says.
    #[must_use]
    pub fn requirement(&self) -> &str {
        &self.requirement
    }

    /// Returns the error's name to clients: `insufficient_scope`
    /// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)), or `insufficient_user_authentication` if a login that is
    /// fresher or of another class is all that's missing ([RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3)). It doesn't change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if self.only_authentication { "insufficient_user_authentication" } else { "insufficient_scope" }
    }

    /// Returns the HTTP status that an API answers with: 403, or 401 for
    /// `insufficient_user_authentication`, as their RFCs have it.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        if self.only_authentication { 401 } else { 403 }
    }

    /// Returns the scopes that the request takes, separated by spaces, those that the token has
    /// included: what the client asks for next. None if scopes aren't what is missing.
    #[must_use]
    pub fn scope(&self) -> Option<String> {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).filter(|scope| is_scope(scope)).collect();
        (!scopes.is_empty()).then(|| scopes.join(" "))
    }

    /// Returns the authentication context classes that would do, the preferred one first; none if
    /// the class isn't what is missing.
    pub fn authentication_classes(&self) -> impl Iterator<Item = &str> {
        self.acr_values.iter().map(String::as_str)
    }

    /// Returns how long ago the user may have logged in, if that was too long ago or isn't known.
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not authorized: expected {}", self.requirement)
    }
}

impl std::error::Error for Denied {}
