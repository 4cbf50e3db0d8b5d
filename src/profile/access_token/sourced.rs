//! Access tokens under keys from elsewhere: a token goes in, an [`AccessToken`] comes out, once its issuer's keys are
//! there.
//!
//! When the source is asked, and when it looks again, is [`SourcedVerifier`]'s to say.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::confirmation::ProofOfPossession;
use super::token::AccessToken;
use super::verifier::AccessTokenVerifier;
use crate::error::Error;
use crate::jwt::{KeyedVerifier, SourcedVerifier};

impl KeyedVerifier for AccessTokenVerifier {
    fn lacks_signing_key(&self, token: &str, refusal: &Error) -> bool {
        self.jwt.lacks_signing_key(token, refusal)
    }
}

impl SourcedVerifier<AccessTokenVerifier> {
    /// Verifies a token that came as a plain bearer token, see [`AccessTokenVerifier::verify_async`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_async`] and [`verify_by`](Self::verify_by).
    pub async fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<AccessToken<T>, Error> {
        self.verify_by_async(token, |verifier| async move { verifier.verify_async(token).await }).await
    }

    /// Verifies a token that came with a proof, see [`AccessTokenVerifier::verify_with_proof_async`].
    ///
    /// # Errors
    ///
    /// As [`AccessTokenVerifier::verify_with_proof_async`] and [`verify_by`](Self::verify_by).
    pub async fn verify_with_proof<T: DeserializeOwned>(
        &self,
        token: &str,
        proof: &dyn ProofOfPossession,
    ) -> Result<AccessToken<T>, Error> {
        let verify = |verifier: Arc<AccessTokenVerifier>| async move {
            verifier.verify_with_proof_async(token, proof).await
        };
        self.verify_by_async(token, verify).await
    }
}
