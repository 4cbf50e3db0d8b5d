//! The curves of ECDSA and ECDH (RFC 7518 §6.2.1.1, RFC 8812 §3.1), and the checks of form that every
//! stack begins with: a point or a private key goes in, and is refused unless it has the one length and
//! encoding that JOSE knows.
//!
//! The libraries read more forms than that, each its own selection; checked here first, both stacks
//! refuse the same.

use super::{CryptoError, Hash};

/// An elliptic curve of RFC 7518 §6.2.1.1 or RFC 8812 §3.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EcCurve {
    /// NIST P-256, signing with SHA-256.
    P256,
    /// NIST P-384, signing with SHA-384.
    P384,
    /// NIST P-521, signing with SHA-512.
    P521,
    /// secp256k1, signing with SHA-256. It doesn't do key agreement: RFC 8812 §3.1 registers it
    /// for signatures.
    #[cfg(feature = "es256k")]
    Secp256k1,
}

impl EcCurve {
    /// Returns the number of bytes of a coordinate, which is that of a private key and of half a
    /// signature too.
    pub(crate) const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
            #[cfg(feature = "es256k")]
            Self::Secp256k1 => 32,
        }
    }

    /// Returns the hash that ECDSA on this curve signs with, in JOSE.
    pub(crate) const fn hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
            #[cfg(feature = "es256k")]
            Self::Secp256k1 => Hash::Sha256,
        }
    }

    /// Returns the number of bytes of an uncompressed point, `0x04 || x || y`.
    pub(crate) const fn point_len(self) -> usize {
        2 * self.coordinate_len() + 1
    }

    /// Refuses what isn't an uncompressed point by its form: JOSE has no compressed points, and
    /// the libraries would read them, and hybrid ones and SPKI too.
    pub(super) fn check_point_form(self, point: &[u8]) -> Result<(), CryptoError> {
        if point.len() == self.point_len() && point.first() == Some(&0x04) {
            Ok(())
        } else {
            Err(CryptoError)
        }
    }

    /// Refuses a private key of another length than the curve's.
    pub(super) fn check_private_len(self, d: &[u8]) -> Result<(), CryptoError> {
        if d.len() == self.coordinate_len() { Ok(()) } else { Err(CryptoError) }
    }
}
