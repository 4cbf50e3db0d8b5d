//! The issuer of access tokens: a grant and the caller's claims go in, a signed `at+jwt` comes out that
//! has every claim that RFC 9068 §2.2 requires, encrypted if asked (RFC 9068 §2.1).
//!
//! It is a [`JwtIssuer`] whose type, `jti` and names of claims are the profile's and not the caller's.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::grant::Grant;
use crate::clock::Clock;
use crate::error::{Error, Part};
use crate::jwe::EncryptionKey;
use crate::jws::SigningKey;
use crate::jwt::{JwtIssuer, JwtIssuerBuilder, NoClaims};
use crate::wire::typed;

/// Issues access tokens ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068)): built once, shared by reference.
///
/// Each is of the type `at+jwt` and carries `iss`, `aud`, `sub`, `client_id`, `exp`, `iat`, a random
/// `jti`, and what its [`Grant`] says.
///
/// ```
/// use countersign::profile::access_token::Grant;
/// use countersign::{AccessTokenIssuer, JwsAlgorithm, SigningKey};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// let issuer = AccessTokenIssuer::builder(SigningKey::generate(JwsAlgorithm::Es256)?)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .lifetime(Duration::from_secs(300))
///     .build()?;
/// let token = issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"]))?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
pub struct AccessTokenIssuer {
    jwt: JwtIssuer,
}

impl AccessTokenIssuer {
    /// Begins an issuer that signs with this key.
    pub fn builder(signing_key: SigningKey) -> AccessTokenIssuerBuilder {
        let jwt = JwtIssuer::builder(signing_key).token_type("at+jwt").generate_jwt_id();
        AccessTokenIssuerBuilder { jwt, has_issuer: false, has_audience: false, has_lifetime: false }
    }

    /// Issues an access token.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if a part of the grant is empty, a scope isn't one word
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)), or it is bound to a shared secret; else as
    /// [`JwtIssuer::issue`].
    pub fn issue(&self, grant: &Grant) -> Result<String, Error> {
        self.issue_with(grant, &NoClaims)
    }

    /// Issues an access token with these claims beside the profile's: any type that serializes to a JSON
    /// object.
    ///
    /// ```
    /// use countersign::profile::access_token::Grant;
    /// # use countersign::{AccessTokenIssuer, JwsAlgorithm, SigningKey};
    /// # use std::time::Duration;
    ///
    /// #[derive(serde::Serialize)]
    /// struct OrderClaims {
    ///     tenant: u64,
    /// }
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// # let issuer = AccessTokenIssuer::builder(SigningKey::generate(JwsAlgorithm::Es256)?)
    /// #     .issuer("https://id.example.com").audience("https://orders.example.com")
    /// #     .lifetime(Duration::from_secs(300)).build()?;
    /// let token = issuer.issue_with(&Grant::to("user-17", "client-4"), &OrderClaims { tenant: 4 })?;
    /// # let _ = token;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue), and [`Error::Misuse`] if the claims name one that the grant or the
    /// issuer writes.
    pub fn issue_with<T: Serialize + ?Sized>(&self, grant: &Grant, claims: &T) -> Result<String, Error> {
        let own = typed::to_json(claims)?;
        let text = grant.write(typed::text(&own, Part::Claims)?)?;
        self.jwt.issue_text(Some(&grant.subject), &text)
    }

    /// Issues an access token like [`issue_with`](Self::issue_with), and waits for the signature of an
    /// external key, see [`JwtIssuer::issue_async`].
    ///
    /// # Errors
    ///
    /// As [`issue_with`](Self::issue_with) and [`JwtIssuer::issue_async`].
    pub fn issue_async<T: Serialize + ?Sized>(
        &self,
        grant: &Grant,
        claims: &T,
    ) -> impl Future<Output = Result<String, Error>> + Send + use<'_, T> {
        // The claims are written here, so that the future holds neither them nor the grant.
        let text = typed::to_json(claims).and_then(|own| grant.write(typed::text(&own, Part::Claims)?));
        let issued = text.map(|text| self.jwt.issue_text_async(Some(&grant.subject), &text));
        async move { issued?.await }
    }

    /// Returns the key that signs, to publish its public half.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        self.jwt.signing_key()
    }
}

impl fmt::Debug for AccessTokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenIssuer").field("jwt", &self.jwt).finish()
    }
}

/// The choices of an [`AccessTokenIssuer`] in the making. Issuer, audience and lifetime can't be left out.
#[must_use = "`build` makes the issuer"]
pub struct AccessTokenIssuerBuilder {
    jwt: JwtIssuerBuilder,
    has_issuer: bool,
    has_audience: bool,
    has_lifetime: bool,
}

impl AccessTokenIssuerBuilder {
    /// Sets `iss`, the name under which verifiers know this issuer.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.jwt = self.jwt.issuer(issuer);
        self.has_issuer = true;
        self
    }

    /// Sets `aud`, the resource that the tokens are for
    /// ([RFC 9068 §3](https://www.rfc-editor.org/rfc/rfc9068#section-3)). Called again, it adds another: their scopes must then mean the
    /// same to all of them.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.jwt = self.jwt.audience(audience);
        self.has_audience = true;
        self
    }

    /// Sets how long tokens are accepted after they were issued. Minutes are usual.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.jwt = self.jwt.lifetime(lifetime);
        self.has_lifetime = true;
        self
    }

    /// Encrypts each signed token to this recipient: a nested JWT.
    pub fn encrypt_for(mut self, recipient: EncryptionKey) -> Self {
        self.jwt = self.jwt.encrypt_for(recipient);
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.jwt = self.jwt.clock(clock);
        self
    }

    /// Makes the issuer.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if issuer, audience or lifetime is missing, one of the names is empty, or the
    /// lifetime is under a second.
    pub fn build(self) -> Result<AccessTokenIssuer, Error> {
        if !(self.has_issuer && self.has_audience && self.has_lifetime) {
            return Err(Error::misuse(
                "expected `issuer`, `audience` and `lifetime`, which each access token has (RFC 9068 §2.2)",
            ));
        }
        Ok(AccessTokenIssuer { jwt: self.jwt.build()? })
    }
}

impl fmt::Debug for AccessTokenIssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenIssuerBuilder").finish_non_exhaustive()
    }
}
