//! The verifier of access tokens (RFC 9068 §4): a token goes in, with a proof of the key that it is bound
//! to if it is; an [`AccessToken`] comes out, or an error.
//!
//! It is a [`JwtVerifier`] with issuer and audience set, and the profile's type and claims on top: it
//! accepts nothing that the one beneath refuses.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::confirmation::{Confirmation, ProofOfPossession};
use super::dialect::Dialect;
use super::facts::Facts;
#[cfg(feature = "gateway")]
use super::identity::Identity;
use super::provider::Provider;
use super::token::{AccessToken, Read};
use super::verifier_builder::AccessTokenVerifierBuilder;
use crate::error::{Error, Refusal};
use crate::jws::VerifyingKey;
#[cfg(feature = "gateway")]
use crate::jwt::NoClaims;
use crate::jwt::{BatchVerifier, JudgedToken, JwtVerifier, TokenBuffer, VerifiedJwt, verify_batch};
use crate::keys::{KeySet, keys_of};
use crate::secret::WipedRoom;
use crate::wire::json::Members;
use crate::wire::typed;

/// Verifies access tokens ([RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4)): built once, shared by reference.
///
/// Beyond what a [`JwtVerifier`] asks for, the header's type is `at+jwt`, and `iss`, `aud`, `exp`, `sub`,
/// `client_id`, `iat` and `jti` are there: no ID token, logout token or other token of the same issuer
/// passes. For providers that write access tokens in their own way, see [`Provider`].
///
/// ```
/// use countersign::profile::access_token::Grant;
/// use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let public_key = key.verifying_key()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let token = issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"]))?;
/// let verifier = AccessTokenVerifier::builder(public_key)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .build()?;
/// let token = verifier.verify::<NoClaims>(&token)?;
/// assert_eq!((token.subject(), token.client_id()), ("user-17", "client-4"));
/// assert!(token.has_scope("orders:read"));
/// # Ok(())
/// # }
/// ```
pub struct AccessTokenVerifier {
    pub(super) jwt: JwtVerifier,
    pub(super) dialect: Arc<Dialect>,
    pub(super) proof_if_bound: bool,
    #[cfg(feature = "gateway")]
    pub(super) identity: Identity,
}

/// How the token was presented.
#[derive(Clone, Copy)]
pub(crate) enum Presented<'p> {
    AsBearer,
    With(&'p dyn ProofOfPossession),
}

impl AccessTokenVerifier {
    /// Begins a verifier of tokens of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) that trusts these keys.
    pub fn builder(keys: impl Into<KeySet>) -> AccessTokenVerifierBuilder {
        AccessTokenVerifierBuilder::new(JwtVerifier::builder(keys), None, false)
    }

    /// Begins a verifier of tokens of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) that trusts several issuers, each with keys
    /// of its own, see [`JwtVerifier::for_issuers`].
    pub fn for_issuers<I, S, K>(issuers: I) -> AccessTokenVerifierBuilder
    where
        I: IntoIterator<Item = (S, K)>,
        S: Into<String>,
        K: Into<KeySet>,
    {
        AccessTokenVerifierBuilder::new(JwtVerifier::for_issuers(issuers), None, true)
    }

    /// Begins a verifier of this provider's tokens that trusts these keys of it. The provider names the
    /// issuer.
    pub fn for_provider(provider: Provider, keys: impl Into<KeySet>) -> AccessTokenVerifierBuilder {
        let mut jwt = JwtVerifier::builder(keys);
        for issuer in &provider.issuers {
            jwt = jwt.issuer(issuer);
        }
        AccessTokenVerifierBuilder::new(jwt, Some(provider), true)
    }

    /// Begins a verifier of this provider's tokens that trusts the keys of the JWK set that it publishes.
    ///
    /// Of the keys of Microsoft's tenant-independent document, each verifies tokens of the issuer that it
    /// is marked with only. Otherwise as [`for_provider`](Self::for_provider).
    ///
    /// # Errors
    ///
    /// As [`JwkSet::from_json`](crate::JwkSet::from_json).
    pub fn for_published(provider: Provider, jwk_set: &str) -> Result<AccessTokenVerifierBuilder, Error> {
        let template = provider.template.as_deref();
        let keys = provider.issuers.iter().map(|issuer| {
            let keys = keys_of(jwk_set, issuer, template)?;
            Ok((issuer.clone(), keys))
        });
        let keys = keys.collect::<Result<Vec<_>, Error>>()?;
        Ok(AccessTokenVerifierBuilder::new(JwtVerifier::for_issuers(keys), Some(provider), true))
    }

