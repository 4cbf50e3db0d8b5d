//! RSA keys (RFC 7518 §6.3): the members of a JWK, or numbers out of DER, go in; an `RsaKey` comes out
//! whose size is one that is used (RFC 7518 §3.3) and whose private numbers fit each other.
//!
//! Sizes come first, so that no huge number is computed with. A private key without its primes is not
//! read, and half a private key is no public one.

use super::members::Members;
use super::roca;
use super::writer::ObjectWriter;
use crate::crypto::{self, RsaPrivateComponents};
use crate::{Defect, Error, KeyDefect, SecretBytes, Unsupported};

/// A checked RSA key: integers are big-endian without leading zero octets.
pub(crate) struct RsaKey {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) private: Option<RsaPrivateComponents>,
}

impl RsaKey {
    /// The least modulus (RFC 7518 §3.3, §3.5).
    pub(crate) const MIN_BITS: usize = 2048;
    /// The greatest modulus of a public key, more than which no stack verifies.
    pub(crate) const MAX_PUBLIC_BITS: usize = 8192;
    /// The moduli of private keys. ring needs primes of a multiple of 512 bits; all stacks accept the same.
    pub(crate) const PRIVATE_BITS: [usize; 3] = [2048, 3072, 4096];

    /// Takes a public key. Sizes come first, so that no huge number is computed with.
    pub(crate) fn public(n: Vec<u8>, e: Vec<u8>) -> Result<Self, Error> {
        check_modulus(&n, Self::MAX_PUBLIC_BITS)?;
        let exponent = exponent(&e)?;
        // e = 1 makes every message its own signature; an even e has no inverse.
        if exponent < 3 || exponent % 2 == 0 {
            return Err(inconsistent("expected an odd RSA exponent of at least 3"));
        }
        Ok(Self { n, e, private: None })
    }

    /// Takes a private key whose parts must all fit each other.
    pub(crate) fn private(components: RsaPrivateComponents) -> Result<Self, Error> {
        let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = &components;
        check_modulus(n, 4096)?;
        if !Self::PRIVATE_BITS.contains(&bit_len(n)) {
            return Err(Error::InvalidKey(KeyDefect::Size("an RSA modulus of 2048, 3072 or 4096 bits")));
        }
        if exponent(e)? < 65537 || is_even(e) {
            return Err(inconsistent("expected an odd RSA exponent of at least 65537 in a private key"));
        }

        let prime_bits = bit_len(n) / 2;
        let primes = [p, q].map(SecretBytes::expose_secret);
        if primes.into_iter().any(|prime| bit_len(prime) != prime_bits || is_even(prime)) {
            return Err(inconsistent("expected two odd RSA primes of half the modulus's size"));
        }
        let half = [dp, dq, qi].map(SecretBytes::len).into_iter().all(|len| len <= prime_bits / 8);
        if !half || d.len() > n.len() || p == q {
            return Err(inconsistent("expected RSA private parts within their ranges"));
        }
        crypto::check_rsa_private(&components)
            .map_err(|_| inconsistent("expected the parts of the RSA private key to fit each other"))?;
        Ok(Self { n: components.n.clone(), e: components.e.clone(), private: Some(components) })
    }

    pub(super) fn read(members: &Members<'_>) -> Result<Self, Error> {
        const CRT: [&str; 5] = ["p", "q", "dp", "dq", "qi"];
        let n = members.integer("n")?;
        let e = members.integer("e")?;

        if members.has("oth") {
            return Err(Error::Unsupported(Unsupported::Key(
                "expected an RSA key of two primes, found more",
            )));
        }
        if !members.has("d") {
            // A part of a private key without `d` is half a key, not a public one.
            return match CRT.into_iter().find(|name| members.has(name)) {
                Some(_) => Err(members.malformed(Defect::MissingMember("d"))),
                None => Self::public(n, e),
            };
        }
        // RFC 7518 §6.3.2 allows `d` alone; recovering the primes from it is not worth its code.
        if !CRT.into_iter().any(|name| members.has(name)) {
            return Err(Error::Unsupported(Unsupported::Key(
                "expected `p`, `q`, `dp`, `dq` and `qi` in an RSA private key, found `d` alone",
            )));
        }
        // Before the secret parts are even decoded.
        check_modulus(&n, Self::MAX_PUBLIC_BITS)?;
        Self::private(RsaPrivateComponents {
            n,
            e,
            d: members.secret_integer("d")?,
            p: members.secret_integer("p")?,
            q: members.secret_integer("q")?,
            dp: members.secret_integer("dp")?,
            dq: members.secret_integer("dq")?,
            qi: members.secret_integer("qi")?,
        })
    }

    pub(super) fn write_private(&self, object: &mut ObjectWriter) {
        if let Some(RsaPrivateComponents { n: _, e: _, d, p, q, dp, dq, qi }) = &self.private {
            for (name, value) in [("d", d), ("p", p), ("q", q), ("dp", dp), ("dq", dq), ("qi", qi)] {
                object.secret(name, value);
            }
        }
    }

    pub(super) fn bits(&self) -> usize {
        bit_len(&self.n)
    }

    pub(super) fn to_public(&self) -> Self {
        Self { n: self.n.clone(), e: self.e.clone(), private: None }
    }

    pub(super) fn clone_key(&self) -> Self {
        Self {
            private: self.private.as_ref().map(|components| {
                let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
                RsaPrivateComponents {
                    n: n.clone(),
                    e: e.clone(),
                    d: d.clone_secret(),
                    p: p.clone_secret(),
                    q: q.clone_secret(),
                    dp: dp.clone_secret(),
                    dq: dq.clone_secret(),
                    qi: qi.clone_secret(),
                }
            }),
            ..self.to_public()
        }
    }
}

fn check_modulus(n: &[u8], max: usize) -> Result<(), Error> {
    let bits = bit_len(n);
    if bits < RsaKey::MIN_BITS {
        return Err(Error::InvalidKey(KeyDefect::TooSmall { min_bits: 2048 }));
    }
    if bits > max {
        let max_bits = u32::try_from(max).expect("both limits are small constants");
        return Err(Error::InvalidKey(KeyDefect::TooLarge { max_bits }));
    }
    if is_even(n) {
        return Err(inconsistent("expected an odd RSA modulus"));
    }
    if roca::is_marked(n) {
        return Err(Error::InvalidKey(KeyDefect::Weak(
            "expected an RSA key of random primes, found one that can be factored (CVE-2017-15361)",
        )));
    }
    Ok(())
}

/// Reads the public exponent, which every stack limits to 33 bits.
fn exponent(e: &[u8]) -> Result<u64, Error> {
    if bit_len(e) > 33 {
        return Err(inconsistent("expected an RSA exponent of at most 33 bits"));
    }
    Ok(e.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|byte| byte % 2 == 0)
}

/// The number of bits of a big-endian integer without leading zero octets.
fn bit_len(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(leading).expect("at most 8"))
}

fn inconsistent(rule: &'static str) -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent(rule))
}
