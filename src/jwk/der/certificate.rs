//! Certificates (RFC 5280 §4.1): DER goes in; what a key may be compared with, or taken from, comes
//! out.
//!
//! The form is judged and nothing else: trust in a certificate comes from elsewhere.

use ::der::asn1::{GeneralizedTime, IntRef, ObjectIdentifier, UtcTime};
use ::der::{Result as DerResult, Tag, Tagged};

use super::super::KeyMaterial;
use super::algorithm::{KeyAlgorithm, RSASSA_PSS};
use super::spki::{self, Info};
use super::values::{Values, wrong_number};
use super::{malformed, refusal};
use crate::Error;

/// What a certificate in DER says of its key.
pub(in crate::jwk) struct Certificate {
    /// The content of its SubjectPublicKeyInfo.
    info: Vec<u8>,
    /// The value of each key usage extension, of which there should be one at most.
    key_usages: Vec<Vec<u8>>,
}

impl Certificate {
    /// Reads exactly one certificate.
    pub(in crate::jwk) fn read(der: &[u8]) -> Result<Self, Error> {
        Values::read_sequence(der, certificate)
            .map_err(|error| refusal(&error, "a certificate (RFC 5280 §4.1)"))
    }

    /// Takes the public key out, checked as any other.
    pub(in crate::jwk) fn key(&self) -> Result<KeyMaterial, Error> {
        spki::material(&self.info()?)
    }

    /// Returns whether the certificate is for this key.
    pub(in crate::jwk) fn is_of(&self, material: &KeyMaterial) -> bool {
        let Ok(info) = self.info() else { return false };
        let algorithm = KeyAlgorithm::of(material).map(KeyAlgorithm::identifier);
        let same_type = algorithm.is_ok_and(|algorithm| {
            // RFC 4055 §1.2: an RSA key that its certificate restricts to RSASSA-PSS is the same key.
            let restricted = info.algorithm.oid == RSASSA_PSS && matches!(material, KeyMaterial::Rsa(_));
            restricted || info.algorithm == algorithm
        });
        let key = spki::subject_public_key(material);
        same_type && key.is_ok_and(|key| info.key.as_bytes() == Some(&*key))
    }

    /// Returns what the certificate's key usage permits (RFC 5280 §4.2.1.3); all, where it says nothing.
    pub(in crate::jwk) fn usage(&self) -> Result<Usage, Error> {
        let malformed = || malformed("one key usage extension in a certificate (RFC 5280 §4.2.1.3)");
        let value = match self.key_usages.as_slice() {
            [] => return Ok(Usage { signature: true, encryption: true }),
            [value] => value,
            _ => return Err(malformed()),
        };
        let bits = Values::of(value)
            .and_then(|mut values| {
                let bits = values.bit_string()?;
                values.finish()?;
                Ok(bits)
            })
            .map_err(|_| malformed())?;
        // Nine bits are defined; more than two octets of them are something else.
        if bits.bit_len() > 16 {
            return Err(malformed());
        }
        let any = |positions: &[usize]| positions.iter().any(|position| bits.get(*position) == Some(true));
        Ok(Usage { signature: any(&SIGNATURE), encryption: any(&ENCRYPTION) })
    }

    fn info(&self) -> Result<Info<'_>, Error> {
        let info = Values::of(&self.info).and_then(Info::read);
        info.map_err(|error| refusal(&error, "a public key in SubjectPublicKeyInfo (RFC 5280 §4.1)"))
    }
}

/// `digitalSignature`, `nonRepudiation`, `keyCertSign`, `cRLSign`.
const SIGNATURE: [usize; 4] = [0, 1, 5, 6];
/// `keyEncipherment`, `dataEncipherment`, `keyAgreement`.
const ENCRYPTION: [usize; 3] = [2, 3, 4];

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// The content of a `Certificate`. Every field is read for its ASN.1 form.
fn certificate(mut values: Values<'_>) -> DerResult<Certificate> {
    let read = to_be_signed(values.sequence()?)?;
    values.algorithm()?;
    values.bit_string()?;
    values.finish()?;
    Ok(read)
}

/// The content of a `TBSCertificate`.
fn to_be_signed(mut values: Values<'_>) -> DerResult<Certificate> {
    // Versions 1 to 3, written as 0 to 2.
    let version = values.explicit(0)?;
    if version.is_some_and(|version| version.tag() != Tag::Integer || !matches!(version.value(), [0..=2])) {
        return Err(wrong_number());
    }
    // RFC 5280 §4.1.2.2: 20 octets, and one for the sign that some issuers don't count.
    if values.any()?.decode_as::<IntRef<'_>>()?.as_bytes().len() > 21 {
        return Err(wrong_number());
    }
    values.algorithm()?;
    name(values.sequence()?)?;
    let mut validity = values.sequence()?;
    time(&mut validity)?;
    time(&mut validity)?;
    validity.finish()?;
    name(values.sequence()?)?;
    let info = values.content(Tag::Sequence)?;
    Info::read(Values::of(info)?)?;
    for unique_id in [1, 2] {
        values.implicit_bit_string(unique_id)?;
    }
    let key_usages = match values.explicit(3)? {
        Some(extensions) => {
            extensions.tag().assert_eq(Tag::Sequence)?;
            key_usages(Values::of(extensions.value())?)?
        }
        None => Vec::new(),
    };
    values.finish()?;
    Ok(Certificate { info: info.to_vec(), key_usages })
}

/// The values of the extensions that say what the key is for.
fn key_usages(mut extensions: Values<'_>) -> DerResult<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    while !extensions.is_finished() {
        let mut extension = extensions.sequence()?;
        let id = extension.object_identifier()?;
        // X.690 §11.1: DER has one way to say yes, and one to say no.
        match extension.content_if(Tag::Boolean)? {
            None | Some([0x00 | 0xff]) => {}
            Some(_) => return Err(Tag::Boolean.value_error().into()),
        }
        let value = extension.octet_string()?;
        extension.finish()?;
        if id == KEY_USAGE {
            found.push(value.to_vec());
        }
    }
    Ok(found)
}

/// The content of a `Name`: the form is judged, and nothing is kept.
fn name(mut relative_names: Values<'_>) -> DerResult<()> {
    while !relative_names.is_finished() {
        let mut attributes = Values::of(relative_names.content(Tag::Set)?)?;
        let mut known = Vec::new();
        while !attributes.is_finished() {
            let attribute = attributes.content(Tag::Sequence)?;
            let mut values = Values::of(attribute)?;
            values.object_identifier()?;
            values.any()?;
            values.finish()?;
            known.push(attribute);
        }
        // No name says the same twice. The order of a set (X.690 §11.6), which some issuers don't keep, is let be.
        known.sort_unstable();
        if known.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(Tag::Set.value_error().into());
        }
    }
    Ok(())
}

fn time(values: &mut Values<'_>) -> DerResult<()> {
    let time = values.any()?;
    match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>().map(drop),
        _ => time.decode_as::<GeneralizedTime>().map(drop),
    }
}

/// What a certificate lets its key do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jwk) struct Usage {
    pub(in crate::jwk) signature: bool,
    pub(in crate::jwk) encryption: bool,
}
