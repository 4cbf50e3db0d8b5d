//! Secret bytes and secret text: no copies, no printing, wiped when dropped.
//!
//! Key material, shared secrets and decrypted payloads go in where they are made, and come out by
//! methods that say `expose` or `secret`. Bytes are compared in constant time; a comparison that stops
//! at the first difference lets an attacker guess byte by byte.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};

use subtle::ConstantTimeEq;
use zeroize::{Zeroizing, optimization_barrier};

/// Bytes that are wiped when dropped, room that isn't used any more too.
///
/// As `Zeroizing<Vec<u8>>`, but many bytes at a time: that writes one by one, which takes as long as a hash.
#[derive(Default, Clone)]
pub(crate) struct Wiped(Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.clear();
        // Never more than there is, so nothing moves.
        self.0.resize(self.0.capacity(), 0);
        optimization_barrier(self.0.as_slice());
    }
}

/// Room for bytes that are written one after the other, on the stack while they are few. Wiped when dropped,
/// and nothing is left behind where it grows. It stays where it was made: a copy on the stack wouldn't be wiped.
pub(crate) struct WipedRoom {
    few: [u8; FEW],
    len: usize,
    // All of the bytes, once they are more.
    many: Option<Wiped>,
}

/// The claims of ordinary tokens are 200 to 600 bytes.
const FEW: usize = 1024;

/// Where a token's parts are decoded.
pub(crate) trait DecodingRoom {
    /// So many bytes to be written over, instead of those that were there.
    fn room_of(&mut self, len: usize) -> &mut [u8];
}

impl DecodingRoom for WipedRoom {
    #[inline]
    fn room_of(&mut self, len: usize) -> &mut [u8] {
        if self.len > 0 || self.many.is_some() {
            *self = Self::new();
        }
        if len <= FEW {
            self.len = len;
        } else {
            self.many = Some(Wiped::from(vec![0; len]));
        }
        self
    }
}

impl WipedRoom {
    pub(crate) const fn new() -> Self {
        Self { few: [0; FEW], len: 0, many: None }
    }

    /// Appends bytes.
    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        match (&self.many, self.few.get_mut(self.len..).and_then(|free| free.get_mut(..bytes.len()))) {
            (None, Some(place)) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            _ => self.extend_many(bytes),
        }
    }

    #[cold]
    fn extend_many(&mut self, bytes: &[u8]) {
        let needed = self.len() + bytes.len();
        if self.many.as_ref().is_none_or(|many| needed > many.capacity()) {
            // A growing `Vec` moves: what it leaves behind is freed, but not wiped.
            let mut larger = Wiped::from(Vec::with_capacity(needed.saturating_mul(2)));
            larger.extend_from_slice(self);
            self.many = Some(larger);
        }
        if let Some(many) = &mut self.many {
            many.extend_from_slice(bytes);
        }
    }

    /// Drops what is behind the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        match &mut self.many {
            Some(many) => many.truncate(len),
            None => {
                // The length tells what is to be wiped.
                self.few.get_mut(len..self.len).unwrap_or_default().fill(0);
                self.len = self.len.min(len);
            }
        }
    }
}

impl Deref for WipedRoom {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.many {
            Some(many) => many,
            None => self.few.get(..self.len).unwrap_or_default(),
        }
    }
}

impl DerefMut for WipedRoom {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.many {
            Some(many) => many,
            None => self.few.get_mut(..self.len).unwrap_or_default(),
        }
    }
}

impl Drop for WipedRoom {
    fn drop(&mut self) {
        // What grew out of it left its first bytes here.
        self.few.get_mut(..self.len).unwrap_or_default().fill(0);
        optimization_barrier(&self.few);
    }
}

impl io::Write for WipedRoom {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text that is wiped like [`Wiped`].
#[derive(Default)]
pub(crate) struct WipedText(String);

impl Drop for WipedText {
    fn drop(&mut self) {
        drop(Wiped(std::mem::take(&mut self.0).into_bytes()));
    }
}

impl Deref for WipedText {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for WipedText {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

impl From<String> for WipedText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl From<Vec<u8>> for Wiped {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Bytes that must stay secret: an HMAC secret, a private key's part, a decrypted payload.
///
/// They can't be cloned, printed or serialized; they compare in constant time and are wiped
/// when dropped.
///
/// ```
/// use countersign::SecretBytes;
///
/// let secret = SecretBytes::from(b"0123456789abcdef0123456789abcdef".to_vec());
/// assert_eq!(format!("{secret:?}"), "SecretBytes(32 bytes)");
/// assert_eq!(secret.expose_secret().len(), 32);
/// ```
pub struct SecretBytes(Wiped);

impl SecretBytes {
    /// Takes bytes over that are wiped already. No `From`, which would make zeroize part of the public API.
    pub(crate) fn from_zeroizing(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self::from(std::mem::take(&mut *bytes))
    }

    /// Keeps only so many bytes. The rest is wiped with them.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Gives the secret bytes out.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// Makes another copy of the secret, wiped on its own when dropped.
    #[must_use]
    pub fn clone_secret(&self) -> Self {
        Self(self.0.clone())
    }

    /// Gives the secret bytes out for good: from here on, the caller wipes them.
    #[must_use]
    pub fn into_exposed_secret(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Takes the bytes over; no copy stays behind.
impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Wiped(bytes))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for SecretBytes {}

/// Text that must stay secret: a private JWK or PEM on its way to a file or an environment.
///
/// ```
/// use countersign::SecretString;
///
/// let text = SecretString::from(String::from("{\"kty\":\"oct\"}"));
/// assert_eq!(format!("{text:?}"), "SecretString(13 bytes)");
/// assert!(text.expose_secret().starts_with('{'));
/// ```
pub struct SecretString(WipedText);

impl SecretString {
    /// Gives the secret text out.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// Takes the text over; no copy stays behind.
impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(WipedText(text))
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretString({} bytes)", self.0.len())
    }
}

impl PartialEq for SecretString {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretString {}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn room_of_a_length_holds_nothing_of_what_was_there() {
        let mut room = WipedRoom::new();
        for len in [3, FEW, 1, 0, FEW + 1, 5, 9000, FEW + 2, FEW] {
            assert_eq!(room.room_of(len), vec![0; len]);
            room.fill(7);
            assert_eq!(*room, vec![7; len]);
            assert_eq!(room.many.is_some(), len > FEW);
        }
    }

    #[test]
    fn room_keeps_what_is_written_on_the_stack_and_past_it() {
        for pieces in
            [&[3, 0, 5][..], &[FEW], &[FEW - 1, 1], &[FEW, 1], &[FEW - 1, 2, 9000, 1], &[5000, 5000]]
        {
            let (mut room, mut expected) = (WipedRoom::new(), Vec::new());
            for (index, &len) in pieces.iter().enumerate() {
                let piece = vec![u8::try_from(index + 1).unwrap(); len];
                room.write_all(&piece).unwrap();
                expected.extend(piece);
            }
            assert_eq!(*room, *expected, "{pieces:?}");
            assert_eq!(room.many.is_some(), expected.len() > FEW, "{pieces:?}");
            room[0] = 9;
            room.truncate(2);
            room.extend(b"x");
            assert_eq!(*room, [9, expected[1], b'x'], "{pieces:?}");
            room.truncate(50_000);
            assert_eq!(room.len(), 3);
        }
    }

    #[test]
    fn what_is_cut_off_is_wiped() {
        let mut room = WipedRoom::new();
        room.extend(b"secret");
        room.truncate(2);
        assert!(room.few.starts_with(b"se") && room.few[2..].iter().all(|&byte| byte == 0));
    }
}
