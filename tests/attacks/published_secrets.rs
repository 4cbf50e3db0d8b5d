//! Class F: private and secret keys in the header's `jwk`, where only the signer's public key may stand
//! (RFC 7515 §4.1.3; RFC 9449 §4.2 says the same of a proof of possession).

use countersign::jws::{JwsBuilder, JwsVerifier};
use countersign::{Jwk, JwsAlgorithm, SigningKey};
use serde_json::Value;

use crate::support::*;

/// The header of a token that brings its own key.
fn header(algorithm: &str, jwk: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","typ":"dpop+jwt","jwk":{jwk}}}"#)
}

fn json(jwk: &Jwk) -> String {
    jwk.expose_json().expose_secret().to_owned()
}

#[test]
fn row_043_private_and_secret_keys_in_a_header_are_never_used() {
    let secret = encode([7; 32]);
    let oct = format!(r#"{{"kty":"oct","k":"{secret}"}}"#);
    let of_kid = format!(r#"{{"kty":"oct","alg":"HS256","use":"sig","kid":"1","k":"{secret}"}}"#);
    for jwk in [oct.as_str(), &of_kid] {
        let forged = maced(256, &[7; 32], header("HS256", jwk), P0);
        assert_eq!(refused_by(&hs256_key(), &forged), "invalid_signature");
        assert_eq!(refused_by(&hs256_key().with_key_id("1"), &forged), "invalid_signature");
        // Under the secret that is trusted, what the header brings along is of no consequence.
        accepted_by(&hs256_key(), &hs256(header("HS256", jwk), P0));
    }
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        let ours = SigningKey::generate(algorithm).unwrap().verifying_key().unwrap();
        let theirs = SigningKey::generate(algorithm).unwrap();
        // The key that made the signature, with its private part, in any of the header's places.
        let jwk = json(&theirs.expose_jwk().unwrap());
        let public = theirs.verifying_key().unwrap();
        let forged = jws::signed_under(&theirs, &header(algorithm.name(), &jwk));
        assert_eq!(refused_by(&ours, &forged), "invalid_signature", "{algorithm}");
        let in_json = |unprotected: &str| {
            let parts: Vec<&str> = forged.split('.').collect();
            format!(
                r#"{{"payload":"{}","protected":"{}","header":{unprotected},"signature":"{}"}}"#,
                parts[1], parts[0], parts[2]
            )
        };
        for unprotected in [r#"{"cty":"x"}"#, r#"{"kid":"1"}"#] {
            let forged = in_json(unprotected);
            assert_eq!(code(JwsVerifier::new([&ours]).verify_json(&forged)), "invalid_signature");
            assert_eq!(code(JwsVerifier::new([&ours]).verify_json_any(&forged)), "invalid_signature");
        }
        let both = in_json(&format!(r#"{{"jwk":{jwk}}}"#));
        assert_eq!(code(JwsVerifier::new([&ours]).verify_json(&both)), "duplicate_member");
        // Its signature is in order, for whom that key is trusted by other means.
        assert!(countersign::jws::verify(&public, &forged).is_ok());
    }
}

#[test]
fn row_043_private_and_secret_keys_are_never_written() {
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Hs256] {
        let key = SigningKey::generate(algorithm).unwrap();
        let value: Value = serde_json::from_str(&json(&key.expose_jwk().unwrap())).unwrap();
        let expected = if algorithm == JwsAlgorithm::Hs256 { "key_not_public" } else { "misuse" };
        let protected = JwsBuilder::new(&key).parameter("jwk", &value);
        assert_eq!(code(protected.sign(P0.as_bytes())), expected, "{algorithm}");
        assert_eq!(code(protected.sign_json(P0.as_bytes())), expected, "{algorithm}");
        let unprotected = JwsBuilder::new(&key).unprotected_parameter("jwk", &value);
        assert_eq!(code(unprotected.sign_json(P0.as_bytes())), expected, "{algorithm}");
    }
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let secret: Value = serde_json::json!({"kty": "oct", "k": encode([7; 32])});
    assert_eq!(code(JwsBuilder::new(&key).parameter("jwk", &secret).sign(b"x")), "misuse");
    // The public half of the very key is what belongs there.
    let public = key.to_public_jwk().unwrap().to_public_json().unwrap();
    let public: Value = serde_json::from_str(&public).unwrap();
    let token = JwsBuilder::new(&key).parameter("jwk", &public).sign(P0.as_bytes()).unwrap();
    accepted_by(&key.verifying_key().unwrap(), &token);
    let written: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
    assert_eq!(written["jwk"], public);
}

/// Signing under headers that the library's own builder refuses to write.
mod jws {
    use super::*;

    /// Only what is forged needs this: an ES256 or Ed25519 signature by a key of this library, over any header.
    pub(super) fn signed_under(key: &SigningKey, header: &str) -> String {
        let jwk: Value = serde_json::from_str(&json(&key.expose_jwk().unwrap())).unwrap();
        let d: [u8; 32] = decode(jwk["d"].as_str().unwrap()).try_into().unwrap();
        let input = signing_input(header, P0);
        let signature: Vec<u8> = if jwk["kty"] == "OKP" {
            use ed25519_dalek::Signer as _;
            ed25519_dalek::SigningKey::from_bytes(&d).sign(input.as_bytes()).to_bytes().to_vec()
        } else {
            use p256::ecdsa::signature::Signer as _;
            let key = p256::ecdsa::SigningKey::from_slice(&d).unwrap();
            let signature: p256::ecdsa::Signature = key.sign(input.as_bytes());
            signature.to_bytes().to_vec()
        };
        format!("{input}.{}", encode(signature))
    }
}
