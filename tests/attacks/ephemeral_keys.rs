//! Class K: the sender's ephemeral key, chosen to give the recipient's private key away.
//!
//! In 2017, go-jose, node-jose, jose2go, Nimbus and jose4j agreed with points that were on other curves, and
//! each answer told some bits of the private key.

use countersign::{
    DecryptionKey, EncryptionKey, JweAlgorithm, JweAlgorithm::EcdhEs, Jwk, JwkSet, KeyKind, decrypt, encrypt,
    recipient_key,
};

use crate::jwe_forging::*;
use crate::support::*;

const X: &str = "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0";
const Y: &str = "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps";

/// Bob's key of RFC 7518, appendix C. [`X`] and [`Y`] are Alice's ephemeral key.
fn bob() -> DecryptionKey {
    let jwk = r#"{"kty":"EC","crv":"P-256",
        "x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;
    DecryptionKey::from_jwk_for(EcdhEs, &Jwk::from_json(jwk).unwrap()).unwrap()
}

/// What the two agree on.
const SHARED: [u8; 32] = [
    158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
    106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
];

/// A token to Bob from somebody who knows the secret that the two agree on, with any `epk`.
fn agreed(shared: &[u8], epk: &str) -> String {
    let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":{epk}}}"#);
    sealed(&agreed_key(shared, "A128CBC-HS256", b"", b""), &header, b"", b"to Bob")
}

fn p256(x: &[u8], y: &[u8]) -> String {
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#, encode(x), encode(y))
}

#[test]
fn ephemeral_keys_in_order_are_accepted() {
    let (x, y) = (decode(X), decode(Y));
    for epk in [
        p256(&x, &y),
        format!(
            r#"{{"y":"{Y}","use":"sig","kid":"1","alg":"x","x":"{X}","crv":"P-256","ext":null,"kty":"EC"}}"#
        ),
    ] {
        assert_eq!(decrypt(&bob(), &agreed(&SHARED, &epk)).unwrap().expose_secret(), b"to Bob");
    }
    // RFC 7748 §6.1, with Alice as recipient.
    let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":{}}}"#, x25519(BOB_X25519));
    let cek = agreed_key(&hex(SHARED_X25519), "A128CBC-HS256", b"", b"");
    let token = sealed(&cek, &header, b"", b"to Alice");
    assert_eq!(decrypt(&alice_x25519(), &token).unwrap().expose_secret(), b"to Alice");
}

#[test]
fn row_072_point_off_the_curve() {
    let (x, y) = (decode(X), decode(Y));
    let flipped = |octets: &[u8], at: usize| {
        let mut octets = octets.to_vec();
        octets[at] ^= 1;
        octets
    };
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    // A point of the curve with x = 5, and the same x spelled as 5 + p, beyond the field.
    let small_x = hex("0000000000000000000000000000000000000000000000000000000000000005");
    let large_x = hex("ffffffff00000001000000000000000000000001000000000000000000000004");
    let small_y = hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    let small = agreed(&[0; 32], &p256(&small_x, &small_y));
    assert_eq!(code(decrypt(&bob(), &small)), "decryption_failed", "on the curve, and another secret");
    for (x, y) in [
        (x.clone(), flipped(&y, 31)),
        (flipped(&x, 31), y.clone()),
        (flipped(&x, 0), y.clone()),
        (y.clone(), x.clone()),
        (x.clone(), x.clone()),
        (vec![0; 32], vec![0; 32]),
        (vec![0xff; 32], vec![0xff; 32]),
        (p.clone(), p.clone()),
        (x.clone(), p.clone()),
        (large_x.clone(), small_y.clone()),
        (large_x, small_y.clone()),
        (small_x, flipped(&small_y, 31)),
    ] {
        let forged = agreed(&SHARED, &p256(&x, &y));
        assert_eq!(code(decrypt(&bob(), &forged)), "member_type", "{x:02x?} {y:02x?}");
        assert_eq!(code(Jwk::from_json(&p256(&x, &y))), "key_inconsistent");
    }
}

