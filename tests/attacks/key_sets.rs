//! Class JWKS: sets with keys that can't be used, keys for something else, and several that fit.

use countersign::{
    Jwk, JwkSet, JwsAlgorithm, JwtVerifier, KeyKind, KeySet, Limits, NoClaims, SigningKey, VerifyingKey, jws,
};

use crate::support::*;

fn set(keys: &[&str]) -> JwkSet {
    JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
}

#[test]
fn row_131_one_bad_key_does_not_spoil_the_set() {
    let good = rsa_public_json().replacen('{', r#"{"kid":"good","#, 1);
    let bad = [
        (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA","kid":"akp"}"#.to_owned(), "unsupported_key"),
        (r#"{"kty":"FOO"}"#.into(), "unsupported_key"),
        (r#"{"kty":"rsa"}"#.into(), "unsupported_key"),
        ("{}".into(), "missing_member"),
        (r#""str""#.into(), "not_an_object"),
        ("null".into(), "not_an_object"),
        ("5".into(), "not_an_object"),
        ("[]".into(), "not_an_object"),
        (r#"{"kty":5}"#.into(), "member_type"),
        (r#"{"kty":null}"#.into(), "member_type"),
        (r#"{"kty":"RSA","n":"AQAB","e":5}"#.into(), "member_type"),
        (r#"{"kty":"RSA","n":"AQAB"}"#.into(), "missing_member"),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.into(), "key_too_small"),
        (r#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#.into(), "member_type"),
        (r#"{"kty":"EC","crv":"P-192","x":"AAAA","y":"AAAA"}"#.into(), "unsupported_key"),
        (r#"{"kty":"OKP","crv":"Ed448","x":"AAAA"}"#.into(), "unsupported_key"),
        (good.replacen('{', r#"{"kid":5,"#, 1), "duplicate_member"),
        (rsa_public_json().replacen('{', r#"{"kid":5,"#, 1), "member_type"),
        (rsa_public_json().replacen('{', r#"{"alg":null,"#, 1), "member_type"),
        (rsa_public_json().replacen('{', r#"{"use":["sig"],"#, 1), "member_type"),
        (rsa_public_json().replacen('{', r#"{"key_ops":"verify","#, 1), "member_type"),
        (rsa_public_json().replacen('{', r#"{"key_ops":["verify","verify"],"#, 1), "member_type"),
    ];
    let token = jws::sign(&rsa_signing_key(JwsAlgorithm::Rs256).with_key_id("good"), P0.as_bytes()).unwrap();
    for (json, reason) in &bad {
        for keys in [[json.as_str(), &good], [&good, json.as_str()]] {
            let parsed = set(&keys);
            assert_eq!((parsed.len(), parsed.skipped().len()), (1, 1), "{json}");
            assert_eq!(parsed.skipped()[0].reason().code(), *reason, "{json}");
            let keys = KeySet::verification(&parsed);
            assert_eq!(keys.skipped().len(), 1);
            assert!(keys.verify(&token).is_ok(), "{json}");
            assert!(verifier(keys).verify::<NoClaims>(&token).is_ok(), "{json}");
        }
    }
    // All of them at once, each with its place.
    let texts: Vec<_> = bad.iter().map(|(json, _)| json.as_str()).chain([good.as_str()]).collect();
    let parsed = set(&texts);
    let reasons = parsed.skipped().iter().map(|skipped| (skipped.index(), skipped.reason().code()));
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        bad.iter().map(|(_, reason)| *reason).enumerate().collect::<Vec<_>>()
    );
    assert!(KeySet::verification(&parsed).verify(&token).is_ok());
}

#[test]
fn row_131_what_is_no_set() {
    for (text, expected) in [
        ("", "json"),
        ("<html></html>", "json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("{}", "missing_member"),
        (r#"{"keys":null}"#, "member_type"),
        (r#"{"keys":{}}"#, "member_type"),
        (r#"{"keys":"[]"}"#, "member_type"),
        (r#"{"Keys":[]}"#, "missing_member"),
        (r#"{"keys":[],"keys":[]}"#, "duplicate_member"),
        (r#"{"keys":[]}x"#, "json"),
        (r#"{"keys":[}"#, "json"),
    ] {
        assert_eq!(code(JwkSet::from_json(text)), expected, "{text}");
    }
    // A single key isn't a set of one.
    assert_eq!(code(JwkSet::from_json(&rsa_public_json())), "missing_member");
    assert!(JwkSet::from_json(r#"{"keys":[],"next":{"a":[1]}}"#).unwrap().is_empty());
}

#[test]
fn row_132_keys_for_something_else() {
    let token = jws::sign(&rsa_signing_key(JwsAlgorithm::Rs256), P0.as_bytes()).unwrap();
    let with = |extra: &str| rsa_public_json().replacen('{', &format!("{{{extra},"), 1);
    for extra in [
        r#""use":"enc""#,
        r#""use":"SIG""#,
        r#""use":"""#,
        r#""use":"verify""#,
        r#""key_ops":["encrypt"]"#,
        r#""key_ops":["sign"]"#,
        r#""key_ops":["Verify"]"#,
        r#""key_ops":[]"#,
        r#""key_ops":["wrapKey","deriveBits"]"#,
        r#""use":"sig","key_ops":["sign"]"#,
        r#""use":"sig","key_ops":[]"#,
    ] {
        let jwk = Jwk::from_json(&with(extra)).unwrap();
        assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &jwk)), "key_use", "{extra}");
        let keys = KeySet::verification(&set(&[&with(extra)]));
        assert!(keys.is_empty(), "{extra}");
        assert_eq!(keys.skipped()[0].reason().code(), "key_use", "{extra}");
        assert_eq!(code(keys.verify(&token)), "algorithm_not_allowed", "{extra}");
    }
    for extra in [
        r#""use":"enc","key_ops":["verify"]"#,
        r#""use":"sig","key_ops":["encrypt"]"#,
        r#""use":"sig","key_ops":["verify","encrypt"]"#,
    ] {
        assert_eq!(code(Jwk::from_json(&with(extra))), "key_inconsistent", "{extra}");
        assert!(KeySet::verification(&set(&[&with(extra)])).is_empty(), "{extra}");
    }
    for extra in [
        r#""use":"sig""#,
        r#""key_ops":["verify"]"#,
        r#""key_ops":["verify","x"]"#,
        r#""use":"sig","key_ops":["verify"]"#,
    ] {
        assert!(KeySet::verification(&set(&[&with(extra)])).verify(&token).is_ok(), "{extra}");
    }
    // An algorithm for encryption, or none that is known, is no algorithm for signatures.
    for alg in ["RSA-OAEP", "RSA1_5", "A256GCM", "ES256", "HS256", "none", "", "rs256"] {
        let keys = KeySet::verification(&set(&[&with(&format!(r#""alg":"{alg}""#))]));
        assert!(keys.is_empty(), "{alg}");
        let expected = if ["ES256", "HS256"].contains(&alg) { "key_type" } else { "unsupported_key" };
        assert_eq!(keys.skipped()[0].reason().code(), expected, "{alg}");
    }
}

#[test]
fn row_133_keys_that_share_an_id() {
    let es256 = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("1");
    let other = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("1");
    let ed25519 = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().with_key_id("1");
    let published: JwkSet =
        [&es256, &ed25519, &other].into_iter().map(|key| key.to_public_jwk().unwrap()).collect();
    let keys = KeySet::verification(&published);
    for key in [&es256, &ed25519, &other] {
        let token = jws::sign(key, P0.as_bytes()).unwrap();
        assert_eq!(keys.verify(&token).unwrap().algorithm(), key.algorithm());
        assert!(verifier(keys.clone()).verify::<NoClaims>(&token).is_ok());
    }
    let stranger = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("1");
    let token = jws::sign(&stranger, P0.as_bytes()).unwrap();
    assert_eq!(code(keys.verify(&token)), "invalid_signature");
}

#[test]
fn row_133_tokens_without_an_id() {
    let signing: Vec<_> = (0..9).map(|_| SigningKey::generate(JwsAlgorithm::Es256).unwrap()).collect();
    let of = |count: usize| {
        let keys = signing[..count].iter().enumerate();
        keys.map(|(at, key)| key.verifying_key().unwrap().with_key_id(at.to_string())).collect::<KeySet>()
    };
    for (at, key) in signing.iter().enumerate().take(8) {
        let token = jws::sign(key, P0.as_bytes()).unwrap();
        assert_eq!(of(8).verify(&token).unwrap().key_id(), Some(at.to_string().as_str()));
        // One more, and nothing is tried at all.
        assert_eq!(code(of(9).verify(&token)), "limit_candidate_keys");
        assert_eq!(code(verifier(of(9)).verify::<NoClaims>(&token)), "limit_candidate_keys");
        let roomy = JwtVerifier::builder(of(9)).limits(Limits::default().candidate_keys(9));
        let roomy = roomy.issuer(ISSUER).audience(AUDIENCE).clock(at_now()).build().unwrap();
        assert!(roomy.verify::<NoClaims>(&token).is_ok());
    }
    // Keys of other algorithms don't count, and a token with an ID doesn't come near the limit.
    let mixed: KeySet =
        (0..9).map(|at| if at == 0 { hs256_key() } else { signing[at].verifying_key().unwrap() }).collect();
    assert!(mixed.verify(&hs256(H0, P0)).is_ok());
    let named = jws::sign(&signing[3].clone_key().with_key_id("3"), P0.as_bytes()).unwrap();
    assert!(of(9).verify(&named).is_ok());
    // The ID says whose key it is: another key of the set that fits isn't tried.
    let lying = jws::sign(&signing[3].clone_key().with_key_id("4"), P0.as_bytes()).unwrap();
    assert_eq!(code(of(9).verify(&lying)), "invalid_signature");
}

fn at_now() -> impl Fn() -> std::time::SystemTime {
    at(NOW)
}

/// Keys that publish no ID are asked when no key has the token's; those with another ID never are.
#[test]
fn keys_without_an_id() {
    let named = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let nameless = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let keys: KeySet = [named.verifying_key().unwrap().with_key_id("1"), nameless.verifying_key().unwrap()]
        .into_iter()
        .collect();
    let signed =
        |key: &SigningKey, kid: &str| jws::sign(&key.clone_key().with_key_id(kid), P0.as_bytes()).unwrap();
    assert!(keys.verify(&signed(&nameless, "2")).is_ok());
    assert_eq!(code(keys.verify(&signed(&named, "2"))), "invalid_signature");
    assert_eq!(code(keys.verify(&signed(&nameless, "1"))), "invalid_signature");
    assert!(keys.verify(&signed(&named, "1")).is_ok());
}

/// A set that grows by one key type doesn't begin to accept another's algorithms.
#[test]
fn a_set_accepts_the_algorithms_of_its_keys() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::X25519] {
        let jwk = Jwk::generate(kind).unwrap().to_public_json().unwrap();
        let keys = KeySet::verification(&set(&[&jwk]));
        assert_eq!(code(keys.verify(&hs256(H0, P0))), "algorithm_not_allowed", "{kind}");
        assert_eq!(keys.len(), usize::from(kind != KeyKind::X25519), "{kind}");
    }
}
