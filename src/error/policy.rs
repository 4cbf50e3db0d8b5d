//! Well-formed input that this library doesn't do, or that the policy forbids.

/// What this build or this library doesn't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The header's `alg` is unknown, `none`, or `RSA1_5`, which don't exist here.
    #[error("the header's `alg` names no algorithm of this library")]
    Algorithm,
    /// The header's `enc` is unknown.
    #[error("the header's `enc` names no content encryption of this library")]
    ContentEncryption,
    /// A header parameter marked critical isn't understood.
    #[error("the header's `crit` names a parameter that isn't understood")]
    Critical,
    /// The header asks for compression.
    #[error("the header's `zip` asks for compression, which is off")]
    Compression,
    /// A key type, curve or algorithm that isn't known.
    #[error("{0}")]
    Key(&'static str),
    /// A feature of this crate that isn't turned on.
    #[error("{0}")]
    Feature(&'static str),
}

impl Unsupported {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm => "unsupported_algorithm",
            Self::ContentEncryption => "unsupported_content_encryption",
            Self::Critical => "unsupported_critical",
            Self::Compression => "unsupported_compression",
            Self::Key(_) => "unsupported_key",
            Self::Feature(_) => "unsupported_feature",
        }
    }
}

/// What the policy of a verifier or a key forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The header's `alg` isn't on the verifier's list.
    #[error("the header's `alg` isn't on the list of allowed algorithms")]
    Algorithm,
    /// The header's `enc` isn't on the list of allowed content encryptions.
    #[error("the header's `enc` isn't on the list of allowed content encryptions")]
    ContentEncryption,
    /// The header's `typ` is absent or another one than the verifier expects.
    #[error("the header's `typ` isn't the expected type of token")]
    Type,
    /// The header's `cty` isn't `JWT` on an encrypted token, or is on a signed one: tokens nest one way only.
    #[error("expected `cty` to be \"JWT\" on an encrypted token, a signed one inside, and nowhere else")]
    ContentType,
    /// A signed token where a signed and encrypted one is due.
    #[error("expected a signed and encrypted token, found one that is only signed")]
    Unencrypted,
    /// An encrypted token where a signed one is due: encryption is no authentication.
    #[error("expected a signed token, found one that is only encrypted")]
    Unsigned,
    /// An encrypted token where the verifier has no key to decrypt with.
    #[error("expected a signed token, found an encrypted one; `decrypt_with` gives the keys")]
    Encrypted,
}

impl Refusal {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm_not_allowed",
            Self::ContentEncryption => "content_encryption_not_allowed",
            Self::Type => "type_not_allowed",
            Self::ContentType => "content_type_not_allowed",
            Self::Unencrypted => "not_encrypted",
            Self::Unsigned => "not_signed",
            Self::Encrypted => "encrypted",
        }
    }
}
