//! Private keys in PKCS#8 (RFC 5208 §5, RFC 5958 §2), unencrypted: DER goes in, checked material comes
//! out, and back. The algorithm identifier decides who reads the key inside.
//!
//! A public key that stands beside the private one must belong to it. None is written: version 1 is
//! what every reader takes.

use ::der::Decode;
use ::der::asn1::OctetStringRef;
use ::pkcs8::PrivateKeyInfoRef;

use super::super::{KeyMaterial, OkpKey};
use super::algorithm::KeyAlgorithm;
use super::{TOO_LONG, encode_secret, malformed, not_private, pkcs1, refusal, sec1};
use crate::{Error, KeyDefect, SecretBytes};

pub(super) fn read(der: &[u8]) -> Result<KeyMaterial, Error> {
    let info = PrivateKeyInfoRef::from_der(der)
        .map_err(|error| refusal(&error, "an unencrypted private key in PKCS#8 (RFC 5958 §2)"))?;
    let public = match &info.public_key {
        Some(bits) => Some(bits.as_bytes().ok_or_else(|| malformed("a public key of whole octets"))?),
        None => None,
    };
    let private = info.private_key.as_bytes();

    match KeyAlgorithm::read(info.algorithm)? {
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
            let seed = <&OctetStringRef>::from_der(private)
                .map_err(|error| refusal(&error, "a CurvePrivateKey in an octet string (RFC 8410 §7)"))?;
            let seed = SecretBytes::from(seed.as_bytes().to_vec());
            match public {
                Some(public) => OkpKey::pair(curve, seed, public),
                None => OkpKey::private(curve, seed),
            }
            .map(KeyMaterial::Okp)
        }
    }
}

/// Writes version 1, without the public key beside the private one: every reader takes it.
pub(super) fn write(material: &KeyMaterial) -> Result<SecretBytes, Error> {
    let private = match material {
        KeyMaterial::Oct(_) => return Err(material.mismatch("a private key of a pair")),
        KeyMaterial::Rsa(key) => key.private.as_ref().map(pkcs1::write_private).ok_or_else(not_private)?,
        KeyMaterial::Ec(key) => sec1::write(key, sec1::Curve::Implied)?,
        KeyMaterial::Okp(OkpKey { d, .. }) => {
            let seed = d.as_ref().ok_or_else(not_private)?;
            encode_secret(&OctetStringRef::new(seed.expose_secret()).expect(TOO_LONG))
        }
    };
    let algorithm = KeyAlgorithm::of(material)?.identifier();
    let private = OctetStringRef::new(private.expose_secret()).expect(TOO_LONG);
    Ok(encode_secret(&PrivateKeyInfoRef::new(algorithm, private)))
}

fn mismatch() -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent("expected the public key that belongs to the private key"))
}
