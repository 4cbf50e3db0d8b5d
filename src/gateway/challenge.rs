//! The `WWW-Authenticate` header field for bearer tokens (RFC 6750 §3, RFC 9728 §5.1, RFC 9470 §3): an
//! error or a refusal goes in, the field's value comes out.
//!
//! What is written in it are this library's words and the application's names. Names that can't stand in
//! a header field are refused when they are set: a line break in one would let its author write headers.

use std::fmt::Write as _;

use super::authorization::Denied;
use super::resource_metadata::ProtectedResourceMetadata;
use crate::error::Error;
use crate::profile::access_token::{check_scope, is_scope};

/// Writes the value of `WWW-Authenticate` for the requests that an API refuses.
///
/// ```
/// use countersign::gateway::BearerChallenge;
///
/// # fn main() -> Result<(), countersign::Error> {
/// let challenge = BearerChallenge::new()
///     .realm("orders")?
///     .resource_metadata("https://orders.example.com/.well-known/oauth-protected-resource")?;
/// let value = challenge.for_no_token();
/// assert!(value.starts_with("Bearer realm=\"orders\", resource_metadata=\"https://orders.example.com/"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct BearerChallenge {
    realm: Option<String>,
    scope: Option<String>,
    resource_metadata: Option<String>,
}

impl BearerChallenge {
    /// Makes a challenge without a realm.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `realm`, what the credentials are for
    /// ([RFC 9110 §11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)).
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it has other characters than the printable ones of ASCII.
    pub fn realm(mut self, realm: impl Into<String>) -> Result<Self, Error> {
        self.realm = Some(printable(realm.into())?);
        Ok(self)
    }

    /// Sets `resource_metadata`, the URL of this API's protected resource metadata
    /// ([RFC 9728 §5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)).
    ///
    /// # Errors
    ///
    /// As [`realm`](Self::realm).
    pub fn resource_metadata(mut self, url: impl Into<String>) -> Result<Self, Error> {
        self.resource_metadata = Some(printable(url.into())?);
        Ok(self)
    }

    /// Sets `resource_metadata` to where this metadata is published.
    #[must_use]
    pub fn resource(mut self, metadata: &ProtectedResourceMetadata) -> Self {
        self.resource_metadata = Some(metadata.url().to_owned());
        self
    }

    /// Sets `scope`, what a client without a good token is to ask for
    /// ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)): enough to begin with. One whose token lacks a scope is told
    /// of that scope instead.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if there is none, or one isn't one word
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let mut joined = String::new();
        for scope in scopes {
            let scope = scope.as_ref();
            check_scope(scope)?;
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(scope);
        }
        if joined.is_empty() {
            return Err(Error::misuse("expected a scope that a client is to ask for, found none"));
        }
        self.scope = Some(joined);
        Ok(self)
    }

    /// Returns the value for a request without a token, of the status 401: no error, as there was none
    /// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    #[must_use]
    pub fn for_no_token(&self) -> String {
        self.write(&[("scope", self.scope.as_deref())])
    }

    /// Returns the value for a request that can't be read, such as one with two tokens, of the status 400:
    /// `invalid_request` ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    #[must_use]
    pub fn for_invalid_request(&self) -> String {
        self.write(&[("error", Some("invalid_request"))])
    }

    /// Returns the value for a token that was refused, `invalid_token`. None if the answer isn't 401, see
    /// [`Error::http_status`]: the token isn't to blame, and another one wouldn't help.
    ///
    /// It says no more than that, but for a token that was in order and has expired: why a token was
    /// refused helps an attacker too.
    #[must_use]
    pub fn for_error(&self, error: &Error) -> Option<String> {
        let description = error.is_expired().then_some("the access token expired");
        let invalid_token = [
            ("error", Some("invalid_token")),
            ("error_description", description),
            ("scope", self.scope.as_deref()),
        ];
        error.is_invalid_token().then(|| self.write(&invalid_token))
    }

    /// Returns the value for a token that doesn't meet a requirement: `insufficient_scope` with the scope
    /// needed, or `insufficient_user_authentication` with the login needed. The status is
    /// [`Denied::http_status`].
    #[must_use]
    pub fn for_denied(&self, denied: &Denied) -> String {
        let scope = denied.scope();
        if denied.http_status() == 403 {
            return self.write(&[("error", Some(denied.code())), ("scope", scope.as_deref())]);
        }
        // "acr_values: A space-separated string listing the authentication context class reference
        // values in order of preference." RFC 9470 §3
        let classes: Vec<_> = denied.authentication_classes().filter(|class| is_scope(class)).collect();
        let classes = (!classes.is_empty()).then(|| classes.join(" "));
        let max_age = denied.max_age().map(|max_age| max_age.as_secs().to_string());
        self.write(&[
            ("error", Some(denied.code())),
            ("acr_values", classes.as_deref()),
            ("max_age", max_age.as_deref()),
        ])
    }

    fn write(&self, own: &[(&str, Option<&str>)]) -> String {
        let realm = ("realm", self.realm.as_deref());
        let metadata = ("resource_metadata", self.resource_metadata.as_deref());
        let mut value = String::from("Bearer");
        let mut separator = " ";
        for (name, text) in [realm].iter().chain(own).chain([&metadata]) {
            let Some(text) = text else { continue };
            // "quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE" RFC 9110 §5.6.4
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(value, "{separator}{name}=\"{quoted}\"");
            separator = ", ";
        }
        value
    }
}

fn printable(text: String) -> Result<String, Error> {
    if text.is_empty() || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Error::misuse("expected printable ASCII in a challenge, found other characters or none"));
    }
    Ok(text)
}
