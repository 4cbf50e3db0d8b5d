//! What a key management algorithm does for one recipient, on either side: the seam between the message
//! (`encrypt`, `token`) and the algorithms (`alg`).
//!
//! The five key management modes of RFC 7516 §2 fall into two kinds. Either the algorithm determines
//! the content encryption key itself (direct encryption, direct key agreement), or the sender chooses
//! it and the algorithm encrypts it to the recipient. The recipient's side is split in two as well:
//! what the sender can see is judged before a secret is used.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::crypto::{self, Bytes, CryptoError};
use crate::error::{Error, KeyDefect, Limit, Part};
use crate::external::{ExternalFuture, ExternalKeyError};
use crate::jwk::Jwk;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url;
use crate::wire::header::Header;

use super::alg::JweAlgorithm;
use super::enc::{ContentCipher, ContentEncryption};
use super::external::{Agreement, Unwrapper};
use super::message_budget::MessageBudget;

/// A family of key management algorithms with its constants, as a registry row names it.
pub(super) trait Family: Sync {
    /// Makes a new private or secret key that fits.
    fn generate(&self) -> Result<Jwk, Error>;

    /// Returns the sender's side of a key whose `alg`, `use` and `key_ops` have been judged.
    fn encryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error>;

    /// Returns the recipient's side of a key whose `alg`, `use` and `key_ops` have been judged.
    fn decryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error>;

    /// Tells the algorithm's readers what they need for it.
    fn description(&self) -> Description;

    /// Returns the recipient's side of a key that unwraps outside the process. `jwk` is the public key of
    /// a pair, judged as for encryption, and nothing for a secret.
    fn external_unwrapping(&self, _: Unwrapper, _: Option<&Jwk>) -> Result<Box<dyn OpenContentKey>, Error> {
        Err(Error::misuse(
            "expected an algorithm that encrypts or wraps the content key for an external unwrapper, found another",
        ))
    }

    /// Returns the recipient's side of a key that agrees outside the process, by its public key, judged as
    /// for encryption.
    fn external_agreement(
        &self,
        _: JweAlgorithm,
        _: Agreement,
        _: &Jwk,
    ) -> Result<Box<dyn OpenContentKey>, Error> {
        Err(Error::misuse("expected ECDH-ES or its kin for an external agreement, found another algorithm"))
    }

    /// Whether the algorithm determines the content key, so that a message has one recipient.
    fn determines_content_key(&self) -> bool {
        false
    }

    /// Whether a key is agreed on, so that a message may name the parties.
    fn agrees(&self) -> bool {
        false
    }
}

/// What is to be known of an algorithm before it is used.
pub(super) struct Description {
    /// Where it is defined.
    pub(super) specification: &'static str,
    /// What key it takes, in words.
    pub(super) key: &'static str,
    /// The cargo features any one of which brings it; none where every build has it.
    pub(super) features: &'static [&'static str],
}

/// The sender's side of a key, by who decides the content encryption key.
pub(super) enum KeyManagement {
    /// The algorithm determines the content encryption key; such a message has one recipient.
    Determines(Box<dyn DetermineContentKey>),
    /// The algorithm encrypts a content encryption key that the sender chose.
    Encrypts(Box<dyn EncryptContentKey>),
}

impl KeyManagement {
    /// Returns the only content encryption that the key permits, if there is only one.
    pub(super) fn content_encryption(&self) -> Option<ContentEncryption> {
        match self {
            Self::Determines(key) => key.content_encryption(),
            Self::Encrypts(_) => None,
        }
    }

    /// Returns the count of messages, where the algorithm bounds it.
    pub(super) fn message_budget(&self) -> Option<&MessageBudget> {
        match self {
            Self::Determines(key) => key.message_budget(),
            Self::Encrypts(key) => key.message_budget(),
        }
    }

    /// Returns the same key with another number of iterations, where it is a password.
    pub(super) fn with_iterations(&self, iterations: NonZeroU32) -> Option<Self> {
        match self {
            Self::Determines(_) => None,
            Self::Encrypts(key) => key.with_iterations(iterations).map(Self::Encrypts),
        }
    }
}

