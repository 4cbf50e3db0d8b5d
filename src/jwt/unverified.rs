//! A token nobody has verified yet: its text goes in, its header comes out, for routing, and nothing
//! else (RFC 7515 §4, RFC 7516 §4).
//!
//! There is no way from here to the claims, so that nobody acts on them by mistake; the one that exists
//! is in `danger`.

use std::fmt;

use crate::error::{Error, Part};
use crate::jwk::CertificateChain;
use crate::limits::Limits;
use crate::wire::base64url;
use crate::wire::compact::{self, Form};
use crate::wire::header::{self, Header, HeaderRules, HeaderText};

/// The header of a token that nobody has verified yet.
///
/// It tells which keys to fetch or which verifier to ask. Whoever sent the token chose what it says.
/// There is no way from here to the claims; [`JwtVerifier`](crate::JwtVerifier) gives them out.
///
/// ```
/// use countersign::{JwsAlgorithm, SigningKey, UnverifiedToken, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
/// let token = jws::sign(&key, b"{}")?;
/// assert_eq!(UnverifiedToken::parse(&token)?.key_id(), Some("2026-11"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedToken {
    encrypted: bool,
    algorithm: String,
    content_encryption: Option<String>,
    key_id: Option<String>,
    token_type: Option<String>,
    content_type: Option<String>,
    /// The header's text.
    header: String,
}

impl UnverifiedToken {
    /// Reads a compact token's header under the default limits.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Unsupported`] or [`Error::LimitExceeded`] if the header is not
    /// one that a verifier would look at. The other parts are not looked at.
    pub fn parse(token: &str) -> Result<Self, Error> {
        let limits = Limits::default();
        compact::check_size(token, &limits)?;
        let encrypted = compact::form(token)? == Form::Jwe;
        let encoded = token.split_once('.').map_or(token, |(encoded, _)| encoded);
        header::check_size(encoded, &limits)?;
        let decoded = base64url::decode(encoded, Part::Header)?;
        let text = header::text(&decoded)?;
        let header = if encrypted {
            // Compression is for whoever decrypts to permit: reading a header inflates nothing.
            let rules = HeaderRules { compression: true, ..HeaderRules::new(&limits, &[]) };
            Header::read_jwe(HeaderText::protected(text), &rules)?
        } else {
            Header::parse_jws(text, &limits, &[])?
        };
        Ok(Self {
            encrypted,
            algorithm: header.alg.into_owned(),
            content_encryption: header.enc.map(String::from),
            key_id: header.kid.map(String::from),
            token_type: header.typ.map(String::from),
            content_type: header.cty.map(String::from),
            header: text.to_owned(),
        })
    }

    /// Returns whether the token has the form of an encrypted one (five parts) or a signed one (three).
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Returns the header's `alg`, whatever it says.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// Returns the header's `enc`, which an encrypted token has.
    #[must_use]
    pub fn content_encryption(&self) -> Option<&str> {
        self.content_encryption.as_deref()
    }

    /// Returns the header's `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the header's `typ`.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Returns the header's `cty`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the certificates that came with the token, its header's `x5c`.
    ///
    /// No verifier ever looks at them. For peers that are known by their certificates, this is the way to
    /// their keys: [`CertificateChain::trusted_key`] asks the application for its judgment, and a verifier
    /// made with that key verifies the token. Who takes the key without judging takes anyone's.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the `x5c` isn't an array of certificates in base64.
    pub fn certificate_chain(&self) -> Result<Option<CertificateChain>, Error> {
        CertificateChain::from_header(&self.header)
    }
}

/// Shows the form and none of the sender's text.
impl fmt::Debug for UnverifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("encrypted", &self.encrypted).finish_non_exhaustive()
    }
}
