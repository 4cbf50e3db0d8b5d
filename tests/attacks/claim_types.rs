//! Class P: claims of another type than they must be, which are never taken for absent.
//!
//! CVE-2026-25537: a date in a string was read as no date.

use countersign::{JwtVerifier, NoClaims, VerifiedJwt};

use crate::support::*;

#[track_caller]
fn malformed(claim: &str, json: &str) {
    let error = verify_claims(p0_with(claim, json)).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_malformed", Some(claim)), "{json}");
    // Where nothing is asked of the claim, its form is judged all the same.
    let lax = JwtVerifier::builder(hs256_key()).any_issuer().any_audience().allow_missing_expiry();
    let lax = lax.clock(at(NOW)).build().unwrap();
    let error = lax.verify::<NoClaims>(&hs256(H0, format!(r#"{{"{claim}":{json}}}"#))).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_malformed", Some(claim)), "{json}");
}

#[test]
fn row_102_dates_in_strings() {
    for claim in ["exp", "nbf", "iat"] {
        for text in ["4102444800", "0", "", "x", "2100-01-01T00:00:00Z", "4102444800 ", "1e3", "Infinity"] {
            malformed(claim, &format!("\"{text}\""));
        }
    }
}

#[test]
fn row_103_dates_of_other_types() {
    for claim in ["exp", "nbf", "iat"] {
        for json in ["null", "true", "false", "[]", "{}", "[4102444800]", r#"{"seconds":4102444800}"#] {
            malformed(claim, json);
        }
    }
}

#[test]
fn row_104_dates_beyond_numbers() {
    for claim in ["exp", "nbf", "iat"] {
        for number in ["1e999", "-1e999", "1e400"] {
            assert_eq!(code(verify_claims(p0_with(claim, number))), "json", "{claim} {number}");
        }
        for number in ["1e308", "1e300", "-1e308", "9223372036854775808", "-9223372036854775809"] {
            malformed(claim, number);
        }
    }
}

#[test]
fn row_118_strings_of_other_types() {
    for claim in ["iss", "sub", "jti"] {
        for json in ["5", "null", "true", "[]", r#"["a"]"#, "{}", r#"{"a":"b"}"#, "0", "1.5"] {
            malformed(claim, json);
        }
    }
}

/// CVE-2025-30144: an array of issuers held the right one.
#[test]
fn row_115_array_of_issuers() {
    for json in [
        r#"["https://as.example"]"#,
        r#"["https://as.example","https://evil.example"]"#,
        r#"["https://evil.example","https://as.example"]"#,
        r#"{"0":"https://as.example"}"#,
        r#"[["https://as.example"]]"#,
    ] {
        malformed("iss", json);
    }
}

#[test]
fn row_119_payload_that_is_no_claims_set() {
    for payload in
        ["[]", r#"[{"iss":"https://as.example"}]"#, r#""{}""#, "1", "null", "true", &format!("[{P0}]")]
    {
        assert_eq!(code(verify_claims(payload)), "not_an_object", "{payload}");
    }
    for payload in [
        String::new(),
        " ".into(),
        format!("{P0}x"),
        format!("{P0}{P0}"),
        format!("{P0}\0"),
        format!("{P0},"),
        format!("\u{feff}{P0}"),
        P0[1..].into(),
        P0[..P0.len() - 1].into(),
        format!("({P0})"),
        "iss=https://as.example".into(),
        "<claims/>".into(),
        hs256(H0, P0),
    ] {
        assert_eq!(code(verify_claims(&payload)), "json", "{payload}");
        // The same octets are a payload like any other where no claims are asked for.
        let signed = hs256(H0, &payload);
        assert_eq!(countersign::jws::verify(&hs256_key(), &signed).unwrap().payload(), payload.as_bytes());
    }
    assert_eq!(code(verify_claims([0xff, 0xfe])), "utf8");
    let lonely = |payload: &str| {
        let verifier = JwtVerifier::builder(hs256_key()).any_issuer().any_audience().allow_missing_expiry();
        verifier.build().unwrap().verify::<NoClaims>(&hs256(H0, payload)).map(drop)
    };
    assert_eq!(lonely("{}"), Ok(()));
    assert_eq!(lonely(" {\r\n\t} "), Ok(()));
}

#[test]
fn row_120_text_is_compared_by_code_points_and_given_out_as_it_is() {
    for (json, text) in [
        (r#""u\u0000""#, "u\0"),
        (r#""u\u202e""#, "u\u{202e}"),
        ("\"u\u{202e}\"", "u\u{202e}"),
        (r#""\u003cscript\u003e""#, "<script>"),
        (r#""a\r\nb: c""#, "a\r\nb: c"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""""#, ""),
        ("\"\u{10ffff}\"", "\u{10ffff}"),
    ] {
        let jwt: VerifiedJwt<NoClaims> = verify_claims(p0_with("sub", json)).unwrap();
        assert_eq!(jwt.subject(), Some(text));
        let asked = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW));
        let asked = asked.subject(text).build().unwrap();
        assert!(asked.verify::<NoClaims>(&hs256(H0, p0_with("sub", json))).is_ok());
        assert_eq!(code(asked.verify::<NoClaims>(&hs256(H0, P0))), "claim_unexpected");
    }
    // One letter, composed and not; the Kelvin sign, which lower-cases to k.
    for (expected, claimed) in [("caf\u{e9}", "cafe\u{301}"), ("cafe\u{301}", "caf\u{e9}"), ("k", "\u{212a}")]
    {
        let verifier = JwtVerifier::builder(hs256_key()).issuer(expected).audience(AUDIENCE).clock(at(NOW));
        let verifier = verifier.build().unwrap();
        let token = |issuer: &str| hs256(H0, p0_with("iss", &format!("\"{issuer}\"")));
        assert_eq!(code(verifier.verify::<NoClaims>(&token(claimed))), "claim_unexpected");
        assert!(verifier.verify::<NoClaims>(&token(expected)).is_ok());
    }
    // What an error shows of the application's own settings is escaped: a log has one line of it.
    let odd = JwtVerifier::builder(hs256_key()).issuer("a\nlevel=info\u{1b}[2J").audience(AUDIENCE);
    let error = odd.build().unwrap().verify::<NoClaims>(&hs256(H0, P0)).unwrap_err().to_string();
    assert!(!error.contains(['\n', '\u{1b}']), "{error}");
}
