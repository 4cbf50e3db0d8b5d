//! A verifier whose keys come from a source: a token goes in; the keys that the source has judge it, and if
//! none of them is the token's, the source looks for newer ones, once (RFC 7519 §7.2, RFC 8725 §3.10).
//!
//! Verification itself stays synchronous, on a verifier that is built once for each set of keys.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::unverified::UnverifiedToken;
use super::verified::VerifiedJwt;
use super::verifier::JwtVerifier;
use crate::error::{Error, Refusal};
use crate::keys::remote::{KeySnapshot, KeySource};

/// A verifier over the keys of a [`KeySource`], built anew when they change.
///
/// `V` is what verifies: a [`JwtVerifier`], or an
/// [`AccessTokenVerifier`](crate::AccessTokenVerifier). A token whose key is unknown has the source look for
/// newer keys and is judged once more; [`Error::KeySourceUnavailable`] says that this couldn't be done, so
/// that the token may be good.
///
/// ```
/// use countersign::jwt::SourcedVerifier;
/// use countersign::keys::remote::RemoteJwks;
/// use countersign::{Error, JwtVerifier, NoClaims};
///
/// async fn subject(keys: RemoteJwks, token: &str) -> Result<Option<String>, Error> {
///     let verifier = SourcedVerifier::new(keys, |keys| {
///         JwtVerifier::builder(keys.keys().clone())
///             .issuer("https://id.example.com")
///             .audience("https://orders.example.com")
///             .build()
///     });
///     let jwt = verifier.verify::<NoClaims>(token).await?;
///     Ok(jwt.subject().map(String::from))
/// }
/// ```
pub struct SourcedVerifier<V = JwtVerifier> {
    source: Box<dyn KeySource>,
    build: Build<V>,
    /// The verifier of the newest keys, and their generation.
    built: Mutex<Option<(u64, Arc<V>)>>,
}

type Build<V> = Box<dyn Fn(&KeySnapshot) -> Result<V, Error> + Send + Sync>;

impl<V: Send + Sync> SourcedVerifier<V> {
    /// Makes a verifier over this source. `build` is called with the first keys and whenever they change.
    pub fn new(
        source: impl KeySource + 'static,
        build: impl Fn(&KeySnapshot) -> Result<V, Error> + Send + Sync + 'static,
    ) -> Self {
        Self { source: Box::new(source), build: Box::new(build), built: Mutex::new(None) }
    }

    /// Has the token verified by `verify`, with the verifier of the newest keys, and once more if its key
    /// isn't among them and there are newer ones.
    ///
    /// For what [`verify`](Self::verify) doesn't do, such as a proof that comes with the token.
    ///
    /// # Errors
    ///
    /// What `verify` returns; [`Error::KeySourceUnavailable`] if there are no keys, or the token's is unknown
    /// and newer ones can't be had; what `build` returns.
    pub async fn verify_by<R>(
        &self,
        token: &str,
        verify: impl Fn(&V, &str) -> Result<R, Error>,
    ) -> Result<R, Error> {
        // The header of an encrypted token names the key that opens it, which is no key of the source.
        // One that can't be read is refused by whoever verifies, with limits and extensions of its own.
        let header = UnverifiedToken::parse(token).ok();
        let key_id =
            header.as_ref().filter(|header| !header.is_encrypted()).and_then(UnverifiedToken::key_id);
        let keys = self.source.keys(key_id, None).await?;
        let verdict = verify(&*self.over(&keys)?, token);
        match verdict {
            // An issuer that changes its algorithm changes its keys.
            Err(refusal @ (Error::NoMatchingKey | Error::NotAllowed(Refusal::Algorithm))) => {
                let newer = self.source.keys(key_id, Some(&keys)).await?;
                if newer.generation() == keys.generation() {
                    return Err(refusal);
                }
                verify(&*self.over(&newer)?, token)
            }
            verdict => verdict,
        }
    }

    fn over(&self, keys: &KeySnapshot) -> Result<Arc<V>, Error> {
        let built = || self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((generation, verifier)) = &*built()
            && *generation == keys.generation()
        {
            return Ok(Arc::clone(verifier));
        }
        let verifier = Arc::new((self.build)(keys)?);
        let mut newest = built();
        // Whoever still has older keys builds for itself, so that the newest aren't built twice.
        if newest.as_ref().is_none_or(|(generation, _)| *generation < keys.generation()) {
            *newest = Some((keys.generation(), Arc::clone(&verifier)));
        }
        Ok(verifier)
    }
}

impl SourcedVerifier<JwtVerifier> {
    /// Verifies a token, see [`JwtVerifier::verify`].
    ///
    /// # Errors
    ///
    /// As [`JwtVerifier::verify`] and [`verify_by`](Self::verify_by).
    pub async fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<VerifiedJwt<T>, Error> {
        self.verify_by(token, JwtVerifier::verify).await
    }
}

impl<V> fmt::Debug for SourcedVerifier<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourcedVerifier").finish_non_exhaustive()
    }
}
