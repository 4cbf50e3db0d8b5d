//! RFC 9864: names that say the curve. `Ed25519` is written, the older `EdDSA` is read as the same algorithm and
//! written on request; `Ed448` is known and isn't here; what the RFC registers for COSE only is no name in JOSE.

mod vectors;

use countersign::{Jwk, JwsAlgorithm, KeySet, SigningKey, VerifyingKey, jws};
use serde_json::{Value, json};
use vectors::{Case, code, header, with, with_header};

fn pair() -> SigningKey {
    SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &Case::of("RFC 8037 A.1").jwk("jwk")).expect("it fits")
}

#[test]
fn the_name_with_the_curve_is_written() {
    let (key, payload) = (pair(), b"x");
    assert_eq!(header(&jws::sign(&key, payload).unwrap()), r#"{"alg":"Ed25519"}"#);
    let older = key.clone_key().with_eddsa_name();
    assert_eq!(header(&jws::sign(&older, payload).unwrap()), r#"{"alg":"EdDSA"}"#);
    assert_eq!(JwsAlgorithm::Ed25519.name(), "Ed25519");
    assert_eq!(JwsAlgorithm::from_name("EdDSA"), Some(JwsAlgorithm::Ed25519));
}

/// §2.2: one key, one algorithm, two names; the signature covers the name that was written.
#[test]
fn both_names_are_read_and_neither_stands_for_the_other() {
    let key = pair();
    let verifying_key = key.verifying_key().unwrap();
    let tokens = [jws::sign(&key, b"x").unwrap(), jws::sign(&key.with_eddsa_name(), b"x").unwrap()];
    for token in &tokens {
        assert_eq!(code(jws::verify(&verifying_key, token)), "accepted");
        assert_eq!(code(KeySet::from(verifying_key.clone_key()).verify(token)), "accepted");
    }
    let [current, older] = tokens;
    assert_eq!(
        code(jws::verify(&verifying_key, &with_header(&current, &header(&older)))),
        "invalid_signature"
    );
    assert_eq!(
        code(jws::verify(&verifying_key, &with_header(&older, &header(&current)))),
        "invalid_signature"
    );
}

/// A JWK may name either, and no other.
#[test]
fn a_key_s_alg_is_either_name() {
    let jwk = Case::of("RFC 8037 A.2");
    let of = |alg: &str| {
        let jwk: Value = with(jwk.value("jwk"), "alg", alg);
        code(VerifyingKey::from_jwk(&Jwk::from_json(&jwk.to_string()).unwrap()))
    };
    assert_eq!([of("Ed25519"), of("EdDSA")], ["accepted"; 2]);
    assert_eq!([of("Ed448"), of("ed25519"), of("ESP256")], ["unsupported_key"; 3]);
    assert_eq!(of("ES256"), "key_type");
}

#[test]
fn names_of_other_curves_and_of_cose_are_unsupported() {
    let key = pair();
    let token = jws::sign(&key, b"x").unwrap();
    let key = key.verifying_key().unwrap();
    for name in ["Ed448", "ESP256", "ESP384", "ESP512", "ESB256", "ESB320", "ESB384", "ESB512", "eddsa"] {
        assert_eq!(JwsAlgorithm::from_name(name), None);
        let renamed = with_header(&token, &json!({"alg": name}).to_string());
        assert_eq!(code(jws::verify(&key, &renamed)), "unsupported_algorithm", "{name}");
    }
    // A key on Ed448 is known for what it is: 57 bytes.
    let ed448 = json!({"kty": "OKP", "crv": "Ed448", "x": "A".repeat(76)});
    assert_eq!(code(Jwk::from_json(&ed448.to_string())), "unsupported_key");
}
