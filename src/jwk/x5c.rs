//! Certificate chains, the value of `x5c` (RFC 7515 §4.1.6, RFC 7517 §4.7): base64, DER or PEM goes in, the
//! certificates come out, and the first one's key only by way of the caller's own judgment.
//!
//! Whether a chain leads to an anchor, for whom, and until when is RFC 5280 §6, and not decided here: a
//! chain that comes with a token proves that somebody can make certificates, no more.

use std::fmt;

use super::der::{Certificate, Usage};
use super::{Jwk, KeyMaterial, check_key_size, exceeded, inconsistent};
use crate::crypto::{self, Hash};
use crate::wire::json::{self, Value};
use crate::wire::{base64, base64url};
use crate::{Defect, Error, Limit, Limits, Part, Refusal};

/// One or more certificates, the first of which is for the key in question ([RFC 7517 §4.7](https://www.rfc-editor.org/rfc/rfc7517#section-4.7)).
///
/// Each is known to be a certificate in DER, and nothing else is known of them. The key of the first one is
/// given out by [`CertificateChain::trusted_key`] only, which asks the application first.
///
/// ```
/// use countersign::jwk::CertificateChain;
/// use countersign::{JwsAlgorithm, VerifyingKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # const X5C: [&str; 1] = [concat!(
/// #     "MIIBSjCB/aADAgECAhQwsI5cbpmRzZDTYosqdzNMQpkhWTAFBgMrZXAwGjEYMBYGA1UEAwwPZWQyNTUxOS5leGFt",
/// #     "cGxlMCAXDTI2MTEyMjA2NDUwNVoYDzIxMjYxMDI5MDY0NTA1WjAaMRgwFgYDVQQDDA9lZDI1NTE5LmV4YW1wbGUw",
/// #     "KjAFBgMrZXADIQCRTKZYHnMDpsjfLEjkyB5IH3ezdg+IBJ29mHvzEU4eoqNTMFEwHQYDVR0OBBYEFNkaAxnyUwhH",
/// #     "FA3cEz24afRRLCKLMB8GA1UdIwQYMBaAFNkaAxnyUwhHFA3cEz24afRRLCKLMA8GA1UdEwEB/wQFMAMBAf8wBQYD",
/// #     "K2VwA0EAPfpothrqfqzCmy5QB6si1dTaIeei0L9K9cP0nX9RwAOl/OP1IbHvavKvNLbUBD8jz1MnYMJc6q42pTNz",
/// #     "LEOJDQ==",
/// # )];
/// // The strings of the header parameter or the member `x5c`.
/// let chain = CertificateChain::from_x5c(X5C)?;
/// // The judgment is the application's: a pinned thumbprint, or a validator of certificate paths.
/// let pinned = "8v4azpU-fJkjNTvBI2e4I6IGs35TCzrgKb0EnLQt7_0";
/// let key = chain.trusted_key(|chain| chain.thumbprint() == pinned)?;
/// let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &key)?;
///
/// let refused = chain.trusted_key(|_| false).unwrap_err();
/// assert_eq!(refused.code(), "certificate_not_trusted");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateChain {
    leaf: Vec<u8>,
    others: Vec<Vec<u8>>,
    /// What the first certificate lets its key do.
    usage: Usage,
}

impl CertificateChain {
    /// Reads the strings of an `x5c`: certificates in base64 with padding, not base64url.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when there is no certificate, or one isn't strict base64 around exactly one
    /// certificate in DER; [`Error::LimitExceeded`] for more than 256 KiB of them.
    pub fn from_x5c<S: AsRef<str>>(certificates: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let decode = |text: S| {
            check_key_size(text.as_ref().as_bytes())?;
            base64::decode(text.as_ref()).ok_or_else(|| wrong_type(Part::Der))
        };
        Self::collect(certificates.into_iter().map(decode), Part::Der)
    }

    /// Takes certificates in DER, that of the key first and then each one's issuer.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when there is no certificate, or one isn't exactly one certificate in DER;
    /// [`Error::LimitExceeded`] for more than 256 KiB of them.
    pub fn from_der<C: Into<Vec<u8>>>(certificates: impl IntoIterator<Item = C>) -> Result<Self, Error> {
        Self::collect(certificates.into_iter().map(|der| Ok(der.into())), Part::Der)
    }

    /// Reads the `x5c` of a JOSE header, if it is there. The header was scanned before.
    pub(crate) fn from_header(json: &str) -> Result<Option<Self>, Error> {
        let mut x5c = None;
        json::scan_object(json, Part::Header, &Limits::default(), |name, value| {
            if name == "x5c" {
                x5c = Some(value);
            }
            Ok(())
        })?;
        x5c.map(|x5c| Self::read(x5c, Part::Header)).transpose()
    }

