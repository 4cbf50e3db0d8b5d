//! Authorization: each requirement is met and not met, combined ones follow from their parts, what can't
//! be told is no, and a refusal says what failed and what would help, in words and in a header field.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::{Duration, Instant, SystemTime};

use countersign::gateway::BearerChallenge;
use countersign::gateway::authorization::{Denied, Requirement};
use countersign::profile::access_token::Provider;
use countersign::{AccessToken, AccessTokenVerifier, Error, JwtVerifier, NoClaims};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{NOW, hmac_key, signed, stopped_at};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// A token that says this beside what every access token says.
fn token(more: &Value) -> AccessToken<NoClaims> {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300,
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string())).unwrap()
}

fn rich() -> AccessToken<NoClaims> {
    token(&json!({
        "scope": "orders:read orders:write",
        "roles": ["editor"], "groups": ["staff"], "entitlements": ["refunds"],
        "auth_time": NOW - 100, "acr": "silver",
        "tenant": { "id": 4, "name": "a b", "active": true, "tags": ["x", "y", 7, false] },
        "https://example.com/a.b": { "c": "d" },
    }))
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

fn check(requirement: &Requirement, token: &AccessToken<NoClaims>) -> Result<(), Denied> {
    requirement.check_at(token, now())
}

/// Asserts that a requirement is met, and its opposite isn't.
#[track_caller]
fn met(requirement: Requirement, token: &AccessToken<NoClaims>) {
    check(&requirement, token).unwrap();
    assert!(check(&Requirement::not(requirement), token).is_err());
}

/// Asserts that a requirement isn't met, and its opposite is.
#[track_caller]
fn unmet(requirement: Requirement, token: &AccessToken<NoClaims>) {
    assert!(check(&requirement, token).is_err());
    check(&Requirement::not(requirement), token).unwrap();
}

/// Asserts that neither a requirement nor its opposite is met.
#[track_caller]
fn undecided(requirement: Requirement, token: &AccessToken<NoClaims>) {
    assert!(check(&requirement, token).is_err());
    assert!(check(&Requirement::not(requirement), token).is_err());
}

#[test]
fn names_are_compared_as_they_are() {
    let token = &rich();
    met(Requirement::authenticated(), token);
    met(Requirement::scope("orders:read"), token);
    met(Requirement::scopes(["orders:write", "orders:read"]), token);
    met(Requirement::role("editor"), token);
    met(Requirement::group("staff"), token);
    met(Requirement::entitlement("refunds"), token);
    for name in ["orders", "orders:", "Orders:read", "orders:readx", "editor", "staff", "*"] {
        unmet(Requirement::scope(name), token);
    }
    for name in ["Editor", "editor ", "edito", "staff", "refunds", "orders:read"] {
        unmet(Requirement::role(name), token);
    }
    unmet(Requirement::group("editor"), token);
    unmet(Requirement::entitlement("editor"), token);
    unmet(Requirement::scopes(["orders:read", "orders:delete"]), token);
    // A token that says nothing of them has none.
    let bare = &super_bare();
    unmet(Requirement::scope("orders:read"), bare);
    unmet(Requirement::role("editor"), bare);
    unmet(Requirement::group("staff"), bare);
    unmet(Requirement::entitlement("refunds"), bare);
}

fn super_bare() -> AccessToken<NoClaims> {
    token(&json!({}))
}

/// An unset variable of the environment, or a list in one string: nobody gets in by it, nor by its opposite.
#[test]
fn names_that_cant_be_are_slips() {
    let token = &rich();
    for name in ["", "orders:read orders:write", "a\"b", "a\\b", "ü", "a\n"] {
        undecided(Requirement::scope(name), token);
    }
    undecided(Requirement::claim_equals([""; 0], "x"), token);
    undecided(Requirement::authentication_class([""; 0]), token);
    // Not even a token that has such a name, or seems to.
    let odd = &token_with_empty_names();
    for token in [token, odd] {
        undecided(Requirement::role(""), token);
        undecided(Requirement::group(""), token);
        undecided(Requirement::entitlement(""), token);
        undecided(Requirement::claim_contains(["scope"], ""), token);
    }
    undecided(Requirement::claim_contains(["empty"], ""), odd);
    unmet(Requirement::claim_contains(["empty"], "x"), odd);
    met(Requirement::role("editor"), odd);
    met(Requirement::claim_contains(["scope"], "b"), odd);
    // Whole values may be empty.
    met(Requirement::claim_equals(["empty"], ""), odd);
    met(Requirement::claim_contains(["roles"], ""), odd);
}

fn token_with_empty_names() -> AccessToken<NoClaims> {
    token(&json!({
        "scope": " a  b ",
        "roles": ["", "editor"],
        "groups": [""],
        "entitlements": [""],
        "empty": "",
    }))
}

#[test]
fn claims_are_compared_by_path_and_type() {
    let token = &rich();
    met(Requirement::claim_equals(["tenant", "id"], 4), token);
    met(Requirement::claim_equals(["tenant", "name"], "a b"), token);
    met(Requirement::claim_equals(["tenant", "active"], true), token);
    met(Requirement::claim_equals(["https://example.com/a.b", "c"], "d"), token);
    met(Requirement::claim_equals(["sub"], "user-17"), token);
    unmet(Requirement::claim_equals(["tenant", "id"], 5), token);
    unmet(Requirement::claim_equals(["tenant", "id"], -4), token);
    unmet(Requirement::claim_equals(["tenant", "name"], "a"), token);
    unmet(Requirement::claim_equals(["tenant", "active"], false), token);
    // What isn't there isn't equal.
    unmet(Requirement::claim_equals(["tenant", "ID"], 4), token);
    unmet(Requirement::claim_equals(["tenant.id"], 4), token);
    unmet(Requirement::claim_equals(["suspended"], true), token);
    // What is of another type is neither.
    undecided(Requirement::claim_equals(["tenant", "id"], "4"), token);
    undecided(Requirement::claim_equals(["tenant", "active"], "true"), token);
    undecided(Requirement::claim_equals(["tenant"], "4"), token);
    undecided(Requirement::claim_equals(["sub", "id"], "4"), token);
    undecided(Requirement::claim_equals(["tenant", "tags", "0"], "x"), token);

    met(Requirement::claim_contains(["tenant", "tags"], "x"), token);
    met(Requirement::claim_contains(["tenant", "tags"], 7), token);
    met(Requirement::claim_contains(["tenant", "tags"], false), token);
    met(Requirement::claim_contains(["roles"], "editor"), token);
    unmet(Requirement::claim_contains(["roles"], "edit"), token);
    met(Requirement::claim_contains(["scope"], "orders:write"), token);
    met(Requirement::claim_contains(["tenant", "name"], "a b"), token);
    unmet(Requirement::claim_contains(["scope"], "orders"), token);
    unmet(Requirement::claim_contains(["missing"], "x"), token);
    // Among elements of several types, one that isn't there may be written otherwise.
    undecided(Requirement::claim_contains(["tenant", "tags"], "z"), token);
    undecided(Requirement::claim_contains(["tenant", "tags"], "7"), token);
    undecided(Requirement::claim_contains(["tenant"], "id"), token);
    undecided(Requirement::claim_contains(["tenant", "id"], 4), token);
    undecided(Requirement::claim_contains(["scope"], 4), token);
}

#[test]
fn numbers_are_compared_exactly() {
    let with = |text: &str| {
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"s","client_id":"c","jti":"1","iat":1,"exp":9999999999,"n":{text}}}"#
        );
        let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
        let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
        let token = verifier.verify::<NoClaims>(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims));
        token.unwrap()
    };
    met(Requirement::claim_equals(["n"], 9_007_199_254_740_993_i64), &with("9007199254740993"));
    unmet(Requirement::claim_equals(["n"], 9_007_199_254_740_993_i64), &with("9007199254740992"));
    met(Requirement::claim_equals(["n"], u64::MAX), &with("18446744073709551615"));
    unmet(Requirement::claim_equals(["n"], -1), &with("18446744073709551615"));
    met(Requirement::claim_equals(["n"], i64::MIN), &with("-9223372036854775808"));
    for text in ["4.0", "4e0", "40e-1"] {
        undecided(Requirement::claim_equals(["n"], 4), &with(text));
    }
}

