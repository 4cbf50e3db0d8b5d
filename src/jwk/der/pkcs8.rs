//! Private keys in PKCS#8 (RFC 5208 §5, RFC 5958 §2), unencrypted: DER goes in, checked material comes
//! out, and back. The algorithm identifier decides who reads the key inside.
//!
//! A public key that stands beside the private one must belong to it. None is written: version 1 is
//! what every reader takes.

use ::der::asn1::BitStringRef;
use ::der::{Result as DerResult, Tag};

use super::super::{KeyMaterial, OkpKey};
use super::algorithm::KeyAlgorithm;
use super::values::{AlgorithmIdentifier, Values, secret_sequence, secret_value, unsigned, wrong_number};
use super::{malformed, not_private, pkcs1, refusal, sec1};
use crate::{Error, KeyDefect, SecretBytes};

pub(super) fn read(der: &[u8]) -> Result<KeyMaterial, Error> {
    let Fields { algorithm, private_key: private, public_key } = Values::read_sequence(der, fields)
        .map_err(|error| refusal(&error, "an unencrypted private key in PKCS#8 (RFC 5958 §2)"))?;
    let public = match &public_key {
        Some(bits) => Some(bits.as_bytes().ok_or_else(|| malformed("a public key of whole octets"))?),
        None => None,
    };

    match KeyAlgorithm::read(algorithm)? {
        KeyAlgorithm::Rsa => {
            let key = pkcs1::read_private(private)?;
            if public.is_some_and(|public| pkcs1::write_public(&key) != public) {
                return Err(mismatch());
            }
            Ok(KeyMaterial::Rsa(key))
        }
        KeyAlgorithm::Ec(curve) => {
            let key = sec1::read(private, Some(curve))?;
            if public.is_some_and(|public| key.point != public) {
                return Err(mismatch());
            }
            Ok(KeyMaterial::Ec(key))
        }
        KeyAlgorithm::Okp(curve) => {
            let seed = octet_string(private)
                .map_err(|error| refusal(&error, "a CurvePrivateKey in an octet string (RFC 8410 §7)"))?;
            let seed = SecretBytes::from(seed.to_vec());
            match public {
                Some(public) => OkpKey::pair(curve, seed, public),
                None => OkpKey::private(curve, seed),
            }
            .map(KeyMaterial::Okp)
        }
    }
}

/// What a `OneAsymmetricKey` holds.
pub(super) struct Fields<'a> {
    algorithm: AlgorithmIdentifier<'a>,
    private_key: &'a [u8],
    public_key: Option<BitStringRef<'a>>,
}

pub(super) fn fields(mut values: Values<'_>) -> DerResult<Fields<'_>> {
    let version = values.content(Tag::Integer)?;
    let (algorithm, private_key) = (values.algorithm()?, values.octet_string()?);
    let _attributes = values.context(0, true)?;
    let public_key = values.implicit_bit_string(1)?;
    // RFC 5958 §2: the version is v2 with a public key and v1 without, which are written as 1 and 0.
    match (version, &public_key) {
        ([0], None) | ([1], Some(_)) => {}
        _ => return Err(wrong_number()),
    }
    // What a later version may add stands behind.
    while !values.is_finished() {
        values.later_field(1)?;
    }
    Ok(Fields { algorithm, private_key, public_key })
}

/// The content of the one value.
fn octet_string(der: &[u8]) -> DerResult<&[u8]> {
    let mut values = Values::of(der)?;
    let content = values.octet_string()?;
    values.finish()?;
    Ok(content)
}

/// Writes version 1, without the public key beside the private one: every reader takes it.
pub(super) fn write(material: &KeyMaterial) -> Result<SecretBytes, Error> {
    let private = match material {
        KeyMaterial::Oct(_) => return Err(material.mismatch("a private key of a pair")),
        KeyMaterial::Rsa(key) => key.private.as_ref().map(pkcs1::write_private).ok_or_else(not_private)?,
        KeyMaterial::Ec(key) => sec1::write(key, sec1::Curve::Implied)?,
        KeyMaterial::Okp(OkpKey { d, .. }) => {
            let seed = d.as_ref().ok_or_else(not_private)?;
            secret_value(Tag::OctetString, seed.expose_secret())
        }
    };
    let algorithm = KeyAlgorithm::of(material)?.identifier().to_der();
    let private = secret_value(Tag::OctetString, private.expose_secret());
    Ok(secret_sequence(&[&unsigned(&[0]), &algorithm, private.expose_secret()]))
}

fn mismatch() -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent("expected the public key that belongs to the private key"))
}
