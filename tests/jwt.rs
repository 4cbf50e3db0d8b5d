//! How issuer and verifier behave: every choice of their builders, with a token that it accepts and the
//! same token, one thing changed, that it refuses.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::jwe::JweBuilder;
use countersign::jwk::KeyUse;
use countersign::{
    ClaimProblem, ContentEncryption, DecryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm,
    JwtIssuer, JwtVerifier, KeySet, Limits, NoClaims, NumericDate, SigningKey, TokenBuffer, UnverifiedToken,
    jws,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{
    NOW, base64url, claims_token, from_base64url, hmac_key, jwk, parts, signed, signing_key, stopped_at,
    with_header,
};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// A verifier of hand-made HS256 tokens that leaves everything else to the test.
macro_rules! verifier {
    ($($choice:ident($($argument:expr),*)),* $(,)?) => {
        JwtVerifier::builder(hmac_key()).clock(stopped_at(NOW))$(.$choice($($argument),*))*.build().unwrap()
    };
}

/// The same with issuer, audience and expiry waived.
macro_rules! lenient {
    ($($choice:ident($($argument:expr),*)),* $(,)?) => {
        verifier!(any_issuer(), any_audience(), allow_missing_expiry() $(, $choice($($argument),*))*)
    };
}

/// The code of the refusal of those claims, and the claim refused; `accepted` if there is none.
#[track_caller]
fn judged(verifier: &JwtVerifier, claims: &str) -> String {
    match verifier.verify::<NoClaims>(&claims_token(claims)) {
        Ok(_) => "accepted".into(),
        Err(error) => format!("{} {}", error.claim().unwrap_or("-"), error.code()),
    }
}

/// The code of a token's refusal; `accepted` if there is none.
fn verdict(verifier: &JwtVerifier, token: &str) -> &'static str {
    verifier.verify::<NoClaims>(token).map_or_else(|error| error.code(), |_| "accepted")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

// Times.

#[test]
fn exp_is_refused_from_its_very_second_on() {
    let strict = verifier!(any_issuer(), any_audience());
    let forgiving = verifier!(any_issuer(), any_audience(), leeway(seconds(60)));
    for (offset, without, with_leeway) in [
        (1, "accepted", "accepted"),
        (0, "exp expired", "accepted"),
        (-1, "exp expired", "accepted"),
        (-59, "exp expired", "accepted"),
        (-60, "exp expired", "exp expired"),
        (-61, "exp expired", "exp expired"),
    ] {
        let claims = json!({ "exp": NOW.checked_add_signed(offset).unwrap() }).to_string();
        assert_eq!(judged(&strict, &claims), without, "{offset}");
        assert_eq!(judged(&forgiving, &claims), with_leeway, "{offset}");
    }
}

#[test]
fn nbf_is_accepted_from_its_very_second_on() {
    let strict = lenient!();
    let forgiving = lenient!(leeway(seconds(60)));
    for (offset, without, with_leeway) in [
        (-1, "accepted", "accepted"),
        (0, "accepted", "accepted"),
        (1, "nbf not_yet_valid", "accepted"),
        (60, "nbf not_yet_valid", "accepted"),
        (61, "nbf not_yet_valid", "nbf not_yet_valid"),
    ] {
        let claims = json!({ "nbf": NOW.checked_add_signed(offset).unwrap() }).to_string();
        assert_eq!(judged(&strict, &claims), without, "{offset}");
        assert_eq!(judged(&forgiving, &claims), with_leeway, "{offset}");
    }
}

#[test]
fn iat_in_the_future_is_refused_only_where_it_matters() {
    let in_future = json!({ "iat": NOW + 1 }).to_string();
    assert_eq!(judged(&lenient!(), &in_future), "accepted");
    assert_eq!(judged(&lenient!(refuse_future_issued_at()), &in_future), "iat issued_in_future");
    assert_eq!(judged(&lenient!(max_age(seconds(9))), &in_future), "iat issued_in_future");
    assert_eq!(judged(&lenient!(refuse_future_issued_at(), leeway(seconds(1))), &in_future), "accepted");
    let now = json!({ "iat": NOW }).to_string();
    assert_eq!(judged(&lenient!(refuse_future_issued_at()), &now), "accepted");
    assert_eq!(judged(&lenient!(refuse_future_issued_at()), "{}"), "accepted");
}

#[test]
fn max_age_counts_from_iat_and_requires_it() {
    let strict = lenient!(max_age(seconds(300)));
    let forgiving = lenient!(max_age(seconds(300)), leeway(seconds(60)));
    for (age, without, with_leeway) in [
        (0, "accepted", "accepted"),
        (300, "accepted", "accepted"),
        (301, "iat too_old", "accepted"),
        (360, "iat too_old", "accepted"),
        (361, "iat too_old", "iat too_old"),
    ] {
        let claims = json!({ "iat": NOW - age }).to_string();
        assert_eq!(judged(&strict, &claims), without, "{age}");
        assert_eq!(judged(&forgiving, &claims), with_leeway, "{age}");
    }
    assert_eq!(judged(&strict, "{}"), "iat claim_missing");
}

#[test]
fn dates_may_have_a_fraction_and_none_of_it_is_lost() {
    let half_past = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 500);
    let verifier = lenient!(clock(move || half_past));
    for (claims, expected) in [
        (json!({ "exp": 1_300_819_380.75 }), "accepted"),
        (json!({ "exp": 1_300_819_380.5 }), "exp expired"),
        (json!({ "exp": 1_300_819_380.25 }), "exp expired"),
        (json!({ "exp": NOW }), "exp expired"),
        (json!({ "nbf": 1_300_819_380.5 }), "accepted"),
        (json!({ "nbf": 1_300_819_380.75 }), "nbf not_yet_valid"),
    ] {
        assert_eq!(judged(&verifier, &claims.to_string()), expected, "{claims}");
    }
    let jwt = verifier.verify::<NoClaims>(&claims_token(r#"{"exp":1300819380.75}"#)).unwrap();
    let expires_at = jwt.expires_at().unwrap();
    assert_eq!((expires_at.seconds(), expires_at.nanoseconds()), (1_300_819_380, 750_000_000));
    assert_eq!(judged(&verifier, r#"{"exp":13.1e8}"#), "accepted");
}

#[test]
fn dates_that_are_no_dates_are_malformed_even_where_they_dont_matter() {
    let verifier = lenient!();
    for claim in ["exp", "nbf", "iat"] {
        for value in ["\"4102444800\"", "null", "true", "[]", "{}", "9223372036854775808", "1e300"] {
            let expected = format!("{claim} claim_malformed");
            assert_eq!(judged(&verifier, &format!("{{\"{claim}\":{value}}}")), expected, "{value}");
        }
    }
    for early in ["0", "-1", "-9223372036854775808", "-0.5"] {
        assert_eq!(judged(&verifier, &format!("{{\"exp\":{early}}}")), "exp expired", "{early}");
    }
}

#[test]
fn the_greatest_leeway_is_ten_minutes_and_works() {
    let verifier = lenient!(leeway(seconds(600)));
    assert_eq!(judged(&verifier, &json!({ "exp": NOW - 599 }).to_string()), "accepted");
    assert_eq!(judged(&verifier, &json!({ "exp": NOW - 600 }).to_string()), "exp expired");
    assert_eq!(judged(&verifier, r#"{"exp":9223372036854775807}"#), "accepted");
}

#[test]
fn exp_is_required_unless_that_is_waived() {
    assert_eq!(judged(&verifier!(any_issuer(), any_audience()), "{}"), "exp claim_missing");
    assert_eq!(judged(&lenient!(), "{}"), "accepted");
    assert_eq!(judged(&lenient!(), &json!({ "exp": NOW }).to_string()), "exp expired");
}

#[test]
fn a_token_that_expires_before_it_begins_contradicts_itself() {
    let verifier = lenient!(leeway(seconds(60)));
    let claims = |begins: u64, expires: u64| json!({ "nbf": begins, "exp": expires }).to_string();
    assert_eq!(judged(&verifier, &claims(NOW + 9, NOW + 8)), "nbf claim_contradiction");
    assert_eq!(judged(&verifier, &claims(NOW + 9, NOW + 9)), "accepted");
}

#[test]
fn expired_means_that_all_else_is_in_order() {
    let verifier = verifier!(
        issuer(ISSUER),
        audience(AUDIENCE),
        rule("tenant", |claims| { claims.find("tenant").is_some() })
    );
    let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "tenant": 4, "exp": NOW });
    let expired = verifier.verify::<NoClaims>(&claims_token(claims.to_string())).unwrap_err();
    assert!(expired.is_expired());
    for (name, value) in [("iss", json!("other")), ("aud", json!("other")), ("nbf", json!(NOW + 1))] {
        let mut claims = claims.clone();
        claims[name] = value;
        let error = verifier.verify::<NoClaims>(&claims_token(claims.to_string())).unwrap_err();
        assert_eq!((error.is_expired(), error.claim()), (false, Some(name)));
    }
    let error = verifier
        .verify::<NoClaims>(&claims_token(json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": NOW }).to_string()));
    assert_eq!(error.unwrap_err().claim(), Some("tenant"));
}

#[test]
fn the_clock_is_asked_at_each_call() {
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = {
        let now = Arc::clone(&now);
        move || SystemTime::UNIX_EPOCH + seconds(now.load(Ordering::Relaxed))
    };
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .clock(clock.clone())
        .build()
        .unwrap();
    let verifier = JwtVerifier::builder(signing_key(JwsAlgorithm::Hs256).verifying_key().unwrap())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .clock(clock)
        .build()
        .unwrap();
    let token = issuer.issue("u", &NoClaims).unwrap();
    now.store(NOW + 299, Ordering::Relaxed);
    assert_eq!(verdict(&verifier, &token), "accepted");
    now.store(NOW + 300, Ordering::Relaxed);
    assert_eq!(verdict(&verifier, &token), "expired");
    assert_eq!(verdict(&verifier, &issuer.issue("u", &NoClaims).unwrap()), "accepted");
}

#[test]
fn without_a_clock_it_is_the_systems() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .without_issuer()
        .without_audience()
        .lifetime(seconds(300))
        .build()
        .unwrap();
    let verifier = JwtVerifier::builder(signing_key(JwsAlgorithm::Hs256).verifying_key().unwrap())
        .any_issuer()
        .any_audience()
        .max_age(seconds(60))
        .build()
        .unwrap();
    assert_eq!(verdict(&verifier, &issuer.issue("u", &NoClaims).unwrap()), "accepted");
    assert_eq!(
        verdict(
            &JwtVerifier::builder(hmac_key()).any_issuer().any_audience().build().unwrap(),
            &claims_token(json!({ "exp": NOW + 300 }).to_string())
        ),
        "expired"
    );
}

// Who: issuer, audience, subject.

#[test]
fn the_issuer_is_compared_octet_by_octet() {
    let verifier = verifier!(issuer(ISSUER), any_audience(), allow_missing_expiry());
    assert_eq!(judged(&verifier, &json!({ "iss": ISSUER }).to_string()), "accepted");
    for other in [
        "",
        "https://id.example.com/",
        "https://id.example.co",
        "https://id.example.com.evil",
        "HTTPS://id.example.com",
        "id.example.com",
        " https://id.example.com",
        "https://id.example.com\0",
    ] {
        assert_eq!(
            judged(&verifier, &json!({ "iss": other }).to_string()),
            "iss claim_unexpected",
            "{other}"
        );
    }
    assert_eq!(judged(&verifier, "{}"), "iss claim_missing");
    // Escapes are another way to write the same octets, normalization forms are other octets.
    assert_eq!(judged(&verifier, r#"{"iss":"https:\/\/id\u002eexample.com"}"#), "accepted");
    let composed = verifier!(issuer("\u{e9}"), any_audience(), allow_missing_expiry());
    assert_eq!(judged(&composed, "{\"iss\":\"\u{e9}\"}"), "accepted");
    assert_eq!(judged(&composed, "{\"iss\":\"e\u{301}\"}"), "iss claim_unexpected");
}

#[test]
fn any_issuer_accepts_others_and_none_but_no_malformed_one() {
    for claims in [r#"{"iss":"anyone"}"#, "{}"] {
        assert_eq!(judged(&lenient!(), claims), "accepted");
    }
    for value in ["null", "5", "[\"https://id.example.com\"]", "{}", "true"] {
        for claim in ["iss", "sub", "jti"] {
            let expected = format!("{claim} claim_malformed");
            assert_eq!(judged(&lenient!(), &format!("{{\"{claim}\":{value}}}")), expected, "{value}");
        }
    }
}

#[test]
fn issuers_that_share_keys_are_named_one_by_one() {
    let verifier = verifier!(issuer("a"), issuer("b"), any_audience(), allow_missing_expiry());
    for (issuer, expected) in [("a", "accepted"), ("b", "accepted"), ("c", "iss claim_unexpected")] {
        assert_eq!(judged(&verifier, &json!({ "iss": issuer }).to_string()), expected);
    }
}

/// An issuer's name, keys and a function that issues under any name.
fn issued(key: &SigningKey, issuer: &str) -> String {
    JwtIssuer::builder(key.clone_key())
        .issuer(issuer)
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .clock(stopped_at(NOW))
        .build()
        .unwrap()
        .issue("u", &NoClaims)
        .unwrap()
}

#[test]
fn each_issuer_signs_with_its_own_keys() {
    // The same `kid` and the same algorithm, so that nothing but the issuer tells them apart.
    let [staff, customers] =
        [(); 2].map(|()| SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("1"));
    let verifier = JwtVerifier::for_issuers([
        ("staff", staff.verifying_key().unwrap()),
        ("customers", customers.verifying_key().unwrap()),
    ])
    .audience(AUDIENCE)
    .clock(stopped_at(NOW))
    .build()
    .unwrap();
    assert_eq!(verdict(&verifier, &issued(&staff, "staff")), "accepted");
    assert_eq!(verdict(&verifier, &issued(&customers, "customers")), "accepted");
    assert_eq!(verdict(&verifier, &issued(&staff, "customers")), "invalid_signature");
    assert_eq!(verdict(&verifier, &issued(&customers, "staff")), "invalid_signature");
    // Authentic, of an issuer that nobody named.
    assert_eq!(verdict(&verifier, &issued(&staff, "elsewhere")), "claim_unexpected");
    let without_issuer = JwtIssuer::builder(staff.clone_key())
        .without_issuer()
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    assert_eq!(verdict(&verifier, &without_issuer.issue("u", &NoClaims).unwrap()), "claim_missing");
}

#[test]
fn each_issuer_has_its_own_algorithms() {
    let staff = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let customers = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let verifier = JwtVerifier::for_issuers([
        ("staff", staff.verifying_key().unwrap()),
        ("customers", customers.verifying_key().unwrap()),
    ])
    .audience(AUDIENCE)
    .clock(stopped_at(NOW))
    .build()
    .unwrap();
    assert_eq!(verdict(&verifier, &issued(&staff, "staff")), "accepted");
    assert_eq!(verdict(&verifier, &issued(&staff, "customers")), "algorithm_not_allowed");
    assert_eq!(verdict(&verifier, &issued(&customers, "customers")), "accepted");
}

#[test]
fn issuers_may_share_a_key() {
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let other = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let verifier = JwtVerifier::for_issuers([
        ("a", KeySet::from(key.verifying_key().unwrap())),
        ("b", [other.verifying_key().unwrap(), key.verifying_key().unwrap()].into_iter().collect()),
    ])
    .audience(AUDIENCE)
    .clock(stopped_at(NOW))
    .build()
    .unwrap();
    for (key, issuer, expected) in [
        (&key, "a", "accepted"),
        (&key, "b", "accepted"),
        (&other, "b", "accepted"),
        (&other, "a", "invalid_signature"),
        (&key, "c", "claim_unexpected"),
    ] {
        assert_eq!(verdict(&verifier, &issued(key, issuer)), expected, "{issuer}");
    }
    // One issuer twice, as when its keys come from two places.
    let twice = JwtVerifier::for_issuers([
        ("a", key.verifying_key().unwrap()),
        ("a", other.verifying_key().unwrap()),
    ]);
    let twice = twice.audience(AUDIENCE).clock(stopped_at(NOW)).build().unwrap();
    assert_eq!(verdict(&twice, &issued(&key, "a")), "accepted");
    assert_eq!(verdict(&twice, &issued(&other, "a")), "accepted");
}

#[test]
fn the_audience_is_one_of_those_that_will_do() {
    let verifier = verifier!(any_issuer(), audience("a"), audience("b"), allow_missing_expiry());
    for (audience, expected) in [
        (json!("a"), "accepted"),
        (json!("b"), "accepted"),
        (json!(["x", "b"]), "accepted"),
        (json!(["a", "b"]), "accepted"),
        (json!("c"), "aud claim_unexpected"),
        (json!("A"), "aud claim_unexpected"),
        (json!("a "), "aud claim_unexpected"),
        (json!("ab"), "aud claim_unexpected"),
        (json!(""), "aud claim_unexpected"),
        (json!([]), "aud claim_unexpected"),
        (json!(["x", "y"]), "aud claim_unexpected"),
        (json!(null), "aud claim_malformed"),
        (json!(5), "aud claim_malformed"),
        (json!(["a", 5]), "aud claim_malformed"),
        (json!(["a", ["b"]]), "aud claim_malformed"),
        (json!({ "a": "a" }), "aud claim_malformed"),
    ] {
        assert_eq!(judged(&verifier, &json!({ "aud": audience }).to_string()), expected, "{audience}");
    }
    assert_eq!(judged(&verifier, "{}"), "aud claim_missing");
}

#[test]
fn any_audience_accepts_others_and_none_but_no_malformed_one() {
    for (claims, expected) in [
        (r#"{"aud":"another service"}"#, "accepted"),
        (r#"{"aud":[]}"#, "accepted"),
        ("{}", "accepted"),
        (r#"{"aud":[null]}"#, "aud claim_malformed"),
        (r#"{"aud":false}"#, "aud claim_malformed"),
    ] {
        assert_eq!(judged(&lenient!(), claims), expected);
    }
}

#[test]
fn a_sole_audience_has_no_other_beside_it() {
    let verifier =
        verifier!(any_issuer(), audience("a"), audience("b"), sole_audience(), allow_missing_expiry());
    for (audience, expected) in [
        (json!("a"), "accepted"),
        (json!(["b"]), "accepted"),
        (json!(["a", "x"]), "aud claim_unexpected"),
        (json!(["a", "b"]), "aud claim_unexpected"),
        (json!(["a", "a"]), "aud claim_unexpected"),
        (json!(["x"]), "aud claim_unexpected"),
    ] {
        assert_eq!(judged(&verifier, &json!({ "aud": audience }).to_string()), expected, "{audience}");
    }
}

#[test]
fn the_subject_is_compared_where_one_is_expected() {
    let verifier = lenient!(subject("user-17"));
    assert_eq!(judged(&verifier, r#"{"sub":"user-17"}"#), "accepted");
    assert_eq!(judged(&verifier, r#"{"sub":"user-1"}"#), "sub claim_unexpected");
    assert_eq!(judged(&verifier, r#"{"sub":"User-17"}"#), "sub claim_unexpected");
    assert_eq!(judged(&verifier, "{}"), "sub claim_missing");
}

// Required claims and rules.

#[test]
fn required_claims_are_there_whatever_they_hold() {
    let verifier = lenient!(required_claims(["jti", "tenant"]), required_claims(["a.b"]));
    let complete = r#"{"jti":"1","tenant":null,"a.b":[]}"#;
    assert_eq!(judged(&verifier, complete), "accepted");
    assert_eq!(judged(&verifier, &complete.replace("jti", "Jti")), "jti claim_missing");
    assert_eq!(judged(&verifier, &complete.replace("tenant", "tenants")), "tenant claim_missing");
    assert_eq!(judged(&verifier, r#"{"jti":"1","tenant":{"a.b":1}}"#), "a.b claim_missing");
}

#[test]
fn a_claim_may_be_required_twice() {
    let verifier = lenient!(required_claims(["tenant", "tenant"]), required_claims(["tenant", "scope"]));
    assert_eq!(judged(&verifier, r#"{"tenant":4,"scope":""}"#), "accepted");
    assert_eq!(judged(&verifier, r#"{"scope":""}"#), "tenant claim_missing");
    assert_eq!(judged(&verifier, r#"{"tenant":4}"#), "scope claim_missing");
}

#[test]
fn sixty_four_claims_can_be_required() {
    let names: Vec<String> = (0..64).map(|index| format!("claim-{index}")).collect();
    let verifier = lenient!(required_claims(names.clone()));
    let all: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!(1))).collect();
    assert_eq!(judged(&verifier, &json!(all).to_string()), "accepted");
    for name in &names {
        let mut others = all.clone();
        others.remove(name);
        assert_eq!(judged(&verifier, &json!(others).to_string()), format!("{name} claim_missing"));
    }
}

#[test]
fn rules_refuse_the_claim_that_they_name() {
    let verifier = lenient!(
        rule("tenant", |claims| claims.find("tenant").and_then(|tenant| tenant.as_u64()) == Some(4)),
        rule(String::from("scope"), |claims| {
            claims.find("scope").is_some_and(|scope| {
                scope.elements().any(|scope| scope.as_str().as_deref() == Some("orders:read"))
            })
        }),
    );
    for (claims, expected) in [
        (json!({ "tenant": 4, "scope": ["x", "orders:read"] }), "accepted"),
        (json!({ "tenant": 5, "scope": ["orders:read"] }), "tenant claim_refused"),
        (json!({ "tenant": "4", "scope": ["orders:read"] }), "tenant claim_refused"),
        (json!({ "tenant": 4, "scope": ["orders:write"] }), "scope claim_refused"),
        (json!({ "tenant": 4, "scope": "orders:read" }), "scope claim_refused"),
        (json!({ "tenant": 4 }), "scope claim_refused"),
    ] {
        assert_eq!(judged(&verifier, &claims.to_string()), expected, "{claims}");
    }
}

#[test]
fn a_rule_reads_claims_by_kind() {
    let verifier = lenient!(rule("all", |claims| {
        let find = |name| claims.find(name).unwrap();
        let text = find("text").as_str() == Some("\"\u{e9}".into()) && find("number").as_str().is_none();
        let flag = find("flag").as_bool() == Some(true) && find("text").as_bool().is_none();
        let number = find("number");
        let whole = (number.as_u64(), number.as_i64(), number.as_f64()) == (None, Some(-3), Some(-3.0));
        let fraction = find("fraction");
        let fractional = (fraction.as_u64(), fraction.as_i64(), fraction.as_f64()) == (None, None, Some(0.5));
        let elements: Vec<_> = find("list").elements().map(|element| element.as_u64()).collect();
        let listed = elements == [Some(1), None] && find("text").elements().next().is_none();
        let typed = find("nested").to::<Nested>().is_ok_and(|nested| nested.inner == 7);
        let mistyped = find("text").to::<Nested>().is_err_and(|error| error.code() == "claims_type");
        text && flag && whole && fractional && listed && typed && mistyped && claims.find("inner").is_none()
    }));
    #[derive(Deserialize)]
    struct Nested {
        inner: u8,
    }
    let claims =
        r#"{"text":"\"\u00e9","flag":true,"number":-3,"fraction":5e-1,"list":[1,"2"],"nested":{"inner":7}}"#;
    assert_eq!(judged(&verifier, claims), "accepted");
    assert_eq!(judged(&verifier, &claims.replace("\"inner\":7", "\"inner\":8")), "all claim_refused");
}

#[test]
fn rules_see_authentic_claims_only() {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let verifier = lenient!(rule("x", move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        true
    }));
    let token = claims_token("{}");
    let forged = format!("{}A", &token[..token.len() - 1]);
    assert_ne!(verdict(&verifier, &forged), "accepted");
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(verdict(&verifier, &token), "accepted");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

// Header: typ, crit, alg.

#[test]
fn typ_is_compared_as_a_media_type() {
    let verifier = lenient!(token_type("at+jwt"));
    let token = |typ: &str| signed(json!({ "alg": "HS256", "typ": typ }).to_string(), "{}");
    for accepted in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(verdict(&verifier, &token(accepted)), "accepted", "{accepted}");
    }
    for refused in ["JWT", "dpop+jwt", "at+jwt ", " at+jwt", "at+jwt;v=1", "text/at+jwt", "at", ""] {
        assert_eq!(verdict(&verifier, &token(refused)), "type_not_allowed", "{refused}");
    }
    assert_eq!(verdict(&verifier, &signed(r#"{"alg":"HS256"}"#, "{}")), "type_not_allowed");
    assert_eq!(verdict(&verifier, &signed(r#"{"alg":"HS256","typ":null}"#, "{}")), "member_type");

    // The other way about: an expected type with the prefix.
    let verifier = lenient!(token_type("application/secevent+jwt"), token_type("logout+jwt"));
    for accepted in ["secevent+jwt", "application/secevent+jwt", "LOGOUT+JWT"] {
        assert_eq!(verdict(&verifier, &token(accepted)), "accepted", "{accepted}");
    }
    assert_eq!(verdict(&verifier, &token("at+jwt")), "type_not_allowed");
}

#[test]
fn without_an_expected_type_any_typ_will_do() {
    let verifier = lenient!();
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"whatever"}"#] {
        assert_eq!(verdict(&verifier, &signed(header, "{}")), "accepted");
    }
}

#[test]
fn a_critical_parameter_must_be_understood() {
    let token = signed(r#"{"alg":"HS256","crit":["tenant"],"tenant":4}"#, "{}");
    assert_eq!(verdict(&lenient!(), &token), "unsupported_critical");
    assert_eq!(verdict(&lenient!(understood_critical(["x", "tenant"])), &token), "accepted");
    assert_eq!(verdict(&lenient!(understood_critical(["Tenant"])), &token), "unsupported_critical");
    let absent = signed(r#"{"alg":"HS256","crit":["tenant"]}"#, "{}");
    assert_eq!(verdict(&lenient!(understood_critical(["tenant"])), &absent), "crit");
}

/// Who says that a parameter is understood gets it, and no other.
#[test]
fn a_parameter_that_is_understood_is_given_out() {
    let header = r#"{"alg":"HS256","crit":["tenant"],"tenant":4,"region":"e\u0075","other":1}"#;
    let token = signed(header, r#"{"tenant":5}"#);
    let verifier = lenient!(understood_critical(["tenant", "region", "absent"]));
    let mut buffer = TokenBuffer::new();
    // Again: what a verifier keeps of headers must not take it away.
    for _ in 0..3 {
        let owned = verifier.verify::<NoClaims>(&token).unwrap();
        let waited = support::block_on(verifier.verify_async::<NoClaims>(&token)).unwrap();
        for jwt in [owned.clone(), owned, waited] {
            assert_eq!(jwt.parameter("tenant"), Ok(Some(4)));
            // Understood, so it is given out whether it is critical or not.
            assert_eq!(jwt.parameter("region"), Ok(Some("eu".to_owned())));
            for name in ["absent", "other", "alg", "crit", "Tenant", ""] {
                assert_eq!(jwt.parameter::<Value>(name), Ok(None), "{name}");
            }
            assert_eq!(jwt.parameter::<String>("tenant").unwrap_err().code(), "parameter_type");
        }
        let jwt = verifier.verify_borrowed::<NoClaims>(&token, &mut buffer).unwrap();
        assert_eq!(jwt.parameter("tenant"), Ok(Some(4)));
        assert_eq!(jwt.clone().parameter("region"), Ok(Some("eu".to_owned())));
        for name in ["absent", "other", "alg", "crit", "Tenant", ""] {
            assert_eq!(jwt.parameter::<Value>(name), Ok(None), "{name}");
        }
        assert_eq!(jwt.parameter::<String>("tenant").unwrap_err().code(), "parameter_type");
    }

    // A verifier that was told nothing gives nothing out, of a header that it knows or not.
    let (told_nothing, token) = (lenient!(), signed(r#"{"alg":"HS256","tenant":4}"#, "{}"));
    for _ in 0..3 {
        assert_eq!(told_nothing.verify::<NoClaims>(&token).unwrap().parameter::<Value>("tenant"), Ok(None));
        let jwt = told_nothing.verify_borrowed::<NoClaims>(&token, &mut buffer).unwrap();
        assert_eq!(jwt.parameter::<Value>("tenant"), Ok(None));
        assert_eq!(verifier.verify::<NoClaims>(&token).unwrap().parameter("tenant"), Ok(Some(4)));
    }
}

#[test]
fn each_token_gives_out_its_own_parameters() {
    let verifier = lenient!(understood_critical(["tenant"]));
    let token = |tenant: u8| {
        signed(json!({ "alg": "HS256", "crit": ["tenant"], "tenant": tenant }).to_string(), "{}")
    };
    let mut buffer = TokenBuffer::new();
    for tenant in [4, 5, 4] {
        let jwt = verifier.verify::<NoClaims>(&token(tenant)).unwrap();
        assert_eq!(jwt.parameter("tenant"), Ok(Some(tenant)));
        let jwt = verifier.verify_borrowed::<NoClaims>(&token(tenant), &mut buffer).unwrap();
        assert_eq!(jwt.parameter("tenant"), Ok(Some(tenant)));
    }
    let [four, five] = [4, 5].map(|tenant| verifier.verify::<NoClaims>(&token(tenant)).unwrap());
    assert!(four != five && four == four.clone());
}

/// The application sees the header of the signed token only, so only there a parameter may be critical.
#[test]
fn what_is_critical_in_a_nested_token_stands_in_the_signed_tokens_header() {
    let recipient = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let verifier = lenient!(decrypt_with(recipient.clone_key()), understood_critical(["tenant"]));
    let plain = signed(r#"{"alg":"HS256"}"#, "{}");
    let critical = signed(r#"{"alg":"HS256","crit":["tenant"],"tenant":4}"#, "{}");
    let key = recipient.encryption_key().unwrap();
    let builder = || JweBuilder::new(&key).content_type("JWT");

    let inside = builder().encrypt(critical.as_bytes()).unwrap();
    let mut buffer = TokenBuffer::new();
    assert_eq!(verifier.verify::<NoClaims>(&inside).unwrap().parameter("tenant"), Ok(Some(4)));
    let waited = support::block_on(verifier.verify_async::<NoClaims>(&inside)).unwrap();
    assert_eq!(waited.parameter("tenant"), Ok(Some(4)));
    let borrowed = verifier.verify_borrowed::<NoClaims>(&inside, &mut buffer).unwrap();
    assert_eq!(borrowed.parameter("tenant"), Ok(Some(4)));
    let unknowing = lenient!(decrypt_with(recipient.clone_key()));
    assert_eq!(verdict(&unknowing, &inside), "unsupported_critical");

    for inner in [&plain, &critical] {
        let outside = builder().critical_parameter("tenant", &5).encrypt(inner.as_bytes()).unwrap();
        assert_eq!(verdict(&verifier, &outside), "unsupported_critical");
        let waited = support::block_on(verifier.verify_async::<NoClaims>(&outside));
        assert_eq!(waited.unwrap_err().code(), "unsupported_critical");
        let borrowed = verifier.verify_borrowed::<NoClaims>(&outside, &mut buffer);
        assert_eq!(borrowed.unwrap_err().code(), "unsupported_critical");
    }
    // What isn't critical there is no parameter of the signed token.
    let beside = builder().parameter("tenant", &5).encrypt(plain.as_bytes()).unwrap();
    assert_eq!(verifier.verify::<NoClaims>(&beside).unwrap().parameter::<Value>("tenant"), Ok(None));
}

#[test]
fn the_list_of_algorithms_and_the_keys_must_both_agree() {
    let es256 = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let ed25519 = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let keys: KeySet = [&es256, &ed25519].map(|key| key.verifying_key().unwrap()).into_iter().collect();
    let verifier = |algorithms: Option<&[JwsAlgorithm]>| {
        let builder =
            JwtVerifier::builder(keys.clone()).issuer("a").audience(AUDIENCE).clock(stopped_at(NOW));
        match algorithms {
            None => builder,
            Some(algorithms) => builder.algorithms(algorithms.iter().copied()),
        }
        .build()
        .unwrap()
    };
    let tokens = [issued(&es256, "a"), issued(&ed25519, "a")];
    for (algorithms, expected) in [
        (None, ["accepted", "accepted"]),
        (Some(&[JwsAlgorithm::Es256, JwsAlgorithm::Ed25519][..]), ["accepted", "accepted"]),
        (Some(&[JwsAlgorithm::Es256][..]), ["accepted", "algorithm_not_allowed"]),
        (Some(&[JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256][..]), ["algorithm_not_allowed", "accepted"]),
    ] {
        let verifier = verifier(algorithms);
        assert_eq!([0, 1].map(|index| verdict(&verifier, &tokens[index])), expected, "{algorithms:?}");
    }
    // On the list, but no key is for it.
    let rs256 = issued(&signing_key(JwsAlgorithm::Rs256), "a");
    let listed = verifier(Some(&[JwsAlgorithm::Es256, JwsAlgorithm::Rs256]));
    assert_eq!(verdict(&listed, &rs256), "no_matching_key");
    assert_eq!(verdict(&verifier(None), &rs256), "algorithm_not_allowed");
}

#[test]
fn eddsa_and_ed25519_are_one_algorithm_under_two_names() {
    let key = signing_key(JwsAlgorithm::Ed25519);
    let verifier = JwtVerifier::builder(key.verifying_key().unwrap())
        .algorithms([JwsAlgorithm::Ed25519])
        .issuer("a")
        .audience(AUDIENCE)
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    for (key, name) in [(key.clone_key(), "Ed25519"), (key.with_eddsa_name(), "EdDSA")] {
        let token = issued(&key, "a");
        assert_eq!(UnverifiedToken::parse(&token).unwrap().algorithm(), name);
        assert_eq!(verdict(&verifier, &token), "accepted");
    }
}

#[test]
fn a_changed_alg_is_refused_whatever_it_says() {
    let key = signing_key(JwsAlgorithm::Es256);
    let verifier = JwtVerifier::builder(key.verifying_key().unwrap())
        .issuer("a")
        .audience(AUDIENCE)
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    let token = issued(&key, "a");
    assert_eq!(verdict(&verifier, &token), "accepted");
    for (alg, expected) in [
        ("HS256", "algorithm_not_allowed"),
        ("ES384", "algorithm_not_allowed"),
        ("none", "unsupported_algorithm"),
        ("es256", "unsupported_algorithm"),
        ("RSA1_5", "unsupported_algorithm"),
    ] {
        let header = json!({ "alg": alg, "kid": "P-256", "typ": "JWT" }).to_string();
        assert_eq!(verdict(&verifier, &with_header(&token, &header)), expected, "{alg}");
    }
    let same_but_spaced = with_header(&token, r#"{"alg":"ES256", "typ":"JWT","kid":"P-256"}"#);
    assert_eq!(verdict(&verifier, &same_but_spaced), "invalid_signature");
}

// Which key.

/// A public JWK as a provider publishes it, under that `kid`, with members of its own.
fn published(key: &SigningKey, key_id: Option<&str>, members: Value) -> String {
    let mut jwk: Value =
        serde_json::from_str(&key.to_public_jwk().unwrap().to_public_json().unwrap()).unwrap();
    for name in ["alg", "use", "kid"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    if let Some(key_id) = key_id {
        jwk["kid"] = json!(key_id);
    }
    for (name, value) in members.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk.to_string()
}

fn key_set(keys: &[String]) -> KeySet {
    KeySet::verification(&JwkSet::from_json(&format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap())
}

fn verifier_of(keys: impl Into<KeySet>) -> JwtVerifier {
    JwtVerifier::builder(keys).issuer("a").audience(AUDIENCE).clock(stopped_at(NOW)).build().unwrap()
}

#[test]
fn an_rsa_key_without_alg_stands_for_rs256_and_ps256_unless_others_are_listed() {
    let jwk = published(&signing_key(JwsAlgorithm::Rs256), Some("rsa-2048"), json!({}));
    let by_default = verifier_of(key_set(std::slice::from_ref(&jwk)));
    let all = [
        (JwsAlgorithm::Rs256, "accepted"),
        (JwsAlgorithm::Ps256, "accepted"),
        (JwsAlgorithm::Rs384, "algorithm_not_allowed"),
        (JwsAlgorithm::Rs512, "algorithm_not_allowed"),
        (JwsAlgorithm::Ps384, "algorithm_not_allowed"),
        (JwsAlgorithm::Ps512, "algorithm_not_allowed"),
    ];
    for (algorithm, expected) in all {
        let token = issued(&signing_key(algorithm), "a");
        assert_eq!(verdict(&by_default, &token), expected, "{algorithm}");
        let listing = JwtVerifier::builder(key_set(std::slice::from_ref(&jwk)))
            .algorithms([algorithm])
            .issuer("a")
            .audience(AUDIENCE)
            .clock(stopped_at(NOW))
            .build()
            .unwrap();
        for (other, _) in all {
            let expected = if other == algorithm { "accepted" } else { "algorithm_not_allowed" };
            assert_eq!(verdict(&listing, &issued(&signing_key(other), "a")), expected, "{algorithm} {other}");
        }
    }
    // A JWK that names its algorithm is a key for that alone.
    let named = published(&signing_key(JwsAlgorithm::Rs256), Some("rsa-2048"), json!({ "alg": "RS512" }));
    let named = verifier_of(key_set(&[named]));
    assert_eq!(verdict(&named, &issued(&signing_key(JwsAlgorithm::Rs512), "a")), "accepted");
    assert_eq!(verdict(&named, &issued(&signing_key(JwsAlgorithm::Rs256), "a")), "algorithm_not_allowed");
}

#[test]
fn other_keys_without_alg_stand_for_their_curves_algorithm() {
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Es384, JwsAlgorithm::Es512, JwsAlgorithm::Ed25519] {
        let key = signing_key(algorithm);
        let verifier = verifier_of(key_set(&[published(&key, None, json!({}))]));
        assert_eq!(verdict(&verifier, &issued(&key, "a")), "accepted", "{algorithm}");
        assert_eq!(
            verdict(&verifier, &issued(&signing_key(JwsAlgorithm::Rs256), "a")),
            "algorithm_not_allowed"
        );
    }
}

#[test]
fn keys_of_one_kid_are_told_apart_by_their_algorithm() {
    let keys = [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256]
        .map(|algorithm| signing_key(algorithm).with_key_id("same"));
    let set = key_set(&keys.each_ref().map(|key| published(key, Some("same"), json!({}))));
    let verifier = verifier_of(set);
    for key in &keys {
        assert_eq!(verdict(&verifier, &issued(key, "a")), "accepted", "{}", key.algorithm());
    }
    // Two of one algorithm as well: both are tried.
    let [one, other, third] =
        [(); 3].map(|()| SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("same"));
    let set = [&one, &other].map(|key| published(key, Some("same"), json!({ "alg": "ES256" })));
    let verifier = verifier_of(key_set(&set));
    assert_eq!(verdict(&verifier, &issued(&one, "a")), "accepted");
    assert_eq!(verdict(&verifier, &issued(&other, "a")), "accepted");
    assert_eq!(verdict(&verifier, &issued(&third, "a")), "invalid_signature");
}

#[test]
fn keys_that_are_not_for_signatures_never_verify() {
    let key = signing_key(JwsAlgorithm::Es256);
    for (members, verifies) in [
        (json!({ "use": "sig" }), true),
        (json!({ "key_ops": ["verify"] }), true),
        (json!({ "use": "enc" }), false),
        (json!({ "use": "other" }), false),
        (json!({ "key_ops": ["encrypt"] }), false),
        (json!({ "key_ops": [] }), false),
        (json!({ "alg": "ECDH-ES" }), false),
        (json!({ "alg": "ES384" }), false),
    ] {
        let set = key_set(&[published(&key, None, members.clone())]);
        assert_eq!((set.len(), set.skipped().len()), if verifies { (1, 0) } else { (0, 1) }, "{members}");
        if verifies {
            assert_eq!(verdict(&verifier_of(set), &issued(&key, "a")), "accepted");
        }
    }
}

#[test]
fn secrets_and_private_keys_in_a_published_set_are_left_out() {
    let secret = jwk("oct-256").expose_json().expose_secret().to_owned();
    let private = jwk("P-256").expose_json().expose_secret().to_owned();
    let set = JwkSet::from_json(&format!("{{\"keys\":[{secret},{private}]}}")).unwrap();
    let keys = KeySet::verification(&set);
    assert_eq!((keys.len(), keys.skipped().len()), (0, 2));
    for (index, skipped) in keys.skipped().iter().enumerate() {
        assert_eq!((skipped.index(), skipped.reason().code()), (index, "key_not_public"));
    }
    let shared = KeySet::shared_secrets(&set);
    // A secret of 256 bits is long enough for HS256 alone.
    assert_eq!((shared.len(), shared.skipped().len()), (1, 1));
    assert_eq!(verdict(&verifier_of(shared), &issued(&signing_key(JwsAlgorithm::Hs256), "a")), "accepted");
}

#[test]
fn without_a_kid_so_many_keys_are_tried_and_no_more() {
    let keys: Vec<SigningKey> = (0..9).map(|_| SigningKey::generate(JwsAlgorithm::Es256).unwrap()).collect();
    let set = |count: usize, named: bool| -> KeySet {
        let key = |(index, key): (usize, &SigningKey)| {
            let key = key.verifying_key().unwrap();
            if named { key.with_key_id(index.to_string()) } else { key }
        };
        keys.iter().take(count).enumerate().map(key).collect()
    };
    let last = |count: usize| &keys[count - 1];
    for named in [true, false] {
        assert_eq!(verdict(&verifier_of(set(8, named)), &issued(last(8), "a")), "accepted");
        assert_eq!(verdict(&verifier_of(set(9, named)), &issued(last(9), "a")), "limit_candidate_keys");
        // Even where the first one would fit.
        assert_eq!(verdict(&verifier_of(set(9, named)), &issued(last(1), "a")), "limit_candidate_keys");
    }
    // With a `kid`, one is tried; keys of other algorithms don't count.
    let named = keys[8].clone_key().with_key_id("8");
    assert_eq!(verdict(&verifier_of(set(9, true)), &issued(&named, "a")), "accepted");
    let mixed: KeySet = keys
        .iter()
        .take(8)
        .map(|key| key.verifying_key().unwrap())
        .chain([signing_key(JwsAlgorithm::Ed25519).verifying_key().unwrap()])
        .collect();
    assert_eq!(verdict(&verifier_of(mixed), &issued(last(8), "a")), "accepted");
    // The limit is the verifier's to set.
    let wider = JwtVerifier::builder(set(9, false))
        .issuer("a")
        .audience(AUDIENCE)
        .clock(stopped_at(NOW))
        .limits(Limits::default().candidate_keys(9))
        .build()
        .unwrap();
    assert_eq!(verdict(&wider, &issued(last(9), "a")), "accepted");
}

#[test]
fn a_key_alone_is_judged_as_it_is_among_others() {
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let public = |key: &SigningKey| key.verifying_key().unwrap();
    let others =
        ["x", "y"].map(|id| public(&SigningKey::generate(JwsAlgorithm::Es384).unwrap().with_key_id(id)));
    let own_keys = [public(&key), public(&key).with_key_id("a")];
    let tokens = [
        (issued(&key, "a"), ["accepted", "accepted"]),
        (issued(&key.clone_key().with_key_id("a"), "a"), ["accepted", "accepted"]),
        (issued(&key.clone_key().with_key_id("b"), "a"), ["accepted", "no_matching_key"]),
        (issued(&SigningKey::generate(JwsAlgorithm::Es256).unwrap(), "a"), ["invalid_signature"; 2]),
        (issued(&SigningKey::generate(JwsAlgorithm::Es512).unwrap(), "a"), ["algorithm_not_allowed"; 2]),
    ];
    let verifier = |keys: KeySet, limits| {
        let builder = JwtVerifier::builder(keys).any_issuer().any_audience();
        builder.clock(stopped_at(NOW)).limits(limits).build().unwrap()
    };
    for (token, expected) in tokens {
        for (own, expected) in own_keys.iter().zip(expected) {
            let among: KeySet = others.iter().chain([own]).map(|key| key.clone_key()).collect();
            assert_eq!(verdict(&verifier(own.clone_key().into(), Limits::default()), &token), expected);
            assert_eq!(verdict(&verifier(among, Limits::default()), &token), expected);
        }
    }
    // Who permits no candidate has none tried, of one key neither.
    let none = verifier(public(&key).into(), Limits::default().candidate_keys(0));
    assert_eq!(verdict(&none, &issued(&key, "a")), "limit_candidate_keys");
}

#[test]
fn a_kid_that_no_key_has_falls_to_the_keys_without_one() {
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let token = issued(&key.clone_key().with_key_id("new"), "a");
    assert_eq!(verdict(&verifier_of(key.verifying_key().unwrap()), &token), "accepted");
    assert_eq!(verdict(&verifier_of(key.verifying_key().unwrap().with_key_id("new")), &token), "accepted");
    assert_eq!(
        verdict(&verifier_of(key.verifying_key().unwrap().with_key_id("old")), &token),
        "no_matching_key"
    );
}

#[test]
fn the_verified_token_says_which_key_it_was() {
    let key = signing_key(JwsAlgorithm::Es256);
    let jwt = verifier_of(key.verifying_key().unwrap()).verify::<NoClaims>(&issued(&key, "a")).unwrap();
    assert_eq!((jwt.algorithm(), jwt.key_id()), (JwsAlgorithm::Es256, Some("P-256")));
    // The key's own ID, not what the header says.
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let token = issued(&key.clone_key().with_key_id("claimed"), "a");
    let jwt = verifier_of(key.verifying_key().unwrap()).verify::<NoClaims>(&token).unwrap();
    assert_eq!(jwt.key_id(), None);
}

// Encrypted tokens.

fn nested_issuer(signing_key: &SigningKey, recipient: &DecryptionKey) -> JwtIssuer {
    JwtIssuer::builder(signing_key.clone_key())
        .issuer("a")
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .clock(stopped_at(NOW))
        .encrypt_for(recipient.encryption_key().unwrap())
        .build()
        .unwrap()
}

macro_rules! nested_verifier {
    ($signing_key:expr, $keys:expr $(, $choice:ident($($argument:expr),*))*) => {
        JwtVerifier::builder($signing_key.verifying_key().unwrap())
            .issuer("a")
            .audience(AUDIENCE)
            .clock(stopped_at(NOW))
            .decrypt_with($keys)
            $(.$choice($($argument),*))*
            .build()
            .unwrap()
    };
}

#[test]
fn decryption_keys_rotate() {
    let signer = signing_key(JwsAlgorithm::Es256);
    let [old, new, gone] = ["10", "11", "09"]
        .map(|id| DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap().with_key_id(id));
    let keys: KeySet<DecryptionKey> = [old.clone_key(), new.clone_key()].into_iter().collect();
    let verifier = nested_verifier!(signer, keys);
    for (key, expected) in [(&old, "accepted"), (&new, "accepted"), (&gone, "no_matching_key")] {
        assert_eq!(verdict(&verifier, &nested_issuer(&signer, key).issue("u", &NoClaims).unwrap()), expected);
    }
    // Without IDs, all that fit are tried.
    let unnamed = |key: &DecryptionKey| {
        let mut jwk: Value =
            serde_json::from_str(key.expose_jwk().unwrap().expose_json().expose_secret()).unwrap();
        jwk.as_object_mut().unwrap().remove("kid");
        DecryptionKey::from_jwk(&Jwk::from_json(&jwk.to_string()).unwrap()).unwrap()
    };
    let keys: KeySet<DecryptionKey> = [unnamed(&old), unnamed(&new)].into_iter().collect();
    let verifier = nested_verifier!(signer, keys);
    for (key, expected) in [(&old, "accepted"), (&new, "accepted"), (&gone, "decryption_failed")] {
        let token = nested_issuer(&signer, &unnamed(key)).issue("u", &NoClaims).unwrap();
        assert_eq!(verdict(&verifier, &token), expected);
    }
    // A set of JWKs, as it is kept.
    let kept: JwkSet = [old.expose_jwk().unwrap(), new.expose_jwk().unwrap()].into_iter().collect();
    let verifier = nested_verifier!(signer, KeySet::decryption(&kept));
    assert_eq!(verdict(&verifier, &nested_issuer(&signer, &new).issue("u", &NoClaims).unwrap()), "accepted");
}

#[test]
fn a_nested_token_is_signed_inside_and_encrypted_outside() {
    let signer = signing_key(JwsAlgorithm::Es256);
    let recipient = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let verifier = nested_verifier!(signer, recipient.clone_key());
    let token = nested_issuer(&signer, &recipient).issue("u", &NoClaims).unwrap();
    assert_eq!(verdict(&verifier, &token), "accepted");
    let header = UnverifiedToken::parse(&token).unwrap();
    assert!(header.is_encrypted());
    assert_eq!(header.content_type(), Some("JWT"));

    let inner = issued(&signer, "a");
    let encrypt = |cty: Option<&str>, plaintext: &str| {
        let encryption_key = recipient.encryption_key().unwrap();
        let builder = JweBuilder::new(&encryption_key);
        match cty {
            None => builder,
            Some(cty) => builder.content_type(cty),
        }
        .encrypt(plaintext.as_bytes())
        .unwrap()
    };
    for cty in ["JWT", "jwt", "application/jwt"] {
        assert_eq!(verdict(&verifier, &encrypt(Some(cty), &inner)), "accepted", "{cty}");
    }
    // Signed alone, encrypted alone, the wrong order, and what is no token at all inside.
    assert_eq!(verdict(&verifier, &inner), "not_encrypted");
    assert_eq!(verdict(&verifier, &encrypt(None, &inner)), "content_type_not_allowed");
    assert_eq!(verdict(&verifier, &encrypt(Some("text/plain"), &inner)), "content_type_not_allowed");
    let claims = json!({ "iss": "a", "aud": AUDIENCE, "sub": "u", "exp": NOW + 300 }).to_string();
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), &claims)), "not_signed");
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), "")), "not_signed");
    let unsecured = format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url(&claims));
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), &unsecured)), "unsupported_algorithm");
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), &token)), "limit_nesting");
    let signed_outside = jws::sign(&signer, encrypt(None, &claims).as_bytes()).unwrap();
    assert_eq!(verdict(&verifier, &signed_outside), "not_encrypted");
    // The inner signature is checked like any other.
    let forged = issued(&SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("P-256"), "a");
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), &forged)), "invalid_signature");
    assert_eq!(verdict(&verifier, &encrypt(Some("JWT"), &issued(&signer, "b"))), "claim_unexpected");

    // Where nothing is to be decrypted, an encrypted token isn't looked into.
    assert_eq!(verdict(&verifier_of(signer.verifying_key().unwrap()), &token), "encrypted");
}

#[test]
fn a_signed_token_that_says_it_holds_another_isnt_read_as_claims() {
    for (cty, expected) in [
        ("JWT", "token_inside_not_allowed"),
        ("application/jwt", "token_inside_not_allowed"),
        ("json", "accepted"),
    ] {
        let token = signed(json!({ "alg": "HS256", "cty": cty }).to_string(), "{}");
        assert_eq!(verdict(&lenient!(), &token), expected, "{cty}");
    }
}

#[test]
fn key_management_and_content_encryption_can_be_listed() {
    let signer = signing_key(JwsAlgorithm::Es256);
    let agree = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let wrap = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let keys: KeySet<DecryptionKey> = [agree.clone_key(), wrap.clone_key()].into_iter().collect();
    let tokens = [&agree, &wrap].map(|key| nested_issuer(&signer, key).issue("u", &NoClaims).unwrap());
    let verdicts = |verifier: &JwtVerifier| tokens.each_ref().map(|token| verdict(verifier, token));

    let all = nested_verifier!(signer, keys.clone());
    assert_eq!(verdicts(&all), ["accepted", "accepted"]);
    let listed = nested_verifier!(signer, keys.clone(), key_management_algorithms([JweAlgorithm::A256Kw]));
    assert_eq!(verdicts(&listed), ["algorithm_not_allowed", "accepted"]);

    let listed = nested_verifier!(signer, keys.clone(), content_encryptions([ContentEncryption::A256Gcm]));
    assert_eq!(verdicts(&listed), ["accepted", "accepted"]);
    let listed = nested_verifier!(signer, keys, content_encryptions([ContentEncryption::A128CbcHs256]));
    assert_eq!(verdicts(&listed), ["content_encryption_not_allowed"; 2]);

    // The key may say so itself.
    let narrow = agree.clone_key().allow_content_encryptions([ContentEncryption::A128Gcm]);
    let verifier = nested_verifier!(signer, narrow.clone_key());
    assert_eq!(verdict(&verifier, &tokens[0]), "content_encryption_not_allowed");
    let token = nested_issuer(&signer, &narrow).issue("u", &NoClaims).unwrap();
    assert_eq!(UnverifiedToken::parse(&token).unwrap().content_encryption(), Some("A128GCM"));
    assert_eq!(verdict(&verifier, &token), "accepted");
}

// What the caller gets.

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderClaims {
    scope: String,
    tenant: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Value>,
}

fn issuer() -> JwtIssuer {
    JwtIssuer::builder(signing_key(JwsAlgorithm::Es256))
        .issuer("a")
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .clock(stopped_at(NOW))
        .build()
        .unwrap()
}

fn own_verifier() -> JwtVerifier {
    verifier_of(signing_key(JwsAlgorithm::Es256).verifying_key().unwrap())
}

/// The claims set that a signed token carries, as text.
fn payload(token: &str) -> String {
    String::from_utf8(from_base64url(parts(token)[1])).unwrap()
}

/// What an issuer writes begins the claims set, and the caller's members go on in it, however they are spaced.
#[test]
fn own_claims_go_on_where_the_issuers_end() {
    let registered = payload(&issuer().issue("user-17", &NoClaims).unwrap());
    let registered = registered.strip_suffix('}').unwrap();
    let long = format!(r#"{{"a":"{}","b":"é"}}"#, "x".repeat(5000));
    for (own, expected) in [
        ("{}", ""),
        ("{ \n}", ""),
        (r#"{"a":1}"#, r#","a":1"#),
        ("{ \"a\" : {} }", ", \"a\" : {} "),
        (&long, &long.replacen('{', ",", 1)[..long.len() - 1]),
    ] {
        let own = serde_json::from_str::<&serde_json::value::RawValue>(own).unwrap();
        let token = issuer().issue("user-17", own).unwrap();
        assert_eq!(payload(&token), format!("{registered}{expected}}}"));
        own_verifier().verify::<NoClaims>(&token).unwrap();
    }
    for own in ["[]", "1", r#""{}""#, "null", r#"{"iat":1}"#, r#"{"a":1,"a":2}"#] {
        let own = serde_json::from_str::<&serde_json::value::RawValue>(own).unwrap();
        assert_eq!(issuer().issue("user-17", own).unwrap_err().code(), "misuse");
    }
}

#[test]
fn claims_come_out_in_the_callers_type_beside_the_registered_ones() {
    let claims = OrderClaims { scope: "orders:read".into(), tenant: 4, cnf: Some(json!({ "jkt": "x" })) };
    let token = issuer().issue("user-17", &claims).unwrap();
    let jwt = own_verifier().verify::<OrderClaims>(&token).unwrap();
    assert_eq!(jwt.claims(), &claims);
    assert_eq!((jwt.issuer(), jwt.subject()), (Some("a"), Some("user-17")));
    assert_eq!(jwt.audience().collect::<Vec<_>>(), [AUDIENCE]);
    assert_eq!(jwt.expires_at().map(NumericDate::seconds), i64::try_from(NOW + 300).ok());
    assert_eq!(jwt.issued_at().map(NumericDate::seconds), i64::try_from(NOW).ok());
    assert_eq!((jwt.not_before(), jwt.jwt_id()), (None, None));
    assert_eq!(jwt.into_claims(), claims);
}

#[test]
fn claims_that_dont_fit_the_type_are_refused_last() {
    let token = issuer().issue("u", &json!({ "scope": 5, "tenant": 4 })).unwrap();
    let error = own_verifier().verify::<OrderClaims>(&token).unwrap_err();
    assert_eq!(error.code(), "claims_type");
    assert!(
        error.to_string().starts_with("claims don't fit the requested type: expected a string"),
        "{error}"
    );
    assert_eq!(
        own_verifier()
            .verify::<OrderClaims>(&issued(&signing_key(JwsAlgorithm::Es256), "b"))
            .unwrap_err()
            .code(),
        "claim_unexpected"
    );
    // The signature comes before the type.
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", base64url(vec![1; from_base64url(signature).len()]));
    assert_eq!(own_verifier().verify::<OrderClaims>(&forged).unwrap_err().code(), "invalid_signature");
}

#[test]
fn no_claims_adds_none_and_asks_for_none() {
    let token = issuer().issue("u", &NoClaims).unwrap();
    let expected = format!(
        "{{\"iss\":\"a\",\"aud\":\"{AUDIENCE}\",\"sub\":\"u\",\"exp\":1300819680,\"iat\":1300819380}}"
    );
    assert_eq!(payload(&token), expected);
    assert_eq!(own_verifier().verify::<NoClaims>(&token).unwrap().claims(), &NoClaims);
    let more = issuer().issue("u", &json!({ "tenant": [4, { "deep": null }] })).unwrap();
    assert_eq!(own_verifier().verify::<NoClaims>(&more).unwrap().claims(), &NoClaims);
}

#[test]
fn claims_may_borrow_from_the_buffer() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Borrowing<'a> {
        scope: &'a str,
        #[serde(borrow)]
        roles: Vec<&'a str>,
    }
    let recipient = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let signer = signing_key(JwsAlgorithm::Es256);
    let claims = json!({ "scope": "orders:read", "roles": ["a", "b"], "jti": "1", "nbf": NOW });
    let signed = issuer().issue("u", &claims).unwrap();
    let nested = nested_issuer(&signer, &recipient).issue("u", &claims).unwrap();
    let mut buffer = TokenBuffer::new();
    for (verifier, token) in
        [(own_verifier(), signed), (nested_verifier!(signer, recipient.clone_key()), nested)]
    {
        // One buffer for all tokens, one after another.
        for _ in 0..2 {
            let jwt = verifier.verify_borrowed::<Borrowing<'_>>(&token, &mut buffer).unwrap();
            assert_eq!(jwt.claims(), &Borrowing { scope: "orders:read", roles: vec!["a", "b"] });
            assert_eq!((jwt.issuer(), jwt.subject(), jwt.jwt_id()), (Some("a"), Some("u"), Some("1")));
            assert_eq!(jwt.audience().collect::<Vec<_>>(), [AUDIENCE]);
            assert_eq!(jwt.not_before(), jwt.issued_at());
            assert_eq!(jwt.expires_at().map(NumericDate::seconds), i64::try_from(NOW + 300).ok());
            assert_eq!((jwt.algorithm(), jwt.key_id()), (JwsAlgorithm::Es256, Some("P-256")));
            assert_eq!(jwt.into_claims().scope, "orders:read");
        }
        assert_eq!(
            verifier.verify_borrowed::<NoClaims>("a.b", &mut buffer).unwrap_err().code(),
            "segment_count"
        );
    }
    // Text with an escape can't be borrowed; the type says what it needs.
    let escaped = issuer().issue("u", &json!({ "scope": "a\"b", "roles": [] })).unwrap();
    let error = own_verifier().verify_borrowed::<Borrowing<'_>>(&escaped, &mut buffer).unwrap_err();
    assert_eq!(error.code(), "claims_type");
}

// What the issuer writes.

#[test]
fn the_issuer_writes_what_it_was_told() {
    let builder = || JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256)).clock(stopped_at(NOW));
    let issue = |issuer: JwtIssuer| payload(&issuer.issue("u", &NoClaims).unwrap());
    let bare = builder().without_issuer().without_audience().without_expiry().build().unwrap();
    assert_eq!(payload(&bare.issue_without_subject(&NoClaims).unwrap()), r#"{"iat":1300819380}"#);
    assert_eq!(issue(bare), r#"{"sub":"u","iat":1300819380}"#);
    let several = builder().issuer("x").issuer("a\"").audience("b").audience("c").lifetime(seconds(1));
    assert_eq!(
        issue(several.build().unwrap()),
        r#"{"iss":"a\"","aud":["b","c"],"sub":"u","exp":1300819381,"iat":1300819380}"#
    );
    // `exp` is in whole seconds, and so is `iat`.
    let half_past = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 999);
    let fractional = builder().clock(move || half_past).without_issuer().without_audience();
    let fractional = fractional.lifetime(Duration::from_millis(1500)).build().unwrap();
    assert_eq!(issue(fractional), r#"{"sub":"u","exp":1300819382,"iat":1300819380}"#);
}

#[test]
fn the_header_says_type_algorithm_and_key() {
    let header = |issuer: &JwtIssuer| {
        let token = issuer.issue("u", &NoClaims).unwrap();
        String::from_utf8(from_base64url(parts(&token)[0])).unwrap()
    };
    assert_eq!(header(&issuer()), r#"{"alg":"ES256","typ":"JWT","kid":"P-256"}"#);
    let typed = JwtIssuer::builder(SigningKey::generate(JwsAlgorithm::Hs256).unwrap())
        .issuer("a")
        .without_audience()
        .without_expiry()
        .token_type("at+jwt")
        .build()
        .unwrap();
    assert_eq!(header(&typed), r#"{"alg":"HS256","typ":"at+jwt"}"#);
    assert_eq!(issuer().signing_key().key_id(), Some("P-256"));
}

#[test]
fn generated_ids_are_unique() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .without_issuer()
        .without_audience()
        .without_expiry()
        .generate_jwt_id()
        .build()
        .unwrap();
    let ids: HashSet<String> = (0..1000)
        .map(|_| {
            let token = issuer.issue("u", &NoClaims).unwrap();
            let claims: Value = serde_json::from_str(&payload(&token)).unwrap();
            claims["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| from_base64url(id).len() == 16));
}

#[test]
fn claims_may_hold_what_the_issuer_doesnt_write() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Es256))
        .without_issuer()
        .without_audience()
        .without_expiry()
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    let claims = json!({ "iss": "a", "aud": [AUDIENCE], "exp": NOW + 9, "nbf": NOW, "jti": "1", "sub": "s" });
    let token = issuer.issue_without_subject(&claims).unwrap();
    let jwt = own_verifier().verify::<NoClaims>(&token).unwrap();
    assert_eq!((jwt.subject(), jwt.jwt_id()), (Some("s"), Some("1")));
}

#[track_caller]
fn misuse<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Misuse { reason, .. }) => reason.into_owned(),
        other => panic!("expected misuse, found {other:?}"),
    }
}

#[test]
fn claims_must_not_repeat_what_the_issuer_writes() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Es256))
        .issuer("a")
        .audience(AUDIENCE)
        .lifetime(seconds(300))
        .generate_jwt_id()
        .build()
        .unwrap();
    for name in ["iss", "aud", "exp", "iat", "jti", "sub"] {
        let reason = misuse(issuer.issue("u", &json!({ "tenant": 4, name: "x" })));
        assert_eq!(reason, format!("expected no claim `{name}`, which the issuer writes, found one"));
    }
    assert!(issuer.issue("u", &json!({ "tenant": 4, "Iss": "x", "nbf": NOW })).is_ok());
    assert!(issuer.issue_without_subject(&json!({ "sub": "x" })).is_ok());
}

#[test]
fn claims_must_be_an_object_of_distinct_names() {
    #[derive(Serialize)]
    struct Flattened {
        tenant: u64,
        #[serde(flatten)]
        rest: Value,
    }
    let distinct = "expected claims that serialize to a JSON object of distinct names, found something else";
    let issuer = issuer();
    assert!(issuer.issue("u", &Flattened { tenant: 4, rest: json!({ "scope": "x" }) }).is_ok());
    for rest in [json!({ "tenant": 5 }), json!({ "deep": { "fine": 1 }, "tenant": 4 })] {
        assert_eq!(misuse(issuer.issue("u", &Flattened { tenant: 4, rest })), distinct);
    }
    for no_object in [json!([]), json!("text"), json!(5), json!(null), json!([{ "a": 1 }])] {
        assert_eq!(misuse(issuer.issue("u", &no_object)), distinct, "{no_object}");
    }
    assert_eq!(misuse(issuer.issue("u", "{}")), distinct);
    assert_eq!(misuse(issuer.issue("u", &())), distinct);
    let unwritable: std::collections::HashMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    assert_eq!(
        misuse(issuer.issue("u", &unwritable)),
        "expected claims that serialize to JSON, found a map key or a value that doesn't"
    );
}

#[test]
fn claims_that_a_verifier_would_refuse_arent_issued() {
    let issuer = issuer();
    for (claims, claim) in [(json!({ "nbf": "tomorrow" }), "nbf"), (json!({ "jti": 5 }), "jti")] {
        let reason = misuse(issuer.issue("u", &claims));
        assert!(
            reason.starts_with(&format!("expected claims that a verifier accepts: claim `{claim}`")),
            "{reason}"
        );
    }
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert!(misuse(issuer.issue("u", &json!({ "deep": deep }))).contains("levels of JSON nesting"));
    let many: serde_json::Map<String, Value> = (0..257).map(|index| (index.to_string(), json!(1))).collect();
    assert!(misuse(issuer.issue("u", &many)).contains("members in a JSON object"));
}

#[test]
fn what_is_issued_is_within_the_default_limits() {
    // 256 members are the limit, and the issuer writes five of them.
    let issuer = issuer();
    for count in [251, 252] {
        let claims: serde_json::Map<String, Value> =
            (0..count).map(|index| (index.to_string(), json!(1))).collect();
        match issuer.issue("u", &claims) {
            Ok(token) => assert_eq!((verdict(&own_verifier(), &token), count), ("accepted", 251)),
            Err(error) => assert_eq!((error.code(), count), ("misuse", 252)),
        }
    }
}

// Limits of the verifier.

#[test]
fn the_verifiers_limits_hold_and_can_be_set() {
    let with = |limits: Limits| lenient!(limits(limits));
    let default = lenient!();
    let token = |len: usize| claims_token(format!("{{\"a\":\"{}\"}}", "x".repeat(len)));
    assert_eq!(verdict(&default, &token(12_000)), "accepted");
    assert_eq!(verdict(&default, &token(13_000)), "limit_token_bytes");
    assert_eq!(verdict(&with(Limits::default().token_bytes(32 * 1024)), &token(13_000)), "accepted");
    let exact = token(100);
    assert_eq!(verdict(&with(Limits::default().token_bytes(exact.len())), &exact), "accepted");
    assert_eq!(verdict(&with(Limits::default().token_bytes(exact.len() - 1)), &exact), "limit_token_bytes");

    let header = |len: usize| signed(format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(len)), "{}");
    assert_eq!(verdict(&default, &header(4000)), "accepted");
    assert_eq!(verdict(&default, &header(4096)), "limit_header_bytes");
    assert_eq!(verdict(&with(Limits::default().header_bytes(8192)), &header(4096)), "accepted");

    let deep =
        |levels: usize| claims_token(format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels)));
    assert_eq!(verdict(&default, &deep(31)), "accepted");
    assert_eq!(verdict(&default, &deep(32)), "limit_json_depth");
    assert_eq!(verdict(&with(Limits::default().json_depth(33)), &deep(32)), "accepted");
    // However high it is set, the stack isn't exhausted.
    assert_eq!(verdict(&with(Limits::default().json_depth(usize::MAX)), &deep(126)), "accepted");
    assert_eq!(verdict(&with(Limits::default().json_depth(usize::MAX)), &deep(127)), "limit_json_depth");
    assert_eq!(verdict(&with(Limits::default().json_depth(usize::MAX)), &deep(4000)), "limit_json_depth");

    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|index| format!("\"{index}\":1")).collect();
        claims_token(format!("{{{}}}", members.join(",")))
    };
    assert_eq!(verdict(&default, &members(256)), "accepted");
    assert_eq!(verdict(&default, &members(257)), "limit_json_members");
    assert_eq!(verdict(&with(Limits::default().json_members(257)), &members(257)), "accepted");
}

// Misuse of the builders.

#[test]
fn an_issuer_needs_issuer_audience_and_lifetime() {
    let builder = || JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256));
    assert_eq!(
        misuse(builder().audience("b").lifetime(seconds(9)).build()),
        "expected one choice of issuer: `issuer` sets it, `without_issuer` waives it"
    );
    for twice in [
        builder().issuer("a").without_issuer().audience("b").lifetime(seconds(9)),
        builder().without_issuer().issuer("a").audience("b").lifetime(seconds(9)),
    ] {
        assert_eq!(
            misuse(twice.build()),
            "expected one choice of issuer: `issuer` sets it, `without_issuer` waives it"
        );
    }
    for twice in [
        builder().issuer("a").audience("b").lifetime(seconds(9)).without_expiry(),
        builder().issuer("a").audience("b").without_expiry().lifetime(seconds(9)),
    ] {
        assert_eq!(
            misuse(twice.build()),
            "expected one choice of lifetime: `lifetime` sets it, `without_expiry` waives it"
        );
    }
    let audience = "expected one choice of audience: `audience` sets it, `without_audience` waives it";
    assert_eq!(misuse(builder().issuer("a").lifetime(seconds(9)).build()), audience);
    assert_eq!(
        misuse(builder().issuer("a").audience("b").without_audience().lifetime(seconds(9)).build()),
        audience
    );
    assert_eq!(
        misuse(builder().issuer("a").audience("b").build()),
        "expected one choice of lifetime: `lifetime` sets it, `without_expiry` waives it"
    );
    for short in [Duration::ZERO, Duration::from_millis(999)] {
        assert_eq!(
            misuse(builder().issuer("a").audience("b").lifetime(short).build()),
            "expected a lifetime of at least a second, found less"
        );
    }
    assert!(builder().issuer("a").audience("b").lifetime(seconds(1)).build().is_ok());
}

#[test]
fn a_verifier_needs_issuer_audience_and_keys() {
    let builder = || JwtVerifier::builder(hmac_key());
    let complete = || builder().issuer("a").audience("b");
    assert!(complete().build().is_ok());
    assert_eq!(
        misuse(builder().audience("b").build()),
        "expected a choice of issuer: `issuer` sets it, `any_issuer` waives it"
    );
    assert_eq!(
        misuse(builder().issuer("a").build()),
        "expected a choice of audience: `audience` sets it, `any_audience` waives it"
    );
    let no_key = "expected at least one key that verifies, found none; `KeySet::skipped` says why";
    let empty = || KeySet::verification(&JwkSet::default());
    assert_eq!(misuse(JwtVerifier::builder(empty()).issuer("a").audience("b").build()), no_key);
    assert_eq!(
        misuse(
            JwtVerifier::for_issuers([("a", KeySet::from(hmac_key())), ("b", empty())]).audience("b").build()
        ),
        no_key
    );
    assert_eq!(
        misuse(JwtVerifier::for_issuers(Vec::<(String, KeySet)>::new()).audience("b").build()),
        "expected at least one issuer, found none"
    );
}

#[test]
fn choices_of_a_verifier_must_not_contradict_each_other() {
    let builder = || JwtVerifier::builder(hmac_key());
    let issuers = "expected `issuer` or `any_issuer`, found both";
    assert_eq!(misuse(builder().issuer("a").any_issuer().audience("b").build()), issuers);
    assert_eq!(misuse(builder().any_issuer().issuer("a").audience("b").build()), issuers);
    let audiences = "expected `audience` or `any_audience`, found both";
    assert_eq!(misuse(builder().issuer("a").audience("b").any_audience().build()), audiences);
    assert_eq!(misuse(builder().issuer("a").any_audience().audience("b").build()), audiences);
    assert_eq!(
        misuse(builder().issuer("a").any_audience().sole_audience().build()),
        "expected an `audience` beside `sole_audience`, found `any_audience`"
    );
    let per_issuer = || JwtVerifier::for_issuers([("a", hmac_key())]).audience("b");
    assert!(per_issuer().build().is_ok());
    let named = "expected no `issuer` or `any_issuer` beside `for_issuers`, which names the issuers";
    assert_eq!(misuse(per_issuer().issuer("c").build()), named);
    assert_eq!(misuse(per_issuer().any_issuer().build()), named);
}

#[test]
fn lists_of_a_verifier_must_hold_something_that_can_be() {
    let complete = || JwtVerifier::builder(hmac_key()).issuer("a").audience("b");
    let decryption_key = || DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    assert_eq!(
        misuse(complete().algorithms([]).build()),
        "expected at least one algorithm in `algorithms`, found none"
    );
    assert_eq!(
        misuse(complete().algorithms([JwsAlgorithm::Es256]).build()),
        "expected of each issuer a key for one of `algorithms`, found none"
    );
    assert_eq!(
        misuse(complete().decrypt_with(decryption_key()).key_management_algorithms([]).build()),
        "expected at least one algorithm in `key_management_algorithms`, found none"
    );
    assert_eq!(
        misuse(complete().decrypt_with(decryption_key()).content_encryptions([]).build()),
        "expected at least one algorithm in `content_encryptions`, found none"
    );
    assert_eq!(
        misuse(
            complete()
                .decrypt_with(decryption_key())
                .key_management_algorithms([JweAlgorithm::A128Kw])
                .build()
        ),
        "expected a key for one of `key_management_algorithms`, found none"
    );
    let beside = "expected `decrypt_with` beside a list of algorithms for encrypted tokens, found none";
    assert_eq!(misuse(complete().key_management_algorithms([JweAlgorithm::A256Kw]).build()), beside);
    assert_eq!(misuse(complete().content_encryptions([ContentEncryption::A256Gcm]).build()), beside);
    assert_eq!(
        misuse(complete().decrypt_with(KeySet::decryption(&JwkSet::default())).build()),
        "expected at least one key that decrypts, found none; `KeySet::skipped` says why"
    );
    assert_eq!(
        misuse(complete().leeway(seconds(601)).build()),
        "expected a leeway of at most 10 minutes, found more"
    );
    assert_eq!(
        misuse(complete().leeway(Duration::MAX).build()),
        "expected a leeway of at most 10 minutes, found more"
    );
    let names = |count: usize| (0..count).map(|index| index.to_string());
    assert_eq!(
        misuse(complete().required_claims(names(65)).build()),
        "expected at most 64 required claims, found more"
    );
    assert!(complete().required_claims(names(64)).build().is_ok());
}

#[test]
fn debug_shows_settings_and_no_keys() {
    let recipient = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let issuer = nested_issuer(&signing_key(JwsAlgorithm::Es256), &recipient);
    let verifier = nested_verifier!(signing_key(JwsAlgorithm::Es256), recipient);
    let shown = format!("{issuer:?} {verifier:?} {:?}", JwtVerifier::builder(hmac_key()));
    let secret = jwk("P-256").expose_json();
    let secret: Value = serde_json::from_str(secret.expose_secret()).unwrap();
    assert!(!shown.contains(secret["d"].as_str().unwrap()), "{shown}");
    assert!(shown.contains("P-256") && shown.contains(AUDIENCE), "{shown}");
}

#[test]
fn a_problem_carries_its_numbers() {
    let verifier = lenient!(max_age(seconds(10)), leeway(seconds(5)));
    let problem = |claims: Value| match verifier.verify::<NoClaims>(&claims_token(claims.to_string())) {
        Err(Error::Claim { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let expired = problem(json!({ "iat": NOW, "exp": NOW - 7 }));
    assert!(matches!(expired, ClaimProblem::Expired { ago, .. } if ago == seconds(7)), "{expired:?}");
    let early = problem(json!({ "iat": NOW, "nbf": NOW + 8 }));
    assert!(matches!(early, ClaimProblem::NotYetValid { ahead, .. } if ahead == seconds(8)), "{early:?}");
    let future = problem(json!({ "iat": NOW + 6 }));
    assert!(
        matches!(future, ClaimProblem::IssuedInFuture { ahead, .. } if ahead == seconds(6)),
        "{future:?}"
    );
    let old = problem(json!({ "iat": NOW - 16 }));
    assert!(
        matches!(old, ClaimProblem::TooOld { age, max_age, .. } if (age, max_age) == (seconds(16), seconds(10))),
        "{old:?}"
    );
}

#[test]
fn a_key_published_for_signatures_verifies_what_its_private_half_signs() {
    for algorithm in JwsAlgorithm::ALL.iter().filter(|algorithm| !algorithm.name().starts_with("HS")) {
        let key = signing_key(*algorithm);
        let public = key.to_public_jwk().unwrap();
        assert_eq!(public.key_use(), Some(&KeyUse::Signature));
        let set: JwkSet = [public].into_iter().collect();
        let set = JwkSet::from_json(&set.to_public_json().unwrap()).unwrap();
        assert_eq!(verdict(&verifier_of(KeySet::verification(&set)), &issued(&key, "a")), "accepted");
    }
}

// Headers that were accepted before: the second token of a kind is judged as the first was.

#[test]
fn a_header_accepted_by_one_verifier_is_not_thereby_accepted_by_another() {
    let key = hmac_key();
    let of_type = |typ: &str| {
        let builder = JwtVerifier::builder(key.clone_key()).any_issuer().any_audience();
        builder.allow_missing_expiry().token_type(typ).build().unwrap()
    };
    let (access, logout) = (of_type("at+jwt"), of_type("logout+jwt"));
    let token = |typ: &str| signed(json!({ "alg": "HS256", "typ": typ }).to_string(), "{}");
    for _ in 0..3 {
        assert_eq!(verdict(&access, &token("at+jwt")), "accepted");
        assert_eq!(verdict(&logout, &token("at+jwt")), "type_not_allowed");
        assert_eq!(verdict(&logout, &token("logout+jwt")), "accepted");
        assert_eq!(verdict(&access, &token("logout+jwt")), "type_not_allowed");
    }
    // The same of what is critical, and of the list of algorithms.
    let critical = signed(r#"{"alg":"HS256","crit":["tenant"],"tenant":4}"#, "{}");
    let (knowing, unknowing) = (lenient!(understood_critical(["tenant"])), lenient!());
    for _ in 0..3 {
        assert_eq!(verdict(&knowing, &critical), "accepted");
        assert_eq!(verdict(&unknowing, &critical), "unsupported_critical");
    }
}

#[test]
fn a_header_seen_before_vouches_for_nothing_but_itself() {
    let verifier = verifier!(any_issuer(), any_audience(), token_type("JWT"));
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let good = signed(header, json!({ "exp": NOW + 1 }).to_string());
    let [_, payload, signature] = parts(&good)[..] else { panic!("three parts") };
    let encoded = base64url(header);
    for _ in 0..3 {
        assert_eq!(verdict(&verifier, &good), "accepted");
        for (token, expected) in [
            (format!("{encoded}.{payload}."), "invalid_signature"),
            (format!("{encoded}.{payload}.{}", base64url([0; 32])), "invalid_signature"),
            (format!("{encoded}.{payload}!.{signature}"), "base64url"),
            (format!("{encoded}.{payload}.{signature}="), "base64url"),
            (format!("{encoded}.{payload}"), "segment_count"),
            (format!("{encoded}=.{payload}.{signature}"), "base64url"),
            (format!(".{payload}.{signature}"), "json"),
            (with_header(&good, r#"{"alg":"none","typ":"JWT"}"#), "unsupported_algorithm"),
            (with_header(&good, r#"{"alg":"HS384","typ":"JWT"}"#), "algorithm_not_allowed"),
            (with_header(&good, r#"{"alg":"HS256","typ":"at+jwt"}"#), "type_not_allowed"),
            (with_header(&good, r#"{"typ":"JWT","alg":"HS256"}"#), "invalid_signature"),
            (signed(header, json!({ "exp": NOW }).to_string()), "expired"),
            (signed(header, "{"), "json"),
        ] {
            assert_eq!(verdict(&verifier, &token), expected, "{token}");
        }
    }
}

#[test]
fn each_key_of_a_set_keeps_its_own_header() {
    let named = |id: &str| SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id(id);
    let keys: Vec<_> = ["1", "2", "3", "4", "5", "6", "7"].into_iter().map(named).collect();
    let set: KeySet = keys.iter().map(|key| key.verifying_key().unwrap()).collect();
    let verifier = verifier_of(set);
    // More headers than a verifier keeps, and with each the signature of another key of the set.
    for _ in 0..3 {
        for (key, next) in keys.iter().zip(keys.iter().cycle().skip(1)) {
            let token = issued(key, "a");
            assert_eq!(verdict(&verifier, &token), "accepted");
            assert_eq!(verifier.verify::<NoClaims>(&token).unwrap().key_id(), key.key_id());
            let [header, _, _] = parts(&token)[..] else { panic!("three parts") };
            let other = issued(next, "a");
            let [_, payload, signature] = parts(&other)[..] else { panic!("three parts") };
            assert_eq!(verdict(&verifier, &format!("{header}.{payload}.{signature}")), "invalid_signature");
        }
    }
    let stranger = issued(&named("8"), "a");
    assert_eq!(verdict(&verifier, &stranger), "no_matching_key");
}

#[test]
fn a_nested_tokens_inner_header_is_known_inside_only() {
    let signer = signing_key(JwsAlgorithm::Es256);
    let recipient = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let verifier = nested_verifier!(signer, recipient.clone_key());
    let plain = verifier_of(signer.verifying_key().unwrap());
    let encrypt = |inner: &str| {
        let encryption_key = recipient.encryption_key().unwrap();
        JweBuilder::new(&encryption_key).content_type("JWT").encrypt(inner.as_bytes()).unwrap()
    };
    let forged = issued(&SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("P-256"), "a");
    for _ in 0..3 {
        let inner = issued(&signer, "a");
        assert_eq!(verdict(&verifier, &encrypt(&inner)), "accepted");
        assert_eq!(verdict(&verifier, &encrypt(&forged)), "invalid_signature");
        assert_eq!(verdict(&verifier, &inner), "not_encrypted");
        assert_eq!(verdict(&plain, &inner), "accepted");
        assert_eq!(verdict(&plain, &encrypt(&inner)), "encrypted");
    }
}