#[test]
fn a_login_has_an_age_and_a_class() {
    let token = &rich();
    let within = |seconds| Requirement::authenticated_within(Duration::from_secs(seconds));
    met(within(100), token);
    unmet(within(99), token);
    assert!(within(100).check_at(token, now() + Duration::from_nanos(1)).is_err());
    met(Requirement::authentication_class(["gold", "silver"]), token);
    unmet(Requirement::authentication_class(["gold", "Silver", "silver "]), token);
    // What the token doesn't say isn't known.
    undecided(within(u64::MAX), &super_bare());
    undecided(Requirement::authentication_class(["silver"]), &super_bare());
    // A clock that is a minute ahead of ours is one; a login to come isn't fresh.
    met(within(0), &self::token(&json!({ "auth_time": NOW + 60 })));
    undecided(within(u64::MAX), &self::token(&json!({ "auth_time": NOW + 61 })));
    undecided(within(1), &self::token(&json!({ "auth_time": i64::MAX })));
    unmet(within(1), &self::token(&json!({ "auth_time": i64::MIN })));
}

#[test]
fn code_of_the_application_sees_the_token() {
    let reads_own = |id: &'static str| {
        Requirement::custom("reads its own orders", move |token| {
            token.subject() == id && token.has_scope("orders:read")
        })
    };
    met(reads_own("user-17"), &rich());
    unmet(reads_own("user-18"), &rich());
    unmet(reads_own("user-17"), &super_bare());
    let denied = check(&reads_own("user-18"), &rich()).unwrap_err();
    assert_eq!(denied.requirement(), "`reads its own orders`");
}

