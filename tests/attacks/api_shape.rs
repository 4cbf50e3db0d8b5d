//! Classes R and API: what an error gives away, and what can't be had before everything holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::{
    Error, JwsAlgorithm, JwtVerifier, NoClaims, SecretBytes, SigningKey, TokenBuffer, UnverifiedToken, jws,
};

use crate::support::*;

#[test]
fn row_140_what_was_accepted_is_judged_again() {
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&now);
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
    let verifier = verifier
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)))
        .build()
        .unwrap();
    let token = hs256(H0, P0);
    for _ in 0..3 {
        assert!(verifier.verify::<NoClaims>(&token).is_ok());
    }
    now.store(4_102_444_800, Ordering::Relaxed);
    assert!(verifier.verify::<NoClaims>(&token).unwrap_err().is_expired());
    now.store(NOW, Ordering::Relaxed);
    assert!(verifier.verify::<NoClaims>(&token).is_ok());
    // Another verifier, another verdict.
    let other = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience("https://other.example");
    assert_eq!(code(other.build().unwrap().verify::<NoClaims>(&token)), "claim_unexpected");
}

/// A buffer that is used again gives out nothing of the token before.
#[test]
fn row_140_a_buffer_remembers_nothing() {
    let verifier = verifier(hs256_key());
    let mut buffer = TokenBuffer::new();
    let long = hs256(H0, p0_with("a", &format!("\"{}\"", "x".repeat(5_000))));
    assert!(verifier.verify_borrowed::<NoClaims>(&long, &mut buffer).is_ok());
    for (token, expected) in [
        (token(H0, P0, [0; 32]), "invalid_signature"),
        (hs256(H0, ""), "json"),
        (hs256("", ""), "json"),
        ("..".to_owned(), "json"),
        (with_part(&hs256(H0, P0), 1, "A"), "base64url"),
        (with_part(&hs256(H0, P0), 2, ""), "invalid_signature"),
    ] {
        assert_eq!(code(verifier.verify_borrowed::<NoClaims>(&token, &mut buffer)), expected);
        assert!(verifier.verify_borrowed::<NoClaims>(&long, &mut buffer).is_ok());
    }
    let second = hs256(H0, p0_with("sub", r#""v""#));
    assert_eq!(verifier.verify_borrowed::<NoClaims>(&second, &mut buffer).unwrap().subject(), Some("v"));
}

#[test]
fn row_144_a_mac_has_its_full_length() {
    for (algorithm, bits, len) in
        [(JwsAlgorithm::Hs256, 256, 32), (JwsAlgorithm::Hs384, 384, 48), (JwsAlgorithm::Hs512, 512, 64)]
    {
        let key = SigningKey::hmac(algorithm, SecretBytes::from(octets(64))).unwrap();
        let token = jws::sign(&key, P0.as_bytes()).unwrap();
        let key = key.verifying_key().unwrap();
        let mac = part(&token, 2);
        assert_eq!(mac.len(), len);
        accepted_by(&key, &token);
        for length in (0..len).chain([len + 1, len * 2, 4096]) {
            let mut wrong = mac.clone();
            wrong.resize(length, 0);
            let forged = with_part(&token, 2, &encode(wrong));
            assert_eq!(refused_by(&key, &forged), "invalid_signature", "{length}");
        }
        for bit in 0..len * 8 {
            let mut wrong = mac.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(code(jws::verify(&key, &with_part(&token, 2, &encode(wrong)))), "invalid_signature");
        }
        // The MAC of another hash over the same text, cut to this one's length.
        for other in [256, 384, 512].into_iter().filter(|other| *other != bits) {
            let input = token.rsplit_once('.').unwrap().0;
            let mut wrong = hmac(other, &octets(64), input.as_bytes());
            wrong.resize(len, 0);
            assert_eq!(refused_by(&key, &with_part(&token, 2, &encode(wrong))), "invalid_signature");
        }
    }
}

/// A type that must not be made of claims that don't hold.
struct NeverRead;

impl<'de> serde::Deserialize<'de> for NeverRead {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("claims of a token that was refused reached the application's type")
    }
}

/// CVE-2024-51744: an error that said two things, and a token beside it.
#[test]
fn row_145_a_refusal_is_all_there_is() {
    let forged_and_expired = maced(256, &[1; 32], H0, p0_with("exp", "1"));
    let error = verify(&forged_and_expired).unwrap_err();
    assert_eq!(error, Error::InvalidSignature);
    assert!(!error.is_expired());

    for (token, expected) in [
        (forged_and_expired, "invalid_signature"),
        (token(H0, P0, [0; 32]), "invalid_signature"),
        (hs256(H0, p0_with("exp", "1")), "expired"),
        (hs256(H0, p0_with("aud", r#""https://other.example""#)), "claim_unexpected"),
        (hs256(H0, p0_with("iss", r#""https://other.example""#)), "claim_unexpected"),
        (hs256(H0, p0_with("nbf", "4102444799")), "not_yet_valid"),
        (hs256(H0, p0_with("sub", "5")), "claim_malformed"),
        (hs256(r#"{"alg":"HS256","crit":["x"],"x":1}"#, P0), "unsupported_critical"),
    ] {
        assert_eq!(code(verifier(hs256_key()).verify::<NeverRead>(&token)), expected);
        let mut buffer = TokenBuffer::new();
        assert_eq!(code(verifier(hs256_key()).verify_borrowed::<NeverRead>(&token, &mut buffer)), expected);
    }
}

/// A rule of the application's own sees claims of authentic tokens only.
#[test]
fn row_145_rules_see_authentic_claims_only() {
    let seen = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&seen);
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW));
    let verifier = verifier
        .rule("role", move |claims| {
            count.fetch_add(1, Ordering::Relaxed);
            claims.find("role").is_some_and(|role| role.as_str().as_deref() == Some("reader"))
        })
        .build()
        .unwrap();
    for (token, expected) in [
        (token(H0, P0, [0; 32]), "invalid_signature"),
        (maced(256, &[1; 32], H0, P0), "invalid_signature"),
        (hs256(H0, p0_with("aud", "[]")), "claim_unexpected"),
    ] {
        assert_eq!(code(verifier.verify::<NoClaims>(&token)), expected);
    }
    assert_eq!(seen.load(Ordering::Relaxed), 0);
    assert_eq!(code(verifier.verify::<NoClaims>(&hs256(H0, P0))), "claim_refused");
    for (json, accepted) in
        [(r#""reader""#, true), (r#""admin""#, false), (r#"["reader"]"#, false), ("null", false)]
    {
        let token = hs256(H0, p0_with("role", json));
        assert_eq!(verifier.verify::<NoClaims>(&token).is_ok(), accepted, "{json}");
    }
}

/// What shows itself in a log shows no key, no claim and no part of a token.
#[test]
fn debug_shows_no_secret() {
    let key = SigningKey::hmac(
        JwsAlgorithm::Hs256,
        SecretBytes::from(b"correct horse battery staple....".to_vec()),
    );
    let key = key.unwrap();
    let jwk = key.expose_jwk().unwrap();
    let token = hs256(H0, P0);
    let unverified = UnverifiedToken::parse(&hs256(r#"{"alg":"correct","kid":"correct"}"#, P0)).unwrap();
    let shown = format!(
        "{key:?} {jwk:?} {:?} {:?} {unverified:?} {:?} {:?}",
        key.verifying_key().unwrap(),
        jwk.expose_json(),
        verifier(hs256_key()),
        TokenBuffer::new(),
    );
    for hidden in ["correct", &encode("correct horse"), "99, 111, 114", token.split('.').next().unwrap()] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
