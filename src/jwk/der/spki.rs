//! Public keys in SubjectPublicKeyInfo (RFC 5280 §4.1.2.7, RFC 5480 §2, RFC 8410 §4), also inside
//! certificates: DER goes in, checked material comes out, and back.
//!
//! Points are uncompressed, both ways.

use ::der::Result as DerResult;
use ::der::asn1::BitStringRef;

use super::super::{EcKey, KeyMaterial, OkpKey};
use super::algorithm::KeyAlgorithm;
use super::values::{AlgorithmIdentifier, Values, sequence, whole_bit_string};
use super::{malformed, pkcs1, refusal};
use crate::{Error, KeyDefect, Unsupported};

/// A `SubjectPublicKeyInfo`.
pub(super) struct Info<'a> {
    pub(super) algorithm: AlgorithmIdentifier<'a>,
    pub(super) key: BitStringRef<'a>,
}

impl<'a> Info<'a> {
    /// Reads the fields, which are all there is.
    pub(super) fn read(mut values: Values<'a>) -> DerResult<Self> {
        let info = Self { algorithm: values.algorithm()?, key: values.bit_string()? };
        values.finish()?;
        Ok(info)
    }
}

pub(super) fn read(der: &[u8]) -> Result<KeyMaterial, Error> {
    let info = Values::read_sequence(der, Info::read)
        .map_err(|error| refusal(&error, "a public key in SubjectPublicKeyInfo (RFC 5280 §4.1)"))?;
    material(&info)
}

pub(super) fn write(material: &KeyMaterial) -> Result<Vec<u8>, Error> {
    let algorithm = KeyAlgorithm::of(material)?.identifier();
    Ok(sequence(&[&algorithm.to_der(), &whole_bit_string(&subject_public_key(material)?)]))
}

/// The key's octets, as the bit string holds them.
pub(super) fn subject_public_key(material: &KeyMaterial) -> Result<Vec<u8>, Error> {
    match material {
        KeyMaterial::Oct(_) => Err(Error::InvalidKey(KeyDefect::NotPublic)),
        KeyMaterial::Rsa(key) => Ok(pkcs1::write_public(key)),
        KeyMaterial::Ec(key) => Ok(key.point.clone()),
        KeyMaterial::Okp(key) => Ok(key.x.to_vec()),
    }
}

/// Compressed points (RFC 5480 §2.2) are known and not taken; any other first octet is no point at all.
pub(super) fn check_uncompressed(point: &[u8]) -> Result<(), Error> {
    match point {
        [0x02 | 0x03, ..] => Err(Error::Unsupported(Unsupported::Key(
            "expected an uncompressed EC point, found a compressed one",
        ))),
        _ => Ok(()),
    }
}

pub(super) fn material(info: &Info<'_>) -> Result<KeyMaterial, Error> {
    let algorithm = KeyAlgorithm::read(info.algorithm)?;
    let key = info.key.as_bytes().ok_or_else(|| malformed("a public key of whole octets"))?;
    match algorithm {
        KeyAlgorithm::Rsa => pkcs1::read_public(key).map(KeyMaterial::Rsa),
        KeyAlgorithm::Ec(curve) => {
            check_uncompressed(key)?;
            EcKey::public(curve, key.to_vec()).map(KeyMaterial::Ec)
        }
        KeyAlgorithm::Okp(curve) => {
            let x = key.try_into().map_err(|_| malformed("a public key of 32 octets (RFC 8410 §4)"))?;
            OkpKey::public(curve, x).map(KeyMaterial::Okp)
        }
    }
}
