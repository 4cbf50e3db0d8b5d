//! Many Ed25519 signatures checked together, for less than one by one (the idea is that of RFC 8032 §8.2):
//! signatures with their keys and messages go in, a verdict on each comes out.
//!
//! One sum of all their equations, each times a random number, stands for all of them; if it fails, they are
//! verified one by one. The sum alone can't see points outside the group of prime order in which R has to be,
//! so that is checked too, by sums again.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity, VartimeMultiscalarMul};

use super::ed25519::{Ed25519VerifyingKey, has_small_order, is_reduced, split};
use crate::crypto::{CryptoError, fill_random};

/// How many are checked by one sum at most: what is gained grows slowly from here on.
const LARGEST: usize = 128;

/// How many it takes for the sums to cost less than what they replace.
const SMALLEST: usize = 32;

/// How many sums, each of a random half of all R, have to be in the group of prime order. An R that isn't escapes
/// one of them with a chance of a half at most. They are what takes longest: at 64 signatures, four more take another
/// twentieth of what verifying one by one does. A multiple of four.
const ROUNDS: usize = 20;

/// How many points are multiplied at once at most. dalek makes a table of 1.25 KiB for each and goes through all of them
/// for each digit: of 64 signatures, two sums were measured to take a twentieth less than one, whose tables are more than
/// twice a first cache of 32 KiB; four took no less than two.
const MULTIPLIED: usize = 40;

/// From how many on dalek goes another way, without tables, that gains by all being at once.
const MANY: usize = 190;

const _: () = assert!(ROUNDS.is_multiple_of(4), "four rounds share their sums");

/// A message, and what is said to be its signature under a key.
#[derive(Clone, Copy)]
pub(crate) struct Ed25519Signed<'a> {
    pub(crate) key: &'a Ed25519VerifyingKey,
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl Ed25519Signed<'_> {
    fn holds(&self) -> bool {
        #[cfg(test)]
        tests::ALONE.set(tests::ALONE.get() + 1);
        self.key.verify(self.message, self.signature).is_ok()
    }
}

