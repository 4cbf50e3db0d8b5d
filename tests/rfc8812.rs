//! RFC 8812: ES256K on secp256k1. The RFC has no example of a signature; Wycheproof's are read by unit tests of `jws`.

mod vectors;

use countersign::Jwk;
use serde_json::json;
use vectors::code;

/// The curve's generator: SEC 2 §2.4.1.
const X: &str = "eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g";
const Y: &str = "SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg";

#[test]
#[cfg(not(feature = "es256k"))]
fn without_the_feature_a_key_says_so() {
    let jwk = json!({"kty": "EC", "crv": "secp256k1", "x": X, "y": Y});
    assert_eq!(code(Jwk::from_json(&jwk.to_string())), "unsupported_feature");
    assert_eq!(countersign::JwsAlgorithm::from_name("ES256K"), None);
}

#[cfg(feature = "es256k")]
mod with_the_feature {
    use super::*;
    use countersign::{JwsAlgorithm, KeyKind, SigningKey, VerifyingKey, jws};
    use vectors::{changed, header, with_header, with_part};

    /// §3.1: the curve's name, and coordinates of 32 octets each.
    #[test]
    fn section_3_1_keys() {
        let of = |crv: &str, x: &str| {
            let jwk = json!({"kty": "EC", "crv": crv, "x": x, "y": Y});
            Jwk::from_json(&jwk.to_string())
        };
        let jwk = of("secp256k1", X).unwrap();
        assert_eq!(jwk.kind(), KeyKind::Secp256k1);
        assert_eq!(code(of("secp256k1", &changed(X))), "key_inconsistent");
        assert_eq!(code(of("secp256k1", &format!("AAAA{X}"))), "member_type");
        // Drafts and WebCrypto proposals had other names for it.
        assert_eq!([code(of("P-256K", X)), code(of("K-256", X))], ["unsupported_key"; 2]);
        assert_eq!(code(of("P-256", X)), "key_inconsistent");
    }

    /// §3.2: the two halves side by side, 32 octets each, under that name and with a key on that curve only.
    #[test]
    fn section_3_2_signatures() {
        let key = SigningKey::generate(JwsAlgorithm::Es256k).unwrap();
        let token = jws::sign(&key, b"x").unwrap();
        assert_eq!(header(&token), r#"{"alg":"ES256K"}"#);
        assert_eq!(token.split('.').nth(2).map(str::len), Some(86));
        let verifying_key = key.verifying_key().unwrap();
        assert_eq!(code(jws::verify(&verifying_key, &token)), "accepted");
        assert_eq!(code(jws::verify(&verifying_key, &with_part(&token, 2, changed))), "invalid_signature");
        let relabelled = with_header(&token, r#"{"alg":"ES256"}"#);
        assert_eq!(code(jws::verify(&verifying_key, &relabelled)), "algorithm_not_allowed");
        let recoverable = with_header(&token, r#"{"alg":"ES256K-R"}"#);
        assert_eq!(code(jws::verify(&verifying_key, &recoverable)), "unsupported_algorithm");

        let jwk = key.to_public_jwk().unwrap();
        assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &jwk)), "key_algorithm");
        let p256 = Jwk::generate(KeyKind::P256).unwrap();
        assert_eq!(code(SigningKey::from_jwk_for(JwsAlgorithm::Es256k, &p256)), "key_type");
    }
}
