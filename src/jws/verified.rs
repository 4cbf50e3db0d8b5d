//! What verifying gives out: a payload whose signatures hold, and for each of them its key and its header
//! (RFC 7515 §5.2, §7.2.1).
//!
//! None of these types can be made otherwise. Where only some of the signatures have to hold, the type has
//! another name, and the others are in it with the reason why they don't count.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::DeserializeOwned;

use super::{JwsAlgorithm, VerifyingKey};
use crate::error::Error;
use crate::wire::header::{Header, HeaderText, member, parameter};

/// A payload whose one signature holds.
///
/// The token's text doesn't identify it: see [`VerifiedJwt`](crate::VerifiedJwt).
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    payload: Vec<u8>,
    signature: VerifiedSignature,
}

impl VerifiedJws {
    pub(super) fn new(payload: Vec<u8>, signature: VerifiedSignature) -> Self {
        Self { payload, signature }
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the payload out.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// Returns the algorithm of the key that the signature verifies under.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.signature.algorithm()
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.signature.key_id()
    }

    /// Returns the header's `typ`, if there is one. Its form is the sender's; compare it without
    /// regard to case.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.signature.token_type()
    }

    /// Returns the header's `cty`, if there is one. Its form is the sender's; compare it without
    /// regard to case.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.signature.content_type()
    }

    /// Returns a parameter of the protected header, `None` if it isn't there.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.signature.parameter(name)
    }
}

/// Shows the key and the payload's length, nothing of what the sender wrote.
impl fmt::Debug for VerifiedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJws")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish_non_exhaustive()
    }
}

/// A payload from a JSON serialization, all of whose signatures hold.
///
/// Two of them may be the same key's: count [`distinct_keys`](Self::distinct_keys), not signatures, where
/// several parties have to sign.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedJsonJws {
    payload: Vec<u8>,
    first: VerifiedSignature,
    others: Vec<VerifiedSignature>,
}

impl VerifiedJsonJws {
    /// What a compact serialization gives, whose one signature is the first.
    pub(super) fn into_compact(self) -> VerifiedJws {
        VerifiedJws::new(self.payload, self.first)
    }

    pub(super) fn new(payload: Vec<u8>, first: VerifiedSignature, others: Vec<VerifiedSignature>) -> Self {
        Self { payload, first, others }
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the payload out.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// Returns the first signature, which in the flattened form is the only one.
    #[must_use]
    pub fn first(&self) -> &VerifiedSignature {
        &self.first
    }

    /// Returns all signatures, in the token's order.
    pub fn signatures(&self) -> impl Iterator<Item = &VerifiedSignature> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Returns how many different keys signed. One key under two algorithms, or given twice, counts once.
    #[must_use]
    pub fn distinct_keys(&self) -> usize {
        distinct_keys(self.signatures())
    }
}

impl fmt::Debug for VerifiedJsonJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJsonJws")
            .field("first", &self.first)
            .field("others", &self.others)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// A payload from a JSON serialization, at least one of whose signatures holds.
///
/// Anyone can add a signature that holds under a key of theirs, and drop one that was there: it is for the
/// application to say whose signatures it takes. Two may be the same key's.
#[derive(Clone, PartialEq, Eq)]
pub struct PartlyVerifiedJws {
    payload: Vec<u8>,
    verified: Vec<VerifiedSignature>,
    refused: Vec<RefusedSignature>,
}

impl PartlyVerifiedJws {
    pub(super) fn new(
        payload: Vec<u8>,
        verified: Vec<VerifiedSignature>,
        refused: Vec<RefusedSignature>,
    ) -> Self {
        Self { payload, verified, refused }
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the payload out.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// Returns the signatures that hold, one at least, in the token's order.
    #[must_use]
    pub fn verified(&self) -> &[VerifiedSignature] {
        &self.verified
    }

    /// Returns the signatures that don't count, each with the reason, in the token's order.
    #[must_use]
    pub fn refused(&self) -> &[RefusedSignature] {
        &self.refused
    }

    /// Returns whether this key made one of the signatures that hold.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        self.verified.iter().any(|signature| signature.is_by(key))
    }

