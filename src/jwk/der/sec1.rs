//! EC private keys in SEC1 (RFC 5915 §3): DER goes in, a checked `EcKey` comes out, and back.
//!
//! The curve is named in the key or, inside PKCS#8, around it; if both name one, it must be the same. A
//! public key beside the private one must belong to it.

use ::der::Decode;
use ::sec1::{EcParameters, EcPrivateKey};

use super::super::EcKey;
use super::algorithm::{curve_of, curve_oid};
use super::spki::check_uncompressed;
use super::{encode_secret, malformed, not_private, refusal};
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
    let key = EcPrivateKey::from_der(der)
        .map_err(|error| refusal(&error, "an EC private key in SEC1 with a named curve (RFC 5915 §3)"))?;
    let EcPrivateKey { private_key, parameters, public_key } = key;

    let named = match parameters {
        Some(EcParameters::NamedCurve(oid)) => Some(curve_of(oid)?),
        None => None,
    };
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

/// Writes a key with its public key, as OpenSSL does.
pub(super) fn write(key: &EcKey, curve: Curve) -> Result<SecretBytes, Error> {
    let d = key.d.as_ref().ok_or_else(not_private)?;
    Ok(encode_secret(&EcPrivateKey {
        private_key: d.expose_secret(),
        parameters: (curve == Curve::Named).then(|| EcParameters::NamedCurve(*curve_oid(key.curve))),
        public_key: Some(&key.point),
    }))
}
