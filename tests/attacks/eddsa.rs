//! Class J, Ed25519: points of small order, numbers beyond the group's order, and other curves.

use countersign::{Jwk, JwsAlgorithm, KeyKind, NoClaims, SigningKey, VerifyingKey, jws};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest as _, Sha512};

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

/// A token of the signer who holds this seed's number, with a point of small order added to R: S and k are right
/// for the point without it. A check that multiplies by the cofactor takes it, and so would a sum of many
/// signatures by chance.
fn with_torsion_in_r(secret: Scalar, public: [u8; 32], claims: &str, torsion: EdwardsPoint) -> String {
    let input = signing_input(r#"{"alg":"Ed25519"}"#, claims);
    let number = |parts: &[&[u8]]| {
        let hash = parts.iter().fold(Sha512::new(), |hash, part| hash.chain_update(part)).finalize();
        Scalar::from_bytes_mod_order_wide(&hash.into())
    };
    let nonce = number(&[secret.as_bytes(), input.as_bytes()]);
    let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress().0;
    let s = nonce + number(&[&r, &public, input.as_bytes()]) * secret;
    format!("{input}.{}", encode([r, s.to_bytes()].concat()))
}

/// Only the owner of the private key can make such tokens, so many of them come at once here, of every order,
/// between good ones.
#[test]
fn row_067_torsion_in_a_batch() {
    let secret = Scalar::from(0x5eed_u64);
    let public = EdwardsPoint::mul_base(&secret).compress().0;
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk(&public).unwrap()).unwrap();
    let token = |index: usize, order: usize| {
        let claims = p0_with("jti", &format!(r#""{index}""#));
        with_torsion_in_r(secret, public, &claims, EIGHT_TORSION[order])
    };
    let verifier = verifier(key.clone_key());
    for torsion in [vec![4], vec![4, 4], vec![4; 63], vec![1, 7], vec![2, 2], (1..8).collect()] {
        let order = |index: usize| torsion.get(index).copied().unwrap_or(0);
        let tokens: Vec<_> = (0..64).map(|index| token(index, order(index))).collect();
        for (index, verdict) in verifier.verify_batch::<NoClaims>(&tokens).into_iter().enumerate() {
            if order(index) == 0 {
                assert_eq!(verdict.unwrap().jwt_id(), Some(&*index.to_string()));
            } else {
                assert_eq!(code(verdict), "invalid_signature");
                assert_eq!(code(verifier.verify::<NoClaims>(&tokens[index])), "invalid_signature");
            }
        }
    }
}

/// Under a key with a torsion part, a signature holds or doesn't as its hash has it. In a batch too.
#[test]
fn row_067_key_with_a_torsion_part_in_a_batch() {
    let secret = Scalar::from(0x5eed_u64);
    for torsion in &EIGHT_TORSION[1..] {
        let public = (EdwardsPoint::mul_base(&secret) + torsion).compress().0;
        let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk(&public).unwrap()).unwrap();
        let verifier = verifier(key);
        let tokens: Vec<_> = (0..64)
            .map(|index| {
                with_torsion_in_r(secret, public, &p0_with("jti", &format!(r#""{index}""#)), EIGHT_TORSION[0])
            })
            .collect();
        let alone: Vec<_> = tokens.iter().map(|token| verifier.verify::<NoClaims>(token).is_ok()).collect();
        assert!(alone.contains(&true) && alone.contains(&false));
        let at_once = verifier.verify_batch::<NoClaims>(&tokens);
        assert_eq!(at_once.iter().map(Result::is_ok).collect::<Vec<_>>(), alone);
    }
}

/// One of many is forged: it alone is refused, wherever it stands and however it is forged.
#[test]
fn row_067_one_forged_in_a_batch() {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let verifier = verifier(key.verifying_key().unwrap());
    let good: Vec<_> = (0..64)
        .map(|index| jws::sign(&key, p0_with("jti", &format!(r#""{index}""#)).as_bytes()).unwrap())
        .collect();
    let accepted = |tokens: &[String]| -> Vec<bool> {
        verifier.verify_batch::<NoClaims>(tokens).iter().map(Result::is_ok).collect()
    };
    assert_eq!(accepted(&good), [true; 64]);
    let stranger = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let mut s_beyond = part(&good[5], 2);
    s_beyond[63] |= 0x80;
    let mut small_r = part(&good[5], 2);
    small_r[..32].copy_from_slice(&small_order()[4]);
    let forgeries = [
        jws::sign(&stranger, P0.as_bytes()).unwrap(),
        with_part(&good[5], 2, &encode(part(&good[6], 2))),
        with_part(&good[5], 1, &encode(p0_with("sub", r#""admin""#))),
        with_part(&good[5], 2, &encode(s_beyond)),
        with_part(&good[5], 2, &encode(small_r)),
        with_part(&good[5], 2, &encode([0; 64])),
        with_part(&good[5], 2, ""),
    ];
    for forged in forgeries {
        for at in [0, 31, 63] {
            let mut tokens = good.clone();
            tokens[at] = forged.clone();
            let verdicts = verifier.verify_batch::<NoClaims>(&tokens);
            assert_eq!(verdicts[at].as_ref().unwrap_err().code(), "invalid_signature");
            assert_eq!(verdicts.iter().flatten().count(), 63);
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
