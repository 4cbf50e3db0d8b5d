//! The verifier of load balancers' tokens: what `x-amzn-oidc-data` holds goes in; its form, algorithm, signer,
//! client, key, signature, issuer, claims and times are judged, in that order.
//!
//! Beneath is a [`JwtVerifier`], which gets the parts as they were decoded here. The signature is judged over the
//! text as it came, padding included.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::said::Said;
use super::token::LoadBalancerToken;
use super::verifier_builder::LoadBalancerVerifierBuilder;
use crate::clock::Clock;
use crate::error::{ClaimProblem, Error, Refusal};
use crate::jws::{JwsAlgorithm, SignedParts};
use crate::jwt::{Built, Claims, JwtVerifier, NumericDate, VerifiedJwt};
use crate::keys::remote::{KeySnapshot, KeySource};
use crate::limits::Limits;
use crate::secret::WipedRoom;
use crate::wire::json::Members;
use crate::wire::typed;

/// Verifies the tokens that AWS Application Load Balancers add to requests as `x-amzn-oidc-data`: built once,
/// shared by reference.
///
/// The load balancer must be one of yours, by the ARN in the token's `signer`: the keys are AWS's, and whoever has
/// an account there can have a token signed under one. Identity provider and client are compared too; `exp` is
/// judged in the header and, where it is there, in the claims.
///
/// This is the one lenient verifier there is. The parts of these tokens are padded base64url, which [RFC
/// 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2) forbids; here each must have all of its padding and its unused bits must be
/// zero, so that each still has one spelling. No other verifier takes a padded part, and this one takes no
/// other part. It replaces no network policy: whoever reaches the service past the load balancer can send a token
/// that was seen before, until it expires.
///
/// ```
/// use countersign::keys::remote::KeySource;
/// use countersign::profile::load_balancer::LoadBalancerVerifier;
/// use countersign::{Error, NoClaims};
///
/// async fn user(keys: impl KeySource + 'static, x_amzn_oidc_data: &str) -> Result<String, Error> {
///     let verifier = LoadBalancerVerifier::builder(keys)
///         .signer("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188")
///         .issuer("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1b2c3d4e")
///         .client_id("1example23456789")
///         .build()?;
///     let token = verifier.verify::<NoClaims>(x_amzn_oidc_data).await?;
///     Ok(token.subject().to_owned())
/// }
/// ```
pub struct LoadBalancerVerifier {
    source: Box<dyn KeySource>,
    expected: Expected,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    limits: Limits,
    built: Built<JwtVerifier>,
}

/// Whose tokens are accepted. No clients: any.
pub(super) struct Expected {
    pub(super) signers: Vec<String>,
    pub(super) issuers: Vec<String>,
    pub(super) clients: Vec<String>,
}

impl LoadBalancerVerifier {
    /// Begins a verifier that trusts the keys of this source:
    #[cfg_attr(feature = "pem", doc = "[`LoadBalancerKeys`](crate::keys::remote::LoadBalancerKeys),")]
    #[cfg_attr(not(feature = "pem"), doc = "`LoadBalancerKeys` of the feature `pem`,")]
    /// or one of your own.
    pub fn builder(source: impl KeySource + 'static) -> LoadBalancerVerifierBuilder {
        LoadBalancerVerifierBuilder::new(Box::new(source))
    }

    pub(super) fn new(
        source: Box<dyn KeySource>,
        expected: Expected,
        leeway: Duration,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        Self { source, expected, leeway, clock, limits, built: Built::new() }
    }

