//! Certificates (RFC 5280 §4.1): DER goes in; what a key may be compared with, or taken from, comes
//! out.
//!
//! The form is judged and nothing else: trust in a certificate comes from elsewhere.

use ::der::Decode;
use ::der::referenced::OwnedToRef;
use ::spki::SubjectPublicKeyInfoRef;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::super::KeyMaterial;
use super::algorithm::{KeyAlgorithm, RSASSA_PSS};
use super::{malformed, refusal, spki};
use crate::Error;

/// A certificate in DER.
pub(in crate::jwk) struct Certificate(x509_cert::Certificate);

impl Certificate {
    /// Reads exactly one certificate.
    pub(in crate::jwk) fn read(der: &[u8]) -> Result<Self, Error> {
        x509_cert::Certificate::from_der(der)
            .map(Self)
            .map_err(|error| refusal(&error, "a certificate (RFC 5280 §4.1)"))
    }

    /// Takes the public key out, checked as any other.
    pub(in crate::jwk) fn key(&self) -> Result<KeyMaterial, Error> {
        spki::material(self.info())
    }

    /// Returns whether the certificate is for this key.
    pub(in crate::jwk) fn is_of(&self, material: &KeyMaterial) -> bool {
        let info = self.info();
        let algorithm = KeyAlgorithm::of(material).map(KeyAlgorithm::identifier);
        let same_type = algorithm.is_ok_and(|algorithm| {
            // RFC 4055 §1.2: an RSA key that its certificate restricts to RSASSA-PSS is the same key.
            let restricted = info.algorithm.oid == RSASSA_PSS && matches!(material, KeyMaterial::Rsa(_));
            restricted || info.algorithm == algorithm
        });
        let key = spki::subject_public_key(material);
        same_type && key.is_ok_and(|key| info.subject_public_key.as_bytes() == Some(&*key))
    }

    /// Returns what the certificate's key usage permits (RFC 5280 §4.2.1.3); all, where it says nothing.
    pub(in crate::jwk) fn usage(&self) -> Result<Usage, Error> {
        let Some((_, KeyUsage(bits))) = self
            .0
            .tbs_certificate()
            .get_extension::<KeyUsage>()
            .map_err(|_| malformed("one key usage extension in a certificate (RFC 5280 §4.2.1.3)"))?
        else {
            return Ok(Usage { signature: true, encryption: true });
        };
        let signature = KeyUsages::DigitalSignature
            | KeyUsages::NonRepudiation
            | KeyUsages::KeyCertSign
            | KeyUsages::CRLSign;
        let encryption = KeyUsages::KeyEncipherment | KeyUsages::DataEncipherment | KeyUsages::KeyAgreement;
        Ok(Usage { signature: !bits.is_disjoint(signature), encryption: !bits.is_disjoint(encryption) })
    }

    fn info(&self) -> SubjectPublicKeyInfoRef<'_> {
        self.0.tbs_certificate().subject_public_key_info().owned_to_ref()
    }
}

/// What a certificate lets its key do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jwk) struct Usage {
    pub(in crate::jwk) signature: bool,
    pub(in crate::jwk) encryption: bool,
}
