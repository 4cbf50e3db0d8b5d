//! New keys: a [`KeyKind`] goes in, a private key or secret out of the system's randomness comes out,
//! in the sizes that this library would accept from others (RFC 7518 §6, RFC 8037 §2).
//!
//! A new key has no `kid` and no `alg`: whoever binds it to an algorithm or publishes it gives those.

use super::{EcKey, Jwk, KeyKind, KeyMaterial, OkpCurve, OkpKey, RsaKey};
use crate::crypto::{self, CryptoError, EcCurve};
use crate::{Error, KeyDefect, SecretBytes, Unsupported};

impl Jwk {
    /// Makes a new private key or secret, without `kid` or `alg`.
    ///
    /// For a key that is used right away, [`SigningKey::generate`](crate::SigningKey::generate) and
    /// [`DecryptionKey::generate`](crate::DecryptionKey::generate) are shorter.
    ///
    /// RSA keys have 2048, 3072 or 4096 bits and take up to seconds to make. They need the feature
    /// `aws-lc-rs` or `rsa`. Secrets have a multiple of 8 bits, from 128 to 65,536.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the size is none of these; [`Error::Unsupported`] when RSA keys can't be
    /// made by this build; [`Error::Unavailable`] when the system gives no randomness.
    pub fn generate(kind: KeyKind) -> Result<Self, Error> {
        match kind {
            KeyKind::Oct { bits } => secret(bits).map(KeyMaterial::Oct),
            KeyKind::Rsa { bits } => rsa(bits).map(KeyMaterial::Rsa),
            KeyKind::P256 => ec(EcCurve::P256),
            KeyKind::P384 => ec(EcCurve::P384),
            KeyKind::P521 => ec(EcCurve::P521),
            #[cfg(feature = "es256k")]
            KeyKind::Secp256k1 => ec(EcCurve::Secp256k1),
            KeyKind::Ed25519 => okp(OkpCurve::Ed25519),
            KeyKind::X25519 => okp(OkpCurve::X25519),
        }
        .map(Self::from_material)
    }
}

fn secret(bits: usize) -> Result<SecretBytes, Error> {
    if !(MIN_SECRET_BITS..=MAX_SECRET_BITS).contains(&bits) || !bits.is_multiple_of(8) {
        let expected = "a secret of 128 to 65,536 bits, a multiple of 8";
        return Err(Error::InvalidKey(KeyDefect::Size(expected)));
    }
    random(bits / 8)
}

fn rsa(bits: usize) -> Result<RsaKey, Error> {
    if !crypto::HAS_RSA_GENERATION {
        return Err(Error::Unsupported(Unsupported::Feature(
            "expected the feature `aws-lc-rs` or `rsa`, which making RSA keys needs, found neither",
        )));
    }
    if !RsaKey::PRIVATE_BITS.contains(&bits) {
        return Err(Error::InvalidKey(KeyDefect::Size("an RSA modulus of 2048, 3072 or 4096 bits")));
    }
    let components = crypto::generate_rsa(bits).map_err(no_randomness)?;
    RsaKey::private(components)
}

fn ec(curve: EcCurve) -> Result<KeyMaterial, Error> {
    let (d, point) = crypto::ec_generate(curve).map_err(no_randomness)?;
    Ok(KeyMaterial::Ec(EcKey { curve, point, d: Some(d) }))
}

fn okp(curve: OkpCurve) -> Result<KeyMaterial, Error> {
    OkpKey::private(curve, random(32)?).map(KeyMaterial::Okp)
}

fn random(len: usize) -> Result<SecretBytes, Error> {
    let mut bytes = vec![0; len];
    crypto::fill_random(&mut bytes).map_err(no_randomness)?;
    Ok(SecretBytes::from(bytes))
}

fn no_randomness(_: CryptoError) -> Error {
    Error::Unavailable { what: "the system's randomness" }
}

/// Below this, a secret can be searched for.
const MIN_SECRET_BITS: usize = 128;
/// Far above what any algorithm makes use of.
const MAX_SECRET_BITS: usize = 65_536;
