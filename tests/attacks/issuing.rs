//! The other end: what an application is handed must not leak into the structure of the tokens it issues.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::{
    JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims, SecretBytes, SigningKey, UnverifiedToken, VerifiedJwt,
};
use serde_json::{Value, json};

use crate::support::*;

fn issuer() -> countersign::jwt::JwtIssuerBuilder {
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    JwtIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE).lifetime(Duration::from_secs(60)).clock(at(NOW))
}

const HOSTILE: [&str; 8] = [
    r#"u","admin":true,"x":""#,
    r#"u\","exp":9999999999,"x":"\"#,
    "u\"}",
    "\\",
    "\0\u{1}\u{1f}\n\r\t",
    "\u{2028}\u{2029}\u{feff}",
    "𝄞 é \u{10ffff}",
    "",
];

#[test]
fn text_stays_text_in_claims_and_headers() {
    for text in HOSTILE {
        let issuer = issuer().issuer(text).audience(text).token_type(text);
        let token = issuer.build().unwrap().issue(text, &json!({ text: text })).unwrap();
        let header: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
        assert_eq!(header, json!({ "alg": "HS256", "typ": text }));
        let verifier = JwtVerifier::builder(hs256_key()).issuer(text).audience(text).subject(text);
        let jwt: VerifiedJwt<Value> = verifier.clock(at(NOW)).build().unwrap().verify(&token).unwrap();
        let expected = json!({
            "iss": text, "sub": text, "aud": [AUDIENCE, text], "iat": NOW, "exp": NOW + 60, text: text,
        });
        assert_eq!(jwt.claims(), &expected);
        let key =
            SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap().with_key_id(text);
        let token = countersign::jws::sign(&key, b"x").unwrap();
        assert_eq!(UnverifiedToken::parse(&token).unwrap().key_id(), Some(text));
        assert_eq!(UnverifiedToken::parse(&token).unwrap().algorithm(), "HS256");
    }
}

#[test]
fn claims_cannot_contradict_the_issuers_own() {
    let issuer = issuer().generate_jwt_id().build().unwrap();
    for claims in [
        json!({ "iss": "https://evil.example" }),
        json!({ "sub": "admin" }),
        json!({ "aud": "https://other.example" }),
        json!({ "exp": 9_999_999_999_u64 }),
        json!({ "iat": 0 }),
        json!({ "jti": "1" }),
        json!({ "iss": ISSUER }),
        json!([{ "a": 1 }]),
        json!("a"),
        json!(null),
    ] {
        assert_eq!(code(issuer.issue("u", &claims)), "misuse", "{claims}");
    }
    for claims in [json!({ "nbf": "0" }), json!({ "nbf": null }), json!({ "nbf": 1e300 })] {
        assert_eq!(code(issuer.issue("u", &claims)), "misuse", "{claims}");
    }
    // A map that is flattened beside a field of the same name.
    #[derive(serde::Serialize)]
    struct Twice {
        role: &'static str,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, &'static str>,
    }
    let twice = |name| Twice { role: "reader", rest: [(name, "admin")].into() };
    assert_eq!(code(issuer.issue("u", &twice("role"))), "misuse");
    assert_eq!(code(issuer.issue("u", &twice("sub"))), "misuse");
    assert!(issuer.issue("u", &twice("group")).is_ok());
    // Without a subject of its own, a token takes the claims' one; `exp` further down is nobody's.
    let token = issuer.issue_without_subject(&json!({ "sub": "u", "nbf": 0, "x": { "exp": 1 } })).unwrap();
    assert_eq!(verifier(hs256_key()).verify::<NoClaims>(&token).unwrap().subject(), Some("u"));
}

/// A token that can't be accepted isn't issued for want of a choice.
#[test]
fn choices_are_made() {
    let key = || SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    let lifetime = Duration::from_secs(60);
    assert_eq!(code(JwtIssuer::builder(key()).audience(AUDIENCE).lifetime(lifetime).build()), "misuse");
    assert_eq!(code(JwtIssuer::builder(key()).issuer(ISSUER).lifetime(lifetime).build()), "misuse");
    assert_eq!(code(JwtIssuer::builder(key()).issuer(ISSUER).audience(AUDIENCE).build()), "misuse");
    for lifetime in [Duration::ZERO, Duration::from_millis(999)] {
        assert_eq!(code(issuer().lifetime(lifetime).build()), "misuse");
    }
    // The longest lifetime is a date still.
    let token = issuer().lifetime(Duration::MAX).build().unwrap().issue("u", &NoClaims).unwrap();
    assert!(verifier(hs256_key()).verify::<NoClaims>(&token).is_ok());
}
