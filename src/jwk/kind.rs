//! The kinds of key that this library knows, with the size or the curve where a kind has several (RFC
//! 7518 §6, RFC 8037 §2, RFC 8812 §3.1).
//!
//! What [`Jwk::kind`](crate::jwk::Jwk::kind) answers and [`Jwk::generate`](crate::jwk::Jwk::generate)
//! is asked for; it says nothing about an algorithm.

use std::fmt;

/// What kind of key a [`Jwk`](crate::jwk::Jwk) is: its type, with its size or its curve.
///
/// ```
/// use countersign::jwk::{Jwk, KeyKind};
///
/// let key = Jwk::generate(KeyKind::P256)?;
/// assert_eq!(key.kind(), KeyKind::P256);
/// assert_eq!(KeyKind::Rsa { bits: 2048 }.to_string(), "RSA 2048 bits");
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// A symmetric secret (`oct`, [RFC 7518 §6.4](https://www.rfc-editor.org/rfc/rfc7518#section-6.4)).
    Oct {
        /// The size of the secret, in bits.
        bits: usize,
    },
    /// An RSA key ([RFC 7518 §6.3](https://www.rfc-editor.org/rfc/rfc7518#section-6.3)).
    Rsa {
        /// The size of the modulus, in bits.
        bits: usize,
    },
    /// A key on the curve P-256 ([RFC 7518 §6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2)).
    P256,
    /// A key on the curve P-384 ([RFC 7518 §6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2)).
    P384,
    /// A key on the curve P-521 ([RFC 7518 §6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2)).
    P521,
    /// A key on the curve secp256k1 ([RFC 8812 §3.1](https://www.rfc-editor.org/rfc/rfc8812#section-3.1)).
    #[cfg(feature = "es256k")]
    Secp256k1,
    /// A signature key on the curve Ed25519 ([RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)).
    Ed25519,
    /// A key agreement key on the curve X25519 ([RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)).
    X25519,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oct { bits } => write!(f, "oct {bits} bits"),
            Self::Rsa { bits } => write!(f, "RSA {bits} bits"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::P521 => f.write_str("P-521"),
            #[cfg(feature = "es256k")]
            Self::Secp256k1 => f.write_str("secp256k1"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::X25519 => f.write_str("X25519"),
        }
    }
}
