//! Defects that were found once, each with the input that showed it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant, SystemTime};

use countersign::jwt::JwtVerifierBuilder;
use countersign::{
    Error, JwkSet, JwsAlgorithm, JwtVerifier, KeySet, Limits, NoClaims, SecretBytes, SigningKey,
    UnverifiedToken, jws,
};

const NOW: u64 = 1_700_000_000;

fn key() -> SigningKey {
    SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(vec![7; 32])).unwrap()
}

/// The code of the verdict on a token with these claims, or "accepted".
fn verdict(claims: &str, choose: impl Fn(JwtVerifierBuilder) -> JwtVerifierBuilder) -> &'static str {
    let builder = JwtVerifier::builder(key().verifying_key().unwrap())
        .any_issuer()
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    let verifier = choose(builder).build().unwrap();
    let token = jws::sign(&key(), claims.as_bytes()).unwrap();
    verifier.verify::<NoClaims>(&token).as_ref().map_or_else(Error::code, |_| "accepted")
}

/// Of a name required twice, only the first was marked as seen, and every token was refused.
#[test]
fn a_claim_may_be_required_twice() {
    let twice = |builder: JwtVerifierBuilder| {
        builder.any_audience().required_claims(["tenant", "sub", "tenant"]).required_claims(["sub"])
    };
    assert_eq!(verdict(r#"{"exp":4102444800,"sub":"u","tenant":4}"#, twice), "accepted");
    assert_eq!(verdict(r#"{"exp":4102444800,"sub":"u"}"#, twice), "claim_missing");
    assert_eq!(verdict(r#"{"exp":4102444800,"tenant":4}"#, twice), "claim_missing");
}

/// RFC 7519 §2: a claim's value is any JSON value, so a claim that is null is there. A registered claim
/// has a type, which null isn't of.
#[test]
fn a_required_claim_that_is_null_is_there() {
    let required = |name| move |builder: JwtVerifierBuilder| builder.any_audience().required_claims([name]);
    assert_eq!(verdict(r#"{"exp":4102444800,"tenant":null}"#, required("tenant")), "accepted");
    assert_eq!(verdict(r#"{"exp":4102444800,"jti":null}"#, required("jti")), "claim_malformed");
}

/// A duration beyond 63 bits was cut before it was added, so that a date before the epoch never got far.
#[test]
fn no_age_is_too_old_for_the_longest_duration() {
    let oldest = |builder: JwtVerifierBuilder| builder.any_audience().max_age(Duration::MAX);
    assert_eq!(verdict(r#"{"exp":4102444800,"iat":-9223372036854775808}"#, oldest), "accepted");
    assert_eq!(verdict(r#"{"exp":4102444800,"iat":1700000001}"#, oldest), "issued_in_future");
}

/// Finding each key's place walked all skipped keys: 131072 of them, 256 KiB of text, took a minute.
#[test]
fn a_set_of_many_useless_keys_is_compiled_in_one_walk() {
    const USELESS: usize = 200_000;
    let public = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().to_public_jwk().unwrap();
    let secret = r#"{"kty":"oct","kid":"s","k":"AAAA"}"#;
    let text =
        format!(r#"{{"keys":[{}{},2,{secret}]}}"#, "1,".repeat(USELESS), public.to_public_json().unwrap());
    let limits = Limits::default().jwk_set_bytes(1 << 20).jwk_set_keys(1 << 20);

    let start = Instant::now();
    let set = JwkSet::from_json_with_limits(&text, &limits).unwrap();
    let keys = KeySet::verification(&set);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());

    assert_eq!((set.len(), set.skipped().len(), keys.len()), (2, USELESS + 1, 1));
    let last = keys.skipped().last().unwrap();
    assert_eq!((last.index(), last.key_id()), (USELESS + 2, Some("s")));
}

/// A router couldn't tell whose a compressed token is: `zip` was refused where nothing is inflated.
#[test]
fn a_compressed_tokens_header_can_be_read() {
    // Nothing of a token but its header is looked at.
    let parse = |header: &str| {
        let encoded = jws::sign(&key(), header.as_bytes()).unwrap();
        UnverifiedToken::parse(&format!("{}....", encoded.split('.').nth(1).unwrap()))
    };
    let header = |zip: &str| format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"a","zip":{zip}}}"#);
    let compressed = parse(&header(r#""DEF""#)).unwrap();
    assert!(compressed.is_encrypted());
    assert_eq!(compressed.key_id(), Some("a"));
    // What no verifier looks at has no header to read either.
    for zip in [r#""GZIP""#, r#""def""#, r#""""#, "null", "true"] {
        assert_eq!(parse(&header(zip)).unwrap_err().code(), "unsupported_compression", "{zip}");
    }
    let critical = header(r#""DEF","crit":["zip"]"#);
    assert_eq!(parse(&critical).unwrap_err().code(), "crit");
}
