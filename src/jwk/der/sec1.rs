//! EC private keys in SEC1 (RFC 5915 §3): DER goes in, a checked `EcKey` comes out, and back.
//!
//! The curve is named in the key or, inside PKCS#8, around it; if both name one, it must be the same. A
//! public key beside the private one must belong to it.

use ::der::asn1::ObjectIdentifier;
use ::der::{Result as DerResult, Tag, TagNumber};

use super::super::EcKey;
use super::algorithm::{curve_of, curve_oid};
use super::spki::check_uncompressed;
use super::values::{
    Values, bit_string, encoded_oid, object_identifier, secret_sequence, secret_value, unsigned, value,
    whole_bit_string, wrong_number,
};
use super::{malformed, not_private, refusal};
use crate::crypto::EcCurve;
use crate::{Error, KeyDefect, SecretBytes};

/// Whether a written key names its curve, or what is around it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    Named,
    Implied,
}

/// Reads a key. Inside PKCS#8, `implied` is the curve that the algorithm identifier names.
pub(super) fn read(der: &[u8], implied: Option<EcCurve>) -> Result<EcKey, Error> {
    let fields = Values::read_sequence(der, fields)
        .map_err(|error| refusal(&error, "an EC private key in SEC1 with a named curve (RFC 5915 §3)"))?;
    let Fields { private_key, curve, public_key } = fields;

    let named = curve.map(curve_of).transpose()?;
    let curve = match (named, implied) {
        (Some(named), Some(implied)) if named != implied => {
            return Err(Error::InvalidKey(KeyDefect::Inconsistent(
                "expected one curve, found a second one inside the private key",
            )));
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(malformed("an EC private key that names its curve (RFC 5915 §3)")),
    };

    let d = SecretBytes::from(private_key.to_vec());
    match public_key {
        Some(point) => {
            check_uncompressed(point)?;
            EcKey::pair(curve, d, point)
        }
        None => EcKey::private(curve, d),
    }
}

/// What an `ECPrivateKey` holds.
struct Fields<'a> {
    private_key: &'a [u8],
    curve: Option<ObjectIdentifier>,
    public_key: Option<&'a [u8]>,
}

fn fields(mut values: Values<'_>) -> DerResult<Fields<'_>> {
    if values.content(Tag::Integer)? != [1] {
        return Err(wrong_number());
    }
    let private_key = values.octet_string()?;
    let curve = values.explicit(PARAMETERS)?.map(object_identifier).transpose()?;
    let public_key = match values.explicit(PUBLIC_KEY)? {
        Some(bits) => Some(bit_string(bits)?.as_bytes().ok_or(Tag::BitString.value_error())?),
        None => None,
    };
    values.finish()?;
    Ok(Fields { private_key, curve, public_key })
}

/// Writes a key with its public key, as OpenSSL does.
pub(super) fn write(key: &EcKey, curve: Curve) -> Result<SecretBytes, Error> {
    let d = key.d.as_ref().ok_or_else(not_private)?;
    let d = secret_value(Tag::OctetString, d.expose_secret());
    let curve = match curve {
        Curve::Named => value(explicit(PARAMETERS), &encoded_oid(*curve_oid(key.curve))),
        Curve::Implied => Vec::new(),
    };
    let public_key = value(explicit(PUBLIC_KEY), &whole_bit_string(&key.point));
    Ok(secret_sequence(&[&unsigned(&[1]), d.expose_secret(), &curve, &public_key]))
}

const PARAMETERS: u32 = 0;
const PUBLIC_KEY: u32 = 1;

const fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}
