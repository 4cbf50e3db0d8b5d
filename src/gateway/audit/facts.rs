//! What an event says of a token: what was verified, or else what its header says and nobody vouches for.
//!
//! These are two types, so that code which takes the one can't be handed the other.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use super::subject::{AuditSubject, SubjectHash, SubjectKey};
use super::text::AuditText;
use crate::jws::JwsAlgorithm;
use crate::jwt::UnverifiedToken;
use crate::profile::access_token::AccessToken;

/// What a verified token says of itself.
#[derive(Clone)]
pub struct VerifiedFacts<'a> {
    issuer: Cow<'a, str>,
    key_id: Option<Cow<'a, str>>,
    algorithm: JwsAlgorithm,
    client_id: Cow<'a, str>,
    token_id: Option<Cow<'a, str>>,
    subject: Subject<'a>,
}

#[derive(Clone)]
enum Subject<'a> {
    /// As the token has it, hashed once a sink asks, and never given out as it is.
    Hidden {
        subject: &'a str,
        key: &'a SubjectKey,
        hash: OnceLock<SubjectHash>,
    },
    /// Without what it was made of.
    Hashed(SubjectHash),
    Clear(Cow<'a, str>),
}

impl<'a> VerifiedFacts<'a> {
    /// Without a key, the subject is shown in clear.
    pub(super) fn new<T>(token: &'a AccessToken<T>, key: Option<&'a SubjectKey>) -> Self {
        let subject = token.subject();
        Self {
            issuer: token.issuer().into(),
            key_id: token.key_id().map(Cow::Borrowed),
            algorithm: token.algorithm(),
            client_id: token.client_id().into(),
            token_id: token.token_id().map(Cow::Borrowed),
            subject: match key {
                Some(key) => Subject::Hidden { subject, key, hash: OnceLock::new() },
                None => Subject::Clear(subject.into()),
            },
        }
    }

    /// Returns `iss`.
    #[must_use]
    pub fn issuer(&self) -> AuditText<'_> {
        AuditText::new(&self.issuer)
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<AuditText<'_>> {
        self.key_id.as_deref().map(AuditText::new)
    }

    /// Returns the algorithm of that key.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> AuditText<'_> {
        AuditText::new(&self.client_id)
    }

    /// Returns `jti`, or where the issuer writes that.
    #[must_use]
    pub fn token_id(&self) -> Option<AuditText<'_>> {
        self.token_id.as_deref().map(AuditText::new)
    }

    /// Returns the subject, hashed unless clear subjects were asked for.
    #[must_use]
    pub fn subject(&self) -> AuditSubject<'_> {
        match &self.subject {
            Subject::Hidden { subject, key, hash } => {
                AuditSubject::Hashed(*hash.get_or_init(|| key.hash(&self.issuer, subject)))
            }
            Subject::Hashed(hash) => AuditSubject::Hashed(*hash),
            Subject::Clear(subject) => AuditSubject::Clear(AuditText::new(subject)),
        }
    }

    pub(super) fn into_owned(self) -> VerifiedFacts<'static> {
        let subject = match self.subject() {
            AuditSubject::Hashed(hash) => Subject::Hashed(hash),
            AuditSubject::Clear(subject) => Subject::Clear(subject.unescaped().to_owned().into()),
        };
        let Self { issuer, key_id, algorithm, client_id, token_id, subject: _ } = self;
        VerifiedFacts {
            issuer: issuer.into_owned().into(),
            key_id: key_id.map(|key_id| key_id.into_owned().into()),
            algorithm,
            client_id: client_id.into_owned().into(),
            token_id: token_id.map(|token_id| token_id.into_owned().into()),
            subject,
        }
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
    key_id: Option<String>,
    algorithm: String,
    encrypted: bool,
}

impl UnverifiedFacts {
    /// Reads the header, if it is one that a verifier would look at.
    pub(super) fn read(token: &str) -> Option<Self> {
        let token = UnverifiedToken::parse(token).ok()?;
        Some(Self {
            key_id: token.key_id().map(str::to_owned),
            algorithm: token.algorithm().to_owned(),
            encrypted: token.is_encrypted(),
        })
    }

    /// Returns the header's `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<AuditText<'_>> {
        self.key_id.as_deref().map(AuditText::new)
    }

    /// Returns the header's `alg`: any text, of an encrypted token that of its encryption.
    #[must_use]
    pub fn algorithm(&self) -> AuditText<'_> {
        AuditText::new(&self.algorithm)
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
