//! What an event says of a token: what was verified, or else what its header says and nobody vouches for.
//!
//! These are two types, so that code which takes the one can't be handed the other.

use std::fmt;
use std::sync::OnceLock;

use super::subject::{AuditSubject, SubjectHash, SubjectKey};
use super::text::{AuditText, Text};
use crate::jws::JwsAlgorithm;
use crate::jwt::UnverifiedToken;
use crate::profile::access_token::AccessToken;

/// What a verified token says of itself.
#[derive(Clone)]
pub struct VerifiedFacts<'a> {
    issuer: Text<'a>,
    key_id: Option<Text<'a>>,
    algorithm: JwsAlgorithm,
    client_id: Text<'a>,
    token_id: Option<Text<'a>>,
    subject: Subject<'a>,
}

#[derive(Clone)]
enum Subject<'a> {
    Hidden(HiddenSubject<'a>),
    /// Without what it was made of.
    Hashed(SubjectHash),
    Clear(Text<'a>),
}

/// A subject as the token has it, hashed once a sink asks, and never given out as it is.
#[derive(Clone)]
struct HiddenSubject<'a> {
    issuer: &'a str,
    subject: &'a str,
    key: &'a SubjectKey,
    hash: OnceLock<SubjectHash>,
}

impl HiddenSubject<'_> {
    fn hash(&self) -> SubjectHash {
        *self.hash.get_or_init(|| self.key.hash(self.issuer, self.subject))
    }
}

impl<'a> VerifiedFacts<'a> {
    /// Without a key, the subject is shown in clear.
    pub(super) fn new<T>(token: &'a AccessToken<T>, key: Option<&'a SubjectKey>) -> Self {
        let (issuer, subject) = (token.issuer(), token.subject());
        Self {
            issuer: Text::new(issuer),
            key_id: token.key_id().map(Text::new),
            algorithm: token.algorithm(),
            client_id: Text::new(token.client_id()),
            token_id: token.token_id().map(Text::new),
            subject: match key {
                Some(key) => Subject::Hidden(HiddenSubject { issuer, subject, key, hash: OnceLock::new() }),
                None => Subject::Clear(Text::new(subject)),
            },
        }
    }

    /// Returns `iss`.
    #[must_use]
    pub fn issuer(&self) -> AuditText<'_> {
        self.issuer.shown()
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<AuditText<'_>> {
        self.key_id.as_ref().map(Text::shown)
    }

    /// Returns the algorithm of that key.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> AuditText<'_> {
        self.client_id.shown()
    }

    /// Returns `jti`, or where the issuer writes that.
    #[must_use]
    pub fn token_id(&self) -> Option<AuditText<'_>> {
        self.token_id.as_ref().map(Text::shown)
    }

    /// Returns the subject, hashed unless clear subjects were asked for.
    #[must_use]
    pub fn subject(&self) -> AuditSubject<'_> {
        match &self.subject {
            Subject::Hidden(hidden) => AuditSubject::Hashed(hidden.hash()),
            Subject::Hashed(hash) => AuditSubject::Hashed(*hash),
            Subject::Clear(subject) => AuditSubject::Clear(subject.shown()),
        }
    }

    pub(super) fn to_kept(&self) -> VerifiedFacts<'static> {
        let Self { issuer, key_id, algorithm, client_id, token_id, subject } = self;
        VerifiedFacts {
            issuer: issuer.to_kept(),
            key_id: key_id.as_ref().map(Text::to_kept),
            algorithm: *algorithm,
            client_id: client_id.to_kept(),
            token_id: token_id.as_ref().map(Text::to_kept),
            subject: match subject {
                Subject::Hidden(hidden) => Subject::Hashed(hidden.hash()),
                Subject::Hashed(hash) => Subject::Hashed(*hash),
                Subject::Clear(subject) => Subject::Clear(subject.to_kept()),
            },
        }
    }
}

#[cfg(all(test, feature = "tracing"))]
impl VerifiedFacts<'_> {
    pub(super) fn has_hashed(&self) -> bool {
        matches!(&self.subject, Subject::Hidden(hidden) if hidden.hash.get().is_some())
    }
}

/// Shows what a sink sees.
impl fmt::Debug for VerifiedFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedFacts")
            .field("issuer", &self.issuer())
            .field("key_id", &self.key_id())
            .field("algorithm", &self.algorithm)
            .field("client_id", &self.client_id())
            .field("token_id", &self.token_id())
            .field("subject", &self.subject())
            .finish()
    }
}

/// What the header of a token says that wasn't verified. Whoever sent it chose that.
#[derive(Clone)]
pub struct UnverifiedFacts {
    key_id: Option<Text<'static>>,
    algorithm: Text<'static>,
    encrypted: bool,
}

impl UnverifiedFacts {
    /// Reads the header, if it is one that a verifier would look at.
    pub(super) fn read(token: &str) -> Option<Self> {
        let token = UnverifiedToken::parse(token).ok()?;
        Some(Self {
            key_id: token.key_id().map(|key_id| Text::new(key_id).to_kept()),
            algorithm: Text::new(token.algorithm()).to_kept(),
            encrypted: token.is_encrypted(),
        })
    }

    /// Returns the header's `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<AuditText<'_>> {
        self.key_id.as_ref().map(Text::shown)
    }

    /// Returns the header's `alg`: any text, of an encrypted token that of its encryption.
    #[must_use]
    pub fn algorithm(&self) -> AuditText<'_> {
        self.algorithm.shown()
    }

    /// Returns whether the token has the form of an encrypted one, whose header tells of the key to decrypt
    /// with.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}

/// Shows what a sink sees.
impl fmt::Debug for UnverifiedFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedFacts")
            .field("key_id", &self.key_id())
            .field("algorithm", &self.algorithm())
            .field("encrypted", &self.encrypted)
            .finish()
    }
}
