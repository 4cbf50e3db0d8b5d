//! Class I: headers and claims that two readers could read differently.

use countersign::{ContentEncryption, DecryptionKey, NoClaims, UnverifiedToken, danger, decrypt};

use crate::support::*;

/// Asserts that a header is refused for this reason, wherever it is read: in a signed token, and in an encrypted one,
/// where it is read before a key is used.
#[track_caller]
fn check_header(header: impl AsRef<[u8]>, expected: &str) {
    let encrypted = format!("{}..{}", encode(&header), [[0; 16]; 3].map(encode).join("."));
    let token = hs256(header, P0);
    assert_eq!(refused_by(&hs256_key(), &token), expected);
    let key = DecryptionKey::direct(ContentEncryption::A128CbcHs256, vec![1; 32].into()).unwrap();
    assert_eq!(code(decrypt(&key, &encrypted)), expected);
    for token in [token, encrypted] {
        assert_eq!(code(UnverifiedToken::parse(&token)), expected);
    }
}

#[test]
fn row_055_parameter_twice() {
    for header in [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"1","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","x":1,"y":2,"x":3}"#,
        r#"{"alg":"HS256","x":{"a":1,"a":2}}"#,
        r#"{"alg":"HS256","x":[[{"a":1,"b":2,"a":1}]]}"#,
        r#"{"alg":"HS256","":1,"":1}"#,
    ] {
        check_header(header, "duplicate_member");
    }
    // Past the number of names that are kept in place, and where only two of many are the same.
    let many: String = (0..40).map(|number| format!(r#""n{number}":0,"#)).collect();
    for twin in ["n0", "n15", "n16", "n17", "n39", "\\u006e0", "n\\u00339"] {
        check_header(format!(r#"{{{many}"alg":"HS256","{twin}":1}}"#), "duplicate_member");
    }
    accepted_by(&hs256_key(), &hs256(format!(r#"{{{many}"alg":"HS256","n40":1}}"#), P0));
}

#[test]
fn row_056_claim_twice() {
    for payload in [
        p0_with("aud", r#""https://api.example","aud":"https://other.example""#),
        p0_with("exp", "4102444800,\"exp\":1"),
        p0_with("sub", r#""u","\u0073ub":"admin""#),
        p0_with("roles", r#"{"admin":false,"admin":true}"#),
        p0_with("a", r#"[{"b":{"c":[{"d":1,"d":1}]}}]"#),
        p0_with("a", r#"1,"a":1"#),
    ] {
        assert_eq!(code(verify_claims(&payload)), "duplicate_member", "{payload}");
        let token = hs256(H0, &payload);
        assert_eq!(code(danger::unverified_claims::<NoClaims>(&token)), "duplicate_member", "{payload}");
    }
    // One name in different objects is not twice in one.
    let payload = p0_with("a", r#"[{"sub":1},{"sub":2,"b":{"sub":3}}]"#);
    assert!(verify_claims(payload).is_ok());
}

#[test]
fn row_057_names_in_another_case() {
    for header in [r#"{"Alg":"HS256"}"#, r#"{"ALG":"HS256"}"#, r#"{"alg ":"HS256"}"#, r#"{"ａlg":"HS256"}"#]
    {
        check_header(header, "missing_member");
    }
    accepted_by(&hs256_key(), &hs256(r#"{"ALG":"none","alg":"HS256","Alg":1}"#, P0));
    accepted_by(&hs256_key(), &hs256(r#"{"alg":"HS256","Crit":["x"],"B64":false,"Enc":"A256GCM"}"#, P0));
    // Nor are claims read without regard to case, at either end.
    let other_case = P0.replace("\"exp\"", "\"EXP\"");
    assert_eq!(code(verify_claims(other_case)), "claim_missing");
    assert!(verify_claims(p0_with("Exp", "1")).is_ok());
    assert!(verify_claims(p0_with("ISS", "1")).is_ok());
}

#[test]
fn row_058_parameter_twice_in_other_spellings() {
    for header in [
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"\u0061lg":"none","alg":"HS256"}"#,
        r#"{"\u0061\u006c\u0067":"HS256","\u0061l\u0067":"none"}"#,
        r#"{"alg":"HS256","a/b":1,"a\/b":2}"#,
        r#"{"alg":"HS256","😀":1,"\ud83d\ude00":2}"#,
        r#"{"alg":"HS256","é":1,"\u00E9":2,"\u00e9":3}"#,
        "{\"alg\":\"HS256\",\"\\t\":1,\"\\u0009\":2}",
    ] {
        check_header(header, "duplicate_member");
    }
    // An escaped name on its own is that name.
    accepted_by(&hs256_key(), &hs256(r#"{"\u0061lg":"HS256"}"#, P0));
    // A composed letter and its parts are two names.
    accepted_by(&hs256_key(), &hs256(r#"{"alg":"HS256","é":1,"e\u0301":2}"#, P0));
}

#[test]
fn row_062_header_that_is_no_json_object() {
    for header in ["[]", r#"["alg","HS256"]"#, r#""HS256""#, "1", "null", "true", r#"[{"alg":"HS256"}]"#] {
        check_header(header, "not_an_object");
    }
    let valid = r#"{"alg":"HS256"}"#;
    for header in [
        "".into(),
        " ".into(),
        "{".into(),
        "}".into(),
        format!("{valid}x"),
        format!("{valid}{valid}"),
        format!("{valid},"),
        format!("{valid}\0"),
        format!("x{valid}"),
        format!("/**/{valid}"),
        format!("{valid}//"),
        format!("{valid}\u{b}"),
        format!("\u{a0}{valid}"),
        format!("{valid}\u{2028}"),
        r#"{"alg":"HS256",}"#.into(),
        r#"{,"alg":"HS256"}"#.into(),
        r#"{"alg":"HS256" "typ":"JWT"}"#.into(),
        r#"{"alg":"HS256","a":NaN}"#.into(),
        r#"{"alg":"HS256","a":Infinity}"#.into(),
        r#"{"alg":"HS256","a":-Infinity}"#.into(),
        r#"{"alg":"HS256","a":undefined}"#.into(),
        r#"{"alg":"HS256","a":True}"#.into(),
        r#"{"alg":"HS256","a":nul}"#.into(),
        r#"{"alg":"HS256","a":nulll}"#.into(),
        r#"{"alg":"HS256","a":0x1}"#.into(),
        r#"{"alg":"HS256","a":01}"#.into(),
        r#"{"alg":"HS256","a":+1}"#.into(),
        r#"{"alg":"HS256","a":.5}"#.into(),
        r#"{"alg":"HS256","a":5.}"#.into(),
        r#"{"alg":"HS256","a":1e}"#.into(),
        r#"{"alg":"HS256","a":-}"#.into(),
        r#"{"alg":"HS256","a":1e999}"#.into(),
        r#"{"alg":"HS256","a":[1,]}"#.into(),
        r#"{"alg":"HS256","a":[,1]}"#.into(),
        r#"{"alg":"HS256","a":[1}}"#.into(),
        r#"{"alg":"HS256","a":}"#.into(),
        r#"{"alg":"HS256","a"}"#.into(),
        r#"{"alg":"HS256",a:1}"#.into(),
        r#"{'alg':'HS256'}"#.into(),
        r#"{"alg":"HS256"#.into(),
        r#"{"alg":"HS256\"}"#.into(),
        r#"{"alg":"HS256","a":"\x41"}"#.into(),
        r#"{"alg":"HS256","a":"\u004"}"#.into(),
        r#"{"alg":"HS256","a":"\u+041"}"#.into(),
        "{\"alg\":\"HS256\",\"a\":\"\n\"}".into(),
        "{\"alg\":\"HS256\",\"a\":\"\u{1f}\"}".into(),
        "{\"alg\":\"HS256\",\"a\":\"\0\"}".into(),
    ] as [String; 47]
    {
        let token = hs256(&header, P0);
        assert_eq!(refused_by(&hs256_key(), &token), "json", "{header}");
        assert_eq!(code(UnverifiedToken::parse(&token)), "json", "{header}");
    }
}

#[test]
fn row_063_header_that_is_no_text() {
    let with = |octets: &[u8]| [br#"{"alg":"HS256","a":""#, octets, br#""}"#].concat();
    for octets in [
        &[0xff][..],
        &[0x80],
        &[0xc3],
        // Overlong forms of NUL, of a slash and of a quotation mark.
        &[0xc0, 0x80],
        &[0xc0, 0xaf],
        &[0xe0, 0x80, 0xa2],
        // A surrogate, and one above the last character.
        &[0xed, 0xa0, 0x80],
        &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xf8, 0x88, 0x80, 0x80, 0x80],
    ] {
        check_header(with(octets), "utf8");
    }
    let utf16: Vec<u8> = r#"{"alg":"HS256"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_header(&utf16, "json");
    check_header([&[0xff, 0xfe], &utf16[..]].concat(), "utf8");
    check_header("\u{feff}{\"alg\":\"HS256\"}", "json");
    for escape in ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\ude00\\ud83d", "\\ud83d", "\\ud83dx\\ude00"] {
        check_header(with(escape.as_bytes()), "json");
        check_header(format!(r#"{{"alg":"HS256","{escape}":1}}"#), "json");
        assert_eq!(code(verify_claims(p0_with("sub", &format!("\"{escape}\"")))), "json", "{escape}");
    }
    assert_eq!(code(verify_claims([b"{\"sub\":\"", &[0xff][..], b"\"}"].concat())), "utf8");
    accepted_by(&hs256_key(), &hs256(with("\\ud83d\\ude00 😀 \u{10ffff}".as_bytes()), P0));
}
