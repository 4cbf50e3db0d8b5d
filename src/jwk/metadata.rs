//! What a JWK says about itself: `kid`, `alg`, `use`, `key_ops` (RFC 7517 §4.2 to §4.5). Members go in,
//! and come out as a judgment on what the key may be used for.
//!
//! What is absent permits all; what is unknown permits nothing. `use` and `key_ops` that contradict
//! each other are an error, since two readers would obey two of them.

use std::collections::HashSet;

use super::der::Usage;
use super::members::Members;
use super::writer::{ObjectWriter, string_member_len};
use crate::{Error, KeyDefect};

/// The intended use of a public key, the member `use` ([RFC 7517 §4.2](https://www.rfc-editor.org/rfc/rfc7517#section-4.2)).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyUse {
    /// `sig`: signatures.
    Signature,
    /// `enc`: encryption, key wrapping and key agreement.
    Encryption,
    /// A value that this library doesn't know. Such a key is usable for nothing here.
    Other(String),
}

impl KeyUse {
    /// Returns the value as it stands in a JWK.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Signature => "sig",
            Self::Encryption => "enc",
            Self::Other(name) => name,
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "sig" => Self::Signature,
            "enc" => Self::Encryption,
            _ => Self::Other(name.to_owned()),
        }
    }

    fn permits(&self, operation: Operation) -> bool {
        match self {
            Self::Signature => matches!(operation, Operation::Sign | Operation::Verify),
            Self::Encryption => matches!(operation, Operation::Encrypt | Operation::Decrypt),
            Self::Other(_) => false,
        }
    }
}

/// An operation that a key is meant for, an element of `key_ops`
/// ([RFC 7517 §4.3](https://www.rfc-editor.org/rfc/rfc7517#section-4.3)).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyOperation {
    /// `sign`: compute a signature or MAC.
    Sign,
    /// `verify`: verify a signature or MAC.
    Verify,
    /// `encrypt`: encrypt content.
    Encrypt,
    /// `decrypt`: decrypt content.
    Decrypt,
    /// `wrapKey`: encrypt a key.
    WrapKey,
    /// `unwrapKey`: decrypt a key.
    UnwrapKey,
    /// `deriveKey`: derive a key.
    DeriveKey,
    /// `deriveBits`: derive bits that aren't to be used as a key.
    DeriveBits,
    /// A value that this library doesn't know, and that permits nothing here.
    Other(String),
}

impl KeyOperation {
    /// Returns the value as it stands in a JWK.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::WrapKey => "wrapKey",
            Self::UnwrapKey => "unwrapKey",
            Self::DeriveKey => "deriveKey",
            Self::DeriveBits => "deriveBits",
            Self::Other(name) => name,
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "sign" => Self::Sign,
            "verify" => Self::Verify,
            "encrypt" => Self::Encrypt,
            "decrypt" => Self::Decrypt,
            "wrapKey" => Self::WrapKey,
            "unwrapKey" => Self::UnwrapKey,
            "deriveKey" => Self::DeriveKey,
            "deriveBits" => Self::DeriveBits,
            _ => Self::Other(name.to_owned()),
        }
    }

    fn permits(&self, operation: Operation) -> bool {
        match self {
            Self::Sign => operation == Operation::Sign,
            Self::Verify => operation == Operation::Verify,
            Self::Encrypt | Self::WrapKey => operation == Operation::Encrypt,
            Self::Decrypt | Self::UnwrapKey => operation == Operation::Decrypt,
            // Agreement is the same computation on both sides.
            Self::DeriveKey | Self::DeriveBits => {
                matches!(operation, Operation::Encrypt | Operation::Decrypt)
            }
            Self::Other(_) => false,
        }
    }

    fn contradicts(&self, key_use: &KeyUse) -> bool {
        let encrypts = match self {
            Self::Sign | Self::Verify => false,
            Self::Other(_) => return false,
            _ => true,
        };
        match key_use {
            KeyUse::Signature => encrypts,
            KeyUse::Encryption => !encrypts,
            KeyUse::Other(_) => false,
        }
    }

    /// What the public key may do when the private key may do this.
    fn to_public(&self) -> Self {
        match self {
            Self::Sign => Self::Verify,
            Self::Decrypt => Self::Encrypt,
            Self::UnwrapKey => Self::WrapKey,
            other => other.clone(),
        }
    }
}