    /// Verifies a token, the whole of what `x-amzn-oidc-data` holds, and gives out the user's claims in the
    /// caller's type.
    ///
    /// The key is asked for once form, algorithm, signer and client hold, so that a stranger's token costs no
    /// fetch.
    ///
    /// # Errors
    ///
    /// - [`Error::LimitExceeded`], [`Error::Malformed`] and [`Error::Unsupported`] if the token isn't of that form;
    ///   code `padded_base64url` for a part that isn't padded as it should be.
    /// - [`Error::NotAllowed`] if its algorithm isn't ES256, or its `signer` or `client` isn't one of those
    ///   expected: codes `algorithm_not_allowed`, `signer_not_allowed`, `client_not_allowed`.
    /// - [`Error::NoMatchingKey`] and [`Error::InvalidSignature`] if no key verifies it;
    ///   [`Error::KeySourceUnavailable`] if its key can't be had now.
    /// - [`Error::Claim`] if its issuer, `sub`, `nbf` or `exp` isn't in order.
    /// - [`Error::ClaimsType`] if the claims don't fit the type.
    pub async fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<LoadBalancerToken<T>, Error> {
        let mut decoded = WipedRoom::new();
        let parts = SignedParts::split_padded(token, &self.limits, &mut decoded)?;
        let header = parts.header(&self.limits, &[])?;
        if parts.algorithm(&header)? != JwsAlgorithm::Es256 {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        let said = Said::read(parts.header_text(), &self.limits)?;
        let signer = self.expected.signer(&said)?;
        self.expected.check_client(&said)?;
        let key_id = header.kid.as_deref().ok_or(Error::NoMatchingKey)?;
        let keys = self.source.keys(Some(key_id), None).await?;
        let jwt = match self.accept(&keys, &parts, &said) {
            Err(Error::NoMatchingKey) => {
                let newer = self.source.keys(Some(key_id), Some(&keys)).await?;
                if newer.generation() == keys.generation() {
                    return Err(Error::NoMatchingKey);
                }
                self.accept(&newer, &parts, &said)?
            }
            accepted => accepted?,
        };
        LoadBalancerToken::new(jwt, signer, &said)
    }

    fn accept<T: DeserializeOwned>(
        &self,
        keys: &KeySnapshot,
        parts: &SignedParts<'_, '_>,
        said: &Said<'_>,
    ) -> Result<VerifiedJwt<T>, Error> {
        let verifier = self.built.over(keys, |keys| self.build(keys))?;
        let judge = |claims: Claims<'_>| self.expected.check_issuer(said, claims);
        let read = |members: &Members<'_>| {
            self.judge_expiry(said)?;
            typed::from_members(members)
        };
        Ok(VerifiedJwt::new(verifier.accept_parts(*parts, judge, read)?))
    }

    /// `exp` of the header, which the documentation promises. That of the claims is judged with them.
    fn judge_expiry(&self, said: &Said<'_>) -> Result<(), Error> {
        let now = NumericDate::from(self.clock.now());
        if said.expires_at.saturating_add(self.leeway) <= now {
            let ago = now.saturating_since(said.expires_at);
            return Err(Error::for_claim("exp", ClaimProblem::Expired { ago }));
        }
        Ok(())
    }

    fn build(&self, keys: &KeySnapshot) -> Result<JwtVerifier, Error> {
        if !keys.keys().serves([JwsAlgorithm::Es256].into_iter().collect()) {
            return Err(Error::NoMatchingKey);
        }
        let clock = Arc::clone(&self.clock);
        JwtVerifier::builder(keys.keys().clone())
            .algorithms([JwsAlgorithm::Es256])
            // Both are judged here: the header has what the claims may lack.
            .any_issuer()
            .allow_missing_expiry()
            // The tokens name no audience. The client is judged here.
            .any_audience()
            // Before a token is called expired.
            .required_claims(["sub"])
            .leeway(self.leeway)
            .clock(move || clock.now())
            .limits(self.limits.clone())
            .build()
    }
}

impl Expected {
    /// The load balancer that the token names, if it is one of those expected.
    fn signer(&self, said: &Said<'_>) -> Result<&str, Error> {
        let signer = self.signers.iter().find(|signer| said.signer.as_deref() == Some(signer));
        signer.map(String::as_str).ok_or(Error::NotAllowed(Refusal::Signer))
    }

    fn check_client(&self, said: &Said<'_>) -> Result<(), Error> {
        let named = self.clients.iter().any(|client| said.client.as_deref() == Some(client));
        if named || self.clients.is_empty() { Ok(()) } else { Err(Error::NotAllowed(Refusal::Client)) }
    }

    /// The header names the identity provider; claims that do must name the same.
    fn check_issuer(&self, said: &Said<'_>, claims: Claims<'_>) -> Result<(), Error> {
        if !self.issuers.iter().any(|issuer| *issuer == said.issuer) {
            let expected = self.issuers.iter().map(|issuer| format!("{issuer:?}")).collect::<Vec<_>>();
            return Err(Error::for_claim(
                "iss",
                ClaimProblem::Unexpected { expected: expected.join(" or ") },
            ));
        }
        let claimed = claims.find("iss").and_then(|issuer| issuer.as_str());
        if claimed.is_some_and(|claimed| claimed != said.issuer) {
            let rule = "the same issuer as in the header";
            return Err(Error::for_claim("iss", ClaimProblem::Contradiction { rule }));
        }
        Ok(())
    }
}

impl fmt::Debug for LoadBalancerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadBalancerVerifier")
            .field("signers", &self.expected.signers)
            .field("issuers", &self.expected.issuers)
            .finish_non_exhaustive()
    }
}
