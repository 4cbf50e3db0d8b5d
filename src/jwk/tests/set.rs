//! JWK sets: unusable keys are left out with their reasons, and only the frame is fatal.

use super::*;

/// Row 131.
#[test]
fn unusable_keys_are_skipped() {
    let public = Jwk::from_json(RSA).unwrap().to_public_json().unwrap();
    let number = public.replace(r#""e":"AQAB""#, r#""e":5"#);
    let one = with(&with(&public, "e", "AQ"), "kid", "one");
    let curve = without(EC, "d");
    let json = format!(
        r#"{{"keys":[{public},{{"kty":"AKP","kid":"post"}},{{"kty":"FOO"}},{{}},"str",null,{one},{curve},{number},
            {{"kty":"oct","k":"","kid":7}}],"next":[]}}"#,
    );
    let set = JwkSet::from_json(&json).unwrap();
    assert_eq!(set.len(), 2);
    assert!(!set.is_empty());
    assert_eq!(set.find("2011-04-29").unwrap().kind(), KeyKind::Rsa { bits: 2048 });
    assert_eq!(set.find("1").unwrap().kind(), KeyKind::P256);
    assert!(set.find("").is_none());

    let skipped: Vec<_> =
        set.skipped().iter().map(|key| (key.index(), key.key_id(), key.reason().code())).collect();
    assert_eq!(
        skipped,
        [
            (1, Some("post"), "unsupported_key"),
            (2, None, "unsupported_key"),
            (3, None, "missing_member"),
            (4, None, "not_an_object"),
            (5, None, "not_an_object"),
            (6, Some("one"), "key_inconsistent"),
            (8, Some("2011-04-29"), "member_type"),
            (9, None, "member_type"),
        ]
    );
}