/// Direct encryption and direct key agreement: content key step and recipient step are one.
pub(super) trait DetermineContentKey: Send + Sync {
    /// Returns the content key of one message, and what the recipient needs to find it too.
    fn determine(
        &self,
        enc: ContentEncryption,
        parties: &PartyInfo,
    ) -> Result<(ContentKey<'_>, RecipientOutput), Error>;

    /// Returns the only content encryption that the key permits, if there is only one.
    fn content_encryption(&self) -> Option<ContentEncryption> {
        None
    }

    /// Returns the count of messages, where the algorithm bounds it.
    fn message_budget(&self) -> Option<&MessageBudget> {
        None
    }
}

/// Key encryption, key wrapping, key agreement with key wrapping: the recipient step.
pub(super) trait EncryptContentKey: Send + Sync {
    /// Encrypts a message's content key to the recipient.
    fn encrypt(&self, content_key: &SecretBytes, parties: &PartyInfo) -> Result<RecipientOutput, Error>;

    /// Returns the count of messages, where the algorithm bounds it.
    fn message_budget(&self) -> Option<&MessageBudget> {
        None
    }

    /// Returns the same key with another number of iterations, where it is a password.
    fn with_iterations(&self, _: NonZeroU32) -> Option<Box<dyn EncryptContentKey>> {
        None
    }
}

/// The recipient's side of any algorithm.
pub(super) trait OpenContentKey: Send + Sync {
    /// Judges what the sender can see too, with no secret at work.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when header and encrypted key don't have the algorithm's form.
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error>;

    /// Returns the only content encryption that the key permits, if there is only one.
    fn content_encryption(&self) -> Option<ContentEncryption> {
        None
    }
}

/// The secret half of the recipient step, to be taken once all that the sender can see is found
/// in order. Its failure must not be told from a failure of the content decryption, unless the key
/// can't be asked at all.
pub(super) struct Accepted<'a> {
    step: SecretStep<'a>,
    iterations: u32,
}

enum SecretStep<'a> {
    /// The step of a key that answers when it is called.
    Call(CallStep<'a>),
    /// The step of an external key that answers later. It asks when it is first polled.
    Await(ExternalFuture<'a, ContentKey<'a>>),
}

/// The step of a key that answers when it is called.
pub(super) type CallStep<'a> = Box<dyn FnOnce() -> Result<ContentKey<'a>, ExternalKeyError> + Send + 'a>;

impl<'a> Accepted<'a> {
    /// The step of a key in the process.
    pub(super) fn new(step: impl FnOnce() -> Result<ContentKey<'a>, CryptoError> + Send + 'a) -> Self {
        Self::call(|| step().map_err(|CryptoError| ExternalKeyError::Refused))
    }

    /// The step of a key that answers when it is called.
    pub(super) fn call(step: impl FnOnce() -> Result<ContentKey<'a>, ExternalKeyError> + Send + 'a) -> Self {
        Self { step: SecretStep::Call(Box::new(step)), iterations: 0 }
    }

    /// The step of an external key that answers later. It asks when it is first polled.
    pub(super) fn later(step: ExternalFuture<'a, ContentKey<'a>>) -> Self {
        Self { step: SecretStep::Await(step), iterations: 0 }
    }

    /// Says how many iterations of PBKDF2 the step takes.
    pub(super) fn costing(mut self, iterations: u32) -> Self {
        self.iterations = iterations;
        self
    }

    /// Returns how many iterations of PBKDF2 the step takes: the sender's choice, so the recipient adds
    /// them up before the first step is taken.
    pub(super) const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Returns the step for a caller that doesn't wait.
    pub(super) fn at_once(self) -> Result<CallStep<'a>, Error> {
        match self.step {
            SecretStep::Call(step) => Ok(step),
            SecretStep::Await(_) => Err(Error::misuse(
                "expected a call that waits for an asynchronous external key, such as `verify_async` or \
                 `decrypt_async`, found one that doesn't",
            )),
        }
    }

    /// Uses the secret key, and waits for it if need be.
    pub(super) async fn content_key(self) -> Result<ContentKey<'a>, ExternalKeyError> {
        match self.step {
            SecretStep::Call(step) => step(),
            SecretStep::Await(step) => step.await,
        }
    }
}

/// A message's content encryption key.
pub(super) enum ContentKey<'k> {
    /// A key for this message, of a length still to be judged.
    Fresh(SecretBytes),
    /// A shared key that is the content key of every message, its cipher set up once.
    Shared(&'k dyn ContentCipher),
}

/// What the recipient step adds to a message.
#[derive(Default)]
pub(super) struct RecipientOutput {
    /// The JWE encrypted key; empty where the algorithm has none.
    pub(super) encrypted_key: Vec<u8>,
    /// Header parameters.
    pub(super) parameters: Vec<Parameter>,
}