#[test]
fn requirements_combine() {
    let token = &rich();
    let (yes, no) = (|| Requirement::role("editor"), || Requirement::role("admin"));
    let unknown = || Requirement::claim_equals(["tenant", "id"], "4");
    met(Requirement::all_of([yes(), yes()]), token);
    unmet(Requirement::all_of([yes(), no()]), token);
    unmet(Requirement::all_of([unknown(), no()]), token);
    undecided(Requirement::all_of([yes(), unknown()]), token);
    met(Requirement::any_of([no(), yes()]), token);
    met(Requirement::any_of([unknown(), yes()]), token);
    unmet(Requirement::any_of([no(), no()]), token);
    undecided(Requirement::any_of([no(), unknown()]), token);
    met(Requirement::not(no()), token);
    unmet(Requirement::not(Requirement::not(no())), token);
    met(yes().named("may edit"), token);
    unmet(no().named("may administer"), token);
    undecided(unknown().named("tenant"), token);
    // Of an empty list of settings, nothing follows.
    undecided(Requirement::all_of([]), token);
    undecided(Requirement::any_of([]), token);
    undecided(Requirement::scopes([""; 0]), token);
}

#[test]
fn groups_that_the_token_leaves_out_may_be_any() {
    let tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    let verifier = AccessTokenVerifier::for_provider(Provider::entra_id([tenant]), hmac_key()).audience("a");
    let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
    let token = |more: &str| {
        let own = format!(
            r#""iss":"https://login.microsoftonline.com/{tenant}/v2.0","aud":"a","sub":"s","iat":1,"exp":9999999999,
            "azp":"c","scp":"x","uti":"u","ver":"2.0","tid":"{tenant}""#
        );
        verifier
            .verify::<NoClaims>(&signed(br#"{"alg":"HS256","typ":"JWT"}"#, format!("{{{own}{more}}}")))
            .unwrap()
    };
    let suspended = || Requirement::group("suspended");
    unmet(suspended(), &token(r#","groups":["staff"]"#));
    met(suspended(), &token(r#","groups":["suspended"]"#));
    undecided(suspended(), &token(r#","_claim_names":{"groups":"src1"}"#));
    undecided(suspended(), &token(r#","hasgroups":true"#));
}

// ---- refusals

#[track_caller]
fn denied(requirement: &Requirement) -> Denied {
    check(requirement, &rich()).unwrap_err()
}

#[test]
fn a_refusal_names_what_failed() {
    for (requirement, path) in [
        (Requirement::scope("admin"), "scope `admin`"),
        (Requirement::role("admin"), "role `admin`"),
        (Requirement::group("admins"), "group `admins`"),
        (Requirement::entitlement("all"), "entitlement `all`"),
        (Requirement::claim_equals(["tenant", "id"], 4711), "claim `tenant` `id`"),
        (Requirement::claim_contains(["tenant", "tags"], "hidden"), "claim `tenant` `tags`"),
        (Requirement::authenticated_within(Duration::from_secs(5)), "authentication at most 5 s ago"),
        (Requirement::authentication_class(["gold"]), "authentication class `gold`"),
        (Requirement::custom("office hours", |_| false), "`office hours`"),
        (Requirement::all_of([]), "all of ()"),
        (Requirement::any_of([]), "any of ()"),
        (Requirement::not(Requirement::group("staff")), "not group `staff`"),
        (
            Requirement::all_of([
                Requirement::scope("orders:read"),
                Requirement::any_of([
                    Requirement::role("admin"),
                    Requirement::all_of([Requirement::role("editor"), Requirement::scope("admin")]),
                ]),
                Requirement::role("another"),
            ]),
            "all of: any of (role `admin`; all of (role `editor`; scope `admin`))",
        ),
        (
            Requirement::all_of([Requirement::role("editor"), Requirement::not(Requirement::role("editor"))])
                .named("may edit"),
            "`may edit`: all of: not role `editor`",
        ),
        (Requirement::any_of([Requirement::role("admin").named("is one of us")]), "any of (`is one of us`)"),
        (Requirement::role("a`\n\u{202e}b"), "role `a`\\n\\u{202e}b`"),
    ] {
        let denied = denied(&requirement);
        assert_eq!(denied.requirement(), path);
        assert_eq!(denied.to_string(), format!("not authorized: expected {path}"));
        for value in ["4711", "hidden", "user-17", "silver"] {
            assert!(!format!("{denied} {denied:?} {requirement:?}").contains(value), "{denied:?}");
        }
    }
}

#[test]
fn a_refusal_says_which_scopes_the_request_takes() {
    let scope = Requirement::scope;
    let (read, write, admin) = (|| scope("orders:read"), || scope("orders:write"), || scope("admin"));
    for (requirement, needed) in [
        (admin(), Some("admin")),
        // All of them, so that the next token can do this and what the client had.
        (Requirement::all_of([read(), admin()]), Some("orders:read admin")),
        (Requirement::all_of([admin(), read(), admin()]), Some("admin orders:read")),
        (Requirement::all_of([Requirement::role("editor"), admin()]), Some("admin")),
        (
            Requirement::all_of([Requirement::any_of([write(), scope("all")]), admin()]),
            Some("orders:write admin"),
        ),
        (Requirement::all_of([Requirement::all_of([read()]), admin()]).named("x"), Some("orders:read admin")),
        // Of alternatives, the one that scopes alone cure, whichever place it has.
        (Requirement::any_of([Requirement::role("admin"), admin()]), Some("admin")),
        (Requirement::any_of([scope("first"), scope("second")]), Some("first")),
        (
            Requirement::any_of([
                Requirement::all_of([Requirement::role("admin"), scope("first")]),
                scope("second"),
            ]),
            Some("second"),
        ),
        // No scope would help.
        (Requirement::role("admin"), None),
        (Requirement::all_of([read(), Requirement::role("admin")]), None),
        (Requirement::not(read()), None),
        (Requirement::all_of([read(), Requirement::not(write())]), None),
        (scope("not a scope"), None),
        (Requirement::all_of([]), None),
    ] {
        let denied = denied(&requirement);
        assert_eq!(denied.scope().as_deref(), needed, "{requirement}");
        assert_eq!((denied.code(), denied.http_status()), ("insufficient_scope", 403), "{requirement}");
        assert_eq!((denied.authentication_classes().count(), denied.max_age()), (0, None));
    }
}

/// RFC 9470: another login helps, another scope doesn't.
#[test]
fn a_login_that_wont_do_is_told_apart() {
    let within = |seconds| Requirement::authenticated_within(Duration::from_secs(seconds));
    let gold = || Requirement::authentication_class(["platinum", "gold"]);
    for (requirement, classes, max_age) in [
        (within(5), &[][..], Some(5)),
        (gold(), &["platinum", "gold"], None),
        (Requirement::all_of([gold(), within(9), within(5)]), &["platinum", "gold"], Some(5)),
        (Requirement::all_of([Requirement::role("editor"), gold()]), &["platinum", "gold"], None),
        (Requirement::any_of([Requirement::role("admin"), within(5)]), &[], Some(5)),
        (within(5).named("fresh"), &[], Some(5)),
    ] {
        let denied = denied(&requirement);
        assert_eq!((denied.code(), denied.http_status()), ("insufficient_user_authentication", 401));
        assert_eq!(denied.authentication_classes().collect::<Vec<_>>(), classes, "{requirement}");
        assert_eq!(denied.max_age(), max_age.map(Duration::from_secs), "{requirement}");
        assert_eq!(denied.scope(), None);
    }
    // With something else missing too, a login alone is no help.
    for other in [Requirement::role("admin"), Requirement::scope("admin"), Requirement::all_of([])] {
        let denied = denied(&Requirement::all_of([gold(), other]));
        assert_eq!((denied.code(), denied.http_status()), ("insufficient_scope", 403));
    }
    assert_eq!(denied(&Requirement::not(within(200))).http_status(), 403);
}

// ---- the header field

fn challenge() -> BearerChallenge {
    let metadata = "https://orders.example.com/.well-known/oauth-protected-resource";
    BearerChallenge::new().realm("orders").unwrap().resource_metadata(metadata).unwrap()
}

#[test]
fn challenges_are_written_as_their_rfcs_have_them() {
    let metadata = r#"resource_metadata="https://orders.example.com/.well-known/oauth-protected-resource""#;
    assert_eq!(challenge().for_no_token(), format!(r#"Bearer realm="orders", {metadata}"#));
    assert_eq!(BearerChallenge::new().for_no_token(), "Bearer");
    let wanted = Requirement::scopes(["orders:read", "admin"]);
    assert_eq!(
        challenge().for_denied(&denied(&wanted)),
        format!(
            r#"Bearer realm="orders", error="insufficient_scope", scope="orders:read admin", {metadata}"#
        )
    );
    assert_eq!(
        BearerChallenge::new().for_denied(&denied(&Requirement::role("admin"))),
        r#"Bearer error="insufficient_scope""#
    );
    let fresh = Requirement::all_of([
        Requirement::authentication_class(["platinum", "gold"]),
        Requirement::authenticated_within(Duration::from_secs(5)),
    ]);
    assert_eq!(
        BearerChallenge::new().for_denied(&denied(&fresh)),
        r#"Bearer error="insufficient_user_authentication", acr_values="platinum gold", max_age="5""#
    );
}

/// What to begin with is for clients that have no good token; one that has is told what it lacks.
#[test]
fn clients_are_told_which_scopes_to_begin_with() {
    let challenge = BearerChallenge::new().scopes(["orders:read", "stock:read"]).unwrap();
    let to_begin_with = r#"scope="orders:read stock:read""#;
    assert_eq!(challenge.for_no_token(), format!("Bearer {to_begin_with}"));
    let verifier = JwtVerifier::builder(hmac_key()).any_issuer().any_audience().build().unwrap();
    let malformed = verifier.verify::<NoClaims>("SECRET").unwrap_err();
    let value = challenge.for_error(&malformed).unwrap();
    assert_eq!(value, format!(r#"Bearer error="invalid_token", {to_begin_with}"#));
    // A request that can't be read is no question of scopes.
    assert_eq!(challenge.for_invalid_request(), r#"Bearer error="invalid_request""#);
    let value = challenge.for_denied(&denied(&Requirement::scope("admin")));
    assert_eq!(value, r#"Bearer error="insufficient_scope", scope="admin""#);
    let value = challenge.for_denied(&denied(&Requirement::role("admin")));
    assert_eq!(value, r#"Bearer error="insufficient_scope""#);
    for refused in [&[] as &[&str], &[""], &["a b"], &["a", "b\"c"], &["a\\"], &["a\r\nb"], &["ü"]] {
        assert_eq!(BearerChallenge::new().scopes(refused).unwrap_err().code(), "misuse", "{refused:?}");
    }
}

#[test]
fn errors_are_challenged_if_another_token_would_help() {
    let verifier = |seconds| {
        let verifier = JwtVerifier::builder(hmac_key()).any_issuer().any_audience();
        verifier.clock(stopped_at(seconds)).build().unwrap()
    };
    let text = support::claims_token(r#"{"exp":100,"sub":"SECRET"}"#);
    let expired = verifier(100).verify::<NoClaims>(&text).unwrap_err();
    let plain = BearerChallenge::new();
    assert_eq!(
        plain.for_error(&expired).unwrap(),
        r#"Bearer error="invalid_token", error_description="the access token expired""#
    );
    let malformed = verifier(0).verify::<NoClaims>("SECRET").unwrap_err();
    assert_eq!(plain.for_error(&malformed).unwrap(), r#"Bearer error="invalid_token""#);
    assert_eq!(malformed.http_status(), 401);
    // 500 and 503: the client can't do anything about it.
    let misuse = JwtVerifier::builder(hmac_key()).build().unwrap_err();
    assert_eq!((misuse.http_status(), plain.for_error(&misuse)), (500, None));
    let _: fn(&BearerChallenge, &Error) -> Option<String> = BearerChallenge::for_error;
}

/// A line break would begin another header field, a quote another parameter.
#[test]
fn nothing_gets_out_of_its_quotes() {
    for text in ["", "a\r\nSet-Cookie: x", "a\n", "a\u{0}", "\u{7f}", "ü", "a\tb"] {
        for result in [BearerChallenge::new().realm(text), BearerChallenge::new().resource_metadata(text)] {
            assert_eq!(
                result.unwrap_err().to_string(),
                "misuse: expected printable ASCII in a challenge, found other characters or none",
                "{text:?}"
            );
        }
    }
    let quoted = BearerChallenge::new().realm(r#"a", error="x\"#).unwrap();
    assert_eq!(quoted.for_no_token(), r#"Bearer realm="a\", error=\"x\\""#);
    // Names that can't be scopes or classes are left out, those that can stay.
    let requirement = Requirement::scopes(["a\r\nb", "x\"y", "x\\y", "admin"]);
    let value = BearerChallenge::new().for_denied(&denied(&requirement));
    assert_eq!(value, r#"Bearer error="insufficient_scope", scope="admin""#);
    let requirement = Requirement::authentication_class(["a\r\nb", "x\"y", "gold", "u:n"]);
    let value = BearerChallenge::new().for_denied(&denied(&requirement));
    assert_eq!(value, r#"Bearer error="insufficient_user_authentication", acr_values="gold u:n""#);
}

// ---- any requirement

fn requirements() -> impl Strategy<Value = Requirement> {
    let leaf = prop_oneof![
        Just(Requirement::authenticated()),
        prop_oneof![Just("orders:read"), Just("admin"), Just("not a scope")].prop_map(Requirement::scope),
        prop_oneof![Just("editor"), Just("admin")].prop_map(Requirement::role),
        (0..200_u64).prop_map(|seconds| Requirement::authenticated_within(Duration::from_secs(seconds))),
        prop_oneof![Just("silver"), Just("gold")]
            .prop_map(|class| Requirement::authentication_class([class])),
        prop_oneof![Just("4"), Just("a b")]
            .prop_map(|value| Requirement::claim_equals(["tenant", "name"], value)),
        Just(Requirement::claim_equals(["tenant"], 4)),
        any::<bool>().prop_map(|holds| Requirement::custom("custom", move |_| holds)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Requirement::all_of),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Requirement::any_of),
            inner.clone().prop_map(Requirement::not),
            inner.prop_map(|requirement| requirement.named("named")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_requirement_is_refused_in_order_or_met(a in requirements(), b in requirements()) {
        let token = rich();
        let met = |requirement: &Requirement| check(requirement, &token).is_ok();
        let all = Requirement::all_of([a.clone(), b.clone()]);
        let any = Requirement::any_of([a.clone(), b.clone()]);
        prop_assert_eq!(met(&all), met(&a) && met(&b));
        prop_assert_eq!(met(&any), met(&a) || met(&b));
        prop_assert!(!(met(&a) && met(&Requirement::not(a.clone()))), "{}", a);
        prop_assert_eq!(met(&Requirement::not(Requirement::not(a.clone()))), met(&a));
        // De Morgan, with the third value too.
        let neither = Requirement::all_of([Requirement::not(a.clone()), Requirement::not(b.clone())]);
        prop_assert_eq!(met(&Requirement::not(any)), met(&neither));
        if let Err(denied) = check(&all, &token) {
            prop_assert!(!denied.requirement().is_empty());
            let expected = match denied.code() {
                "insufficient_scope" => 403,
                "insufficient_user_authentication" => 401,
                other => panic!("{other}"),
            };
            prop_assert_eq!(denied.http_status(), expected);
            let value = BearerChallenge::new().for_denied(&denied);
            prop_assert!(value.starts_with("Bearer error=\"insufficient_") && value.ends_with('"'));
        }
    }

    /// Who gets the scopes that a refusal names isn't sent for more.
    #[test]
    fn one_round_of_asking_is_enough(requirement in without_not(), role in any::<bool>()) {
        let roles: &[&str] = if role { &["r0"] } else { &[] };
        let denied = match check(&requirement, &token(&json!({ "scope": "s0", "roles": roles }))) {
            Ok(()) => return Ok(()),
            Err(denied) => denied,
        };
        let Some(scope) = denied.scope() else { return Ok(()) };
        let again = token(&json!({ "scope": format!("s0 {scope}"), "roles": roles }));
        if let Err(denied) = check(&requirement, &again) {
            prop_assert_eq!(denied.scope(), None, "{} after {}", requirement, scope);
        }
    }
}

/// Requirements that more scopes never hurt.
fn without_not() -> impl Strategy<Value = Requirement> {
    let leaf = prop_oneof![
        3 => (0..4_u8).prop_map(|number| Requirement::scope(format!("s{number}"))),
        1 => (0..2_u8).prop_map(|number| Requirement::role(format!("r{number}"))),
        1 => Just(Requirement::authentication_class(["gold"])),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Requirement::all_of),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Requirement::any_of),
            inner.prop_map(|requirement| requirement.named("named")),
        ]
    })
}

/// Each level explained twice what was below it, so that a refusal by sixty levels would have taken years.
#[test]
fn a_refusal_is_explained_in_one_walk() {
    let token = token(&json!({ "scope": "met" }));
    let mut requirement = Requirement::scope("innermost");
    for level in 0..30 {
        let all = Requirement::all_of([Requirement::scope("met"), requirement]);
        requirement = Requirement::any_of([all, Requirement::role(format!("role-{level}"))]);
    }
    let start = Instant::now();
    let denied = requirement.check(&token).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(denied.scope().as_deref(), Some("met innermost"));

    // What an alternative takes beside the login that it lacks is asked for too.
    let fresh = Requirement::authenticated_within(Duration::from_secs(60));
    let alternative = Requirement::any_of([Requirement::all_of([Requirement::scope("met"), fresh])]);
    let both = Requirement::all_of([Requirement::scope("missing"), alternative.clone()]);
    assert_eq!(both.check(&token).unwrap_err().scope().as_deref(), Some("missing met"));
    let denied = alternative.check(&token).unwrap_err();
    assert_eq!((denied.scope(), denied.http_status()), (None, 401));
}
