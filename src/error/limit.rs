//! Inputs that are too large: which of the limits was exceeded, with its code and its unit in words.
//!
//! The values are the application's, in [`Limits`](crate::Limits); each is checked before the work that
//! it bounds. No RFC sets any of them.

use std::fmt;

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
    /// Iterations of PBKDF2 that a token asks for, over all passwords that would be tried.
    Pbes2Iterations,
    /// Bytes of a plaintext that came compressed.
    InflatedBytes,
    /// Signatures or recipients of one token.
    Recipients,
    /// Levels of tokens inside tokens.
    Nesting,
    /// Bytes of one key, as a JWK, PEM or DER.
    KeyBytes,
    /// Bytes of a JWK set.
    JwkSetBytes,
    /// Keys in a JWK set.
    JwkSetKeys,
    /// Iterations of PBKDF2 that an encrypted private key asks for.
    Pkcs8Iterations,
    /// Bytes that scrypt fills for an encrypted private key.
    Pkcs8Memory,
}

impl Limit {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::TokenBytes => "limit_token_bytes",
            Self::HeaderBytes => "limit_header_bytes",
            Self::JsonDepth => "limit_json_depth",
            Self::JsonMembers => "limit_json_members",
            Self::CandidateKeys => "limit_candidate_keys",
            Self::Pbes2Iterations => "limit_pbes2_iterations",
            Self::InflatedBytes => "limit_inflated_bytes",
            Self::Recipients => "limit_recipients",
            Self::Nesting => "limit_nesting",
            Self::KeyBytes => "limit_key_bytes",
            Self::JwkSetBytes => "limit_jwk_set_bytes",
            Self::JwkSetKeys => "limit_jwk_set_keys",
            Self::Pkcs8Iterations => "limit_pkcs8_iterations",
            Self::Pkcs8Memory => "limit_pkcs8_memory",
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
            Self::Pbes2Iterations => "iterations of PBKDF2",
            Self::InflatedBytes => "bytes of decompressed plaintext",
            Self::Recipients => "signatures or recipients",
            Self::Nesting => "levels of nested tokens",
            Self::KeyBytes => "bytes of key",
            Self::JwkSetBytes => "bytes of JWK set",
            Self::JwkSetKeys => "keys in a JWK set",
            Self::Pkcs8Iterations => "iterations of PBKDF2 for an encrypted key",
            Self::Pkcs8Memory => "bytes that scrypt fills for an encrypted key",
        })
    }
}
