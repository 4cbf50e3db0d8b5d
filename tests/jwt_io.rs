//! The token that half the web shows, and its secret, which says of itself what it isn't.

mod vectors;

use std::time::{Duration, SystemTime};

use countersign::{
    JwsAlgorithm, JwtVerifier, NoClaims, SecretBytes, SigningKey, VerifiedJwt, VerifyingKey, danger, jws,
};
use serde::Deserialize;
use vectors::{changed, code, with_header, with_part};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
    eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
    SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

/// 152 bits.
const SECRET: &[u8] = b"your-256-bit-secret";

#[derive(Debug, PartialEq, Deserialize)]
struct Person {
    name: String,
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::from(bytes.to_vec())
}

fn weak_key() -> VerifyingKey {
    danger::weak_hmac_verifying_key(JwsAlgorithm::Hs256, secret(SECRET)).expect("danger takes it")
}

#[test]
fn the_secret_is_refused_as_weak() {
    assert_eq!(SECRET.len(), 19);
    assert_eq!(code(VerifyingKey::hmac(JwsAlgorithm::Hs256, secret(SECRET))), "key_too_small");
    assert_eq!(code(SigningKey::hmac(JwsAlgorithm::Hs256, secret(SECRET))), "key_too_small");
    let error = VerifyingKey::hmac(JwsAlgorithm::Hs256, secret(SECRET)).unwrap_err();
    assert_eq!(error.to_string(), "invalid key: expected at least 256 bits, found fewer");
    // RFC 7518 §3.2: 31 bytes are one too few, 32 will do.
    assert_eq!(code(VerifyingKey::hmac(JwsAlgorithm::Hs256, secret(&[7; 31]))), "key_too_small");
    assert_eq!(code(VerifyingKey::hmac(JwsAlgorithm::Hs256, secret(&[7; 32]))), "accepted");
    // `danger` takes a short secret, but for no other family, and not an empty one.
    let weak = |algorithm, bytes| code(danger::weak_hmac_verifying_key(algorithm, secret(bytes)));
    assert_eq!(weak(JwsAlgorithm::Hs256, SECRET), "accepted");
    assert_eq!(weak(JwsAlgorithm::Es256, SECRET), "key_type");
    assert_ne!(weak(JwsAlgorithm::Hs256, b""), "accepted");
}

#[test]
fn it_verifies_through_danger() {
    let verified = jws::verify(&weak_key(), TOKEN).unwrap();
    assert_eq!(verified.payload(), br#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#);
    assert_eq!(verified.token_type(), Some("JWT"));

    for place in [1, 2] {
        assert_eq!(code(jws::verify(&weak_key(), &with_part(TOKEN, place, changed))), "invalid_signature");
    }
    let other = danger::weak_hmac_verifying_key(JwsAlgorithm::Hs256, secret(b"your-256-bit-secres")).unwrap();
    assert_eq!(code(jws::verify(&other, TOKEN)), "invalid_signature");
    let hs512 = danger::weak_hmac_verifying_key(JwsAlgorithm::Hs512, secret(SECRET)).unwrap();
    assert_eq!(code(jws::verify(&hs512, TOKEN)), "algorithm_not_allowed");
    let unsecured = with_header(TOKEN, r#"{"alg":"none","typ":"JWT"}"#);
    assert_eq!(code(jws::verify(&weak_key(), &unsecured)), "unsupported_algorithm");
}

#[test]
fn as_a_jwt_it_lacks_its_expiry() {
    let builder = || JwtVerifier::builder(weak_key()).any_issuer().any_audience();
    let error = builder().build().unwrap().verify::<Person>(TOKEN).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_missing", Some("exp")));
    assert_eq!((error.is_expired(), error.http_status()), (false, 401));

    let verifier = builder().allow_missing_expiry().build().unwrap();
    let jwt: VerifiedJwt<Person> = verifier.verify(TOKEN).unwrap();
    assert_eq!(jwt.claims(), &Person { name: String::from("John Doe") });
    assert_eq!((jwt.subject(), jwt.expires_at()), (Some("1234567890"), None));
    assert_eq!(jwt.issued_at().map(|date| date.seconds()), Some(1_516_239_022));
    assert_eq!(code(verifier.verify::<Person>(&with_part(TOKEN, 1, changed))), "invalid_signature");
}

/// Waiving `exp` waives nothing else.
#[test]
fn each_waiver_is_its_own() {
    let of = |verifier: Result<JwtVerifier, _>| match verifier.unwrap().verify::<NoClaims>(TOKEN) {
        Ok(_) => ("accepted", None),
        Err(error) => (error.code(), error.claim().map(str::to_owned)),
    };
    let builder = || JwtVerifier::builder(weak_key()).allow_missing_expiry();
    let claim = |name: &str| ("claim_missing", Some(name.to_owned()));
    assert_eq!(of(builder().any_issuer().any_audience().build()), ("accepted", None));
    assert_eq!(of(builder().issuer("https://id.example.com").any_audience().build()), claim("iss"));
    assert_eq!(of(builder().any_issuer().audience("https://orders.example.com").build()), claim("aud"));
    // With `max_age`, a token without `exp` still ends: `iat` is there.
    let aged = |seconds: u64| {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_516_239_022 + seconds);
        let builder = builder().any_issuer().any_audience().max_age(Duration::from_secs(60));
        of(builder.clock(move || now).build())
    };
    assert_eq!(aged(59).0, "accepted");
    assert_eq!(aged(61), ("too_old", Some(String::from("iat"))));
}
