//! Private keys under a password, in PKCS#8 (RFC 5958 §3): DER or PEM and the password go in, a checked
//! [`Jwk`] comes out, and back.
//!
//! What is inside is read like any other PKCS#8. A wrong password and a damaged key are one error.

use super::Jwk;
#[cfg(feature = "pem")]
use super::check_key_size;
use super::der;
use crate::{Error, Limits};

impl Jwk {
    /// Reads a private key from encrypted PKCS#8, the content of PEM's `ENCRYPTED PRIVATE KEY`. Needs the feature
    /// `encrypted-pkcs8`.
    ///
    /// PBES2 is read, with PBKDF2 on HMAC with SHA-256, SHA-384 or SHA-512, or with scrypt, and AES-CBC with
    /// keys of 128, 192 or 256 bits: what OpenSSL has written by default since 1.1.0. Older schemes (PBES1,
    /// DES, PBKDF2 with SHA-1) aren't; `openssl pkcs8 -in old.pem | openssl pkcs8 -topk8` converts them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the password is another (code `key_password`) or the key isn't valid;
    /// [`Error::Malformed`] when the bytes aren't exactly one encrypted PKCS#8 key in DER;
    /// [`Error::Unsupported`] for another encryption or key; [`Error::LimitExceeded`] when the file is larger
    /// than 256 KiB or asks for more work than the default [`Limits`] permit.
    pub fn from_encrypted_pkcs8_der(der: &[u8], password: &[u8]) -> Result<Self, Error> {
        Self::from_encrypted_pkcs8_der_with_limits(der, password, &Limits::default())
    }

    /// Reads a private key from encrypted PKCS#8 within the given limits. Needs the feature `encrypted-pkcs8`.
    ///
    /// # Errors
    ///
    /// As for [`Jwk::from_encrypted_pkcs8_der`], under these limits.
    pub fn from_encrypted_pkcs8_der_with_limits(
        der: &[u8],
        password: &[u8],
        limits: &Limits,
    ) -> Result<Self, Error> {
        der::decrypt(der, password, limits)
    }

    /// Writes the private key as PKCS#8, encrypted under a password. Needs the feature `encrypted-pkcs8`.
    ///
    /// As strong as the password: whoever has the file can guess at it. It is derived by 600,000 rounds of
    /// PBKDF2 with HMAC-SHA-256, which takes a fraction of a second, and encrypts with AES-256-CBC, whose
    /// result isn't authenticated.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, or is a symmetric secret; [`Error::Misuse`] when the
    /// password is empty; [`Error::Unavailable`] without randomness.
    pub fn expose_encrypted_pkcs8_der(&self, password: &[u8]) -> Result<Vec<u8>, Error> {
        der::encrypt(self, password)
    }

    /// Reads the one encrypted key in a PEM text, whose label is `ENCRYPTED PRIVATE KEY`. Needs the features
    /// `encrypted-pkcs8` and `pem`.
    ///
    /// ```
    /// use countersign::{Jwk, KeyKind};
    ///
    /// let key = Jwk::generate(KeyKind::P256)?;
    /// let pem = key.expose_encrypted_pkcs8_pem(b"correct horse battery staple")?;
    /// assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    ///
    /// let again = Jwk::from_encrypted_pem(&pem, b"correct horse battery staple")?;
    /// assert_eq!(again.thumbprint(), key.thumbprint());
    /// assert_eq!(Jwk::from_encrypted_pem(&pem, b"guess").unwrap_err().code(), "key_password");
    /// # Ok::<(), countersign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when there isn't exactly one such block with strict base64; otherwise as for
    /// [`Jwk::from_encrypted_pkcs8_der`].
    #[cfg(feature = "pem")]
    pub fn from_encrypted_pem(pem: &str, password: &[u8]) -> Result<Self, Error> {
        Self::from_encrypted_pem_with_limits(pem, password, &Limits::default())
    }

    /// Reads the one encrypted key in a PEM text within the given limits. Needs the features `encrypted-pkcs8`
    /// and `pem`.
    ///
    /// # Errors
    ///
    /// As for [`Jwk::from_encrypted_pem`], under these limits.
    #[cfg(feature = "pem")]
    pub fn from_encrypted_pem_with_limits(
        pem: &str,
        password: &[u8],
        limits: &Limits,
    ) -> Result<Self, Error> {
        check_key_size(pem.as_bytes())?;
        let der = super::pem::decode_encrypted(pem)?;
        Self::from_encrypted_pkcs8_der_with_limits(&der, password, limits)
    }

    /// Writes the private key as PEM with the label `ENCRYPTED PRIVATE KEY`, encrypted under a password as
    /// [`Jwk::expose_encrypted_pkcs8_der`] does. Needs the features `encrypted-pkcs8` and `pem`.
    ///
    /// # Errors
    ///
    /// As for [`Jwk::expose_encrypted_pkcs8_der`].
    #[cfg(feature = "pem")]
    pub fn expose_encrypted_pkcs8_pem(&self, password: &[u8]) -> Result<String, Error> {
        Ok(super::pem::encode(super::pem::ENCRYPTED_LABEL, &self.expose_encrypted_pkcs8_der(password)?))
    }
}
