//! The choices of a verifier of access tokens: keys and setters go in, an [`AccessTokenVerifier`] comes
//! out, or an error that says which choice is missing.
//!
//! The setters are those of [`JwtVerifierBuilder`], less the ones that waive a check that RFC 9068 §4
//! asks for: any issuer, any audience, no `exp`, another type.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::dialect::Dialect;
use super::facts::Facts;
#[cfg(feature = "gateway")]
use super::identity::Identity;
use super::provider::Provider;
use super::rule::Rule;
use super::verifier::AccessTokenVerifier;
use crate::clock::Clock;
use crate::error::Error;
use crate::jwe::{ContentEncryption, DecryptionKey, JweAlgorithm};
use crate::jws::JwsAlgorithm;
use crate::jwt::{Claims, JwtVerifierBuilder};
#[cfg(feature = "gateway")]
use crate::keys::KeyGeneration;
use crate::keys::KeySet;
use crate::limits::Limits;

/// The choices of an [`AccessTokenVerifier`] in the making. Issuer and audience can't be left out.
///
/// ```
/// use countersign::profile::access_token::Provider;
/// use countersign::{AccessTokenVerifier, JwsAlgorithm, SigningKey};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let keys = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
/// let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1b2c3d4e";
/// let verifier = AccessTokenVerifier::for_provider(Provider::cognito(pool, ["1example23456789"]), keys)
///     .leeway(Duration::from_secs(30))
///     .max_age(Duration::from_secs(3600))
///     .build()?;
/// # let _ = verifier;
/// # Ok(())
/// # }
/// ```
#[must_use = "`build` makes the verifier"]
pub struct AccessTokenVerifierBuilder {
    jwt: JwtVerifierBuilder,
    provider: Option<Provider>,
    /// The issuers came with the keys or the provider.
    issuers_are_given: bool,
    has_issuer: bool,
    has_audience: bool,
    proof_if_bound: bool,
    #[cfg(feature = "gateway")]
    generation: KeyGeneration,
}

impl AccessTokenVerifierBuilder {
    pub(super) fn new(jwt: JwtVerifierBuilder, provider: Option<Provider>, issuers_are_given: bool) -> Self {
        Self {
            jwt,
            provider,
            issuers_are_given,
            has_issuer: false,
            has_audience: false,
            proof_if_bound: false,
            #[cfg(feature = "gateway")]
            generation: KeyGeneration::new(),
        }
    }

