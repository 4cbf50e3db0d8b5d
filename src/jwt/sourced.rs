//! A verifier whose keys come from a source: a token goes in; the keys that the source has judge it, and if
//! none of them is the token's, the source looks for newer ones, once (RFC 7519 §7.2, RFC 8725 §3.10).
//!
//! Each set of keys has a verifier of its own, built once. While the keys at hand are fresh and the token's is
//! among them, nothing is waited for but a decryption key outside the process, and no header is read twice.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::built::Built;
use super::unverified::UnverifiedToken;
use super::verified::VerifiedJwt;
use super::verifier::JwtVerifier;
use crate::error::Error;
use crate::keys::remote::{KeySnapshot, KeySource};

/// A verifier over the keys of a [`KeySource`], built anew when they change.
///
/// `V` is what verifies: a [`JwtVerifier`], or an
/// [`AccessTokenVerifier`](crate::AccessTokenVerifier). A token whose signature is of an unknown key has the
/// source look for newer keys and is judged once more; [`Error::KeySourceUnavailable`] says that this failed,
/// so that the token may be good. How often the source looks is bounded, and beyond that a token of a key that it
/// hasn't seen is refused like one of a made-up key, with 401: publish a key before it signs, see
/// [`RemoteJwks`](crate::keys::remote::RemoteJwks). External keys to decrypt with are waited for.
///
/// Before it may stand a [`TokenCache`](crate::gateway::cache::TokenCache): what that remembers ends with the
/// keys it was verified under. A verifier of keys that don't change becomes one of these by [`From`], for code
/// that takes either.
///
/// The futures of all methods may be dropped at any time, and are [`Send`]; those of [`verify_by`](Self::verify_by)
/// and [`verify_by_async`](Self::verify_by_async) if what they are given is, and the futures that that makes.
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
    keys: Keys<V>,
}

enum Keys<V> {
    Fixed(Arc<V>),
    Sourced { source: Box<dyn KeySource>, build: Build<V>, built: Built<V> },
}

type Build<V> = Box<dyn Fn(&KeySnapshot) -> Result<V, Error> + Send + Sync>;

/// What a [`SourcedVerifier`] builds of a source's keys. A type of your own asks the verifier inside it.
pub trait KeyedVerifier: Send + Sync {
    /// Returns whether this verifier refused the token, with this error, because the key of its signature isn't
    /// among the verifier's: under newer keys of the issuer, the token may pass.
    ///
    /// A key to decrypt with is the application's own, so if that is what's missing, the answer is no.
    fn lacks_signing_key(&self, token: &str, refusal: &Error) -> bool;
}

/// The verifier of one set of keys, and which set.
pub(crate) struct Current<V> {
    pub(crate) verifier: Arc<V>,
    /// None if there will be no other.
    keys: Option<KeySnapshot>,
}

impl<V: KeyedVerifier> SourcedVerifier<V> {
    /// Makes a verifier over this source. `build` is called with the first keys and whenever they change.
    pub fn new(
        source: impl KeySource + 'static,
        build: impl Fn(&KeySnapshot) -> Result<V, Error> + Send + Sync + 'static,
    ) -> Self {
        let (source, build) = (Box::new(source), Box::new(build));
        Self { keys: Keys::Sourced { source, build, built: Built::new() } }
    }

