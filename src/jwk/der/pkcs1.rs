//! RSA keys in PKCS#1 (RFC 8017 §A.1): DER goes in, a checked `RsaKey` comes out, and back. PKCS#8 and
//! SubjectPublicKeyInfo carry the same structures.
//!
//! Keys of more than two primes are refused: no stack computes with them.

use ::der::Decode;
use ::der::asn1::UintRef;
use ::pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};

use super::super::RsaKey;
use super::{TOO_LONG, encode, encode_secret, refusal};
use crate::crypto::RsaPrivateComponents;
use crate::{Error, SecretBytes, Unsupported};

pub(super) fn read_public(der: &[u8]) -> Result<RsaKey, Error> {
    let key = RsaPublicKeyRef::from_der(der)
        .map_err(|error| refusal(&error, "an RSA public key in PKCS#1 (RFC 8017 §A.1.1)"))?;
    RsaKey::public(key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec())
}

pub(super) fn read_private(der: &[u8]) -> Result<RsaKey, Error> {
    let key = RsaPrivateKeyRef::from_der(der)
        .map_err(|error| refusal(&error, "an RSA private key in PKCS#1 (RFC 8017 §A.1.2)"))?;
    if key.other_prime_infos.is_some() {
        return Err(Error::Unsupported(Unsupported::Key("expected an RSA key of two primes, found more")));
    }
    let secret = |number: UintRef<'_>| SecretBytes::from(number.as_bytes().to_vec());
    RsaKey::private(RsaPrivateComponents {
        n: key.modulus.as_bytes().to_vec(),
        e: key.public_exponent.as_bytes().to_vec(),
        d: secret(key.private_exponent),
        p: secret(key.prime1),
        q: secret(key.prime2),
        dp: secret(key.exponent1),
        dq: secret(key.exponent2),
        qi: secret(key.coefficient),
    })
}

pub(super) fn write_public(key: &RsaKey) -> Vec<u8> {
    encode(&RsaPublicKeyRef { modulus: number(&key.n), public_exponent: number(&key.e) })
}

pub(super) fn write_private(components: &RsaPrivateComponents) -> SecretBytes {
    let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
    encode_secret(&RsaPrivateKeyRef {
        modulus: number(n),
        public_exponent: number(e),
        private_exponent: number(d.expose_secret()),
        prime1: number(p.expose_secret()),
        prime2: number(q.expose_secret()),
        exponent1: number(dp.expose_secret()),
        exponent2: number(dq.expose_secret()),
        coefficient: number(qi.expose_secret()),
        other_prime_infos: None,
    })
}

fn number(bytes: &[u8]) -> UintRef<'_> {
    UintRef::new(bytes).expect(TOO_LONG)
}
