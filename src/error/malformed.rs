//! Malformed input: the part where it is, and what is wrong there, by the rules of RFC 7515, RFC 7516,
//! RFC 7517 and RFC 8259.
//!
//! Most of it is found by `wire` and `jwk`, before a key is used. A part is named and a rule, and none
//! of the input is repeated.

use std::fmt;

/// The part of the input that a [`Error::Malformed`](crate::Error::Malformed) speaks of.
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
    /// A JWE's plaintext, once it is decrypted.
    Plaintext,
    /// The JWE's additional authenticated data.
    AdditionalAuthenticatedData,
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
    /// The URI of a key's thumbprint.
    ThumbprintUri,
    /// An issuer's metadata.
    Metadata,
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
            Self::Plaintext => "plaintext",
            Self::AdditionalAuthenticatedData => "additional authenticated data",
            Self::Claims => "claims",
            Self::Jwk => "JWK",
            Self::JwkSet => "JWK set",
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::ThumbprintUri => "thumbprint URI",
            Self::Metadata => "metadata",
        })
    }
}

/// What is wrong with a malformed input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// A compact serialization has another number of parts: three make a signed token, five an
    /// encrypted one.
    #[error("expected {expected}, separated by dots, found {found}")]
    #[non_exhaustive]
    SegmentCount {
        /// The number of parts, in words.
        expected: &'static str,
        /// The number that was found, in words.
        found: &'static str,
    },
    /// A character that isn't in the base64url alphabet, padding, or an impossible length.
    #[error("expected unpadded base64url, found padding, white space, another character or a cut end")]
    Base64url,
    /// Unused bits of the last base64url character aren't zero.
    #[error("expected canonical base64url, found unused bits that aren't zero")]
    NonCanonicalBase64url,
    /// In the one kind of token whose parts are padded
    /// ([`load_balancer`](crate::profile::load_balancer)): a part without all of its padding, a character that
    /// isn't in the base64url alphabet, or unused bits that aren't zero.
    #[error("expected canonical base64url with its padding, found another text")]
    PaddedBase64url,
    /// Bytes that aren't UTF-8.
    #[error("expected UTF-8, found other bytes")]
    Utf8,
    /// Text that isn't JSON by [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).
    #[error("expected JSON, found something else")]
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
    #[error("expected no member `{0}`, found one")]
    UnexpectedMember(&'static str),
    /// A header parameter stands outside the protected header, where nobody signed it.
    #[error("expected `{0}` in the protected header, found it unprotected")]
    UnprotectedMember(&'static str),
    /// A member's value has a wrong JSON type or form.
    #[error("expected member `{name}` to be {expected}, found something else")]
    #[non_exhaustive]
    MemberType {
        /// The member's name.
        name: &'static str,
        /// The form it should have.
        expected: &'static str,
    },
    /// A header parameter's value doesn't fit the type that the caller asked for.
    #[error("expected a parameter that fits the requested type, found another")]
    ParameterType,
    /// An unencoded payload ([RFC 7797 §5.2](https://www.rfc-editor.org/rfc/rfc7797#section-5.2)) has a character that a compact
    /// serialization can't carry.
    #[error("expected printable ASCII in an unencoded payload, found another character")]
    UnencodedPayload,
    /// `crit` breaks a rule of [RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11).
    #[error("`crit` {0}")]
    Crit(&'static str),
    /// A part is longer or shorter than the algorithm makes it.
    #[error("expected the length that the algorithm gives it, found another")]
    Length,
    /// Compressed bytes that aren't one whole stream of DEFLATE ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951)).
    #[error("expected one whole DEFLATE stream, found another or something after it")]
    Deflate,
    /// PEM or DER that can't be read.
    #[error("expected {0}")]
    Encoding(&'static str),
}

impl Defect {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::SegmentCount { .. } => "segment_count",
            Self::Base64url => "base64url",
            Self::NonCanonicalBase64url => "non_canonical_base64url",
            Self::PaddedBase64url => "padded_base64url",
            Self::Utf8 => "utf8",
            Self::Json => "json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::MissingMember(_) => "missing_member",
            Self::UnexpectedMember(_) => "unexpected_member",
            Self::UnprotectedMember(_) => "unprotected_member",
            Self::MemberType { .. } => "member_type",
            Self::ParameterType => "parameter_type",
            Self::UnencodedPayload => "unencoded_payload",
            Self::Crit(_) => "crit",
            Self::Length => "length",
            Self::Deflate => "deflate",
            Self::Encoding(_) => "encoding",
        }
    }
}