    /// Accepts tokens of this issuer, compared octet by octet. Called again, it adds another issuer that
    /// signs with the same keys.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.jwt = self.jwt.issuer(issuer);
        self.has_issuer = true;
        self
    }

    /// Accepts tokens for this audience: the name by which the issuer knows this API, compared octet by
    /// octet. Called again, it adds another that will do.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.jwt = self.jwt.audience(audience);
        self.has_audience = true;
        self
    }

    /// Refuses tokens that are for other audiences too.
    pub fn sole_audience(mut self) -> Self {
        self.jwt = self.jwt.sole_audience();
        self
    }

    /// Lets [`verify_with_proof`](AccessTokenVerifier::verify_with_proof) accept tokens that aren't bound
    /// to a key: where every client shows a certificate, and only some clients' tokens are bound to it.
    /// Who steals an unbound token can use it then, as with [`verify`](AccessTokenVerifier::verify).
    pub fn proof_if_bound(mut self) -> Self {
        self.proof_if_bound = true;
        self
    }

    /// Accepts these signature algorithms only. Default: what the keys themselves say.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        self.jwt = self.jwt.algorithms(algorithms);
        self
    }

    /// Forgives clocks that differ by this much, at most 10 minutes. Default: none.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.jwt = self.jwt.leeway(leeway);
        self
    }

    /// Refuses tokens that were issued longer ago than this, or in the future.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.jwt = self.jwt.max_age(max_age);
        self
    }

    /// Refuses tokens whose `iat` is in the future. Default: accepted.
    pub fn refuse_future_issued_at(mut self) -> Self {
        self.jwt = self.jwt.refuse_future_issued_at();
        self
    }

    /// Requires these claims to be there, beside those that every access token has.
    pub fn required_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.jwt = self.jwt.required_claims(names);
        self
    }

    /// Adds a rule of the application's own, see [`JwtVerifierBuilder::rule`].
    pub fn rule<F>(mut self, claim: impl Into<Cow<'static, str>>, holds: F) -> Self
    where
        F: Fn(Claims<'_>) -> bool + Send + Sync + 'static,
    {
        self.jwt = self.jwt.rule(claim, holds);
        self
    }

    /// Accepts encrypted tokens only, which it opens with these keys, one or a set
    /// ([RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4)), see [`JwtVerifierBuilder::decrypt_with`].
    pub fn decrypt_with(mut self, keys: impl Into<KeySet<DecryptionKey>>) -> Self {
        self.jwt = self.jwt.decrypt_with(keys);
        self
    }

    /// Accepts these key management algorithms only. Default: what the keys themselves say.
    pub fn key_management_algorithms(mut self, algorithms: impl IntoIterator<Item = JweAlgorithm>) -> Self {
        self.jwt = self.jwt.key_management_algorithms(algorithms);
        self
    }

    /// Accepts these content encryption algorithms only. Default: what the keys allow.
    pub fn content_encryptions(mut self, encryptions: impl IntoIterator<Item = ContentEncryption>) -> Self {
        self.jwt = self.jwt.content_encryptions(encryptions);
        self
    }

    /// Accepts encrypted tokens whose plaintext is compressed, see
    /// [`JwtVerifierBuilder::allow_compression`]. Default: refused.
    #[cfg(feature = "deflate")]
    pub fn allow_compression(mut self) -> Self {
        self.jwt = self.jwt.allow_compression();
        self
    }

    /// Declares parameters of a signed token's header that the application understands, so that `crit` may
    /// name them, see [`JwtVerifierBuilder::understood_critical`]. Who declares one has to process it:
    /// [`AccessToken::parameter`](crate::AccessToken::parameter) gives it out.
    pub fn understood_critical<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.jwt = self.jwt.understood_critical(names);
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.jwt = self.jwt.clock(clock);
        self
    }

    /// Sets the limits on input. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.jwt = self.jwt.limits(limits);
        self
    }

    /// Ties what a [`TokenCache`](crate::gateway::cache::TokenCache) remembers of this verifier's verdicts to a
    /// generation of its keys: with each bump all of them are void. Default: one of its own, which never
    /// changes, as the keys don't.
    #[cfg(feature = "gateway")]
    pub fn key_generation(mut self, generation: KeyGeneration) -> Self {
        self.generation = generation;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if issuer or audience is missing, `issuer` was called although the provider or
    /// the keys came with theirs, what the provider was told can't be, or as
    /// [`JwtVerifierBuilder::build`].
    pub fn build(self) -> Result<AccessTokenVerifier, Error> {
        let Self {
            mut jwt,
            provider,
            issuers_are_given,
            has_issuer,
            has_audience,
            proof_if_bound,
            #[cfg(feature = "gateway")]
            generation,
        } = self;
        let mut dialect = match provider {
            Some(provider) => {
                provider.check()?;
                provider.dialect
            }
            None => Dialect::rfc9068(),
        };
        if has_issuer && issuers_are_given {
            return Err(Error::misuse(
                "expected no `issuer` beside a provider or keys that come with theirs",
            ));
        }
        if !has_issuer && !issuers_are_given {
            return Err(Error::misuse("expected `issuer`, whose access tokens are accepted"));
        }
        if !has_audience {
            if !dialect.audience_is_optional {
                return Err(Error::misuse("expected `audience`, the name of this API to its issuer"));
            }
            // A token that names an audience isn't meant for who doesn't know whether it is that.
            dialect.rules.push(Rule::NoAudience);
            jwt = jwt.any_audience();
        }
        for token_type in dialect.token_types {
            jwt = jwt.token_type(*token_type);
        }
        if dialect.untyped {
            jwt = jwt.allow_missing_type();
        }
        if dialect.sole_audience {
            jwt = jwt.sole_audience();
        }
        jwt = jwt.required_claims(Dialect::REQUIRED.iter().chain(dialect.required).copied());
        let dialect = Arc::new(dialect);
        let judged = Arc::clone(&dialect);
        jwt = jwt.check_if_expired(move |claims| {
            Facts::read(&judged, &claims.members(), claims.limits()).map(drop)
        });
        Ok(AccessTokenVerifier {
            jwt: jwt.build()?,
            dialect,
            proof_if_bound,
            #[cfg(feature = "gateway")]
            identity: Identity::new(generation),
        })
    }
}

impl fmt::Debug for AccessTokenVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenVerifierBuilder").finish_non_exhaustive()
    }
}