    /// Returns how many different keys made signatures that hold. One key under two algorithms, or given
    /// twice, counts once.
    #[must_use]
    pub fn distinct_keys(&self) -> usize {
        distinct_keys(self.verified.iter())
    }
}

impl fmt::Debug for PartlyVerifiedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartlyVerifiedJws")
            .field("verified", &self.verified)
            .field("refused", &self.refused)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// A signature that holds, with its key and what its header says.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedSignature {
    index: usize,
    algorithm: JwsAlgorithm,
    key_id: Option<Box<str>>,
    /// Tells keys apart by what they are; a secret's is not to be shown (RFC 7638 §7).
    thumbprint: Box<str>,
    token_type: Option<Box<str>>,
    content_type: Option<Box<str>>,
    protected: Box<str>,
    unprotected: Option<Box<str>>,
}

impl VerifiedSignature {
    pub(super) fn new(index: usize, key: &VerifyingKey, header: &Header<'_>, text: HeaderText<'_>) -> Self {
        let protected = text.protected.unwrap_or("{}");
        // Whoever reads a type takes it for the signer's word, so an unprotected one is none.
        let is_protected = |name| text.unprotected.is_none() || member(protected, name).is_some();
        let signed = |name, value: &Option<Cow<'_, str>>| {
            value.as_deref().filter(|_| is_protected(name)).map(Box::from)
        };
        Self {
            index,
            algorithm: key.algorithm(),
            key_id: key.key_id().map(Box::from),
            thumbprint: Box::from(key.thumbprint()),
            token_type: signed("typ", &header.typ),
            content_type: signed("cty", &header.cty),
            protected: Box::from(protected),
            unprotected: text.unprotected.map(Box::from),
        }
    }

    /// Returns the signature's position in the token, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the algorithm of the key that the signature verifies under.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one. What the header
    /// says of it played its part in choosing the key and no other.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns whether this is the key that the signature verifies under: the same public key or secret,
    /// whatever its ID, and bound to the same algorithm.
    #[must_use]
    pub fn is_by(&self, key: &VerifyingKey) -> bool {
        self.algorithm == key.algorithm() && *self.thumbprint == *key.thumbprint()
    }

    /// Returns the protected header's `typ`, if there is one. Its form is the sender's; compare it without
    /// regard to case.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Returns the protected header's `cty`, if there is one. Its form is the sender's; compare it without
    /// regard to case.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns a parameter of the protected header, `None` if it isn't there.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        parameter([&*self.protected], name)
    }

    /// Returns a parameter of the unprotected header, `None` if it isn't there. The signature doesn't cover
    /// it: anyone on the way may have put it there.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn unprotected_parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        parameter(self.unprotected.as_deref(), name)
    }
}

/// Shows the key, nothing of what the sender wrote.
impl fmt::Debug for VerifiedSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedSignature")
            .field("index", &self.index)
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A signature that doesn't count, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSignature {
    index: usize,
    reason: Error,
}

impl RefusedSignature {
    pub(super) fn new(index: usize, reason: Error) -> Self {
        Self { index, reason }
    }

    /// Returns the signature's position in the token, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns why it doesn't count: [`Error::InvalidSignature`]; no given key fits it
    /// ([`Error::NotAllowed`], [`Error::NoMatchingKey`]); or [`Error::Unsupported`] for an `alg` that is unknown
    /// here, and for what `crit` names and nobody declared.
    #[must_use]
    pub fn reason(&self) -> &Error {
        &self.reason
    }
}

fn distinct_keys<'s>(signatures: impl Iterator<Item = &'s VerifiedSignature>) -> usize {
    signatures.map(|signature| &*signature.thumbprint).collect::<HashSet<_>>().len()
}
