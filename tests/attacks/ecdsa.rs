//! Class J, ECDSA: numbers out of range, other encodings, and the twin that is no forgery.

use countersign::{JwsAlgorithm, JwtVerifier, Limits, NoClaims, SigningKey, VerifyingKey, jws};

use crate::support::*;

/// The curves' orders, big-endian, in hexadecimal.
const CURVES: &[(JwsAlgorithm, &str)] = &[
    (JwsAlgorithm::Es256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    (
        JwsAlgorithm::Es384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        JwsAlgorithm::Es512,
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
    #[cfg(feature = "es256k")]
    (JwsAlgorithm::Es256k, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A key, a token of its making, and the token's two numbers.
fn signed(algorithm: JwsAlgorithm) -> (VerifyingKey, String, [Vec<u8>; 2]) {
    let key = SigningKey::generate(algorithm).unwrap();
    let token = jws::sign(&key, P0.as_bytes()).unwrap();
    let signature = part(&token, 2);
    let (r, s) = signature.split_at(signature.len() / 2);
    (key.verifying_key().unwrap(), token.clone(), [r.to_vec(), s.to_vec()])
}

fn with_signature(token: &str, parts: &[&[u8]]) -> String {
    with_part(token, 2, &encode(parts.concat()))
}

/// Big-endian `a - b` of one length, modulo what that length holds.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut difference: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let (digit, under) = a.overflowing_sub(*b);
            let (digit, under_again) = digit.overflowing_sub(u8::from(borrow));
            borrow = under || under_again;
            digit
        })
        .collect();
    difference.reverse();
    difference
}

/// A token of ES256 with the other of the two signatures that anyone can make of one.
#[cfg(feature = "gateway")]
pub(crate) fn with_other_s(token: &str) -> String {
    let signature = part(token, 2);
    let (r, s) = signature.split_at(signature.len() / 2);
    let (_, order) = CURVES[0];
    with_signature(token, &[r, &subtract(&hex(order), s)])
}

fn small(len: usize, number: u8) -> Vec<u8> {
    let mut octets = vec![0; len];
    octets[len - 1] = number;
    octets
}

/// CVE-2022-21449: r = s = 0 held for every message and key.
#[test]
fn row_064_numbers_that_are_no_signature() {
    for &(algorithm, order) in CURVES {
        let (key, token, [r, s]) = signed(algorithm);
        accepted_by(&key, &token);
        let n = hex(order);
        let len = n.len();
        let numbers = [
            small(len, 0),
            small(len, 1),
            small(len, 2),
            subtract(&n, &small(len, 1)),
            n.clone(),
            subtract(&n, &subtract(&small(len, 0), &small(len, 1))),
            vec![0xff; len],
            subtract(&n, &r),
        ];
        for first in numbers.iter().chain([&r, &s]) {
            for second in numbers.iter().chain([&r, &s]) {
                if *first == r && *second == s {
                    continue;
                }
                let forged = with_signature(&token, &[first, second]);
                assert_eq!(
                    refused_by(&key, &forged),
                    "invalid_signature",
                    "{algorithm} {first:02x?} {second:02x?}"
                );
            }
        }
    }
}

/// A DER integer of the least length.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let significant = &number[number.iter().position(|octet| *octet != 0).unwrap()..];
    let sign: &[u8] = if significant[0] & 0x80 == 0 { &[] } else { &[0] };
    [&[2, u8::try_from(sign.len() + significant.len()).unwrap()], sign, significant].concat()
}

/// haproxy's heap overflow of 2026 began with a signature of 21,830 characters.
#[test]
fn row_065_other_encodings_and_lengths() {
    for &(algorithm, _) in CURVES {
        let (key, token, [r, s]) = signed(algorithm);
        let (der_r, der_s) = (der_integer(&r), der_integer(&s));
        let body = u8::try_from(der_r.len() + der_s.len()).unwrap();
        let length: &[u8] = if body < 0x80 { &[body] } else { &[0x81, body] };
        let signature = [&r[..], &s].concat();
        let whole = signature.len();
        for forged in [
            [&[0x30], length, &der_r, &der_s].concat(),
            signature[..whole - 1].to_vec(),
            signature[1..].to_vec(),
            signature[..whole / 2].to_vec(),
            [&signature[..], &[0]].concat(),
            [&[0], &signature[..]].concat(),
            [&[0], &r[..], &[0], &s].concat(),
            [&r[1..], &s[1..]].concat(),
            [&signature[..], &signature].concat(),
            [&signature[..], &[27]].concat(),
            vec![0; 1],
            vec![0; whole - 2],
            vec![0; whole + 2],
            vec![0; 32],
            vec![0; 64],
            vec![0; 96],
            vec![0; 131],
            vec![0; 132],
            vec![0; 133],
            vec![0; 4096],
        ] {
            let forged = with_signature(&token, &[&forged]);
            assert_eq!(refused_by(&key, &forged), "invalid_signature", "{algorithm}: {forged:.40}");
        }
        // Octets that look like the raw form of another curve.
        let long = with_part(&token, 2, &"A".repeat(21_830));
        assert_eq!(refused_by(&key, &long), "limit_token_bytes");
        let roomy = JwtVerifier::builder(key).limits(Limits::default().token_bytes(1 << 20));
        let roomy = roomy.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
        assert_eq!(code(roomy.verify::<NoClaims>(&long)), "invalid_signature");
        assert!(roomy.verify::<NoClaims>(&token).is_ok());
    }
}

/// RFC 7515 has no rule of a low S, so (r, n - s) is a signature too: a token has two spellings by anyone's
/// hand. What must be seen once only is told by `jti`, never by the token's text.
#[test]
fn row_066_the_twin_with_the_other_s() {
    for &(algorithm, order) in CURVES {
        for _ in 0..4 {
            let (key, token, [r, s]) = signed(algorithm);
            let twin = subtract(&hex(order), &s);
            let other = with_signature(&token, &[&r, &twin]);
            assert_ne!(token, other);
            accepted_by(&key, &token);
            accepted_by(&key, &other);
            // Halves swapped, or the twin of r, are no signatures.
            assert_eq!(refused_by(&key, &with_signature(&token, &[&twin, &r])), "invalid_signature");
            assert_eq!(refused_by(&key, &with_signature(&token, &[&s, &r])), "invalid_signature");
        }
    }
}

/// Each single bit of a signature and of what it signs counts.
#[test]
fn every_flipped_bit_of_a_signature_is_seen() {
    let (key, token, _) = signed(JwsAlgorithm::Es256);
    let signature = part(&token, 2);
    for bit in 0..signature.len() * 8 {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(jws::verify(&key, &with_signature(&token, &[&flipped]))), "invalid_signature");
    }
}
