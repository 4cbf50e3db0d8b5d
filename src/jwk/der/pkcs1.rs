//! RSA keys in PKCS#1 (RFC 8017 §A.1): DER goes in, a checked `RsaKey` comes out, and back. PKCS#8 and
//! SubjectPublicKeyInfo carry the same structures.
//!
//! Keys of more than two primes are refused: no stack computes with them.

use ::der::{Result as DerResult, Tag};

use super::super::RsaKey;
use super::refusal;
use super::values::{Values, secret_sequence, sequence, unsigned, wrong_number};
use crate::crypto::RsaPrivateComponents;
use crate::{Error, SecretBytes, Unsupported};

pub(super) fn read_public(der: &[u8]) -> Result<RsaKey, Error> {
    let [n, e] = Values::read_sequence(der, public)
        .map_err(|error| refusal(&error, "an RSA public key in PKCS#1 (RFC 8017 §A.1.1)"))?
        .map(<[u8]>::to_vec);
    RsaKey::public(n, e)
}

/// `modulus`, `publicExponent`.
fn public(mut values: Values<'_>) -> DerResult<[&[u8]; 2]> {
    let numbers = [values.unsigned()?, values.unsigned()?];
    values.finish()?;
    Ok(numbers)
}

pub(super) fn read_private(der: &[u8]) -> Result<RsaKey, Error> {
    let numbers = Values::read_sequence(der, private)
        .map_err(|error| refusal(&error, "an RSA private key in PKCS#1 (RFC 8017 §A.1.2)"))?
        .ok_or(Error::Unsupported(Unsupported::Key("expected an RSA key of two primes, found more")))?;
    let secret = |number: &[u8]| SecretBytes::from(number.to_vec());
    let [n, e, d, p, q, dp, dq, qi] = numbers;
    RsaKey::private(RsaPrivateComponents {
        n: n.to_vec(),
        e: e.to_vec(),
        d: secret(d),
        p: secret(p),
        q: secret(q),
        dp: secret(dp),
        dq: secret(dq),
        qi: secret(qi),
    })
}

/// The numbers in their order, or none if there are more primes than two.
fn private(mut values: Values<'_>) -> DerResult<Option<[&[u8]; 8]>> {
    let version = values.content(Tag::Integer)?;
    let mut numbers = [&[][..]; 8];
    for number in &mut numbers {
        *number = values.unsigned()?;
    }
    let other_primes = values.content_if(Tag::Sequence)?;
    values.finish()?;
    match (version, other_primes) {
        ([0], None) => Ok(Some(numbers)),
        // RFC 8017 §A.1.2: "OtherPrimeInfos ::= SEQUENCE SIZE(1..MAX) OF OtherPrimeInfo".
        ([1], Some([_, ..])) => Ok(None),
        _ => Err(wrong_number()),
    }
}

pub(super) fn write_public(key: &RsaKey) -> Vec<u8> {
    sequence(&[&unsigned(&key.n), &unsigned(&key.e)])
}

pub(super) fn write_private(components: &RsaPrivateComponents) -> SecretBytes {
    let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
    let [d, p, q, dp, dq, qi] =
        [d, p, q, dp, dq, qi].map(|number| SecretBytes::from(unsigned(number.expose_secret())));
    secret_sequence(&[
        &unsigned(&[0]),
        &unsigned(n),
        &unsigned(e),
        d.expose_secret(),
        p.expose_secret(),
        q.expose_secret(),
        dp.expose_secret(),
        dq.expose_secret(),
        qi.expose_secret(),
    ])
}