    /// Reads the value of a member or header parameter `x5c`; `part` is what errors speak of.
    pub(super) fn read(x5c: Value<'_>, part: Part) -> Result<Self, Error> {
        let elements = x5c.elements().ok_or_else(|| wrong_type(part))?;
        let decode = |element: Value<'_>| {
            let text = element.as_str().ok_or_else(|| wrong_type(part))?;
            base64::decode(&text).ok_or_else(|| wrong_type(part))
        };
        Self::collect(elements.map(decode), part)
    }

    fn collect(
        certificates: impl Iterator<Item = Result<Vec<u8>, Error>>,
        part: Part,
    ) -> Result<Self, Error> {
        let mut room = Limits::KEY_BYTES;
        let mut certificates = certificates.map(|certificate| {
            let der = certificate?;
            room = room.checked_sub(der.len()).ok_or_else(|| exceeded(Limit::KeyBytes, Limits::KEY_BYTES))?;
            Ok((Certificate::read(&der).map_err(|error| blame(error, part))?, der))
        });
        let (certificate, leaf) = certificates.next().ok_or_else(|| wrong_type(part))??;
        let usage = certificate.usage().map_err(|error| blame(error, part))?;
        let others = certificates.map(|read| read.map(|(_, der)| der)).collect::<Result<_, Error>>()?;
        Ok(Self { leaf, others, usage })
    }

    /// Returns the certificate of the key, in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// Returns all certificates in DER, that of the key first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.leaf).chain(&self.others).map(Vec::as_slice)
    }

    /// Returns the SHA-256 thumbprint of the first certificate in base64url, as in `x5t#S256`
    /// ([RFC 7517 §4.9](https://www.rfc-editor.org/rfc/rfc7517#section-4.9)).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(&self.sha256())
    }

    /// Returns the SHA-256 thumbprint of the first certificate.
    pub(super) fn sha256(&self) -> Vec<u8> {
        crypto::digest(Hash::Sha256, &[&self.leaf]).as_ref().to_vec()
    }

    /// Returns the SHA-1 thumbprint of the first certificate.
    pub(super) fn sha1(&self) -> [u8; 20] {
        crypto::sha1(&self.leaf)
    }

    /// Takes the public key out of the first certificate, if the application trusts the chain.
    ///
    /// `trust` is asked once, and has to do all that [RFC 5280 §6](https://www.rfc-editor.org/rfc/rfc5280#section-6) asks for, as far as it matters to the
    /// application: each signature up to an anchor that it already has, the times, the names that it
    /// expects, the key's usage, revocation. Whoever answers `true` to everything takes keys from anyone.
    /// Only the form of the certificates is known before.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] when `trust` says no; [`Error::Unsupported`] or [`Error::InvalidKey`] when the
    /// key isn't supported or valid.
    pub fn trusted_key(&self, trust: impl FnOnce(&Self) -> bool) -> Result<Jwk, Error> {
        if !trust(self) {
            return Err(Error::NotAllowed(Refusal::Certificate));
        }
        Certificate::read(&self.leaf)?.key().map(Jwk::from_material)
    }

    /// Refuses a chain whose first certificate is another key's.
    pub(super) fn check_key(&self, material: &KeyMaterial) -> Result<(), Error> {
        // RFC 7517 §4.7: "The key in the first certificate MUST match the public key represented by
        // other members of the JWK."
        if Certificate::read(&self.leaf)?.is_of(material) {
            Ok(())
        } else {
            Err(inconsistent("expected the key in the first certificate of `x5c` to be the JWK's own"))
        }
    }

    /// Whether the first certificate's key usage permits this.
    pub(super) fn permits(&self, asked: Usage) -> bool {
        let Usage { signature, encryption } = asked;
        (!signature || self.usage.signature) && (!encryption || self.usage.encryption)
    }
}

/// Shows the number of certificates, nothing of them.
impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateChain({} certificates)", self.certificates().count())
    }
}

/// Certificates in a token's header are the sender's, all others the application's or the issuer's.
fn blame(error: Error, part: Part) -> Error {
    match error {
        Error::Malformed { defect, .. } => Error::malformed(part, defect),
        other => other,
    }
}

fn wrong_type(part: Part) -> Error {
    const EXPECTED: &str = "an array of one or more certificates in base64 with padding";
    Error::malformed(part, Defect::MemberType { name: "x5c", expected: EXPECTED })
}
