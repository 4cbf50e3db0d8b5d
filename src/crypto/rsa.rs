//! What every stack shares of RSA: paddings and hashes (RFC 7518 §3.3, §3.5, §4.3), the numbers of a
//! private key (RFC 7518 §6.3.2), and the bounds of their sizes. Numbers go in as big-endian octets and
//! are refused unless every stack can work with them.
//!
//! The bounds are the narrowest of the libraries', so that a key accepted in one build works in
//! another. They come first: nothing is computed with a number of a size that nobody meant.

use super::CryptoError;
use crate::secret::SecretBytes;

/// The padding of an RSA signature (RFC 8017 §8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RsaPadding {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS with MGF1, both with the signature's hash, and a salt as long as the hash value
    /// (RFC 7518 §3.5).
    Pss,
}

/// The hash of RSAES-OAEP and of its MGF1 (RFC 7518 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OaepHash {
    /// SHA-1, the hash of the algorithm named `RSA-OAEP`.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The numbers of a two-prime RSA private key (RFC 7518 §6.3.2): big-endian, without leading zeros.
#[derive(Debug)]
pub(crate) struct RsaPrivateComponents {
    /// The modulus.
    pub(crate) n: Vec<u8>,
    /// The public exponent.
    pub(crate) e: Vec<u8>,
    /// The private exponent.
    pub(crate) d: SecretBytes,
    /// The first prime factor.
    pub(crate) p: SecretBytes,
    /// The second prime factor.
    pub(crate) q: SecretBytes,
    /// `d mod (p - 1)`.
    pub(crate) dp: SecretBytes,
    /// `d mod (q - 1)`.
    pub(crate) dq: SecretBytes,
    /// The inverse of `q` modulo `p`.
    pub(crate) qi: SecretBytes,
}

impl RsaPrivateComponents {
    /// Refuses sizes that not every stack can work with, so that each refuses the same keys:
    /// moduli of 2048, 3072 or 4096 bits whose primes have half of that (ring takes primes of a
    /// multiple of 512 bits), and e from 65537 up to 33 bits (ring's and aws-lc-rs' bounds).
    pub(super) fn check_sizes(&self) -> Result<(), CryptoError> {
        let Self { n, e, d, p, q, dp, dq, qi } = self;
        check_public_sizes(n, e)?;
        let bits = bit_len(n);
        let half = bits / 2;
        let [d, p, q, dp, dq, qi] = [d, p, q, dp, dq, qi].map(SecretBytes::expose_secret);
        let fits = matches!(bits, 2048 | 3072 | 4096)
            // Odd and of 17 bits, thus at least 65537.
            && bit_len(e) >= 17
            && [d, p, q, dp, dq, qi].into_iter().all(|number| number.first().is_some_and(|first| *first != 0))
            && bit_len(p) == half
            && bit_len(q) == half
            // ring's lower bound, from NIST SP 800-56B §6.4.1.2.1: 2^(nBits/2) < d. A smaller d falls
            // to Wiener's attack anyhow.
            && bit_len(d) > half
            // RFC 8017 §3.2. aws-lc-rs looks at the length alone.
            && is_less(d, n)
            && [dp, dq, qi].into_iter().all(|number| bit_len(number) <= half);
        if fits { Ok(()) } else { Err(CryptoError) }
    }
}

/// Refuses public keys that not every stack can work with: moduli of 2048 to 8192 bits, e odd,
/// from 3 up to 33 bits, neither with leading zeros.
pub(super) fn check_public_sizes(n: &[u8], e: &[u8]) -> Result<(), CryptoError> {
    let (Some((n_first, n_last)), Some((e_first, e_last))) =
        (n.first().zip(n.last()), e.first().zip(e.last()))
    else {
        return Err(CryptoError);
    };
    let fits = *n_first != 0
        && n_last % 2 == 1
        && (2048..=8192).contains(&bit_len(n))
        && *e_first != 0
        && e_last % 2 == 1
        && (2..=33).contains(&bit_len(e));
    if fits { Ok(()) } else { Err(CryptoError) }
}

/// Compares two big-endian numbers without leading zeros, in a time that only depends on their
/// lengths.
fn is_less(a: &[u8], b: &[u8]) -> bool {
    let borrow = a.iter().rev().zip(b.iter().rev()).fold(0, |borrow, (a, b)| {
        // The subtraction of the octets, lowest first; the sign bit is what it borrows.
        (i16::from(*a) - i16::from(*b) - borrow) >> 8 & 1
    });
    a.len() < b.len() || (a.len() == b.len() && borrow == 1)
}

/// Returns the number of bits of a big-endian number without leading zero octets.
fn bit_len(number: &[u8]) -> usize {
    number.first().map_or(0, |first| {
        let leading = usize::try_from(first.leading_zeros()).unwrap_or(8);
        number.len().saturating_mul(8) - leading
    })
}
