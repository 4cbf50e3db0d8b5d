//! Class P: who issued a token, and for whom.
//!
//! CVE-2020-26160: an audience that was there in another form was taken for none. CVE-2024-53861: an issuer
//! that was part of the expected one was taken for it.

use countersign::{JwsAlgorithm, JwtVerifier, KeySet, NoClaims, SigningKey, VerifyingKey, jws};

use crate::support::*;

fn with_audience(json: &str) -> Result<(), countersign::Error> {
    verify_claims(p0_with("aud", json)).map(drop)
}

#[test]
fn row_111_audience_that_is_none() {
    let error = verify_claims(p0_without("aud")).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_missing", Some("aud")));
    for json in ["[]", r#""""#, r#"[""]"#, r#"["",""]"#, r#"["x"]"#, r#"[" https://api.example"]"#] {
        assert_eq!(code(with_audience(json)), "claim_unexpected", "{json}");
    }
    for json in [
        "null",
        "5",
        "true",
        "{}",
        r#"{"aud":"https://api.example"}"#,
        r#"["https://api.example",5]"#,
        r#"["https://api.example",null]"#,
        r#"[5,"https://api.example"]"#,
        r#"[["https://api.example"]]"#,
        r#"[{"0":"https://api.example"}]"#,
        "[null]",
    ] {
        assert_eq!(code(with_audience(json)), "claim_malformed", "{json}");
    }
}