/// What a key is about to be used for. Wrapping and derivation count as encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Sign,
    Verify,
    Encrypt,
    Decrypt,
}

/// The members of a JWK that aren't key material.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    pub(super) key_id: Option<String>,
    pub(super) algorithm: Option<String>,
    pub(super) key_use: Option<KeyUse>,
    pub(super) operations: Option<Vec<KeyOperation>>,
}

impl Metadata {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, Error> {
        let metadata = Self {
            key_id: members.optional_text("kid")?.map(Into::into),
            algorithm: members.optional_text("alg")?.map(Into::into),
            key_use: members.optional_text("use")?.map(|name| KeyUse::from_name(&name)),
            operations: read_operations(members)?,
        };

        // RFC 7517 §4.3: "if both are used, the information they convey MUST be consistent."
        if let (Some(key_use), Some(operations)) = (&metadata.key_use, &metadata.operations)
            && operations.iter().any(|operation| operation.contradicts(key_use))
        {
            return Err(Error::InvalidKey(KeyDefect::Inconsistent(
                "expected `use` and `key_ops` to agree, found a contradiction",
            )));
        }
        Ok(metadata)
    }

    pub(super) fn write(&self, object: &mut ObjectWriter) {
        let Self { key_id, algorithm, key_use, operations } = self;
        if let Some(key_id) = key_id {
            object.string("kid", key_id);
        }
        if let Some(algorithm) = algorithm {
            object.string("alg", algorithm);
        }
        if let Some(key_use) = key_use {
            object.string("use", key_use.as_str());
        }
        if let Some(operations) = operations {
            object.strings("key_ops", operations.iter().map(KeyOperation::as_str));
        }
    }

    /// The most bytes that [`Self::write`] writes.
    pub(super) fn max_len(&self) -> usize {
        let Self { key_id, algorithm, key_use, operations } = self;
        let texts = [key_id.as_deref(), algorithm.as_deref(), key_use.as_ref().map(KeyUse::as_str)];
        let operations = operations.iter().flatten().map(KeyOperation::as_str);
        texts.into_iter().flatten().chain(operations).map(string_member_len).sum::<usize>() + 16
    }

    pub(super) fn to_public(&self) -> Self {
        let operations = self.operations.as_ref().map(|operations| {
            let mut public: Vec<KeyOperation> = Vec::with_capacity(operations.len());
            let mut seen = HashSet::new();
            for operation in operations.iter().map(KeyOperation::to_public) {
                // `["sign", "verify"]` must not become `verify` twice.
                if seen.insert(operation.clone()) {
                    public.push(operation);
                }
            }
            public
        });
        Self { operations, ..self.clone() }
    }

    /// What `use` and `key_ops` say by name that the key is for.
    pub(super) fn purposes(&self) -> Usage {
        let operations = self.operations.iter().flatten();
        let mut named = Usage {
            signature: self.key_use == Some(KeyUse::Signature),
            encryption: self.key_use == Some(KeyUse::Encryption),
        };
        for operation in operations {
            named.signature |= operation.contradicts(&KeyUse::Encryption);
            named.encryption |= operation.contradicts(&KeyUse::Signature);
        }
        named
    }

    pub(super) fn permits(&self, operation: Operation) -> bool {
        self.key_use.as_ref().is_none_or(|key_use| key_use.permits(operation))
            && self.operations.as_ref().is_none_or(|all| all.iter().any(|one| one.permits(operation)))
    }
}

fn read_operations(members: &Members<'_>) -> Result<Option<Vec<KeyOperation>>, Error> {
    const EXPECTED: &str = "an array of distinct strings";
    let Some(value) = members.value("key_ops") else { return Ok(None) };
    let elements = value.elements().ok_or_else(|| members.wrong_type("key_ops", EXPECTED))?;

    let mut operations = Vec::new();
    // A set, since a hostile array may be long.
    let mut seen = HashSet::new();
    for element in elements {
        let name = element.as_str().ok_or_else(|| members.wrong_type("key_ops", EXPECTED))?;
        operations.push(KeyOperation::from_name(&name));
        // RFC 7517 §4.3: "Duplicate key operation values MUST NOT be present in the array."
        if !seen.insert(name) {
            return Err(members.wrong_type("key_ops", EXPECTED));
        }
    }
    Ok(Some(operations))
}
