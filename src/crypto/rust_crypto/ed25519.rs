//! Verification of Ed25519 by dalek, on all stacks (RFC 8032 §5.1.7): a public key, a message and a
//! signature go in, and hold or don't.
//!
//! Strict, where libraries differ: one encoding for each point, S below the order, no points of small
//! order. Otherwise one signature could hold for many messages or have a second spelling, and two
//! verifiers could disagree about a token.

use std::sync::OnceLock;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sha2::{Digest, Sha512};

use crate::crypto::CryptoError;

/// An Ed25519 public key, its point decompressed once.
pub(crate) struct Ed25519VerifyingKey {
    key: VerifyingKey,
    /// Asked for with batches only: it costs about as much as verifying a signature.
    torsion_free: OnceLock<bool>,
}

impl Ed25519VerifyingKey {
    /// Reads a public key; refuses what isn't a point in its one encoding, and points of small
    /// order, under which one signature holds for nearly every message.
    pub(crate) fn new(public_key: &[u8; 32]) -> Result<Self, CryptoError> {
        if !is_reduced(public_key) {
            return Err(CryptoError);
        }
        // dalek also decodes x = 0 with a sign; those are points of small order.
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| CryptoError)?;
        if key.is_weak() {
            return Err(CryptoError);
        }
        Ok(Self { key, torsion_free: OnceLock::new() })
    }

    /// Verifies a signature of 64 bytes; refuses S >= L and an R of small order too.
    ///
    /// dalek's `verify_strict` would decode R to know its order, which takes a seventh more. `verify` encodes what R
    /// has to be, and compares it with R to the byte. What is encoded has its one encoding, so an R that isn't a
    /// point, or isn't one in its one encoding, equals nothing; and the points of small order, encoded so, are the
    /// eight that are refused by their bytes. The same signatures pass, which the tests hold.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let (encoded_r, _) = split(signature).ok_or(CryptoError)?;
        if has_small_order(encoded_r) {
            return Err(CryptoError);
        }
        let signature = Signature::from_slice(signature).map_err(|_| CryptoError)?;
        self.key.verify(message, &signature).map_err(|_| CryptoError)
    }

    /// k of RFC 8032 §5.1.7: the hash of R and the key as they were sent, and of the message.
    pub(super) fn challenge(&self, encoded_r: &[u8; 32], message: &[u8]) -> Scalar {
        let hash =
            Sha512::new().chain_update(encoded_r).chain_update(self.key.as_bytes()).chain_update(message);
        Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
    }

    /// Returns whether the key's point is in the group of prime order, as every key is that was made by
    /// RFC 8032 §5.1.5.
    pub(crate) fn is_torsion_free(&self) -> bool {
        *self.torsion_free.get_or_init(|| self.point().is_torsion_free())
    }

    pub(super) fn point(&self) -> EdwardsPoint {
        self.key.to_edwards()
    }
}

/// Splits a signature into R, still encoded, and S, which RFC 8032 §5.1.7 has below the order. ed25519-dalek leaves
/// that check out if anyone in the application's tree asks for its feature `legacy_compatibility`.
pub(super) fn split(signature: &[u8]) -> Option<(&[u8; 32], Scalar)> {
    let (encoded_r, s) = signature.split_first_chunk()?;
    Some((encoded_r, Option::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?))
}

/// RFC 8032 §5.1.3: "If the resulting value is >= p, decoding fails." dalek reduces it instead.
pub(super) fn is_reduced(point: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = point;
    !(high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed)
}

/// Returns whether these bytes encode one of the eight points of small order, with whichever sign.
pub(super) fn has_small_order(encoded: &[u8; 32]) -> bool {
    let [.., high] = encoded;
    SMALL_ORDER.iter().any(|[y @ .., top]| high & 0x7f == *top && encoded.starts_with(y))
}