#[test]
fn row_072_key_of_another_type_or_form() {
    let on_p384 = Jwk::generate(KeyKind::P384).unwrap().to_public_json().unwrap();
    let on_p521 = Jwk::generate(KeyKind::P521).unwrap().to_public_json().unwrap();
    let ed25519 = Jwk::generate(KeyKind::Ed25519).unwrap().to_public_json().unwrap();
    let x25519 = Jwk::generate(KeyKind::X25519).unwrap().to_public_json().unwrap();
    let rsa = rsa_public_json();
    let (x, y) = (decode(X), decode(Y));
    let long = [&[0], &x[..]].concat();
    let cases = [
        (on_p384.as_str(), "member_type"),
        (&on_p521, "member_type"),
        (&ed25519, "member_type"),
        (&x25519, "member_type"),
        (&rsa, "member_type"),
        (r#"{"kty":"oct","k":"AAAA"}"#, "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{Y}"}}"#), "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{X}","y":"{Y}"}}"#), "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"p-256","x":"{X}","y":"{Y}"}}"#), "member_type"),
        (&format!(r#"{{"kty":"OKP","crv":"P-256","x":"{X}","y":"{Y}"}}"#), "member_type"),
        (&format!(r#"{{"kty":"ec","crv":"P-256","x":"{X}","y":"{Y}"}}"#), "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}"}}"#), "missing_member"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","y":"{Y}"}}"#), "missing_member"),
        (&format!(r#"{{"kty":"EC","x":"{X}","y":"{Y}"}}"#), "missing_member"),
        (&format!(r#"{{"crv":"P-256","x":"{X}","y":"{Y}"}}"#), "missing_member"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","d":"{X}"}}"#), "unexpected_member"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","d":null}}"#), "unexpected_member"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":null}}"#), "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":true}}"#), "member_type"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}=","y":"{Y}"}}"#), "base64url"),
        (&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","x":"{X}","y":"{Y}"}}"#), "duplicate_member"),
        (&p256(&x[1..], &y), "member_type"),
        (&p256(&long, &y), "member_type"),
        (&p256(&[], &[]), "member_type"),
        (&p256(&[&x[..], &y].concat(), &y), "member_type"),
        ("{}", "missing_member"),
        ("[]", "member_type"),
        ("null", "member_type"),
        ("\"\"", "member_type"),
        ("true", "member_type"),
    ];
    for (epk, expected) in cases {
        assert_eq!(code(decrypt(&bob(), &agreed(&SHARED, epk))), expected, "{epk}");
    }
    let cek = agreed_key(&SHARED, "A128CBC-HS256", b"", b"");
    let without = sealed(&cek, r#"{"alg":"ECDH-ES","enc":"A128CBC-HS256"}"#, b"", b"to Bob");
    assert_eq!(code(decrypt(&bob(), &without)), "missing_member");
}

/// PartyUInfo and PartyVInfo are part of what is agreed, each behind its length.
#[test]
fn the_parties_are_part_of_the_agreed_key() {
    let header = |parties: &str| {
        format!(
            r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":{}{parties}}}"#,
            p256(&decode(X), &decode(Y))
        )
    };
    let forge = |party_u: &[u8], party_v: &[u8], header: String| {
        let cek = agreed_key(&SHARED, "A128CBC-HS256", party_u, party_v);
        decrypt(&bob(), &sealed(&cek, &header, b"", b"x")).map(|_| ())
    };
    let named = header(r#","apu":"QWxpY2U","apv":"Qm9i""#);
    assert_eq!(forge(b"Alice", b"Bob", named.clone()), Ok(()));
    assert_eq!(forge(b"", b"", header(r#","apu":"","apv":"""#)), Ok(()));
    for (party_u, party_v) in
        [(&b""[..], &b""[..]), (b"Bob", b"Alice"), (b"AliceB", b"ob"), (b"Alic", b"eBob")]
    {
        assert_eq!(code(forge(party_u, party_v, named.clone())), "decryption_failed");
    }
    for (wrong, expected) in [
        (r#","apu":5"#, "member_type"),
        (r#","apv":null"#, "member_type"),
        (r#","apu":"=""#, "base64url"),
        (r#","apv":"QWxpY2V""#, "non_canonical_base64url"),
    ] {
        assert_eq!(code(forge(b"", b"", header(wrong))), expected, "{wrong}");
    }
}

const ALICE_X25519: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const BOB_X25519: &str = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SHARED_X25519: &str = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

/// Alice's key of RFC 7748 §6.1.
fn alice_x25519() -> DecryptionKey {
    let jwk = format!(
        r#"{{"kty":"OKP","crv":"X25519","x":"{}","d":"{}"}}"#,
        encode(hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")),
        encode(hex(ALICE_X25519))
    );
    DecryptionKey::from_jwk_for(EcdhEs, &Jwk::from_json(&jwk).unwrap()).unwrap()
}

fn x25519(public: &str) -> String {
    format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, encode(hex(public)))
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// RFC 7748 §6.1: with a point of small order, the secret that is agreed on is zero for every recipient, so
/// the forger knows it. All else about these tokens is in order.
#[test]
fn row_073_x25519_point_of_small_order() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    ];
    for point in points {
        let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":{}}}"#, x25519(point));
        let cek = agreed_key(&[0; 32], "A128CBC-HS256", b"", b"");
        let forged = sealed(&cek, &header, b"", b"to Alice");
        assert_eq!(code(decrypt(&alice_x25519(), &forged)), "decryption_failed", "{point}");
    }
}

/// Nor is there a key to encrypt with to such a point, whose secret would be everyone's: who loads it learns
/// so, before anything is encrypted.
#[test]
fn row_073_x25519_point_of_small_order_as_the_recipients_key() {
    let zeros = |first: &str, last: &str| format!("{first}{}{last}", "00".repeat(30));
    let ones = |first: &str, last: &str| format!("{first}{}{last}", "ff".repeat(30));
    // RFC 7748 §5 masks the last bit, so each has two spellings.
    let of_small_order = [
        [zeros("00", "00"), zeros("00", "80")],
        [zeros("01", "00"), zeros("01", "80")],
        [
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800".to_owned(),
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880".to_owned(),
        ],
        [
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157".to_owned(),
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7".to_owned(),
        ],
        [ones("ec", "7f"), ones("ec", "ff")],
        [ones("ed", "7f"), ones("ed", "ff")],
        [ones("ee", "7f"), ones("ee", "ff")],
    ];
    let jwk = |point: &str| Jwk::from_json(&x25519(point)).unwrap();
    let algorithms =
        [EcdhEs, JweAlgorithm::EcdhEsA128Kw, JweAlgorithm::EcdhEsA192Kw, JweAlgorithm::EcdhEsA256Kw];
    let good = DecryptionKey::from_jwk_for(EcdhEs, &Jwk::generate(KeyKind::X25519).unwrap()).unwrap();
    for point in of_small_order.as_flattened() {
        for algorithm in algorithms {
            let key = EncryptionKey::from_jwk_for(algorithm, &jwk(point));
            assert_eq!(code(key), "key_rejected", "{point}");
        }
        // A sender who chooses from a set passes it over.
        let set = JwkSet::from_iter([jwk(point), good.to_public_jwk().unwrap()]);
        let token = encrypt(&recipient_key(&set, [EcdhEs]).unwrap(), b"x").unwrap();
        assert!(decrypt(&good, &token).is_ok(), "{point}");
        assert_eq!(code(recipient_key(&JwkSet::from_iter([jwk(point)]), algorithms)), "no_matching_key");
    }
    // Their neighbours, beyond the field and on the twist too, are keys like any other.
    for point in [zeros("02", "00"), zeros("09", "80"), ones("eb", "7f"), ones("ef", "7f"), ones("ff", "ff")]
    {
        for algorithm in algorithms {
            let key = EncryptionKey::from_jwk_for(algorithm, &jwk(&point)).unwrap();
            assert!(encrypt(&key, b"x").is_ok(), "{point}");
        }
    }
}

/// What was agreed for wrapping is no content key, and the other way round.
#[test]
fn the_algorithm_is_part_of_the_agreed_key() {
    for algorithm in ["ECDH-ES", "ECDH-ES+A256KW", "A128GCM", "", "A128CBC-HS256 "] {
        let header =
            format!(r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":{}}}"#, p256(&decode(X), &decode(Y)));
        let forged = sealed(&agreed_key(&SHARED, algorithm, b"", b""), &header, b"", b"x");
        assert_eq!(code(decrypt(&bob(), &forged)), "decryption_failed", "{algorithm}");
    }
    let jwk = bob().expose_jwk().unwrap();
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEsA256Kw, &jwk)), "key_algorithm");
}
