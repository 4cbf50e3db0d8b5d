//! The consistency of an RSA private key's numbers.
//!
//! ring checks n = p q and the inverse of q, tries dP and dQ only when it signs, and never
//! looks at d; aws-lc-rs checks all of them (RSA_check_key). So that both stacks refuse the
//! same keys, and a key accepted here works elsewhere, the rest is checked here: that needs
//! products and remainders of big numbers in constant time, which crypto-bigint has.

use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero};
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, RsaPrivateComponents};

/// Refuses a key unless n = p q, d < n, d e ≡ 1 mod p - 1 and mod q - 1, dP = d mod p - 1,
/// dQ = d mod q - 1, qInv < p and qInv q ≡ 1 mod p. The sizes have been checked.
pub(super) fn check(components: &RsaPrivateComponents) -> Result<(), CryptoError> {
    let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
    let [n, e] = [number(n)?, number(e)?];
    let [d, p, q] = [number(d.expose_secret())?, number(p.expose_secret())?, number(q.expose_secret())?];
    let [dp, dq] = [number(dp.expose_secret())?, number(dq.expose_secret())?];
    let qi = number(qi.expose_secret())?;

    let pq = product(&p, &q);
    let de = product(&d, &e);
    let q_qi = product(&q, &qi);
    let p_less_one = less_one(&p)?;
    let q_less_one = less_one(&q)?;
    // Every relation is computed before any is judged.
    let relations = [
        *pq == *n,
        *d < *n,
        bool::from(remainder(&de, &p_less_one)?.is_one()),
        bool::from(remainder(&de, &q_less_one)?.is_one()),
        *remainder(&d, &p_less_one)? == *dp,
        *remainder(&d, &q_less_one)? == *dq,
        *qi < *p,
        bool::from(remainder(&q_qi, &p)?.is_one()),
    ];
    if relations.into_iter().all(|holds| holds) { Ok(()) } else { Err(CryptoError) }
}

fn number(big_endian: &[u8]) -> Result<Zeroizing<BoxedUint>, CryptoError> {
    let bits = u32::try_from(big_endian.len()).ok().and_then(|len| len.checked_mul(8)).ok_or(CryptoError)?;
    BoxedUint::from_be_slice(big_endian, bits).map(Zeroizing::new).map_err(|_| CryptoError)
}

fn product(a: &BoxedUint, b: &BoxedUint) -> Zeroizing<BoxedUint> {
    Zeroizing::new(a.concatenating_mul(b))
}

fn less_one(number: &BoxedUint) -> Result<Zeroizing<BoxedUint>, CryptoError> {
    let one = BoxedUint::one_with_precision(number.bits_precision());
    if bool::from(number.is_zero()) {
        Err(CryptoError)
    } else {
        Ok(Zeroizing::new(number.wrapping_sub(&one)))
    }
}

fn remainder(number: &BoxedUint, modulus: &BoxedUint) -> Result<Zeroizing<BoxedUint>, CryptoError> {
    let modulus = Option::<NonZero<BoxedUint>>::from(modulus.to_nz()).ok_or(CryptoError)?;
    let remainder = Zeroizing::new(number.rem(&modulus));
    drop(Zeroizing::new(modulus.get()));
    Ok(remainder)
}
