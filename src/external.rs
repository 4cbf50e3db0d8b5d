//! Keys that aren't in the process: what a key management service, a security module, a TPM or an agent
//! answers when it doesn't do what it was asked, and the future in which it may answer later.
//!
//! The traits that such keys implement stand where they are used: signing in `jws`, unwrapping and
//! agreement in `jwe`. Nothing here belongs to an executor; any of them drives the future.

use std::pin::Pin;

use crate::error::Error;

/// What an external key's asynchronous operation returns: a future that any executor can drive.
///
/// An implementation writes `Box::pin(async move { … })`. The future borrows the key and its input. It
/// may be dropped before it is done, when a request was given up or its time ran out, and must put up
/// with that.
pub type ExternalFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ExternalKeyError>> + Send + 'a>>;

/// Why an external key didn't do what it was asked.
///
/// There is no more to say, on purpose: what a service says of a ciphertext must not reach whoever sent
/// that, and what it says to its operator, the implementation logs itself.
///
/// ```
/// use countersign::jws::{ExternalSigner, JwsBuilder};
/// use countersign::{Error, ExternalKeyError, JwsAlgorithm, SigningKey};
///
/// struct Offline;
///
/// impl ExternalSigner for Offline {
///     fn sign(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
///         Err(ExternalKeyError::Unavailable)
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// # let public_key = SigningKey::generate(JwsAlgorithm::Es256)?.to_public_jwk()?;
/// let key = SigningKey::external(JwsAlgorithm::Es256, &public_key, Offline)?;
/// assert_eq!(JwsBuilder::new(&key).sign(b"payload").unwrap_err().http_status(), 503);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalKeyError {
    /// The key can't be reached now, is throttled, or took too long; the same may work later. It
    /// becomes [`Error::Unavailable`].
    #[error("the external key is unavailable")]
    Unavailable,
    /// The key won't do it: it is disabled, access is denied, or the input isn't one that it takes.
    /// Asked to sign, it becomes [`KeyDefect::Refused`](crate::KeyDefect::Refused); asked to decrypt, it
    /// is one failed decryption among others.
    #[error("the external key refuses")]
    Refused,
}

/// For implementations that call this library: what is unavailable stays so, all else refuses.
impl From<Error> for ExternalKeyError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable { .. } => Self::Unavailable,
            _ => Self::Refused,
        }
    }
}

impl ExternalKeyError {
    /// What a caller is told where the key can't be asked.
    pub(crate) const UNAVAILABLE: Error = Error::Unavailable { what: "the external key" };
}
