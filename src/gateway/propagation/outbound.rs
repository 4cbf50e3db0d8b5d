//! What an outbound call takes: a token minted for its service, or nothing.
//!
//! Only a [`Propagation`](super::Propagation) makes a [`ServiceToken`]. A verified token doesn't keep the text
//! it came in, and no text makes one of these types: the token that came in can't get here by mistake.

use std::fmt;
use std::sync::Arc;

use super::headers::StrippedFields;
use crate::error::Error;
use crate::jwt::NumericDate;
use crate::secret::{SecretString, WipedText};

/// A token that was minted for one service: it isn't copied, printed or made from text, and is wiped when
/// dropped.
pub struct ServiceToken {
    pub(super) text: WipedText,
    pub(super) service: String,
    pub(super) transaction_id: String,
    pub(super) expires_at: NumericDate,
    pub(super) stripped: Arc<StrippedFields>,
}

impl ServiceToken {
    /// Returns the name of the service that the token is for, as it was declared.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns `txn`, the transaction: the same for all calls of a request, and so what finds their records.
    #[must_use]
    pub fn transaction_id(&self) -> &str {
        &self.transaction_id
    }

    /// Returns `exp`, from when on the service doesn't accept the token any more.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }

    /// Gives out the token, for what isn't HTTP: a queue, a call's metadata.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// Returns the value of the `Authorization` header field
    /// ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    #[must_use]
    pub fn authorization_value(&self) -> SecretString {
        const SCHEME: &str = "Bearer ";
        // Room for all of it: text that grows leaves copies behind.
        let mut value = String::with_capacity(SCHEME.len() + self.text.len());
        value.push_str(SCHEME);
        value.push_str(&self.text);
        SecretString::from(value)
    }
}

/// Shows the service and the expiry, and nothing of the token.
impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceToken")
            .field("service", &self.service)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What goes with a call to another service: a token minted for it, or nothing.
///
/// Let the functions that call others take this type: neither the token that came in nor its text is one.
/// [`stripped_fields`](Self::stripped_fields) names the header fields of a request that don't go out with the call, and
#[cfg_attr(feature = "tower", doc = "[`apply`](Self::apply)")]
#[cfg_attr(not(feature = "tower"), doc = "`apply`, of the feature `tower`,")]
/// removes them and inserts the token.
///
/// ```
/// use countersign::gateway::propagation::Outbound;
///
/// /// Writes a request; its other fields are copied from the one that came in.
/// fn request(inbound: &[(&str, &str)], outbound: &Outbound) -> String {
///     let kept = inbound.iter().filter(|(name, _)| !outbound.strips(name));
///     let mut text: String = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
///     if let Some(token) = outbound.token() {
///         text += &format!("authorization: {}\r\n", token.authorization_value().expose_secret());
///     }
///     text
/// }
///
/// let inbound = [("accept", "application/json"), ("Authorization", "Bearer eyJhbGciOi…")];
/// assert_eq!(request(&inbound, &Outbound::nothing()), "accept: application/json\r\n");
/// ```
#[derive(Debug)]
pub struct Outbound {
    token: Option<ServiceToken>,
    stripped: Arc<StrippedFields>,
}

impl Outbound {
    /// Forwards nothing: the service learns of no subject. Also [`Propagation::nothing`], which knows the
    /// further fields that are stripped.
    ///
    /// [`Propagation::nothing`]: super::Propagation::nothing
    #[must_use]
    pub fn nothing() -> Self {
        Self { token: None, stripped: Arc::default() }
    }

    pub(super) fn nothing_but(stripped: Arc<StrippedFields>) -> Self {
        Self { token: None, stripped }
    }

    /// Strips this header field too: another in which tokens come in, such as one that a proxy writes.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it is no field name ([RFC 9110 §5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    pub fn strip(mut self, field: &str) -> Result<Self, Error> {
        let mut stripped = (*self.stripped).clone();
        stripped.add(field)?;
        self.stripped = Arc::new(stripped);
        Ok(self)
    }

    /// Returns the minted token. None if nothing is forwarded.
    #[must_use]
    pub fn token(&self) -> Option<&ServiceToken> {
        self.token.as_ref()
    }

    /// Returns the header fields, in lower case, that a request may carry a token in, and which don't go out:
    /// `authorization`, `proxy-authorization`, `dpop`, and those that were added.
    pub fn stripped_fields(&self) -> impl Iterator<Item = &str> {
        self.stripped.iter()
    }

    /// Returns whether this header field doesn't go out; case makes no difference.
    #[must_use]
    pub fn strips(&self, field: &str) -> bool {
        self.stripped_fields().any(|stripped| stripped.eq_ignore_ascii_case(field))
    }
}

impl From<ServiceToken> for Outbound {
    fn from(token: ServiceToken) -> Self {
        Self { stripped: Arc::clone(&token.stripped), token: Some(token) }
    }
}
