//! The one public error: whose fault it is, what was expected, and a stable code.
//!
//! Messages never contain a token, a claim's value or a secret, whatever the input was
//! (a 1 MB token gives a one-line message). What the application configured itself, such
//! as the expected audience, is shown.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Why a token, a key or a setting was refused.
///
/// Variants are sorted by whose fault it is; [`Error::code`] gives each case a stable name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sender's bytes don't have the form that the RFCs ask for.
    #[error("malformed {part}: {defect}")]
    #[non_exhaustive]
    Malformed {
        /// Where the defect is.
        part: Part,
        /// What is wrong there.
        defect: Defect,
    },
    /// Well-formed, but this build or this library doesn't do it.
    #[error("unsupported: {0}")]
    Unsupported(Unsupported),
    /// Well-formed and known, but our policy says no.
    #[error("not allowed: {0}")]
    NotAllowed(Refusal),
    /// None of the given keys fits the header's `alg`, `kid` and key type.
    #[error("no matching key: none of the given keys fits the header's algorithm and key id")]
    NoMatchingKey,
    /// The key can't be used for what was asked.
    #[error("invalid key: {0}")]
    InvalidKey(KeyDefect),
    /// The signature doesn't verify under any candidate key.
    #[error("invalid signature")]
    InvalidSignature,
    /// Decryption failed. No detail, on purpose: every cause is the same error.
    #[error("decryption failed")]
    DecryptionFailed,
    /// The token is authentic, but a claim is not what the verifier asks for.
    #[error("claim `{claim}`: {problem}")]
    #[non_exhaustive]
    Claim {
        /// The claim's name as the verifier knows it.
        claim: Cow<'static, str>,
        /// What is wrong with it.
        problem: ClaimProblem,
    },
    /// The claims are authentic and in order, but don't fit the type the caller asked for.
    #[error("claims don't fit the requested type: expected {expected} at column {column}")]
    #[non_exhaustive]
    ClaimsType {
        /// What the type expected there, in serde's words.
        expected: String,
        /// The column (bytes, counted from 1) in the claims' JSON text.
        column: usize,
    },
    /// An input is larger than [`Limits`](crate::Limits) permits.
    #[error("limit exceeded: at most {max} {limit}")]
    #[non_exhaustive]
    LimitExceeded {
        /// Which limit.
        limit: Limit,
        /// The limit's value.
        max: u64,
    },
    /// The caller's own settings contradict each other or are incomplete.
    #[error("misuse: {reason}")]
    #[non_exhaustive]
    Misuse {
        /// What to change.
        reason: Cow<'static, str>,
    },
    /// Something outside the token and the settings can't be had now, so there is no verdict.
    #[error("unavailable: {what}")]
    #[non_exhaustive]
    Unavailable {
        /// What can't be had.
        what: &'static str,
    },
}

impl Error {
    /// Returns the stable name of this case, for logs, metrics and tests.
    ///
    /// Codes are part of the API and don't change; messages may.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { defect, .. } => defect.code(),
            Self::Unsupported(what) => what.code(),
            Self::NotAllowed(refusal) => refusal.code(),
            Self::NoMatchingKey => "no_matching_key",
            Self::InvalidKey(defect) => defect.code(),
            Self::InvalidSignature => "invalid_signature",
            Self::DecryptionFailed => "decryption_failed",
            Self::Claim { problem, .. } => problem.code(),
            Self::ClaimsType { .. } => "claims_type",
            Self::LimitExceeded { limit, .. } => limit.code(),
            Self::Misuse { .. } => "misuse",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// Returns the HTTP status that an API answers with: 401 for a bad token, 503 where no
    /// verdict was possible, 500 where the application's own settings or keys are at fault.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Misuse { .. } | Self::InvalidKey(_) => 500,
            Self::Unavailable { .. } => 503,
            _ => 401,
        }
    }

    /// Returns whether the token was in order but for its `exp`, so that a fresh one may help.
    #[must_use]
    pub const fn is_expired(&self) -> bool {
        matches!(self, Self::Claim { problem: ClaimProblem::Expired { .. }, .. })
    }

    /// Returns whether the token itself is to blame, not the application or its surroundings.
    #[must_use]
    pub const fn is_invalid_token(&self) -> bool {
        self.http_status() == 401
    }

    /// Returns the claim that was refused, if one was.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        match self {
            Self::Claim { claim, .. } => Some(claim),
            _ => None,
        }
    }

    pub(crate) const fn malformed(part: Part, defect: Defect) -> Self {
        Self::Malformed { part, defect }
    }

    pub(crate) fn misuse(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Misuse { reason: reason.into() }
    }

    pub(crate) fn for_claim(claim: impl Into<Cow<'static, str>>, problem: ClaimProblem) -> Self {
        Self::Claim { claim: claim.into(), problem }
    }
}

