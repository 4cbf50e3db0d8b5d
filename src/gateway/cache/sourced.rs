//! A cache before a verifier whose keys change: a token goes in; what became of it comes out, with the
//! verifier that accepted it and whether the cache knew it.
//!
//! Each set of keys has a verifier of its own, and so entries of its own: those of a set that is gone are never
//! found again. A token that has the source look for newer keys is looked up anew under them.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::digest::TokenDigest;
use super::token_cache::{Judged, TokenCache};
use crate::error::Error;
use crate::jwt::{NoClaims, SourcedVerifier};
use crate::profile::access_token::{AccessToken, AccessTokenVerifier, Presented, ProofOfPossession};

/// What became of a token: accepted or refused, and whether a [`TokenCache`] knew it.
#[must_use = "the token may be refused"]
pub struct Verification<T = NoClaims> {
    outcome: Result<(AccessToken<T>, Arc<AccessTokenVerifier>), Error>,
    is_hit: bool,
    digest: Option<TokenDigest>,
}

impl<T> Verification<T> {
    /// Returns the token, or why it was refused.
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_with_proof_async`]; [`Error::KeySourceUnavailable`] if there are no
    /// keys, or the token's is unknown and newer ones can't be had; what building the verifier returned.
    pub fn into_token(self) -> Result<AccessToken<T>, Error> {
        self.outcome.map(|(token, _)| token)
    }

    /// Returns the token with the verifier that accepted it, for [`TokenCache::check_revocation`] and
    /// [`TokenCache::forget`].
    ///
    /// # Errors
    ///
    /// As [`into_token`](Self::into_token).
    pub fn into_token_and_verifier(self) -> Result<(AccessToken<T>, Arc<AccessTokenVerifier>), Error> {
        self.outcome
    }

    /// Returns whether the cache knew the token, for records of decisions. It may have been refused all the same.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.is_hit
    }

    /// The token's digest, if the cache needed it.
    pub(in crate::gateway) fn digest(&self) -> Option<TokenDigest> {
        self.digest
    }
}

impl<T: DeserializeOwned> Verification<T> {
    /// Has the token verified, with a cache or without.
    pub(in crate::gateway) async fn of(
        cache: Option<&TokenCache>,
        verifier: &SourcedVerifier<AccessTokenVerifier>,
        token: &str,
        presented: Presented<'_>,
    ) -> Self {
        let current = match verifier.current(token).await {
            Ok(current) => current,
            Err(error) => return Self { outcome: Err(error), is_hit: false, digest: None },
        };
        // What is waited for beside a token would have to be `Send`, so none is held here.
        let (refusal, is_hit, digest) = match Self::judged(cache, &current.verifier, token, presented).await {
            Judged { verdict: Err(refusal), is_hit, digest } => (refusal, is_hit, digest),
            Judged { verdict: Ok(token), is_hit, digest } => {
                return Self { outcome: Ok((token, current.verifier)), is_hit, digest };
            }
        };
        let newer = match verifier.newer(&current, token, &refusal).await {
            Ok(Some(newer)) => newer.verifier,
            Ok(None) => return Self { outcome: Err(refusal), is_hit, digest },
            Err(error) => return Self { outcome: Err(error), is_hit, digest },
        };
        let Judged { verdict, is_hit, digest } = Self::judged(cache, &newer, token, presented).await;
        Self { outcome: verdict.map(|token| (token, newer)), is_hit, digest }
    }

    async fn judged(
        cache: Option<&TokenCache>,
        verifier: &AccessTokenVerifier,
        token: &str,
        presented: Presented<'_>,
    ) -> Judged<T> {
        match cache {
            Some(cache) => cache.judge(verifier, token, presented).await,
            None => {
                let verdict = verifier.accept_async(token, &presented).await;
                Judged { verdict, is_hit: false, digest: None }
            }
        }
    }
}

impl TokenCache {
    /// Verifies a token that came as a plain bearer token, under the newest keys of the verifier's source, see
    /// [`SourcedVerifier`].
    ///
    /// While the keys at hand are fresh, a token that is known under them waits for nothing.
    ///
    /// ```
    /// use countersign::gateway::{cache::TokenCache, revocation::RevocationCheck};
    /// use countersign::jwt::SourcedVerifier;
    /// use countersign::{AccessToken, AccessTokenVerifier, Error, NoClaims};
    ///
    /// async fn verified(
    ///     cache: &TokenCache,
    ///     verifier: &SourcedVerifier<AccessTokenVerifier>,
    ///     revoked: &RevocationCheck,
    ///     text: &str,
    /// ) -> Result<AccessToken<NoClaims>, Error> {
    ///     let verification = cache.verify_sourced(verifier, text).await;
    ///     let (token, verifier) = verification.into_token_and_verifier()?;
    ///     cache.check_revocation(&verifier, text, &token, revoked).await?;
    ///     Ok(token)
    /// }
    /// ```
    pub async fn verify_sourced<T: DeserializeOwned>(
        &self,
        verifier: &SourcedVerifier<AccessTokenVerifier>,
        token: &str,
    ) -> Verification<T> {
        Verification::of(Some(self), verifier, token, Presented::AsBearer).await
    }

    /// Verifies a token that came with a proof. Otherwise as [`verify_sourced`](Self::verify_sourced).
    pub async fn verify_sourced_with_proof<T: DeserializeOwned>(
        &self,
        verifier: &SourcedVerifier<AccessTokenVerifier>,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Verification<T> {
        Verification::of(Some(self), verifier, token, Presented::With(proof)).await
    }
}

/// Shows the verdict, and nothing of the token.
impl<T> fmt::Debug for Verification<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification")
            .field("refusal", &self.outcome.as_ref().err())
            .field("is_hit", &self.is_hit)
            .finish_non_exhaustive()
    }
}