#[test]
fn row_112_one_of_several_audiences() {
    for json in [
        r#"["x","https://api.example"]"#,
        r#"["https://api.example"]"#,
        r#"["https://api.example","https://api.example"]"#,
        r#"["a","b","c","https:\/\/api.example"]"#,
    ] {
        assert!(with_audience(json).is_ok(), "{json}");
    }
    let sole = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE).sole_audience();
    let sole = sole.clock(at(NOW)).build().unwrap();
    let verify = |json: &str| sole.verify::<NoClaims>(&hs256(H0, p0_with("aud", json))).map(drop);
    assert!(verify(r#""https://api.example""#).is_ok());
    assert!(verify(r#"["https://api.example"]"#).is_ok());
    for json in [
        r#"["x","https://api.example"]"#,
        r#"["https://api.example","x"]"#,
        r#"["https://api.example","https://api.example"]"#,
        r#"["https://api.example",""]"#,
    ] {
        assert_eq!(code(verify(json)), "claim_unexpected", "{json}");
    }
    let any = JwtVerifier::builder(hs256_key()).issuer(ISSUER).any_audience().sole_audience();
    assert_eq!(code(any.build()), "misuse");
}

#[test]
fn row_113_audience_that_is_nearly_right() {
    for other in [
        "https://api.example.evil",
        "https://api.example.evil.example",
        "https://api.exampl",
        "https://api.example/",
        "https://api.example/path",
        "https://api.example:443",
        "https://api.example?",
        "https://api.example#",
        "https://api.example ",
        " https://api.example",
        "HTTPS://API.EXAMPLE",
        "https://API.example",
        "https://api.example\\u0000",
        "https://api\\u002dexample",
        "https://apiXexample",
        "https://user@api.example",
        "http://api.example",
        "api.example",
        "*",
        "https://*.example",
        ".*",
        "^https://api.example$",
        "https://api.example,https://evil.example",
        "https://\u{430}pi.example",
        "https%3A%2F%2Fapi.example",
    ] {
        assert_eq!(code(with_audience(&format!("\"{other}\""))), "claim_unexpected", "{other}");
        assert_eq!(code(with_audience(&format!("[\"{other}\"]"))), "claim_unexpected", "{other}");
    }
    assert!(with_audience(r#""https:\/\/api\u002eexample""#).is_ok(), "the same text in another spelling");
}

#[test]
fn row_114_no_choice_of_audience_or_issuer() {
    assert_eq!(code(JwtVerifier::builder(hs256_key()).issuer(ISSUER).build()), "misuse");
    assert_eq!(code(JwtVerifier::builder(hs256_key()).audience(AUDIENCE).build()), "misuse");
    assert_eq!(code(JwtVerifier::builder(hs256_key()).build()), "misuse");
    let both = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE).any_audience();
    assert_eq!(code(both.build()), "misuse");
    let both = JwtVerifier::builder(hs256_key()).any_issuer().issuer(ISSUER).audience(AUDIENCE);
    assert_eq!(code(both.build()), "misuse");
    let twice = JwtVerifier::for_issuers([(ISSUER, hs256_key())]).any_issuer().audience(AUDIENCE);
    assert_eq!(code(twice.build()), "misuse");
    let waived =
        JwtVerifier::builder(hs256_key()).issuer(ISSUER).any_audience().clock(at(NOW)).build().unwrap();
    for payload in [P0.to_owned(), p0_without("aud"), p0_with("aud", r#""https://other.example""#)] {
        assert!(waived.verify::<NoClaims>(&hs256(H0, payload)).is_ok());
    }
    // Waived is not unread.
    assert_eq!(code(waived.verify::<NoClaims>(&hs256(H0, p0_with("aud", "5")))), "claim_malformed");
}

#[test]
fn row_116_issuer_that_is_nearly_right() {
    for other in [
        "https://as.example.evil",
        "https://as.example/",
        "https://as.exampl",
        "https://as.example/tenant",
        "as.example",
        "s.e",
        "",
        " https://as.example",
        "https://as.example\\n",
        "https://as.example\\u0000",
        "https://as.example\\u0000.evil.example",
        "https://AS.example",
        "HTTPS://as.example",
        "http://as.example",
        "https://as.example:443",
        "https://as\u{ff0e}example",
        "https://\u{430}s.example",
        "*",
    ] {
        let error = verify_claims(p0_with("iss", &format!("\"{other}\""))).unwrap_err();
        assert_eq!((error.code(), error.claim()), ("claim_unexpected", Some("iss")), "{other}");
    }
    let error = verify_claims(p0_without("iss")).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_missing", Some("iss")));
    // An empty name is a name like any other, and no wildcard.
    let empty =
        JwtVerifier::builder(hs256_key()).issuer("").audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    assert_eq!(code(empty.verify::<NoClaims>(&hs256(H0, P0))), "claim_unexpected");
    assert_eq!(code(empty.verify::<NoClaims>(&hs256(H0, p0_without("iss")))), "claim_missing");
}

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn claims_of(issuer: &str) -> String {
    p0_with("iss", &format!("\"{issuer}\""))
}

fn two_issuers(a: VerifyingKey, b: VerifyingKey) -> JwtVerifier {
    let verifier = JwtVerifier::for_issuers([(A, a), (B, b)]).audience(AUDIENCE).clock(at(NOW));
    verifier.build().unwrap()
}

#[test]
fn row_117_key_of_another_issuer() {
    for (of_a, of_b) in [
        (JwsAlgorithm::Es256, JwsAlgorithm::Es256),
        (JwsAlgorithm::Es256, JwsAlgorithm::Ed25519),
        (JwsAlgorithm::Hs256, JwsAlgorithm::Hs256),
    ] {
        // The same key ID, as two issuers who number their keys have it.
        for kid in [None, Some("1")] {
            let [a, b] = [of_a, of_b].map(|algorithm| {
                let key = SigningKey::generate(algorithm).unwrap();
                match kid {
                    Some(kid) => key.with_key_id(kid),
                    None => key,
                }
            });
            let verifier = two_issuers(a.verifying_key().unwrap(), b.verifying_key().unwrap());
            let verify = |key: &SigningKey, payload: &str| {
                verifier.verify::<NoClaims>(&jws::sign(key, payload.as_bytes()).unwrap()).map(drop)
            };
            assert!(verify(&a, &claims_of(A)).is_ok());
            assert!(verify(&b, &claims_of(B)).is_ok());
            let foreign = if of_a == of_b { "invalid_signature" } else { "algorithm_not_allowed" };
            assert_eq!(code(verify(&b, &claims_of(A))), foreign);
            assert_eq!(code(verify(&a, &claims_of(B))), foreign);
            // Whatever the claims say of an issuer nobody knows, a valid signature doesn't help them.
            for payload in [&claims_of("https://c.example"), &claims_of("")] {
                assert_eq!(code(verify(&a, payload)), "claim_unexpected");
                assert_eq!(code(verify(&b, payload)), "claim_unexpected");
            }
            assert_eq!(code(verify(&a, &p0_without("iss"))), "claim_missing");
            for json in [r#"["https://a.example"]"#, "null", "5"] {
                assert_eq!(code(verify(&a, &p0_with("iss", json))), "claim_malformed");
                assert_eq!(code(verify(&b, &p0_with("iss", json))), "claim_malformed");
            }
            // Two names at once, in either order and spelling.
            for payload in [
                p0_with("iss", r#""https://a.example","iss":"https://b.example""#),
                p0_with("iss", r#""https://b.example","\u0069ss":"https://a.example""#),
            ] {
                assert_eq!(code(verify(&a, &payload)), "duplicate_member");
                assert_eq!(code(verify(&b, &payload)), "duplicate_member");
            }
            assert!(verify(&a, &p0_with("iss", r#""https:\/\/a.example""#)).is_ok());
            // An `iss` further down is no issuer.
            let inner = p0_with("iss", r#""https://a.example","x":{"iss":"https://b.example"}"#);
            assert!(verify(&a, &inner).is_ok());
            assert_eq!(code(verify(&b, &inner)), foreign);
            // Nor is one in the header (RFC 7519 §5.3).
            assert_eq!(code(verify(&a, &claims_of(B))), foreign);
        }
    }
}

/// Issuers that share a key, by a mistake or in a test: each token is still one issuer's.
#[test]
fn issuers_that_share_a_key() {
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let [a, b] = [(), ()].map(|()| key.verifying_key().unwrap());
    let verifier = two_issuers(a, b);
    for issuer in [A, B] {
        let token = jws::sign(&key, claims_of(issuer).as_bytes()).unwrap();
        assert_eq!(verifier.verify::<NoClaims>(&token).unwrap().issuer(), Some(issuer));
    }
    let token = jws::sign(&key, claims_of("https://c.example").as_bytes()).unwrap();
    assert_eq!(code(verifier.verify::<NoClaims>(&token)), "claim_unexpected");
}

/// The claims name the issuer before the signature holds; nothing else of them is read by then.
#[test]
fn unverified_claims_decide_nothing() {
    let [a, b] = [JwsAlgorithm::Es256; 2].map(|algorithm| SigningKey::generate(algorithm).unwrap());
    let verifier = two_issuers(a.verifying_key().unwrap(), b.verifying_key().unwrap());
    let header = r#"{"alg":"ES256"}"#;
    for payload in [
        &claims_of(A),
        &claims_of("https://c.example"),
        "",
        "{",
        "[]",
        &p0_with("exp", "1"),
        &p0_with("exp", "\"\""),
    ] {
        let forged = token(header, payload, [1; 64]);
        assert_eq!(code(verifier.verify::<NoClaims>(&forged)), "invalid_signature", "{payload}");
    }
    let set: KeySet = [a.verifying_key().unwrap()].into_iter().collect();
    assert_eq!(
        code(crate::support::verifier(set).verify::<NoClaims>(&token(header, "{", [1; 64]))),
        "invalid_signature"
    );
}
