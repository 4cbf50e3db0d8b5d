//! The fingerprint of RSA keys made by a generator that went wrong (CVE-2017-15361, "ROCA"): a modulus
//! goes in, whether it carries the mark comes out.
//!
//! Its primes were all `k·M + (65537^a mod M)`, `M` the product of the first primes. So such a modulus,
//! whatever small prime it is divided by, leaves a power of 65537 as its remainder, and can be factored
//! (Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, CCS 2017, §2). Of other moduli
//! fewer than one in 2^150 does so by chance; most fail at 11 or 13, so the check costs ordinary keys nothing.

/// Whether a modulus, big-endian and of at least 2048 bits, carries the mark.
pub(super) fn is_marked(n: &[u8]) -> bool {
    odd_primes().all(|prime| {
        let remainder = n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        is_power(remainder, prime)
    })
}

/// Whether the number is a power of 65537 modulo the prime.
fn is_power(number: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 1..prime {
        if power == number {
            return true;
        }
        power = power * (65537 % prime) % prime;
    }
    false
}

/// The odd primes whose product, doubled, is `M` for the moduli from 1984 to 3968 bits. For larger ones more
/// are in it, so that these hold for them too.
fn odd_primes() -> impl Iterator<Item = u32> {
    (3..=701).step_by(2).filter(|number| (3..*number).step_by(2).all(|divisor| number % divisor != 0))
}
