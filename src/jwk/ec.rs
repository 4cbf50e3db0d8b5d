//! Elliptic curve keys on the NIST curves and secp256k1 (RFC 7518 §6.2, RFC 8812 §3.1): the members of
//! a JWK, or a point and a number out of DER, go in; an `EcKey` comes out whose point is on its curve.
//!
//! A private key is taken only with the point that belongs to it. Coordinates have their full length,
//! as RFC 7518 §6.2.1.2 asks, so a key has one spelling and one thumbprint.

use super::KeyKind;
use super::members::Members;
use crate::crypto::{self, EcCurve};
use crate::{Error, KeyDefect, SecretBytes, Unsupported};

/// A checked key: the point is on the curve, and the private part, if any, belongs to it.
pub(crate) struct EcKey {
    pub(crate) curve: EcCurve,
    /// Uncompressed: `0x04 || x || y`, both coordinates of the curve's full length.
    pub(crate) point: Vec<u8>,
    pub(crate) d: Option<SecretBytes>,
}

impl EcKey {
    /// Takes a public key.
    pub(crate) fn public(curve: EcCurve, point: Vec<u8>) -> Result<Self, Error> {
        crypto::ec_check_public(curve, &point).map_err(|_| inconsistent("expected a point on the curve"))?;
        Ok(Self { curve, point, d: None })
    }

    /// Takes a private key; the point is computed.
    pub(crate) fn private(curve: EcCurve, d: SecretBytes) -> Result<Self, Error> {
        let point = crypto::ec_public_from_private(curve, d.expose_secret())
            .map_err(|_| inconsistent("expected an EC private key of the curve's length and range"))?;
        Ok(Self { curve, point, d: Some(d) })
    }

    /// Takes a private key with the point that its holder claims for it.
    pub(crate) fn pair(curve: EcCurve, d: SecretBytes, point: &[u8]) -> Result<Self, Error> {
        let key = Self::private(curve, d)?;
        if key.point == point {
            Ok(key)
        } else {
            Err(inconsistent("expected the EC point that belongs to the private key"))
        }
    }

    pub(super) fn read(members: &Members<'_>) -> Result<Self, Error> {
        let curve = match &*members.text("crv")? {
            "P-256" => EcCurve::P256,
            "P-384" => EcCurve::P384,
            "P-521" => EcCurve::P521,
            #[cfg(feature = "es256k")]
            "secp256k1" => EcCurve::Secp256k1,
            #[cfg(not(feature = "es256k"))]
            "secp256k1" => return Err(secp256k1_is_off()),
            _ => {
                return Err(Error::Unsupported(Unsupported::Key(
                    "expected `crv` of an EC key to be `P-256`, `P-384` or `P-521`, found another curve",
                )));
            }
        };

        let mut point = Vec::with_capacity(1 + 2 * curve.coordinate_len());
        point.push(0x04);
        for name in ["x", "y"] {
            let coordinate = members.bytes(name)?;
            // RFC 7518 §6.2.1.2: "The length of this octet string MUST be the full size of a coordinate
            // for the curve specified in the "crv" parameter."
            if coordinate.len() != curve.coordinate_len() {
                return Err(members.wrong_type(name, COORDINATE));
            }
            point.extend_from_slice(&coordinate);
        }

        if !members.has("d") {
            return Self::public(curve, point);
        }
        let d = members.secret("d")?;
        if d.len() != curve.coordinate_len() {
            return Err(members.wrong_type("d", COORDINATE));
        }
        Self::pair(curve, d, &point)
    }

    /// Returns the coordinates.
    pub(crate) fn coordinates(&self) -> (&[u8], &[u8]) {
        let (_, coordinates) = self.point.split_first().expect("a checked point has its first octet");
        coordinates.split_at(self.curve.coordinate_len())
    }

    /// Returns the `crv` of the key.
    pub(crate) fn curve_name(&self) -> &'static str {
        match self.curve {
            EcCurve::P256 => "P-256",
            EcCurve::P384 => "P-384",
            EcCurve::P521 => "P-521",
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => "secp256k1",
        }
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self.curve {
            EcCurve::P256 => KeyKind::P256,
            EcCurve::P384 => KeyKind::P384,
            EcCurve::P521 => KeyKind::P521,
            #[cfg(feature = "es256k")]
            EcCurve::Secp256k1 => KeyKind::Secp256k1,
        }
    }

    pub(super) fn to_public(&self) -> Self {
        Self { curve: self.curve, point: self.point.clone(), d: None }
    }

    pub(super) fn clone_key(&self) -> Self {
        Self { d: self.d.as_ref().map(SecretBytes::clone_secret), ..self.to_public() }
    }
}

/// A key on the curve, in words, as an error shows it.
pub(crate) const fn in_words(curve: EcCurve) -> &'static str {
    match curve {
        EcCurve::P256 => "an EC key on P-256",
        EcCurve::P384 => "an EC key on P-384",
        EcCurve::P521 => "an EC key on P-521",
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => "an EC key on secp256k1",
    }
}

/// The answer to a key on secp256k1 in a build without it.
#[cfg(not(feature = "es256k"))]
pub(super) fn secp256k1_is_off() -> Error {
    Error::Unsupported(Unsupported::Feature(
        "expected the feature `es256k`, which keys on secp256k1 need, found it off",
    ))
}

fn inconsistent(rule: &'static str) -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent(rule))
}

const COORDINATE: &str = "of the curve's full coordinate length";