    /// Verifies a token that came as a plain bearer token
    /// ([RFC 6750 §2](https://www.rfc-editor.org/rfc/rfc6750#section-2)), without `Bearer ` in front.
    ///
    /// A token that is bound to a key is refused: whoever stole it could send it like this.
    ///
    /// # Errors
    ///
    /// As [`JwtVerifier::verify`]; [`Error::Claim`] if a claim of the profile is missing or malformed, or
    /// tells that the token is of another kind; [`Error::NotAllowed`] with the code `proof_required` if
    /// the token is bound to a key.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<AccessToken<T>, Error> {
        self.accept(token, &Presented::AsBearer)
    }

    /// Verifies many tokens that came as plain bearer tokens, each with its own verdict, in the order of the
    /// tokens, see [`JwtVerifier::verify_batch`].
    ///
    /// # Errors
    ///
    /// None of its own; each verdict's are those of [`verify`](Self::verify).
    pub fn verify_batch<T: DeserializeOwned + Send>(
        &self,
        tokens: &[impl AsRef<str> + Sync],
    ) -> Vec<Result<AccessToken<T>, Error>> {
        verify_batch(&AsBearer { verifier: self, claims: PhantomData }, tokens)
    }

    /// Verifies a token that came with a proof of the key that it is bound to, such as the
    /// [`ClientCertificate`](super::ClientCertificate) of the connection.
    ///
    /// A token that isn't bound is refused, unless the verifier was built with
    /// [`proof_if_bound`](super::AccessTokenVerifierBuilder::proof_if_bound).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), but for the codes `proof_failed` if the proof isn't of every key that
    /// the token is bound to, and `not_bound` if it is bound to none.
    pub fn verify_with_proof<T: DeserializeOwned>(
        &self,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Result<AccessToken<T>, Error> {
        self.accept(token, &Presented::With(proof))
    }

    /// Verifies a token like [`verify`](Self::verify), and waits for an external key to decrypt, see
    /// [`JwtVerifier::verify_async`].
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify) and [`JwtVerifier::verify_async`].
    pub async fn verify_async<T: DeserializeOwned>(&self, token: &str) -> Result<AccessToken<T>, Error> {
        self.accept_async(token, &Presented::AsBearer).await
    }

    /// Verifies a token like [`verify_with_proof`](Self::verify_with_proof), and waits for an external
    /// key to decrypt, see [`JwtVerifier::verify_async`].
    ///
    /// # Errors
    ///
    /// As [`verify_with_proof`](Self::verify_with_proof) and [`JwtVerifier::verify_async`].
    pub async fn verify_with_proof_async<T: DeserializeOwned>(
        &self,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Result<AccessToken<T>, Error> {
        self.accept_async(token, &Presented::With(proof)).await
    }

    pub(crate) fn accept<T: DeserializeOwned>(
        &self,
        token: &str,
        presented: &Presented<'_>,
    ) -> Result<AccessToken<T>, Error> {
        let mut room = WipedRoom::new();
        let jwt = self.jwt.verify_reading(token, &mut room, |claims| self.read(claims, presented))?;
        Ok(AccessToken::new(VerifiedJwt::new(jwt), self.jwt.limits()))
    }

    pub(crate) async fn accept_async<T: DeserializeOwned>(
        &self,
        token: &str,
        presented: &Presented<'_>,
    ) -> Result<AccessToken<T>, Error> {
        let mut buffer = TokenBuffer::new();
        let read = self.jwt.verify_reading_async(token, &mut buffer, |claims| self.read(claims, presented));
        let jwt = read.await?;
        Ok(AccessToken::new(VerifiedJwt::new(jwt), self.jwt.limits()))
    }

    /// Reads the claims of a token that is authentic and in time, the caller's last.
    fn read<'a, T: DeserializeOwned>(
        &'a self,
        claims: &Members<'a>,
        presented: &Presented<'_>,
    ) -> Result<Read<'a, T>, Error> {
        let facts = Facts::read(&self.dialect, claims, self.jwt.limits())?;
        self.check_binding(facts.confirmation.as_ref(), presented)?;
        Ok(Read { facts, text: claims.text(), claims: typed::from_members(claims)? })
    }

    fn check_binding(
        &self,
        confirmation: Option<&Confirmation>,
        presented: &Presented<'_>,
    ) -> Result<(), Error> {
        let refusal = match (confirmation, presented) {
            (None, Presented::AsBearer) => return Ok(()),
            (None, Presented::With(_)) if self.proof_if_bound => return Ok(()),
            (None, Presented::With(_)) => Refusal::NotBound,
            (Some(_), Presented::AsBearer) => Refusal::ProofMissing,
            (Some(confirmation), Presented::With(proof)) if confirmation.proven_by(*proof) => return Ok(()),
            (Some(_), Presented::With(_)) => Refusal::ProofFailed,
        };
        Err(Error::NotAllowed(refusal))
    }
}

/// What a cache asks for.
#[cfg(feature = "gateway")]
impl AccessTokenVerifier {
    /// Accepts a token again that this very verifier accepted before, under the same keys: all that the time,
    /// the application or the presenter may have changed is judged, and nothing is decrypted or verified.
    pub(crate) fn accept_again<T: DeserializeOwned>(
        &self,
        known: &AccessToken<NoClaims>,
        presented: Presented<'_>,
    ) -> Result<AccessToken<T>, Error> {
        self.jwt.judge_again(known.jwt(), known.text())?;
        self.check_binding(known.confirmation(), &presented)?;
        Ok(known.with_claims(typed::from_json(known.text())?))
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The verifier beneath, for its clock and limits.
    pub(crate) fn jwt(&self) -> &JwtVerifier {
        &self.jwt
    }
}

/// The verifier of a batch of plain bearer tokens.
struct AsBearer<'v, T> {
    verifier: &'v AccessTokenVerifier,
    claims: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send> BatchVerifier for AsBearer<'_, T> {
    type Verified = AccessToken<T>;

    fn jwt(&self) -> &JwtVerifier {
        &self.verifier.jwt
    }

    fn accept<'b>(
        &'b self,
        token: &JudgedToken<'_, 'b>,
        holds: impl Fn(&VerifyingKey) -> bool,
    ) -> Result<AccessToken<T>, Error> {
        let read = |claims: &Members<'b>| self.verifier.read(claims, &Presented::AsBearer);
        let jwt = self.jwt().accept_judged(token, holds, read)?;
        Ok(AccessToken::new(VerifiedJwt::new(jwt), self.jwt().limits()))
    }
}

impl fmt::Debug for AccessTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenVerifier").field("jwt", &self.jwt).finish_non_exhaustive()
    }
}