/// The part of the input that a [`Error::Malformed`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The token as a whole.
    Token,
    /// The protected header.
    Header,
    /// The JWS payload.
    Payload,
    /// The JWS signature.
    Signature,
    /// The JWE encrypted key.
    EncryptedKey,
    /// The JWE initialization vector.
    InitializationVector,
    /// The JWE ciphertext.
    Ciphertext,
    /// The JWE authentication tag.
    AuthenticationTag,
    /// The claims set.
    Claims,
    /// A JSON Web Key.
    Jwk,
    /// A JWK set.
    JwkSet,
    /// PEM text.
    Pem,
    /// DER bytes.
    Der,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
            Self::EncryptedKey => "encrypted key",
            Self::InitializationVector => "initialization vector",
            Self::Ciphertext => "ciphertext",
            Self::AuthenticationTag => "authentication tag",
            Self::Claims => "claims",
            Self::Jwk => "JWK",
            Self::JwkSet => "JWK set",
            Self::Pem => "PEM",
            Self::Der => "DER",
        })
    }
}

/// What is wrong with a malformed input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// A compact serialization has another number of parts.
    #[error("expected {expected} parts separated by dots, found another number")]
    #[non_exhaustive]
    SegmentCount {
        /// The number of parts, in words.
        expected: &'static str,
    },
    /// A character that isn't in the base64url alphabet, padding, or an impossible length.
    #[error("expected unpadded base64url")]
    Base64url,
    /// Unused bits of the last base64url character aren't zero.
    #[error("expected canonical base64url, found unused bits that aren't zero")]
    NonCanonicalBase64url,
    /// Bytes that aren't UTF-8.
    #[error("expected UTF-8")]
    Utf8,
    /// Text that isn't JSON by RFC 8259.
    #[error("expected JSON")]
    Json,
    /// JSON, but not an object.
    #[error("expected a JSON object, found another kind")]
    NotAnObject,
    /// An object names a member twice.
    #[error("expected distinct member names, found a duplicate")]
    DuplicateMember,
    /// A member that must be there isn't.
    #[error("expected member `{0}`, found none")]
    MissingMember(&'static str),
    /// A member that must not be there is.
    #[error("expected no member `{0}`")]
    UnexpectedMember(&'static str),
    /// A member's value has a wrong JSON type or form.
    #[error("expected member `{name}` to be {expected}")]
    #[non_exhaustive]
    MemberType {
        /// The member's name.
        name: &'static str,
        /// The form it should have.
        expected: &'static str,
    },
    /// `crit` breaks a rule of RFC 7515 §4.1.11.
    #[error("`crit` {0}")]
    Crit(&'static str),
    /// A part is longer or shorter than the algorithm makes it.
    #[error("expected another length")]
    Length,
    /// PEM or DER that can't be read.
    #[error("expected {0}")]
    Encoding(&'static str),
}

impl Defect {
    const fn code(&self) -> &'static str {
        match self {
            Self::SegmentCount { .. } => "segment_count",
            Self::Base64url => "base64url",
            Self::NonCanonicalBase64url => "non_canonical_base64url",
            Self::Utf8 => "utf8",
            Self::Json => "json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::MissingMember(_) => "missing_member",
            Self::UnexpectedMember(_) => "unexpected_member",
            Self::MemberType { .. } => "member_type",
            Self::Crit(_) => "crit",
            Self::Length => "length",
            Self::Encoding(_) => "encoding",
        }
    }
}

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
    const fn code(&self) -> &'static str {
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
    /// The header's `cty` is absent or another one than a nested token has.
    #[error("expected an encrypted token whose `cty` is \"JWT\", a signed token inside")]
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
    const fn code(&self) -> &'static str {
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

/// Why a key can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyDefect {
    /// The key is smaller than the algorithm's minimum (RFC 7518 §3.2, §3.3).
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
    #[error("expected a key of the type and curve that the algorithm needs")]
    Type,
    /// The key's own `alg` says another algorithm.
    #[error("expected the algorithm that the key's own `alg` names")]
    Algorithm,
    /// The key doesn't say its algorithm, and its type permits several.
    #[error("expected an algorithm: the key names none, and its type permits several")]
    AlgorithmUnknown,
    /// The key's `use` or `key_ops` forbids this.
    #[error("the key's `use` or `key_ops` doesn't permit this operation")]
    Use,
    /// The private part is needed and isn't there.
    #[error("expected a private key, found a public one")]
    NotPrivate,
    /// A public key is needed, and this one isn't.
    #[error("expected a public key, found a private or a secret one")]
    NotPublic,
    /// The parts of the key contradict each other, or a part is out of its range.
    #[error("{0}")]
    Inconsistent(&'static str),
    /// The crypto library refused the key.
    #[error("the key isn't valid for its type")]
    Rejected,
    /// The key has encrypted as many messages as it may (RFC 7518 §8.4).
    #[error("the key has encrypted 2^32 messages and must be replaced")]
    Exhausted,
}

impl KeyDefect {
    const fn code(&self) -> &'static str {
        match self {
            Self::TooSmall { .. } => "key_too_small",
            Self::TooLarge { .. } => "key_too_large",
            Self::Size(_) => "key_size",
            Self::Type => "key_type",
            Self::Algorithm => "key_algorithm",
            Self::AlgorithmUnknown => "key_algorithm_unknown",
            Self::Use => "key_use",
            Self::NotPrivate => "key_not_private",
            Self::NotPublic => "key_not_public",
            Self::Inconsistent(_) => "key_inconsistent",
            Self::Rejected => "key_rejected",
            Self::Exhausted => "key_exhausted",
        }
    }
}

/// What is wrong with a claim of an authentic token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimProblem {
    /// The claim is required and absent.
    #[non_exhaustive]
    Missing {
        /// How to do without it, where that is possible.
        hint: &'static str,
    },
    /// The claim is there with a wrong JSON type or form, which is never taken for absent.
    #[non_exhaustive]
    Malformed {
        /// The form it should have.
        expected: &'static str,
        /// The JSON kind it has.
        found: &'static str,
    },
    /// `exp` has passed, this long ago.
    #[non_exhaustive]
    Expired {
        /// The time since `exp`, leeway not counted.
        ago: Duration,
    },
    /// `nbf` is in the future by this much.
    #[non_exhaustive]
    NotYetValid {
        /// The time until `nbf`, leeway not counted.
        ahead: Duration,
    },
    /// `iat` is in the future by this much.
    #[non_exhaustive]
    IssuedInFuture {
        /// The time until `iat`, leeway not counted.
        ahead: Duration,
    },
    /// The token is older than `max_age`.
    #[non_exhaustive]
    TooOld {
        /// The time since `iat`.
        age: Duration,
        /// The greatest age allowed.
        max_age: Duration,
    },
    /// The claim's value isn't one that the verifier expects.
    #[non_exhaustive]
    Unexpected {
        /// What the verifier was set up to expect.
        expected: String,
    },
    /// Two claims contradict each other.
    #[non_exhaustive]
    Contradiction {
        /// The rule that is broken.
        rule: &'static str,
    },
    /// A custom rule refused the claim.
    Refused,
}

