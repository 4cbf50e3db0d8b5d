//! Keys that can't be used: which rule a key breaks, when it is read or bound to an algorithm (RFC 7517
//! §4, RFC 7518 §3, §4, §6).
//!
//! The fault is the application's or the issuer's, not a token's. Messages hold sizes, types and rules,
//! and nothing of the key.

/// Why a key can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyDefect {
    /// The key is smaller than the algorithm's minimum ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2), [§3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
    #[error("expected at least {min_bits} bits, found fewer")]
    #[non_exhaustive]
    TooSmall {
        /// The least number of bits.
        min_bits: u32,
    },
    /// The key is larger than this library handles.
    #[error("expected at most {max_bits} bits, found more")]
    #[non_exhaustive]
    TooLarge {
        /// The greatest number of bits.
        max_bits: u32,
    },
    /// The key has another size than the one the algorithm needs.
    #[error("expected {0}, found another size")]
    Size(&'static str),
    /// The key is of another type or curve than the algorithm needs.
    #[error("expected {expected}, found {found}")]
    #[non_exhaustive]
    Type {
        /// The type and curve that the algorithm needs.
        expected: &'static str,
        /// The type and curve that the key has.
        found: &'static str,
    },
    /// The key's own `alg` says another algorithm.
    #[error("expected the algorithm that the key's own `alg` names, found another asked for")]
    Algorithm,
    /// The key doesn't say its algorithm, and its type or size permits several.
    #[error("expected a key whose `alg` settles the algorithm, found it open; `from_jwk_for` chooses one")]
    AlgorithmUnknown,
    /// The key's `use` or `key_ops` forbids this.
    #[error("expected a key whose `use` and `key_ops` permit the operation, found one that forbids it")]
    Use,
    /// The private part is needed and isn't there.
    #[error("expected a private key, found a public one")]
    NotPrivate,
    /// A public key is needed, and this one isn't.
    #[error(
        "expected a public key, found a private one (`Jwk::to_public` gives its public half) or a secret"
    )]
    NotPublic,
    /// The parts of the key contradict each other, or a part is out of its range.
    #[error("{0}")]
    Inconsistent(&'static str),
    /// The private key can be computed from the public one.
    #[error("{0}")]
    Weak(&'static str),
    /// The key is encrypted under another password, or is damaged.
    #[error("expected the password of an undamaged encrypted key, found another password or a damaged key")]
    Password,
    /// The crypto library refused the key.
    #[error("expected a key that the crypto library accepts, found one that it refuses")]
    Rejected,
    /// The key has encrypted as many messages as it may ([RFC 7518 §8.4](https://www.rfc-editor.org/rfc/rfc7518#section-8.4)).
    #[error("expected at most 2^32 messages under one key, found more; a new key must take its place")]
    Exhausted,
    /// The external key refused to sign.
    #[error("expected the external key to sign, found that it refuses")]
    Refused,
    /// What an external key returned isn't its signature; no token was made with it.
    #[error("{0}")]
    Signature(&'static str),
}

impl KeyDefect {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::TooSmall { .. } => "key_too_small",
            Self::TooLarge { .. } => "key_too_large",
            Self::Size(_) => "key_size",
            Self::Type { .. } => "key_type",
            Self::Algorithm => "key_algorithm",
            Self::AlgorithmUnknown => "key_algorithm_unknown",
            Self::Use => "key_use",
            Self::NotPrivate => "key_not_private",
            Self::NotPublic => "key_not_public",
            Self::Inconsistent(_) => "key_inconsistent",
            Self::Weak(_) => "key_weak",
            Self::Password => "key_password",
            Self::Rejected => "key_rejected",
            Self::Exhausted => "key_exhausted",
            Self::Refused => "key_refused",
            Self::Signature(_) => "key_signature",
        }
    }
}
