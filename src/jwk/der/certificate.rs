//! Certificates (RFC 5280 §4.1): DER goes in; what a key may be compared with, or taken from, comes
//! out.
//!
//! The form is judged and nothing else: trust in a certificate comes from elsewhere.

use ::der::asn1::{
    AnyRef, BitStringRef, GeneralizedTime, IntRef, ObjectIdentifier, OctetStringRef, SetOfVec, UtcTime,
};
use ::der::referenced::OwnedToRef;
use ::der::{Decode, Reader, SliceReader, Tag, TagMode, TagNumber};
use ::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::super::KeyMaterial;
use super::algorithm::{KeyAlgorithm, RSASSA_PSS};
use super::{malformed, refusal, spki};
use crate::Error;

/// What a certificate in DER says of its key.
pub(in crate::jwk) struct Certificate {
    info: SubjectPublicKeyInfoOwned,
    /// The value of each key usage extension, of which there should be one at most.
    key_usages: Vec<Vec<u8>>,
}

impl Certificate {
    /// Reads exactly one certificate.
    pub(in crate::jwk) fn read(der: &[u8]) -> Result<Self, Error> {
        SliceReader::new(der)
            .and_then(|mut reader| {
                let read = reader.sequence(certificate)?;
                reader.finish()?;
                Ok(read)
            })
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
        let malformed = || malformed("one key usage extension in a certificate (RFC 5280 §4.2.1.3)");
        let value = match self.key_usages.as_slice() {
            [] => return Ok(Usage { signature: true, encryption: true }),
            [value] => value,
            _ => return Err(malformed()),
        };
        let bits = BitStringRef::from_der(value).map_err(|_| malformed())?;
        // Nine bits are defined; more than two octets of them are something else.
        if bits.bit_len() > 16 {
            return Err(malformed());
        }
        let any = |positions: &[usize]| positions.iter().any(|position| bits.get(*position) == Some(true));
        Ok(Usage { signature: any(&SIGNATURE), encryption: any(&ENCRYPTION) })
    }

    fn info(&self) -> SubjectPublicKeyInfoRef<'_> {
        self.info.owned_to_ref()
    }
}

/// `digitalSignature`, `nonRepudiation`, `keyCertSign`, `cRLSign`.
const SIGNATURE: [usize; 4] = [0, 1, 5, 6];
/// `keyEncipherment`, `dataEncipherment`, `keyAgreement`.
const ENCRYPTION: [usize; 3] = [2, 3, 4];

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// The content of a `Certificate`. Every field is read for its ASN.1 form; a crate of certificates would keep them all,
/// which costs whoever builds this one more than the rest of its DER together.
fn certificate<'a>(reader: &mut SliceReader<'a>) -> ::der::Result<Certificate> {
    let read = reader.sequence(to_be_signed)?;
    let _algorithm: AlgorithmIdentifierRef<'a> = reader.decode()?;
    let _signature: BitStringRef<'a> = reader.decode()?;
    Ok(read)
}

/// The content of a `TBSCertificate`.
fn to_be_signed<'a>(reader: &mut SliceReader<'a>) -> ::der::Result<Certificate> {
    let version: Option<u8> = reader.context_specific(TagNumber(0), TagMode::Explicit)?;
    if version.is_some_and(|version| version > 2) {
        return Err(Tag::Integer.value_error().into());
    }
    let serial: IntRef<'a> = reader.decode()?;
    // RFC 5280 §4.1.2.2: 20 octets, and one for the sign that some issuers don't count.
    if serial.as_bytes().len() > 21 {
        return Err(Tag::Integer.value_error().into());
    }
    let _algorithm: AlgorithmIdentifierRef<'a> = reader.decode()?;
    name(reader)?;
    reader.sequence(|validity| {
        time(validity)?;
        time(validity)
    })?;
    name(reader)?;
    let info = reader.decode()?;
    for unique_id in [1, 2] {
        reader.context_specific::<BitStringRef<'a>>(TagNumber(unique_id), TagMode::Implicit)?;
    }
    let extensions: Option<Vec<AnyRef<'a>>> = reader.context_specific(TagNumber(3), TagMode::Explicit)?;
    let mut key_usages = Vec::new();
    for extension in extensions.into_iter().flatten() {
        let (id, value) = extension.sequence(|extension| {
            let id: ObjectIdentifier = extension.decode()?;
            let _critical: Option<bool> = extension.decode()?;
            let value: &OctetStringRef = extension.decode()?;
            Ok::<_, ::der::Error>((id, value))
        })?;
        if id == KEY_USAGE {
            key_usages.push(value.as_bytes().to_vec());
        }
    }
    Ok(Certificate { info, key_usages })
}

/// A `Name` (RFC 5280 §4.1.2.4).
fn name<'a>(reader: &mut SliceReader<'a>) -> ::der::Result<()> {
    let relative_names: Vec<SetOfVec<AnyRef<'a>>> = reader.decode()?;
    for attribute in relative_names.iter().flat_map(SetOfVec::iter) {
        attribute.sequence(|attribute| {
            let _type: ObjectIdentifier = attribute.decode()?;
            let _value: AnyRef<'a> = attribute.decode()?;
            Ok::<_, ::der::Error>(())
        })?;
    }
    Ok(())
}

/// A `Time` (RFC 5280 §4.1.2.5).
fn time(reader: &mut SliceReader<'_>) -> ::der::Result<()> {
    match Tag::peek(reader)? {
        Tag::UtcTime => reader.decode::<UtcTime>().map(drop),
        _ => reader.decode::<GeneralizedTime>().map(drop),
    }
}

/// What a certificate lets its key do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jwk) struct Usage {
    pub(in crate::jwk) signature: bool,
    pub(in crate::jwk) encryption: bool,
}
