//! Keys in DER, as OpenSSL and others write them: bytes in, a checked [`Jwk`] out, and back.
//!
//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), PKCS#8 (RFC 5958 §2), PKCS#1 (RFC 8017 §A.1), SEC1 (RFC
//! 5915 §3) and certificates (RFC 5280 §4.1), each strictly DER and with nothing behind it.

mod algorithm;
mod certificate;
#[cfg(feature = "encrypted-pkcs8")]
mod encrypted;
mod pkcs1;
mod pkcs8;
mod sec1;
mod spki;
mod values;

use ::der::ErrorKind;

pub(super) use certificate::{Certificate, Usage};

use super::{Jwk, KeyMaterial, check_key_size};
#[cfg(feature = "encrypted-pkcs8")]
use crate::Limits;
use crate::{Defect, Error, KeyDefect, Part, SecretBytes, Unsupported};

/// Reads a private key that is encrypted under a password.
#[cfg(feature = "encrypted-pkcs8")]
pub(super) fn decrypt(der: &[u8], password: &[u8], limits: &Limits) -> Result<Jwk, Error> {
    check(der)?;
    let pkcs8 = encrypted::decrypt(der, password, limits)?;
    pkcs8::read(pkcs8.expose_secret()).map(Jwk::from_material)
}

/// Writes a private key encrypted under a password.
#[cfg(feature = "encrypted-pkcs8")]
pub(super) fn encrypt(key: &Jwk, password: &[u8]) -> Result<Vec<u8>, Error> {
    encrypted::encrypt(&pkcs8::write(&key.material)?, password)
}

impl Jwk {
    /// Reads a public key from a SubjectPublicKeyInfo, the content of PEM's `PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one SubjectPublicKeyInfo in DER; [`Error::Unsupported`] or
    /// [`Error::InvalidKey`] when the key isn't supported or valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        spki::read(der).map(Self::from_material)
    }

    /// Reads a private key from PKCS#8, the content of PEM's `PRIVATE KEY`.
    ///
    /// ```
    /// use countersign::{Jwk, JwsAlgorithm, KeyKind, SigningKey};
    ///
    /// let der = Jwk::generate(KeyKind::P256)?.expose_pkcs8_der()?; // or read from a file
    /// let key = SigningKey::from_jwk_for(JwsAlgorithm::Es256, &Jwk::from_pkcs8_der(der.expose_secret())?)?;
    /// assert_eq!(key.algorithm(), JwsAlgorithm::Es256);
    /// # Ok::<(), countersign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one unencrypted PKCS#8 key in DER; [`Error::Unsupported`] or
    /// [`Error::InvalidKey`] when the key isn't supported or valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        pkcs8::read(der).map(Self::from_material)
    }

    /// Reads an RSA public key from PKCS#1, the content of PEM's `RSA PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one PKCS#1 public key in DER;
    /// [`Error::InvalidKey`] when the key isn't valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_pkcs1_public_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        pkcs1::read_public(der).map(KeyMaterial::Rsa).map(Self::from_material)
    }

    /// Reads an RSA private key from PKCS#1, the content of PEM's `RSA PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one PKCS#1 private key in DER; [`Error::Unsupported`] or
    /// [`Error::InvalidKey`] when the key isn't supported or valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_pkcs1_private_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        pkcs1::read_private(der).map(KeyMaterial::Rsa).map(Self::from_material)
    }

    /// Reads an EC private key from SEC1, the content of PEM's `EC PRIVATE KEY`, with or without its
    /// public key.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one SEC1 private key in DER that names its
    /// curve; [`Error::Unsupported`] or [`Error::InvalidKey`] when the key isn't supported or valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        sec1::read(der, None).map(KeyMaterial::Ec).map(Self::from_material)
    }

    /// Reads the public key out of a certificate, the content of PEM's `CERTIFICATE`.
    ///
    /// Only the key is taken. Nothing else of the certificate is judged: not its signature, its times,
    /// its names, nor its extensions. Whoever calls this trusts the certificate for another reason.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes aren't exactly one certificate in DER; [`Error::Unsupported`] or
    /// [`Error::InvalidKey`] when the key isn't supported or valid;
    /// [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, Error> {
        check(der)?;
        Certificate::read(der)?.key().map(Self::from_material)
    }

    /// Writes the public part as a SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key is a symmetric secret, which has no public part.
    pub fn to_spki_der(&self) -> Result<Vec<u8>, Error> {
        spki::write(&self.material)
    }

    /// Writes the public part of an RSA key as PKCS#1.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when the key isn't an RSA key.
    pub fn to_pkcs1_public_der(&self) -> Result<Vec<u8>, Error> {
        match &self.material {
            KeyMaterial::Rsa(key) => Ok(pkcs1::write_public(key)),
            KeyMaterial::Oct(_) | KeyMaterial::Ec(_) | KeyMaterial::Okp(_) => Err(not_rsa()),
        }
    }

    /// Writes the private key as PKCS#8, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, or is a symmetric secret.
    pub fn expose_pkcs8_der(&self) -> Result<SecretBytes, Error> {
        pkcs8::write(&self.material)
    }

    /// Writes an RSA private key as PKCS#1, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, [`Error::Unsupported`] when it isn't an RSA key.
    pub fn expose_pkcs1_der(&self) -> Result<SecretBytes, Error> {
        match &self.material {
            KeyMaterial::Rsa(key) => key.private.as_ref().map(pkcs1::write_private).ok_or_else(not_private),
            KeyMaterial::Oct(_) | KeyMaterial::Ec(_) | KeyMaterial::Okp(_) => Err(not_rsa()),
        }
    }

    /// Writes an EC private key as SEC1, with its curve and public key, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, [`Error::Unsupported`] when it isn't an EC key.
    pub fn expose_sec1_der(&self) -> Result<SecretBytes, Error> {
        match &self.material {
            KeyMaterial::Ec(key) => sec1::write(key, sec1::Curve::Named),
            KeyMaterial::Oct(_) | KeyMaterial::Rsa(_) | KeyMaterial::Okp(_) => Err(Error::Unsupported(
                Unsupported::Key("expected an EC key, which SEC1 is for, found another"),
            )),
        }
    }
}

/// A SubjectPublicKeyInfo around these numbers, whatever they are.
#[cfg(test)]
pub(super) fn spki_of_rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    let key = super::RsaKey { n: n.to_vec(), e: e.to_vec(), private: None };
    spki::write(&KeyMaterial::Rsa(key)).expect("an RSA key is public")
}

/// Refuses what is too large to read, and tells those who took the wrong function so.
fn check(der: &[u8]) -> Result<(), Error> {
    check_key_size(der)?;
    if der.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err(malformed("DER, found PEM text"));
    }
    Ok(())
}

/// Sorts the refusal of a DER reader; `expected` is what the bytes should have been.
fn refusal(error: &::der::Error, expected: &'static str) -> Error {
    malformed(match error.kind() {
        ErrorKind::TrailingData { .. } => "no bytes after the end of a DER value",
        ErrorKind::IndefiniteLength => "DER, which has no indefinite lengths",
        _ => expected,
    })
}

fn malformed(expected: &'static str) -> Error {
    Error::malformed(Part::Der, Defect::Encoding(expected))
}

fn not_private() -> Error {
    Error::InvalidKey(KeyDefect::NotPrivate)
}

fn not_rsa() -> Error {
    Error::Unsupported(Unsupported::Key("expected an RSA key, which PKCS#1 is for, found another"))
}