/// Returns of each signature whether it holds, as [`Ed25519VerifyingKey::verify`] would say, but for two chances.
///
/// A signature that holds is never refused: equations that hold have sums that do. One that doesn't hold leaves
/// a difference, R + kA - SB, whose part in the group of prime order is zero or isn't.
///
/// - If it isn't, the signature passes with a chance of 2^-128: of the 2^128 values of its factor, one at most
///   makes the sum zero.
/// - If it is, the difference is of small order and lies in R, as keys with such a part are kept out. Whatever
///   the others are, of the two sums with and without that R one at most has no such part, so it escapes
///   [`ROUNDS`] sums with a chance of 2^-20 at most. The sum of the equations it escapes half the time at most,
///   as that has R an odd number of times or an even one: 2^-21 in all.
///
/// Factors and sums are drawn when the signatures are there, so that none can be made to fit them. And the second
/// kind takes the private key. It satisfies 8SB = 8R + 8kA, the equation with the cofactor by which RFC 8032
/// §5.1.7 lets one go, and that is no easier to forge: two such signatures with one R and different k would
/// give away a = (S - S') / (k - k'), as two that hold would. k is the hash of R as it was sent, so to add
/// something to the R of a signature that is there is to need another S.
pub(crate) fn ed25519_verify_each(signed: &[Ed25519Signed<'_>]) -> Vec<bool> {
    signed.chunks(LARGEST).flat_map(verify_few).collect()
}

fn verify_few(signed: &[Ed25519Signed<'_>]) -> Vec<bool> {
    if signed.len() < SMALLEST {
        return signed.iter().map(Ed25519Signed::holds).collect();
    }
    let read: Vec<_> = signed.iter().map(Equation::read).collect();
    let equations: Vec<_> = read.iter().flatten().collect();
    // The cheaper sum, which a forgery can't pass, comes first. Without randomness, there is no sum.
    let hold = equations.len() >= SMALLEST
        && hold_together(&equations).unwrap_or(false)
        && have_no_torsion(&equations).unwrap_or(false);
    let verdict = |(signed, read): (&Ed25519Signed<'_>, &Result<_, bool>)| match read {
        Ok(_) => hold || signed.holds(),
        Err(verdict) => *verdict,
    };
    signed.iter().zip(&read).map(verdict).collect()
}

/// SB = R + kA.
struct Equation<'a> {
    r: EdwardsPoint,
    s: Scalar,
    k: Scalar,
    key: &'a Ed25519VerifyingKey,
}

impl<'a> Equation<'a> {
    /// Reads a signature, or gives the verdict on one that has no place in a sum: its key has a torsion part,
    /// which the key's multiples would bring in; or it is refused whatever the message is, and so needn't have
    /// the others verified one by one.
    fn read(signed: &Ed25519Signed<'a>) -> Result<Self, bool> {
        if !signed.key.is_torsion_free() {
            return Err(signed.holds());
        }
        Self::of_strict(signed).ok_or(false)
    }

    /// Reads a signature as strictly as it is verified alone: R in its one encoding and not of small order,
    /// S below the order.
    fn of_strict(signed: &Ed25519Signed<'a>) -> Option<Self> {
        let Ed25519Signed { key, message, signature } = *signed;
        let (encoded_r, s) = split(signature)?;
        // dalek also decodes x = 0 with a sign; those are points of small order.
        let is_strict = is_reduced(encoded_r) && !has_small_order(encoded_r);
        let r = is_strict.then(|| CompressedEdwardsY(*encoded_r).decompress())??;
        Some(Self { r, s, k: key.challenge(encoded_r, message), key })
    }
}

/// Returns whether the sum of the equations holds, each times a random number of 128 bits.
fn hold_together(equations: &[&Equation<'_>]) -> Result<bool, CryptoError> {
    let mut factors = Vec::with_capacity(equations.len());
    let mut s = Scalar::ZERO;
    // Most tokens of a batch are of few keys, and k is a number: a key is multiplied once.
    let mut keys: Vec<(&Ed25519VerifyingKey, Scalar)> = Vec::new();
    for (equation, factor) in equations.iter().zip(random(equations.len())?) {
        let factor = Scalar::from(u128::from_le_bytes(factor));
        factors.push(factor);
        s += factor * equation.s;
        let k = factor * equation.k;
        match keys.iter_mut().find(|(key, _)| std::ptr::eq(*key, equation.key)) {
            Some((_, sum)) => *sum += k,
            None => keys.push((equation.key, k)),
        }
    }
    let r = factors.into_iter().zip(equations.iter().map(|equation| equation.r));
    let ka = keys.into_iter().map(|(key, k)| (k, key.point()));
    let (scalars, points): (Vec<_>, Vec<_>) = r.chain(ka).chain([(-s, ED25519_BASEPOINT_POINT)]).unzip();
    let of_sums = if points.len() < MANY { points.len().div_ceil(MULTIPLIED).max(1) } else { 1 };
    let each = points.len().div_ceil(of_sums).max(1);
    let sums = scalars.chunks(each).zip(points.chunks(each));
    let sum: EdwardsPoint = sums.map(|(s, p)| EdwardsPoint::vartime_multiscalar_mul(s, p)).sum();
    Ok(sum.is_identity())
}

/// Returns whether every R is in the group of prime order, or that one isn't has escaped all rounds.
fn have_no_torsion(equations: &[&Equation<'_>]) -> Result<bool, CryptoError> {
    let points: Vec<_> = equations.iter().map(|equation| equation.r).collect();
    let chosen = random(equations.len())?;
    Ok(sums_have_no_torsion(&points, &chosen))
}

/// Whether each point is in the sum of a round, a bit for each round.
type Rounds = [u8; ROUNDS.div_ceil(8)];

/// Returns whether the rounds' sums of the points chosen for them are all in the group of prime order.
fn sums_have_no_torsion(points: &[EdwardsPoint], chosen: &[Rounds]) -> bool {
    let four_rounds = |round: usize| {
        let four_bits = move |bits: &Rounds| {
            let byte = bits.get(round / 8).copied().unwrap_or_default();
            usize::from(byte >> (round % 8) & 0xf)
        };
        sums(points.iter().copied().zip(chosen.iter().map(four_bits)))
    };
    let is_torsion_free = |sum: EdwardsPoint| {
        // dalek's own check is in constant time, which takes longer: (L - 1)P = -P says LP = 0.
        let less_one = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-Scalar::ONE, &sum, &Scalar::ZERO);
        less_one == -sum
    };
    (0..ROUNDS).step_by(4).all(|round| four_rounds(round).into_iter().all(is_torsion_free))
}

/// Four sums of points, each with the four bits that say which sums it is in. A point is added once, to those that
/// are in the same sums, and not to each sum.
fn sums(points: impl Iterator<Item = (EdwardsPoint, usize)>) -> [EdwardsPoint; 4] {
    let mut alike = [EdwardsPoint::identity(); 16];
    // Those that are in no sum stay out.
    for (point, bits) in points.filter(|(_, bits)| *bits != 0) {
        if let Some(sum) = alike.get_mut(bits) {
            *sum += point;
        }
    }
    let mut rest = &mut alike[..];
    std::array::from_fn(|_| {
        // The half in whose sums the highest bit is set; without that bit, it is like the other half.
        let half = rest.len() / 2;
        let (without, with) = std::mem::take(&mut rest).split_at_mut(half);
        let sum = with.iter().sum();
        without.iter_mut().zip(with).for_each(|(without, with)| *without += &*with);
        rest = without;
        sum
    })
}

fn random<const LEN: usize>(count: usize) -> Result<Vec<[u8; LEN]>, CryptoError> {
    let mut bytes = vec![[0; LEN]; count];
    fill_random(bytes.as_flattened_mut())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use curve25519_dalek::constants::EIGHT_TORSION;
    use sha2::{Digest, Sha512};

    use super::*;

    thread_local! {
        /// How many signatures this thread has verified one by one.
        pub(super) static ALONE: Cell<usize> = const { Cell::new(0) };
    }

    /// A signer who does as they please: with a point of small order in the key, in R, or in both.
    struct Signer {
        secret: Scalar,
        public: [u8; 32],
        key: Ed25519VerifyingKey,
    }

    impl Signer {
        fn new(seed: u8, torsion: usize) -> Self {
            let secret = Scalar::from_bytes_mod_order([seed; 32]);
            let public = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[torsion]).compress().0;
            Self { secret, public, key: Ed25519VerifyingKey::new(&public).unwrap() }
        }

        fn sign(&self, message: &[u8], torsion: usize) -> Vec<u8> {
            let nonce = Sha512::new().chain_update(self.public).chain_update(message).finalize();
            let nonce = Scalar::from_bytes_mod_order_wide(&nonce.into());
            let r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[torsion]).compress().0;
            let k = Sha512::new().chain_update(r).chain_update(self.public).chain_update(message).finalize();
            let s = nonce + Scalar::from_bytes_mod_order_wide(&k.into()) * self.secret;
            [r, s.to_bytes()].concat()
        }
    }

    fn messages(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|index| format!("message {index}").into_bytes()).collect()
    }

    fn signed<'a>(
        key: &'a Ed25519VerifyingKey,
        messages: &'a [Vec<u8>],
        signatures: &'a [Vec<u8>],
    ) -> Vec<Ed25519Signed<'a>> {
        let zipped = messages.iter().zip(signatures);
        zipped.map(|(message, signature)| Ed25519Signed { key, message, signature }).collect()
    }

    /// The sums' answer for signatures that all have an equation.
    fn hold(signed: &[Ed25519Signed<'_>]) -> (bool, bool) {
        let equations: Vec<_> = signed.iter().map(|signed| Equation::read(signed).ok().unwrap()).collect();
        let equations: Vec<_> = equations.iter().collect();
        (hold_together(&equations).unwrap(), have_no_torsion(&equations).unwrap())
    }

    #[test]
    fn signatures_that_hold_hold_together() {
        let signer = Signer::new(1, 0);
        for count in [0, 1, 31, 32, 33, 127, 128, 129, 160, 300] {
            let messages = messages(count);
            let signatures: Vec<_> = messages.iter().map(|message| signer.sign(message, 0)).collect();
            let signed = signed(&signer.key, &messages, &signatures);
            assert_eq!(ed25519_verify_each(&signed), vec![true; count]);
            if (SMALLEST..=LARGEST).contains(&count) {
                assert_eq!(hold(&signed), (true, true), "{count}");
            }
        }
    }

    /// So many keys that all points are multiplied at once, and one forgery among them.
    #[test]
    fn signatures_of_as_many_keys_hold_together() {
        let signers: Vec<_> = (1..=u8::try_from(LARGEST).unwrap()).map(|seed| Signer::new(seed, 0)).collect();
        let messages = messages(LARGEST);
        let mut signatures: Vec<_> =
            signers.iter().zip(&messages).map(|(signer, message)| signer.sign(message, 0)).collect();
        const { assert!(2 * LARGEST + 1 >= MANY) };
        for forged in [None, Some(77)] {
            if let Some(forged) = forged {
                signatures[forged] = signers[forged].sign(b"another message", 0);
            }
            let signed = signers.iter().zip(messages.iter().zip(&signatures));
            let signed = signed.map(|(signer, (message, signature))| Ed25519Signed {
                key: &signer.key,
                message,
                signature,
            });
            let signed: Vec<_> = signed.collect();
            assert_eq!(hold(&signed), (forged.is_none(), true));
            let verdicts = ed25519_verify_each(&signed);
            assert!(verdicts.iter().enumerate().all(|(index, holds)| *holds == (Some(index) != forged)));
        }
    }

    /// How many of these are verified one by one.
    fn alone(signed: &[Ed25519Signed<'_>]) -> usize {
        let before = ALONE.get();
        ed25519_verify_each(signed);
        ALONE.get() - before
    }

    /// Without this, nothing would fail if each were always verified alone, but for time.
    #[test]
    fn what_holds_together_is_not_verified_one_by_one() {
        let (signer, other) = (Signer::new(1, 0), Signer::new(1, 1));
        let messages = messages(160);
        let signatures: Vec<_> = messages.iter().map(|message| signer.sign(message, 0)).collect();
        let mut signed = signed(&signer.key, &messages, &signatures);
        let counts = [1, 31, 32, 64, 128, 129, 159, 160].map(|count| alone(&signed[..count]));
        assert_eq!(counts, [1, 31, 0, 0, 0, 1, 31, 0]);
        // What is refused whatever its message is costs nobody anything, while enough are left.
        signed[5].signature = &[];
        assert_eq!([alone(&signed[..64]), alone(&signed[..33]), alone(&signed[..32])], [0, 0, 31]);
        // A key with a torsion part is asked itself, and nobody else's is.
        signed[5] = Ed25519Signed { key: &other.key, ..signed[6] };
        assert_eq!(alone(&signed[..64]), 1);
        // One forgery costs what its company gained, and no more than one sum's company.
        signed[5] = Ed25519Signed { message: b"another message", ..signed[6] };
        assert_eq!([alone(&signed[..64]), alone(&signed)], [64, 128]);
    }

    #[test]
    fn one_forgery_breaks_the_sum_and_nothing_else() {
        let signer = Signer::new(1, 0);
        let messages = messages(64);
        let mut signatures: Vec<_> = messages.iter().map(|message| signer.sign(message, 0)).collect();
        for forged in [0, 1, 62, 63] {
            let genuine = signatures[forged].clone();
            signatures[forged] = signer.sign(b"another message", 0);
            let signed = signed(&signer.key, &messages, &signatures);
            assert_eq!(hold(&signed), (false, true));
            let verdicts = ed25519_verify_each(&signed);
            assert!(verdicts.iter().enumerate().all(|(index, holds)| *holds == (index != forged)));
            signatures[forged] = genuine;
        }
    }

    /// Two forgeries whose errors cancel each other would pass a sum without factors.
    #[test]
    fn errors_that_cancel_each_other_are_found() {
        let signer = Signer::new(1, 0);
        let messages = messages(64);
        let mut signatures: Vec<_> = messages.iter().map(|message| signer.sign(message, 0)).collect();
        for (index, error) in [(3, Scalar::ONE), (4, -Scalar::ONE)] {
            let s: [u8; 32] = signatures[index][32..].try_into().unwrap();
            let s = Scalar::from_canonical_bytes(s).unwrap() + error;
            signatures[index].splice(32.., s.to_bytes());
        }
        let signed = signed(&signer.key, &messages, &signatures);
        assert!(!hold(&signed).0);
        let verdicts = ed25519_verify_each(&signed);
        assert!(verdicts.iter().enumerate().all(|(index, holds)| *holds == !matches!(index, 3 | 4)));
    }

    /// Each point is in the sums that its bits name, the highest bit's first, and in no other.
    #[test]
    fn four_sums_have_what_their_bits_say() {
        let point = |number: u64| EdwardsPoint::mul_base(&Scalar::from(number));
        for count in [0, 1, 16, 40] {
            let points = (0..count).map(|number| (1 << number, usize::try_from(number * 7 % 16).unwrap()));
            let expected = [8, 4, 2, 1].map(|bit| points.clone().filter(move |(_, bits)| bits & bit != 0));
            let expected = expected.map(|chosen| point(chosen.map(|(number, _)| number).sum()));
            assert_eq!(sums(points.map(|(number, bits)| (point(number), bits))), expected, "{count}");
        }
    }

    /// A point with a torsion part is seen by the round that it is chosen for, whichever that is.
    #[test]
    fn each_round_sees_what_it_has() {
        let points: Vec<_> = (1_u64..9).map(|number| EdwardsPoint::mul_base(&Scalar::from(number))).collect();
        let mut bent = points.clone();
        bent[3] += EIGHT_TORSION[4];
        for round in 0..ROUNDS {
            let mut chosen = vec![Rounds::default(); points.len()];
            chosen[3][round / 8] = 1 << (round % 8);
            chosen[5] = [0xff; ROUNDS.div_ceil(8)];
            assert!(sums_have_no_torsion(&points, &chosen), "{round}");
            assert!(!sums_have_no_torsion(&bent, &chosen), "{round}");
        }
        assert!(sums_have_no_torsion(&bent, &vec![Rounds::default(); points.len()]));
    }

    /// What the owner of the private key alone can make: the sum of the equations lets it pass half the time,
    /// which is why R's own sums are there. All of order 2, and one of each order.
    #[test]
    fn torsion_in_r_passes_one_sum_and_not_the_other() {
        let signer = Signer::new(1, 0);
        let messages = messages(64);
        for torsion in [&[4][..], &[4, 4], &[1], &[2], &[1, 7], &[1, 2, 3, 4, 5, 6, 7], &[4; 64]] {
            let at = |index: usize| torsion.get(index).copied().unwrap_or(0);
            let signatures =
                messages.iter().enumerate().map(|(index, message)| signer.sign(message, at(index)));
            let signatures: Vec<_> = signatures.collect();
            let signed = signed(&signer.key, &messages, &signatures);
            // A sum of order 8 is zero one time in eight.
            assert!((0..512).any(|_| hold(&signed).0), "{torsion:?}");
            assert!(!hold(&signed).1, "{torsion:?}");
            let verdicts = ed25519_verify_each(&signed);
            assert!(verdicts.iter().enumerate().all(|(index, holds)| *holds == (at(index) == 0)));
        }
    }

    /// RFC 8032 has no signer make such a key, but one signature in eight or more holds under it.
    #[test]
    fn a_key_with_a_torsion_part_is_verified_alone() {
        assert!(Signer::new(1, 0).key.is_torsion_free());
        for torsion in 1..8 {
            let signer = Signer::new(1, torsion);
            assert!(!signer.key.is_torsion_free());
            let messages = messages(64);
            let signatures: Vec<_> =
                messages.iter().enumerate().map(|(index, message)| signer.sign(message, index % 8)).collect();
            let signed = signed(&signer.key, &messages, &signatures);
            assert!(signed.iter().all(|signed| Equation::read(signed).is_err()));
            let alone: Vec<_> = signed.iter().map(Ed25519Signed::holds).collect();
            assert!(alone.contains(&true) && alone.contains(&false), "{torsion}: {alone:?}");
            assert_eq!(ed25519_verify_each(&signed), alone);
        }
    }

    /// L, little-endian (RFC 8032 §5.1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    /// Every way to be wrong that doesn't depend on the message, and some that do.
    fn spoilt(signature: &[u8], how: usize) -> Vec<u8> {
        let (r, s) = signature.split_at(32);
        let with_r = |r: [u8; 32]| [&r, s].concat();
        match how {
            0 => {
                let mut carry = 0;
                let digits = s.iter().zip(ORDER).map(|(digit, order)| {
                    let sum = u16::from(*digit) + u16::from(order) + carry;
                    carry = sum >> 8;
                    u8::try_from(sum & 0xff).unwrap()
                });
                r.iter().copied().chain(digits).collect()
            }
            1..=8 => with_r(EIGHT_TORSION[how - 1].compress().0),
            9 => with_r(std::array::from_fn(|at| {
                if at == 0 {
                    0xee
                } else if at == 31 {
                    0x7f
                } else {
                    0xff
                }
            })),
            10 => with_r([0xff; 32]),
            // No point has y = 2.
            11 => with_r(std::array::from_fn(|at| if at == 0 { 2 } else { 0 })),
            // The identity with a sign.
            12 => with_r(std::array::from_fn(|at| {
                if at == 0 {
                    1
                } else if at == 31 {
                    0x80
                } else {
                    0
                }
            })),
            13 => signature[..63].to_vec(),
            14 => Vec::new(),
            15 => [signature, &[0]].concat(),
            16 => [r, &[0; 32]].concat(),
            _ => signature.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == how)).collect(),
        }
    }

    /// The same verdicts as alone, whatever is in the batch, in whatever company.
    #[test]
    fn verdicts_are_those_of_one_by_one() {
        let signers: Vec<_> = (1..6).map(|seed| Signer::new(seed, usize::from(seed == 5) * 3)).collect();
        let signers = &signers;
        let messages = messages(200);
        for step in [2, 3, 5, 7, 50, 200] {
            let signatures: Vec<_> = messages
                .iter()
                .enumerate()
                .map(|(index, message)| {
                    let signature = signers[index % 5].sign(message, usize::from(index % 23 == 0));
                    if index % step == 1 { spoilt(&signature, index / step % 64) } else { signature }
                })
                .collect();
            let signed: Vec<_> = (0..200)
                .map(|index| Ed25519Signed {
                    key: &signers[index % 5].key,
                    message: &messages[index],
                    signature: &signatures[index],
                })
                .collect();
            let alone: Vec<_> = signed.iter().map(Ed25519Signed::holds).collect();
            assert!(alone.contains(&true) && alone.contains(&false));
            for count in [48, 64, 100, 128, 200] {
                assert_eq!(ed25519_verify_each(&signed[..count]), alone[..count], "{step} {count}");
                assert_eq!(
                    ed25519_verify_each(&signed[200 - count..]),
                    alone[200 - count..],
                    "{step} {count}"
                );
            }
        }
    }

    /// What is refused whatever the message doesn't have the others verified one by one.
    #[test]
    fn what_has_no_equation_leaves_the_sum_alone() {
        let signer = Signer::new(1, 0);
        let signature = signer.sign(b"m", 0);
        for how in 0..17 {
            let spoilt = spoilt(&signature, how);
            let signed = Ed25519Signed { key: &signer.key, message: b"m", signature: &spoilt };
            assert_eq!(Equation::read(&signed).err(), (how != 16).then_some(false), "{how}");
            assert!(!signed.holds(), "{how}");
        }
        let signed = Ed25519Signed { key: &signer.key, message: b"m", signature: &signature };
        assert!(Equation::read(&signed).is_ok() && signed.holds());
    }
}