/// A header parameter of a key management algorithm.
pub(super) enum Parameter {
    /// A string.
    Text(&'static str, String),
    /// Any other JSON.
    Json(&'static str, String),
}

/// What key agreement mixes into the key that it derives: who the parties are (RFC 7518 §4.6.1.2, §4.6.1.3).
/// Empty octets are the same as none. Other algorithms have no place for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PartyInfo {
    /// Agreement PartyUInfo, about the sender.
    pub(super) apu: Vec<u8>,
    /// Agreement PartyVInfo, about the recipient.
    pub(super) apv: Vec<u8>,
}

impl PartyInfo {
    pub(super) const fn none() -> Self {
        Self { apu: Vec::new(), apv: Vec::new() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.apu.is_empty() && self.apv.is_empty()
    }

    /// Reads the header's `apu` and `apv`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when they aren't base64url.
    pub(super) fn read(header: &Header<'_>) -> Result<Self, Error> {
        let octets = |text: &Option<Cow<'_, str>>| {
            text.as_deref().map_or(Ok(Vec::new()), |text| base64url::decode(text, Part::Header))
        };
        Ok(Self { apu: octets(&header.apu)?, apv: octets(&header.apv)? })
    }

    /// Returns the header parameters that tell the recipient.
    pub(super) fn parameters(&self) -> impl Iterator<Item = Parameter> {
        [("apu", &self.apu), ("apv", &self.apv)]
            .into_iter()
            .filter(|(_, octets)| !octets.is_empty())
            .map(|(name, octets)| Parameter::Text(name, base64url::encode(octets)))
    }
}

/// What a message says to one recipient.
#[derive(Clone, Copy)]
pub(super) struct RecipientInput<'t> {
    /// The content encryption that the key is for.
    pub(super) enc: ContentEncryption,
    /// The header, of which each algorithm reads its own parameters (RFC 7518 §4.6.1, §4.7.1).
    pub(super) header: &'t Header<'t>,
    /// The JWE encrypted key.
    pub(super) encrypted_key: &'t [u8],
    /// The limits on what the header asks for.
    pub(super) limits: &'t Limits,
}

/// Returns fresh random bytes: a content key, an initialization vector.
///
/// # Errors
///
/// [`Error::Unavailable`] when the system has none.
pub(super) fn random_bytes(len: usize) -> Result<SecretBytes, Error> {
    let mut bytes = vec![0; len];
    fill_random(&mut bytes)?;
    Ok(SecretBytes::from(bytes))
}

/// An initialization vector, fresh for one message.
pub(super) type InitializationVector = Bytes<16>;

/// Draws the initialization vector of a message.
///
/// # Errors
///
/// As [`random_bytes`].
pub(super) fn initialization_vector(enc: ContentEncryption) -> Result<InitializationVector, Error> {
    Bytes::filled(enc.iv_len(), crypto::fill_random).map_err(no_randomness)
}

/// Draws the content key and the initialization vector of a message, in one request: what a generator takes for one
/// hardly depends on how many bytes it gives.
///
/// # Errors
///
/// As [`random_bytes`].
pub(super) fn content_key_and_iv(
    enc: ContentEncryption,
) -> Result<(SecretBytes, InitializationVector), Error> {
    let mut drawn = random_bytes(enc.key_len() + enc.iv_len())?;
    let iv = drawn.expose_secret().get(enc.key_len()..).unwrap_or_default();
    let iv = Bytes::copy_of(iv).map_err(no_randomness)?;
    drawn.truncate(enc.key_len());
    Ok((drawn, iv))
}

/// Fills `out` with fresh random bytes.
///
/// # Errors
///
/// [`Error::Unavailable`] when the system has none.
pub(super) fn fill_random(out: &mut [u8]) -> Result<(), Error> {
    crypto::fill_random(out).map_err(no_randomness)
}

/// Turns a failure to draw random numbers into an error: it is the system's, and no key's.
pub(super) const fn no_randomness(_: CryptoError) -> Error {
    Error::Unavailable { what: "the system's random numbers" }
}

/// The refusal of a token whose key derivation would take more iterations than the limit.
pub(super) fn too_many_iterations(limits: &Limits) -> Error {
    Error::LimitExceeded { limit: Limit::Pbes2Iterations, max: limits.pbes2_iterations.into() }
}

/// Turns the sender's failure into an error: with a checked key there is no cause but the key.
pub(super) fn rejected(_: CryptoError) -> Error {
    Error::InvalidKey(KeyDefect::Rejected)
}
