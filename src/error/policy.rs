//! Well-formed input that this library doesn't do, or that the policy forbids: what is missing here,
//! and what a key or a verifier said no to.
//!
//! Two enums, as the remedies differ: another build or peer for the first, another token or setting for
//! the second. RFC 7515 §4.1.11, RFC 7516 §4.1.3, RFC 8725 §3.1, §3.11.

/// What this build or this library doesn't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The header's `alg` is unknown, `none`, or `RSA1_5`, which don't exist here.
    #[error("expected an algorithm of this build in the header's `alg`, found another")]
    Algorithm,
    /// The header's `enc` is unknown.
    #[error("expected a content encryption of this build in the header's `enc`, found another")]
    ContentEncryption,
    /// A header parameter marked critical isn't understood.
    #[error("expected parameters that are understood in the header's `crit`, found another")]
    Critical,
    /// The header has `zip`, which nobody asked for here, or another compression than `DEF`.
    #[error("expected no `zip` in the header, or `DEF` where that is allowed, found another")]
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
    /// The header's `alg` isn't on the verifier's list, or without a list isn't one of the keys'.
    #[error("expected an algorithm of the given keys, or of the list, in the header's `alg`, found another")]
    Algorithm,
    /// The header's `enc` isn't on the list of allowed content encryptions.
    #[error("expected an allowed content encryption in the header's `enc`, found another")]
    ContentEncryption,
    /// The header's `typ` is absent or another one than the verifier expects.
    #[error(
        "expected a type that `token_type` or the profile names in the header's `typ`, found another or none"
    )]
    Type,
    /// An encrypted token's `cty` isn't `JWT`, so it doesn't say that a signed one is inside.
    #[error(
        "expected an encrypted token whose `cty` is \"JWT\", a signed token inside, found another or none"
    )]
    ContentType,
    /// A signed token's `cty` is `JWT`, so its payload is said to be another token: tokens nest the other way.
    #[error("expected claims in a signed token, found a `cty` of \"JWT\", which says it holds another token")]
    TokenInside,
    /// A signed token where a signed and encrypted one is due.
    #[error("expected a signed and encrypted token, found one that is only signed")]
    Unencrypted,
    /// An encrypted token where a signed one is due: encryption is no authentication.
    #[error("expected a signed token, found one that is only encrypted")]
    Unsigned,
    /// An encrypted token where the verifier has no key to decrypt with.
    #[error("expected a signed token, found an encrypted one; `decrypt_with` gives the keys")]
    Encrypted,
    /// The application doesn't trust the certificates that a key would be taken from.
    #[error("expected certificates that the application trusts, found some that it refused")]
    Certificate,
    /// A token that is bound to a key came without a proof of that key
    /// ([RFC 7800 §3](https://www.rfc-editor.org/rfc/rfc7800#section-3)).
    #[error("expected a proof of the key that the token is bound to, found a bearer without one")]
    ProofMissing,
    /// What was proven isn't every key that the token is bound to.
    #[error("expected a proof of every key that the token is bound to, found another or none")]
    ProofFailed,
    /// A token that isn't bound to a key, where a proof of one is due.
    #[error("expected a token that is bound to a key, found one that isn't; `proof_if_bound` accepts it")]
    NotBound,
    /// The load balancer that signed the token isn't one of those that the verifier names.
    #[error("expected one of the verifier's load balancers in the header's `signer`, found another or none")]
    Signer,
    /// The token is for another client than the verifier names.
    #[error("expected one of the verifier's clients in the header's `client`, found another or none")]
    Client,
    /// A token that was revoked: it, its subject's, its session's, its key's, or all of a time.
    #[error("expected a token that wasn't revoked, found one that was")]
    Revoked,
    /// A token that may be used once, and was.
    #[error("expected a token that wasn't used before, found one that was")]
    Replayed,
    /// A token that leaves no scope for what is called in its name.
    #[error("expected a scope of the service that is called, found none that the token grants")]
    Scope,
    /// A token that says who may act for its subject, and means another
    /// ([RFC 8693 §4.4](https://www.rfc-editor.org/rfc/rfc8693#section-4.4)).
    #[error("expected a token in whose `may_act` this actor stands, found another actor")]
    Actor,
}

impl Refusal {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm_not_allowed",
            Self::ContentEncryption => "content_encryption_not_allowed",
            Self::Type => "type_not_allowed",
            Self::ContentType => "content_type_not_allowed",
            Self::TokenInside => "token_inside_not_allowed",
            Self::Unencrypted => "not_encrypted",
            Self::Unsigned => "not_signed",
            Self::Encrypted => "encrypted",
            Self::Certificate => "certificate_not_trusted",
            Self::ProofMissing => "proof_required",
            Self::ProofFailed => "proof_failed",
            Self::NotBound => "not_bound",
            Self::Signer => "signer_not_allowed",
            Self::Client => "client_not_allowed",
            Self::Revoked => "revoked",
            Self::Replayed => "replayed",
            Self::Scope => "insufficient_scope",
            Self::Actor => "actor_not_allowed",
        }
    }
}