#[test]
fn the_frame_is_strict() {
    let refused = |json: &str| JwkSet::from_json(json).unwrap_err().code();
    assert_eq!(refused(""), "json");
    assert_eq!(refused("[]"), "not_an_object");
    assert_eq!(refused("{}"), "missing_member");
    assert_eq!(refused(OCT), "missing_member");
    assert_eq!(refused(r#"{"keys":{}}"#), "member_type");
    assert_eq!(refused(r#"{"keys":null}"#), "member_type");
    assert_eq!(refused(r#"{"keys":[],"keys":[]}"#), "duplicate_member");
    assert_eq!(refused(r#"{"keys":[],"next":{"a":1,"a":1}}"#), "duplicate_member");
    assert_eq!(refused(r#"{"keys":[],"next":[{"a":1,"a":1}]}"#), "duplicate_member");
    assert_eq!(refused(r#"{"keys":{"a":[{"a":1,"a":1}]}}"#), "duplicate_member");
    // Inside a key too, what isn't JSON leaves nothing to read.
    for broken in ["{", r#"{"a":1,}"#, r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#, r#"{"a" 1}"#, "[1 2]"] {
        assert_eq!(refused(&format!(r#"{{"keys":[{broken}]}}"#)), "json", "{broken}");
    }
    assert_eq!(refused(r#"{"keys":[]}x"#), "json");
    assert!(JwkSet::from_json(r#"{"keys":[]}"#).unwrap().is_empty());
}

#[test]
fn limits_hold() {
    let refused =
        |json: &str, limits: Limits| JwkSet::from_json_with_limits(json, &limits).unwrap_err().code();
    let three = r#"{"keys":[{},{},{}]}"#;
    assert!(JwkSet::from_json_with_limits(three, &Limits::default().jwk_set_keys(3)).is_ok());
    assert_eq!(refused(three, Limits::default().jwk_set_keys(2)), "limit_jwk_set_keys");
    assert!(JwkSet::from_json_with_limits(three, &Limits::default().jwk_set_bytes(19)).is_ok());
    assert_eq!(refused(three, Limits::default().jwk_set_bytes(18)), "limit_jwk_set_bytes");
    assert_eq!(refused(three, Limits::default().json_depth(1)), "limit_json_depth");
    let members: Vec<String> = (0..300).map(|number| format!("\"{number}\":0")).collect();
    let wide = format!("{{{}}}", members.join(","));
    assert_eq!(refused(&format!(r#"{{"keys":[],"next":{wide}}}"#), Limits::default()), "limit_json_members");
    assert_eq!(refused(&wide.replacen('{', r#"{"keys":[],"#, 1), Limits::default()), "limit_json_members");
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (depth, expected) in [(31, None), (32, Some("limit_json_depth"))] {
        let json = format!(r#"{{"keys":[],"next":{}}}"#, nested(depth));
        assert_eq!(JwkSet::from_json(&json).err().map(|error| error.code()), expected, "{depth}");
    }
    // Nothing is nested so deep that reading it could exhaust the stack.
    assert_eq!(refused(&format!(r#"{{"keys":[{}]}}"#, nested(126)), Limits::default()), "limit_json_depth");
    assert_eq!(
        refused(&format!(r#"{{"keys":[{}]}}"#, nested(50_000)), Limits::default()),
        "limit_json_depth"
    );
}

/// RFC 7517 §5: what is wrong with one key is no reason to lose the others.
#[test]
fn a_key_that_two_readers_may_read_differently_is_skipped() {
    let members: Vec<String> = (0..300).map(|number| format!("\"{number}\":0")).collect();
    let nested = |depth: usize| {
        format!(r#"{{"kty":"oct","k":"AAAA","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    let cases = [
        (adding(OCT, r#""kty":"oct""#), "duplicate_member"),
        (adding(OCT, r#""\u006b":"AAAA""#), "duplicate_member"),
        (adding(OCT, r#""x":[{"a":{"b":1,"b":1}}]"#), "duplicate_member"),
        (r#"[{"a":1,"a":1}]"#.to_owned(), "duplicate_member"),
        (format!("{{{}}}", members.join(",")), "limit_json_members"),
        (nested(32), "limit_json_depth"),
    ];
    for (bad, reason) in &cases {
        let good = without(EC, "d");
        for (json, index) in [
            (format!(r#"{{"keys":[{bad},{good},{OCT}]}}"#), 0),
            (format!(r#"{{"keys":[ {good} , {bad} , {OCT} ],"next":[]}}"#), 1),
        ] {
            let set = JwkSet::from_json(&json).unwrap();
            assert_eq!(set.len(), 2, "{bad}");
            let [skipped] = set.skipped() else { panic!("{:?}", set.skipped()) };
            assert_eq!((skipped.index(), skipped.key_id(), skipped.reason().code()), (index, None, *reason));
        }
    }
    assert_eq!(JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, nested(31))).unwrap().len(), 1);
}

#[test]
fn sets_are_written_and_read_again() {
    let keys = || [EC, ED25519, RSA].map(|json| Jwk::from_json(json).unwrap());
    let set: JwkSet = keys().into_iter().collect();
    let public = JwkSet::from_json(&set.to_public_json().unwrap()).unwrap();
    assert!(public.iter().all(|key| !key.is_private()));
    let private = JwkSet::from_json(set.expose_json().expose_secret()).unwrap();
    assert!(private.iter().all(Jwk::is_private));
    for again in [public, private] {
        assert!(again.skipped().is_empty());
        let thumbprints = |set: &JwkSet| set.iter().map(Jwk::thumbprint).collect::<Vec<_>>();
        assert_eq!(thumbprints(&again), thumbprints(&set));
    }
    let empty = JwkSet::default();
    assert_eq!(empty.to_public_json().unwrap(), r#"{"keys":[]}"#);
    assert_eq!(empty.expose_json().expose_secret(), r#"{"keys":[]}"#);

    let with_secret: JwkSet = keys().into_iter().chain([Jwk::from_json(OCT).unwrap()]).collect();
    assert_eq!(with_secret.to_public_json().unwrap_err().code(), "key_not_public");
}
