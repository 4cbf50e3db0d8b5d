//! Short outputs of the seam, on the stack: hash values, authentication codes and signatures. Bytes of
//! a library go in by copy or are written in place; callers read them as a slice.
//!
//! An output costs no allocation. It is wiped when dropped, since a hash value may be a derived key
//! (RFC 7518 §4.6.2) or the tag that a forger is after.

use std::fmt;

use zeroize::optimization_barrier;

use super::CryptoError;

/// A hash value or an authentication code: at most 64 bytes.
pub(crate) type Digest = Bytes<64>;

/// A signature: at most 512 bytes, those of a 4096-bit RSA key.
pub(crate) type SignatureBytes = Bytes<512>;

/// Up to `N` bytes on the stack, wiped when dropped, since a hash value may be a derived key.
pub(crate) struct Bytes<const N: usize> {
    buffer: [u8; N],
    // At most N: both constructors refuse more.
    len: usize,
}

impl<const N: usize> Bytes<N> {
    /// Copies the bytes, or refuses more than `N`.
    pub(crate) fn copy_of(bytes: &[u8]) -> Result<Self, CryptoError> {
        let mut buffer = [0; N];
        buffer.get_mut(..bytes.len()).ok_or(CryptoError)?.copy_from_slice(bytes);
        Ok(Self { buffer, len: bytes.len() })
    }

    /// Has `fill` write exactly `len` bytes in place, or refuses more than `N`.
    pub(crate) fn filled(
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), CryptoError>,
    ) -> Result<Self, CryptoError> {
        let mut bytes = Self { buffer: [0; N], len };
        fill(bytes.buffer.get_mut(..len).ok_or(CryptoError)?)?;
        Ok(bytes)
    }
}

/// A message authentication code is the signature of HS256 and its family.
impl From<Digest> for SignatureBytes {
    fn from(code: Digest) -> Self {
        let mut buffer = [0; 512];
        buffer.iter_mut().zip(code.as_ref()).for_each(|(to, from)| *to = *from);
        Self { buffer, len: code.len }
    }
}

impl<const N: usize> AsRef<[u8]> for Bytes<N> {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

impl<const N: usize> Drop for Bytes<N> {
    fn drop(&mut self) {
        let Self { buffer, len } = self;
        // At once, where `zeroize` writes byte by byte: most outputs are far shorter than their room.
        *buffer = [0; N];
        *len = 0;
        optimization_barrier(buffer);
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.len)
    }
}
