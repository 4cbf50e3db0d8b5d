//! Class J, Ed25519: points of small order, numbers beyond the group's order, and other curves.

use countersign::{Jwk, JwsAlgorithm, KeyKind, SigningKey, VerifyingKey, jws};

use crate::support::*;

/// The group's order L, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn hex(text: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

/// All encodings of the eight points of small order, those that RFC 8032 §5.1.3 refuses to decode too.
fn small_order() -> Vec<[u8; 32]> {
    let points = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    points.into_iter().map(hex).collect()
}

fn jwk(x: &[u8]) -> Result<Jwk, countersign::Error> {
    Jwk::from_json(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, encode(x)))
}

/// The key of the fixtures' Ed25519 tokens, whose seed is bytes 00 to 1f.
fn fixture_key() -> VerifyingKey {
    let public = ed25519_dalek::SigningKey::from_bytes(&std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let jwk = jwk(public.verifying_key().as_bytes()).unwrap();
    VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk).unwrap()
}

#[test]
fn row_067_s_beyond_the_order() {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let token = jws::sign(&key, P0.as_bytes()).unwrap();
    let key = key.verifying_key().unwrap();
    accepted_by(&key, &token);
    let mut signature = part(&token, 2);
    // s + L, s + 2L, … until 256 bits are full: all the same number in the group, none of them in range.
    for multiple in 1..16 {
        let mut carry = 0_u16;
        for (digit, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*digit) + u16::from(order) + carry;
            *digit = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        if carry > 0 {
            break;
        }
        let forged = with_part(&token, 2, &encode(&signature));
        assert_eq!(refused_by(&key, &forged), "invalid_signature", "s + {multiple} L");
    }
    let original = part(&token, 2);
    for bit in [0xe0, 0x80, 0x40, 0x20] {
        let mut signature = original.clone();
        signature[63] |= bit;
        assert_eq!(refused_by(&key, &with_part(&token, 2, &encode(&signature))), "invalid_signature");
    }
}

#[test]
fn row_067_key_of_small_order() {
    for point in small_order() {
        assert_eq!(code(jwk(&point)), "key_inconsistent", "{point:02x?}");
    }
    // y beyond the field, though not of small order, has another spelling that is right.
    for first in [0xef_u8, 0xf0, 0xf6, 0xff] {
        let mut point = hex("00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        point[0] = first;
        assert_eq!(code(jwk(&point)), "key_inconsistent");
    }
}

/// Made by the holder of the private key, these hold for a verifier that multiplies by the cofactor, and
/// the first for one that only doesn't look: one token, two answers.
#[test]
fn row_067_commitment_of_small_order() {
    let forged: Vec<_> = fixtures("ed25519-r-of-order-").collect();
    assert_eq!(forged.len(), 4);
    for (name, token) in forged {
        assert_eq!(refused_by(&fixture_key(), token), "invalid_signature", "{name}");
    }
}

/// With S = 0 or R of small order and nothing else known, forgers try this first.
#[test]
fn row_067_signatures_out_of_thin_air() {
    let header = r#"{"alg":"Ed25519"}"#;
    for r in small_order().into_iter().chain([[0xff; 32], [0x55; 32]]) {
        for s in [[0; 32], ORDER, [0xff; 32], r] {
            let forged = token(header, P0, [r, s].concat());
            assert_eq!(refused_by(&fixture_key(), &forged), "invalid_signature");
        }
    }
}

#[test]
fn row_067_other_lengths() {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let token = jws::sign(&key, P0.as_bytes()).unwrap();
    let key = key.verifying_key().unwrap();
    let signature = part(&token, 2);
    for forged in [
        &signature[..63],
        &signature[1..],
        &signature[..32],
        &[&signature[..], &[0]].concat(),
        &[&[0], &signature[..]].concat(),
        &[&signature[..], &signature].concat(),
        // A signed message has the message behind the signature.
        &[&signature[..], P0.as_bytes()].concat(),
        &[0; 114],
        &[0; 57],
    ] {
        let forged = with_part(&token, 2, &encode(forged));
        assert_eq!(refused_by(&key, &forged), "invalid_signature", "{}", forged.len());
    }
}

#[test]
fn row_067_key_of_another_curve() {
    let x25519 = Jwk::generate(KeyKind::X25519).unwrap();
    assert_eq!(code(SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &x25519)), "key_type");
    let public = x25519.to_public().unwrap();
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &public)), "key_type");
    for name in ["EdDSA", "Ed25519"] {
        let lying = public.clone_key().with_algorithm(name);
        assert_eq!(code(VerifyingKey::from_jwk(&lying)), "key_type");
    }
    for (curve, len) in [("Ed448", 57), ("X448", 56), ("P-256", 32), ("ed25519", 32), ("Curve25519", 32)] {
        let json = format!(r#"{{"kty":"OKP","crv":"{curve}","x":"{}"}}"#, encode(vec![9; len]));
        assert_eq!(code(Jwk::from_json(&json)), "unsupported_key", "{curve}");
    }
}

/// RFC 9864 §2.2: both names are one algorithm, and no other spelling is.
#[test]
fn both_names_of_the_algorithm_are_accepted() {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    accepted_by(&key.verifying_key().unwrap(), &jws::sign(&key, P0.as_bytes()).unwrap());
    let verifying = key.verifying_key().unwrap();
    let key = key.with_eddsa_name();
    let token = jws::sign(&key, P0.as_bytes()).unwrap();
    assert_eq!(part(&token, 0), br#"{"alg":"EdDSA"}"#);
    accepted_by(&verifying, &token);
    // The name is signed: exchanging one for the other breaks the signature.
    let renamed = with_part(&token, 0, &encode(r#"{"alg":"Ed25519"}"#));
    assert_eq!(refused_by(&verifying, &renamed), "invalid_signature");
    for name in ["Ed448", "eddsa", "ED25519", "Ed25519ph", "EDDSA"] {
        let renamed = with_part(&token, 0, &encode(format!(r#"{{"alg":"{name}"}}"#)));
        assert_eq!(refused_by(&verifying, &renamed), "unsupported_algorithm");
    }
}
