//! The consistency of an RSA private key's numbers.
//!
//! ring checks n = p q and the inverse of q, tries dP and dQ only when it signs, and never
//! looks at d; aws-lc-rs checks all of them (RSA_check_key). So that both stacks refuse the
//! same keys, and a key accepted here works elsewhere, the rest is checked here: that needs
//! products and remainders of big numbers in constant time, which crypto-bigint has.

use crypto_bigint::{NonZero, U2048, U4096, Uint};
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, RsaPrivateComponents};

/// Refuses a key unless n = p q, d < n, d e ≡ 1 mod p - 1 and mod q - 1, dP = d mod p - 1,
/// dQ = d mod q - 1, qInv < p and qInv q ≡ 1 mod p. The sizes have been checked.
///
/// Numbers have the widths of the largest keys, whatever the key: one width is compiled once, and numbers
/// of any width would have crypto-bigint compile twice as much.
pub(super) fn check(components: &RsaPrivateComponents) -> Result<(), CryptoError> {
    let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
    let n: Zeroizing<U4096> = number(n)?;
    let d: Zeroizing<U4096> = number(d.expose_secret())?;
    let e: Zeroizing<U2048> = number(e)?;
    let [p, q]: [Zeroizing<U2048>; 2] = [number(p.expose_secret())?, number(q.expose_secret())?];
    let [dp, dq] = [number(dp.expose_secret())?, number(dq.expose_secret())?];
    let qi = number(qi.expose_secret())?;

    let p_less_one = less_one(&p)?;
    let q_less_one = less_one(&q)?;
    let d_mod_p_less_one = remainder(&d, &p_less_one)?;
    let d_mod_q_less_one = remainder(&d, &q_less_one)?;
    // Every relation is computed before any is judged.
    let relations = [
        *product(&p, &q) == *n,
        *d < *n,
        *remainder(&product(&d_mod_p_less_one, &e), &p_less_one)? == U2048::ONE,
        *remainder(&product(&d_mod_q_less_one, &e), &q_less_one)? == U2048::ONE,
        *d_mod_p_less_one == *dp,
        *d_mod_q_less_one == *dq,
        *qi < *p,
        *remainder(&product(&q, &qi), &p)? == U2048::ONE,
    ];
    if relations.into_iter().all(|holds| holds) { Ok(()) } else { Err(CryptoError) }
}

/// A number of at most this width, of 512 octets at most.
fn number<const LIMBS: usize>(big_endian: &[u8]) -> Result<Zeroizing<Uint<LIMBS>>, CryptoError> {
    let mut octets = Zeroizing::new([0; 512]);
    let width = octets.get_mut(..Uint::<LIMBS>::BYTES).ok_or(CryptoError)?;
    let zeros = width.len().checked_sub(big_endian.len()).ok_or(CryptoError)?;
    width.get_mut(zeros..).ok_or(CryptoError)?.copy_from_slice(big_endian);
    Ok(Zeroizing::new(Uint::from_be_slice(width)))
}

fn product(a: &U2048, b: &U2048) -> Zeroizing<U4096> {
    Zeroizing::new(a.concatenating_mul(b))
}

fn less_one(number: &U2048) -> Result<Zeroizing<U2048>, CryptoError> {
    if bool::from(number.is_zero()) {
        Err(CryptoError)
    } else {
        Ok(Zeroizing::new(number.wrapping_sub(&U2048::ONE)))
    }
}

fn remainder(number: &U4096, modulus: &U2048) -> Result<Zeroizing<U2048>, CryptoError> {
    let modulus = Option::<NonZero<U2048>>::from(modulus.to_nz()).map(Zeroizing::new).ok_or(CryptoError)?;
    Ok(Zeroizing::new(number.rem(&modulus)))
}