impl ClaimProblem {
    const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "claim_missing",
            Self::Malformed { .. } => "claim_malformed",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::TooOld { .. } => "too_old",
            Self::Unexpected { .. } => "claim_unexpected",
            Self::Contradiction { .. } => "claim_contradiction",
            Self::Refused => "claim_refused",
        }
    }
}

impl fmt::Display for ClaimProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { hint: "" } => f.write_str("expected, found none"),
            Self::Missing { hint } => write!(f, "expected, found none ({hint})"),
            Self::Malformed { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Expired { ago } => write!(f, "expected a time to come, found one {} s ago", ago.as_secs()),
            Self::NotYetValid { ahead } => {
                write!(f, "expected a time that has come, found one {} s ahead", ahead.as_secs())
            }
            Self::IssuedInFuture { ahead } => {
                write!(f, "expected a time that has passed, found one {} s ahead", ahead.as_secs())
            }
            Self::TooOld { age, max_age } => {
                write!(f, "expected an age of at most {} s, found {} s", max_age.as_secs(), age.as_secs())
            }
            Self::Unexpected { expected } => write!(f, "expected {expected}, found another value"),
            Self::Contradiction { rule } => write!(f, "expected {rule}"),
            Self::Refused => f.write_str("refused by the application's own rule"),
        }
    }
}

/// Which limit an input exceeds. The values stand in [`Limits`](crate::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the whole token.
    TokenBytes,
    /// Bytes of the decoded protected header.
    HeaderBytes,
    /// Levels of JSON nesting.
    JsonDepth,
    /// Members of one JSON object.
    JsonMembers,
    /// Keys that fit a token and would be tried in turn.
    CandidateKeys,
    /// Levels of tokens inside tokens.
    Nesting,
    /// Bytes of a JWK set.
    JwkSetBytes,
    /// Keys in a JWK set.
    JwkSetKeys,
}

impl Limit {
    const fn code(&self) -> &'static str {
        match self {
            Self::TokenBytes => "limit_token_bytes",
            Self::HeaderBytes => "limit_header_bytes",
            Self::JsonDepth => "limit_json_depth",
            Self::JsonMembers => "limit_json_members",
            Self::CandidateKeys => "limit_candidate_keys",
            Self::Nesting => "limit_nesting",
            Self::JwkSetBytes => "limit_jwk_set_bytes",
            Self::JwkSetKeys => "limit_jwk_set_keys",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenBytes => "bytes of token",
            Self::HeaderBytes => "bytes of header",
            Self::JsonDepth => "levels of JSON nesting",
            Self::JsonMembers => "members in a JSON object",
            Self::CandidateKeys => "keys that fit a token",
            Self::Nesting => "levels of nested tokens",
            Self::JwkSetBytes => "bytes of JWK set",
            Self::JwkSetKeys => "keys in a JWK set",
        })
    }
}
