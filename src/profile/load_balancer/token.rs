//! What the verifier gives out of a load balancer's token: what its header says and the user's claims, once
//! everything about it held.
//!
//! Only the verifier makes it: to have one is the proof.

use std::fmt;

use super::said::Said;
use crate::error::{ClaimProblem, Error};
use crate::jwt::{NumericDate, VerifiedJwt};

/// A load balancer's token that was verified: which user it authenticated, with the claims in the caller's type.
///
/// It isn't an access token: it says who the user is, and nothing of what a client may do. What the identity
/// provider granted is in `x-amzn-oidc-accesstoken`, which an
/// [`AccessTokenVerifier`](crate::AccessTokenVerifier) verifies.
#[derive(Clone, PartialEq)]
pub struct LoadBalancerToken<T> {
    jwt: VerifiedJwt<T>,
    subject: String,
    signer: String,
    issuer: String,
    client_id: Option<String>,
    expires_at: NumericDate,
}

impl<T> LoadBalancerToken<T> {
    pub(super) fn new(jwt: VerifiedJwt<T>, signer: &str, said: &Said<'_>) -> Result<Self, Error> {
        let subject = jwt.subject().map(String::from);
        let subject = subject.ok_or_else(|| Error::for_claim("sub", ClaimProblem::Missing { hint: "" }))?;
        let expires_at = jwt.expires_at().map_or(said.expires_at, |claimed| claimed.min(said.expires_at));
        Ok(Self {
            jwt,
            subject,
            signer: signer.to_owned(),
            issuer: said.issuer.clone().into_owned(),
            client_id: said.client.as_deref().map(String::from),
            expires_at,
        })
    }

    /// Returns `sub`, the user, as the identity provider names them.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the ARN of the load balancer that signed.
    #[must_use]
    pub fn signer(&self) -> &str {
        &self.signer
    }

    /// Returns the identity provider that authenticated the user.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the ID of the client that the load balancer is to the identity provider; `None` only if the
    /// verifier asks for none.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Returns from when on the token is not accepted any more: the earlier, if header and claims differ.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }

    /// Returns the ID of the key that the signature verifies under.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.jwt.key_id()
    }

    /// Returns the user's claims in the caller's type.
    #[must_use]
    pub fn claims(&self) -> &T {
        self.jwt.claims()
    }

    /// Gives out the user's claims in the caller's type.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.jwt.into_claims()
    }
}

/// Shows who signed and none of the claims.
impl<T> fmt::Debug for LoadBalancerToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadBalancerToken")
            .field("signer", &self.signer)
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}
