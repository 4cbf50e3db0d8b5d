//! Algorithm identifiers of keys and the object identifiers of curves, read and written (RFC 8017 §A.1,
//! RFC 5480 §2.1.1, RFC 8410 §3).
//!
//! Parameters have the one form that the RFCs give them. Curves are named, never spelled out: with
//! parameters of the attacker's, a forged signature can be made to hold (CVE-2020-0601).

use ::der::Tag;
use ::der::asn1::{AnyRef, ObjectIdentifier};

use super::super::{KeyMaterial, OkpCurve};
use super::malformed;
use super::values::{AlgorithmIdentifier, object_identifier};
use crate::crypto::EcCurve;
use crate::{Error, KeyDefect, Unsupported};

/// The type of a key, as its algorithm identifier tells.
#[derive(Clone, Copy)]
pub(super) enum KeyAlgorithm {
    Rsa,
    Ec(EcCurve),
    Okp(OkpCurve),
}

impl KeyAlgorithm {
    pub(super) fn of(material: &KeyMaterial) -> Result<Self, Error> {
        match material {
            KeyMaterial::Oct(_) => Err(Error::InvalidKey(KeyDefect::NotPublic)),
            KeyMaterial::Rsa(_) => Ok(Self::Rsa),
            KeyMaterial::Ec(key) => Ok(Self::Ec(key.curve)),
            KeyMaterial::Okp(key) => Ok(Self::Okp(key.curve)),
        }
    }

    pub(super) fn read(identifier: AlgorithmIdentifier<'_>) -> Result<Self, Error> {
        let AlgorithmIdentifier { oid, parameters } = identifier;
        match oid {
            // RFC 8017 §A.1: "The parameters field associated with this OID in a value of type
            // AlgorithmIdentifier SHALL have a value of type NULL."
            RSA_ENCRYPTION if parameters == Some(AnyRef::NULL) => Ok(Self::Rsa),
            RSA_ENCRYPTION => Err(malformed("the parameters of rsaEncryption to be NULL (RFC 8017 §A.1)")),
            RSASSA_PSS => Err(unsupported("expected a key of rsaEncryption, found one of id-RSASSA-PSS")),
            EC_PUBLIC_KEY => read_curve(parameters).map(Self::Ec),
            ED25519 => without_parameters(parameters, Self::Okp(OkpCurve::Ed25519)),
            X25519 => without_parameters(parameters, Self::Okp(OkpCurve::X25519)),
            ED448 | X448 => Err(super::super::okp::curve_448()),
            _ => Err(unsupported(
                "expected a key of rsaEncryption, id-ecPublicKey, Ed25519 or X25519, found another",
            )),
        }
    }

    pub(super) fn identifier(self) -> AlgorithmIdentifier<'static> {
        let (oid, parameters) = match self {
            Self::Rsa => (RSA_ENCRYPTION, Some(AnyRef::NULL)),
            Self::Ec(curve) => (EC_PUBLIC_KEY, Some(AnyRef::from(curve_oid(curve)))),
            Self::Okp(OkpCurve::Ed25519) => (ED25519, None),
            Self::Okp(OkpCurve::X25519) => (X25519, None),
        };
        AlgorithmIdentifier { oid, parameters }
    }
}

/// Looks a named curve up.
pub(super) fn curve_of(oid: ObjectIdentifier) -> Result<EcCurve, Error> {
    match oid {
        P256 => Ok(EcCurve::P256),
        P384 => Ok(EcCurve::P384),
        P521 => Ok(EcCurve::P521),
        #[cfg(feature = "es256k")]
        SECP256K1 => Ok(EcCurve::Secp256k1),
        #[cfg(not(feature = "es256k"))]
        SECP256K1 => Err(super::super::ec::secp256k1_is_off()),
        _ => Err(unsupported("expected an EC key on P-256, P-384 or P-521, found another curve")),
    }
}

pub(super) const fn curve_oid(curve: EcCurve) -> &'static ObjectIdentifier {
    match curve {
        EcCurve::P256 => &P256,
        EcCurve::P384 => &P384,
        EcCurve::P521 => &P521,
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1 => &SECP256K1,
    }
}

fn read_curve(parameters: Option<AnyRef<'_>>) -> Result<EcCurve, Error> {
    const EXPECTED: &str = "the parameters of id-ecPublicKey to name a curve (RFC 5480 §2.1.1)";
    let parameters = parameters.ok_or_else(|| malformed(EXPECTED))?;
    // A curve spelled out can be made so that a forged signature holds (CVE-2020-0601).
    if ::der::Tagged::tag(&parameters) == Tag::Sequence {
        return Err(unsupported("expected a named curve, found EC parameters that are spelled out"));
    }
    let oid = object_identifier(parameters).map_err(|_| malformed(EXPECTED))?;
    curve_of(oid)
}

/// RFC 8410 §3: "For all of the OIDs, the parameters MUST be absent."
fn without_parameters(
    parameters: Option<AnyRef<'_>>,
    algorithm: KeyAlgorithm,
) -> Result<KeyAlgorithm, Error> {
    match parameters {
        None => Ok(algorithm),
        Some(_) => Err(malformed("no parameters of Ed25519 or X25519 (RFC 8410 §3)")),
    }
}

fn unsupported(what: &'static str) -> Error {
    Error::Unsupported(Unsupported::Key(what))
}

// RFC 8017 §A.1, §A.2.3.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
// SEC 2 §A.2.1.
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
// RFC 8410 §3.
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const X448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.111");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