    /// Has the token verified by `verify`, with the verifier of the newest keys, and once more if the key of
    /// its signature isn't among them and there are newer ones.
    ///
    /// For a type of your own, or a method that this type hasn't. What waits goes through
    /// [`verify_by_async`](Self::verify_by_async).
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
        let current = self.current(token).await?;
        let refusal = match verify(&current.verifier, token) {
            Err(refusal) => refusal,
            accepted => return accepted,
        };
        match self.newer(&current, token, &refusal).await? {
            Some(newer) => verify(&newer.verifier, token),
            None => Err(refusal),
        }
    }

    /// Has the token verified by `verify`, which may wait, and is given the verifier to ask about that same
    /// token. Otherwise as [`verify_by`](Self::verify_by).
    ///
    /// ```
    /// # #[cfg(feature = "gateway")]
    /// # mod example {
    /// use countersign::gateway::{cache::TokenCache, revocation::RevocationCheck};
    /// use countersign::jwt::SourcedVerifier;
    /// use countersign::{AccessToken, AccessTokenVerifier, Error, NoClaims};
    ///
    /// async fn verified(
    ///     verifier: &SourcedVerifier<AccessTokenVerifier>,
    ///     cache: &TokenCache,
    ///     revoked: &RevocationCheck,
    ///     text: &str,
    /// ) -> Result<AccessToken<NoClaims>, Error> {
    ///     let verify = |verifier: std::sync::Arc<AccessTokenVerifier>| async move {
    ///         let token = cache.verify_async(&verifier, text).await?;
    ///         cache.check_revocation(&verifier, text, &token, revoked).await?;
    ///         Ok(token)
    ///     };
    ///     verifier.verify_by_async(text, verify).await
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`verify_by`](Self::verify_by).
    pub async fn verify_by_async<R, F>(
        &self,
        token: &str,
        // No reference goes in: of a future for any lifetime, the compiler often can't tell that it is `Send`.
        verify: impl Fn(Arc<V>) -> F,
    ) -> Result<R, Error>
    where
        F: Future<Output = Result<R, Error>>,
    {
        let current = self.current(token).await?;
        let refusal = match verify(Arc::clone(&current.verifier)).await {
            Err(refusal) => refusal,
            accepted => return accepted,
        };
        match self.newer(&current, token, &refusal).await? {
            Some(newer) => verify(newer.verifier).await,
            None => Err(refusal),
        }
    }

    /// Returns the verifier of the newest keys, and doesn't wait while those at hand are fresh.
    pub(crate) async fn current(&self, token: &str) -> Result<Current<V>, Error> {
        let source = match &self.keys {
            Keys::Fixed(verifier) => return Ok(Current { verifier: Arc::clone(verifier), keys: None }),
            Keys::Sourced { source, .. } => source,
        };
        let keys = match source.fresh() {
            Some(keys) => keys,
            None => source.keys(key_id(token).as_deref(), None).await?,
        };
        self.over(keys)
    }

    /// Returns the verifier of newer keys, if the other one refused the token for want of its signature's key
    /// and there are any.
    pub(crate) async fn newer(
        &self,
        current: &Current<V>,
        token: &str,
        refusal: &Error,
    ) -> Result<Option<Current<V>>, Error> {
        let (Keys::Sourced { source, .. }, Some(seen)) = (&self.keys, &current.keys) else {
            return Ok(None);
        };
        if !current.verifier.lacks_signing_key(token, refusal) {
            return Ok(None);
        }
        let newer = source.keys(key_id(token).as_deref(), Some(seen)).await?;
        if newer.generation() == seen.generation() { Ok(None) } else { self.over(newer).map(Some) }
    }

    fn over(&self, keys: KeySnapshot) -> Result<Current<V>, Error> {
        let (build, built) = match &self.keys {
            Keys::Fixed(verifier) => return Ok(Current { verifier: Arc::clone(verifier), keys: None }),
            Keys::Sourced { build, built, .. } => (build, built),
        };
        let verifier = built.over(&keys, build)?;
        Ok(Current { verifier, keys: Some(keys) })
    }
}

/// The key ID that a source may go by. The header of an encrypted token names the key that opens it, which is no
/// key of the source; one that can't be read is refused by whoever verifies, with limits of its own.
fn key_id(token: &str) -> Option<String> {
    let header = UnverifiedToken::parse(token).ok().filter(|header| !header.is_encrypted())?;
    header.key_id().map(String::from)
}

/// A verifier of keys that don't change: it never looks for others.
impl<V> From<V> for SourcedVerifier<V> {
    fn from(verifier: V) -> Self {
        Self { keys: Keys::Fixed(Arc::new(verifier)) }
    }
}

impl SourcedVerifier<JwtVerifier> {
    /// Verifies a token, see [`JwtVerifier::verify_async`].
    ///
    /// # Errors
    ///
    /// As [`JwtVerifier::verify_async`] and [`verify_by`](Self::verify_by).
    pub async fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<VerifiedJwt<T>, Error> {
        self.verify_by_async(token, |verifier| async move { verifier.verify_async(token).await }).await
    }
}

impl<V> fmt::Debug for SourcedVerifier<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourcedVerifier").finish_non_exhaustive()
    }
}