/// y of the points of order 1, 2, 4 and, two of them, 8, little-endian. x has two values but for the first two.
const SMALL_ORDER: [[u8; 32]; 5] = {
    let mut one = [0; 32];
    let mut less_one = [0xff; 32];
    [one[0], less_one[0], less_one[31]] = [1, 0xec, 0x7f];
    let [eighth, other_eighth] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    [one, less_one, [0; 32], eighth, other_eighth]
};

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are read as a point and aren't its one encoding: y >= p, or x = 0 with a sign.
    fn odd_encodings() -> Vec<[u8; 32]> {
        let with = |low: u8, middle: u8, high: u8| {
            std::array::from_fn(|at| {
                if at == 0 {
                    low
                } else if at == 31 {
                    high
                } else {
                    middle
                }
            })
        };
        let large_y = (0xed..=0xff).flat_map(|low| [with(low, 0xff, 0x7f), with(low, 0xff, 0xff)]);
        large_y.chain([with(1, 0, 0x80), with(0xec, 0xff, 0xff)]).collect()
    }

    #[test]
    fn the_points_of_small_order_are_known_by_their_bytes() {
        let torsion: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
        assert!(torsion.iter().all(has_small_order));
        // All five are there for a reason: each is the y of one of the eight.
        let is_used = |y: &[u8; 32]| {
            torsion.iter().any(|[rest @ .., high]| y.starts_with(rest) && y[31] == high & 0x7f)
        };
        assert!(SMALL_ORDER.iter().all(is_used));
        for point in EIGHT_TORSION {
            let other = (point + EdwardsPoint::mul_base(&Scalar::ONE)).compress().0;
            assert!(!has_small_order(&other));
        }
        // One byte more or less is another point, or none.
        for encoded in torsion {
            for at in 0..32 {
                let mut other = encoded;
                other[at] ^= 2;
                assert!(!has_small_order(&other), "{at}");
            }
        }
    }

    /// What the owner of a private key can send: any secret, any nonce, a point of small order in the key, in R or in
    /// both, R or the key in another spelling, S plus any multiple of the order that fits, and a byte changed.
    struct Sent {
        public: [u8; 32],
        signature: [u8; 64],
    }

    fn sent(
        (secret, nonce): (u8, u8),
        (key_torsion, r_torsion): (usize, usize),
        (odd_key, odd_r): (Option<usize>, Option<usize>),
        orders: u8,
        flip: Option<(usize, u8)>,
        message: &[u8],
    ) -> Sent {
        let [secret, nonce] = [secret, nonce].map(Scalar::from);
        let odd = odd_encodings();
        let encode = |scalar: &Scalar, torsion: usize, spelling: Option<usize>| match spelling {
            Some(index) => odd[index % odd.len()],
            None => (EdwardsPoint::mul_base(scalar) + EIGHT_TORSION[torsion]).compress().0,
        };
        let public = encode(&secret, key_torsion, odd_key);
        let r = encode(&nonce, r_torsion, odd_r);
        let k = Sha512::new().chain_update(r).chain_update(public).chain_update(message).finalize();
        let s = nonce + Scalar::from_bytes_mod_order_wide(&k.into()) * secret;
        let mut s = s.to_bytes();
        for _ in 0..orders {
            // L - 1, and 1 for the carry.
            let order = (-Scalar::ONE).to_bytes();
            let mut carry = 1;
            for (digit, order) in s.iter_mut().zip(order) {
                let sum = u16::from(*digit) + u16::from(order) + carry;
                [*digit, _] = sum.to_le_bytes();
                carry = sum >> 8;
            }
        }
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(&s);
        if let Some((at, bit)) = flip {
            signature[at] ^= 1 << bit;
        }
        Sent { public, signature }
    }

    /// Holds ours against `verify_strict`; returns whether both accept. A key that we don't take accepts nothing.
    fn both(Sent { public, signature }: &Sent, message: &[u8]) -> bool {
        let ours = Ed25519VerifyingKey::new(public).is_ok_and(|key| key.verify(message, signature).is_ok());
        let strict = VerifyingKey::from_bytes(public)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok());
        // dalek takes keys with y >= p that aren't of small order; `new` never did.
        assert_eq!(ours, strict && is_reduced(public), "{public:?} {signature:?}");
        ours
    }

    /// Each combination of points of small order: with a secret and a nonce of zero they are all there is.
    #[test]
    fn small_and_mixed_orders_are_judged_as_strictly_as_by_dalek() {
        let (mut accepted, mut refused) = (0, 0);
        for (secret, nonce) in [(0, 0), (0, 5), (5, 0), (5, 6)] {
            for torsion in 0..64 {
                for number in 0..16_u8 {
                    let sent =
                        sent((secret, nonce), (torsion % 8, torsion / 8), (None, None), 0, None, &[number]);
                    let holds = both(&sent, &[number]);
                    assert!(!holds || (secret, nonce) == (5, 6), "{secret} {nonce} {torsion}");
                    assert!(holds || torsion != 0 || (secret, nonce) != (5, 6));
                    *if holds { &mut accepted } else { &mut refused } += 1;
                }
            }
        }
        assert!(accepted > 100 && refused > 3000, "{accepted} {refused}");
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for (secret, nonce) in [(0, 0), (5, 6)] {
            for index in 0..odd_encodings().len() {
                for spelling in [(Some(index), None), (None, Some(index)), (Some(index), Some(index))] {
                    assert!(!both(&sent((secret, nonce), (0, 0), spelling, 0, None, b"m"), b"m"));
                }
            }
        }
        assert!(both(&sent((5, 6), (0, 0), (None, None), 0, None, b"m"), b"m"));
        for orders in 1..16 {
            assert!(!both(&sent((5, 6), (0, 0), (None, None), orders, None, b"m"), b"m"), "{orders}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_what_passes_verify_strict(
            scalars: (u8, u8),
            torsion in (0..8_usize, 0..8_usize),
            odd in (prop::option::weighted(0.1, 0..64_usize), prop::option::weighted(0.1, 0..64_usize)),
            orders in prop_oneof![4 => Just(0_u8), 1 => 1..16_u8],
            flip in prop::option::weighted(0.2, (0..64_usize, 0..8_u8)),
            message: Vec<u8>,
        ) {
            both(&sent(scalars, torsion, odd, orders, flip, &message), &message);
        }

        #[test]
        fn signatures_that_hold_pass_and_those_of_other_messages_do_not(seed: [u8; 32], message: Vec<u8>) {
            use ed25519_dalek::Signer as _;
            let key = ed25519_dalek::SigningKey::from_bytes(&seed);
            let sent = Sent {
                public: key.verifying_key().to_bytes(),
                signature: key.sign(&message).to_bytes(),
            };
            prop_assert!(both(&sent, &message));
            prop_assert!(!both(&sent, &[&message[..], &[0]].concat()));
        }
    }
}
