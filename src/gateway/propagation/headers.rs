//! The header fields of an outbound request: those that a token may have come in are removed, every value
//! of them, and the minted one takes their place (RFC 6750 §2.1, RFC 9449 §4.1).
//!
//! Fields are removed by name, so what a gateway's own proxies add has to be named to it.

#[cfg(feature = "tower")]
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

#[cfg(feature = "tower")]
use super::outbound::Outbound;
use crate::error::Error;
use crate::gateway::names::is_tchar;

/// The names of the fields that don't go out, in lower case.
#[derive(Debug, Clone)]
pub(super) struct StrippedFields(Vec<String>);

impl Default for StrippedFields {
    fn default() -> Self {
        // A proof of possession is for the request that it came with, as the token is.
        Self(["authorization", "proxy-authorization", "dpop"].map(String::from).into())
    }
}

impl StrippedFields {
    pub(super) fn add(&mut self, field: &str) -> Result<(), Error> {
        // "field-name = token" RFC 9110 §5.1, and §5.6.2 has what a token is made of.
        if field.is_empty() || !field.bytes().all(is_tchar) {
            return Err(Error::misuse("expected a header field's name to strip (RFC 9110 §5.1)"));
        }
        let field = field.to_ascii_lowercase();
        if !self.0.contains(&field) {
            self.0.push(field);
        }
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(feature = "tower")]
impl Outbound {
    /// Makes these the header fields of the call: removes every value of the
    /// [`stripped_fields`](Self::stripped_fields), and inserts the minted token, marked as sensitive.
    ///
    /// It sees header fields only: a token in a request's URI or body is the caller's to leave behind.
    ///
    /// ```
    /// use countersign::gateway::propagation::Outbound;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("authorization", http::HeaderValue::from_static("Bearer eyJhbGciOiJ.inbound.token"));
    /// Outbound::nothing().apply(&mut headers);
    /// assert!(headers.is_empty());
    /// ```
    pub fn apply(&self, headers: &mut HeaderMap) {
        for field in self.stripped_fields() {
            // Every value goes: `remove` takes those after the first with it.
            headers.remove(field);
        }
        let Some(token) = self.token() else { return };
        let value = HeaderValue::from_str(token.authorization_value().expose_secret());
        // A scheme, base64url and dots are visible ASCII, which a value may always have.
        let Ok(mut value) = value else { return };
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}
