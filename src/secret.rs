//! Secret bytes and secret text: no copies, no printing, wiped when dropped.
//!
//! Key material, shared secrets and decrypted payloads go in where they are made, and come out by
//! methods that say `expose` or `secret`. Bytes are compared in constant time; a comparison that stops
//! at the first difference lets an attacker guess byte by byte.

use std::fmt;
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
