//! The header's own rules, by the rows of the attack table that speak of them: RFC 7515 §4, RFC 7516 §4,
//! RFC 7797 §6.
//!
//! Each rule has an accepted twin beside what it refuses; what a whole token with such a header meets is in `tests/attacks/`.

use super::*;

const NOTHING: &[String] = &[];

fn jws(json: &str) -> Result<Header<'_>, Error> {
    Header::parse_jws(json, &Limits::default(), NOTHING)
}

fn jwe(json: &str) -> Result<Header<'_>, Error> {
    Header::parse_jwe(json, &Limits::default(), NOTHING)
}

fn defect<T: std::fmt::Debug>(result: Result<T, Error>) -> Defect {
    match result {
        Err(Error::Malformed { part: Part::Header, defect }) => defect,
        other => panic!("{other:?}"),
    }
}

fn unsupported<T: std::fmt::Debug>(result: Result<T, Error>) -> Unsupported {
    match result {
        Err(Error::Unsupported(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_jws_header_is_read() {
    let header = jws(r#"{"typ":"JWT","alg":"ES\u0032\u00356","kid":"k/1","cty":"x"}"#).unwrap();
    assert_eq!(header.alg, "ES256");
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    assert_eq!(header.kid.as_deref(), Some("k/1"));
    assert_eq!(header.cty.as_deref(), Some("x"));
    assert!(header.enc.is_none());
}

#[test]
fn a_jwe_header_is_read() {
    let json = r#"{"alg":"ECDH-ES+A128KW","enc":"A128GCM","epk":{"kty":"EC"},"apu":"QQ","apv":"Qg","iv":"i","tag":"t"}"#;
    let header = jwe(json).unwrap();
    assert_eq!(header.enc.as_deref(), Some("A128GCM"));
    assert_eq!(header.epk.map(Value::text), Some(r#"{"kty":"EC"}"#));
    let agreed = [header.apu, header.apv, header.iv, header.tag].map(Option::unwrap);
    assert_eq!(agreed, ["QQ", "Qg", "i", "t"]);
}

#[test]
fn rows_149_and_150_whitespace_and_unknown_parameters_are_accepted() {
    let json =
        "{ \"alg\" : \"HS256\" ,\r\n\t\"\u{1f600}\":[{\"x\":\"\\ud83d\\ude00\"}],\"exp\":\"x\",\"ALG\":1 }";
    assert_eq!(jws(json).unwrap().alg, "HS256");
}

#[test]
fn parameters_that_come_with_keys_are_never_looked_at() {
    for name in ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"] {
        assert!(jws(&format!(r#"{{"alg":"HS256","{name}":[{{"kty":1}}]}}"#)).is_ok());
        assert!(jwe(&format!(r#"{{"alg":"dir","enc":"A128GCM","{name}":false}}"#)).is_ok());
    }
    // Parameters of a JWE mean nothing in a JWS.
    let header = jws(r#"{"alg":"HS256","epk":1,"apu":1,"apv":1,"iv":1,"tag":1,"p2s":1,"p2c":1}"#).unwrap();
    assert!(header.epk.is_none() && header.iv.is_none());
}

#[test]
fn row_005_alg_is_a_string_and_is_there() {
    for alg in ["null", "0", "true", "[\"HS256\"]", "{\"a\":1}"] {
        let expected = Defect::MemberType { name: "alg", expected: "a string" };
        assert_eq!(defect(jws(&format!("{{\"alg\":{alg}}}"))), expected);
        assert_eq!(defect(jwe(&format!("{{\"enc\":\"A128GCM\",\"alg\":{alg}}}"))), expected);
    }
    for absent in ["{}", "{\"Alg\":\"HS256\"}", "{\"ALG\":\"HS256\",\"alg \":\"HS256\"}"] {
        assert_eq!(defect(jws(absent)), Defect::MissingMember("alg"));
    }
    // Which strings name an algorithm is for the algorithms' registry to say.
    for alg in ["", "none", "hs256", "HS256\\u0000"] {
        assert!(jws(&format!("{{\"alg\":\"{alg}\"}}")).is_ok());
    }
}

#[test]
fn row_039_strings_must_be_strings() {
    for name in ["kid", "typ", "cty"] {
        let expected = Defect::MemberType { name, expected: "a string" };
        for value in ["5", "null", "[\"a\"]", "{}"] {
            assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","{name}":{value}}}"#))), expected);
            assert_eq!(defect(jwe(&format!(r#"{{"alg":"dir","enc":"x","{name}":{value}}}"#))), expected);
        }
        assert!(jws(&format!(r#"{{"alg":"HS256","{name}":"' OR 1=1--"}}"#)).is_ok());
    }
    for name in ["apu", "apv", "iv", "tag", "p2s"] {
        let expected = Defect::MemberType { name, expected: "a string" };
        assert_eq!(defect(jwe(&format!(r#"{{"alg":"dir","enc":"x","{name}":1}}"#))), expected);
    }
    let expected = Defect::MemberType { name: "epk", expected: "an object" };
    assert_eq!(defect(jwe(r#"{"alg":"dir","enc":"x","epk":"EC"}"#)), expected);
}

#[test]
fn rows_025_and_026_enc_tells_a_jwe_from_a_jws() {
    assert_eq!(defect(jws(r#"{"alg":"HS256","enc":"A128GCM"}"#)), Defect::UnexpectedMember("enc"));
    assert_eq!(defect(jws(r#"{"alg":"HS256","enc":null}"#)), Defect::UnexpectedMember("enc"));
    assert_eq!(defect(jwe(r#"{"alg":"RS256"}"#)), Defect::MissingMember("enc"));
    let expected = Defect::MemberType { name: "enc", expected: "a string" };
    assert_eq!(defect(jwe(r#"{"alg":"dir","enc":1}"#)), expected);
}

#[test]
fn rows_088_and_090_zip_is_unsupported_in_a_jwe_and_nothing_in_a_jws() {
    for zip in ["\"DEF\"", "\"def\"", "\"GZIP\"", "null", "1"] {
        let json = format!(r#"{{"alg":"dir","enc":"A128GCM","zip":{zip}}}"#);
        assert_eq!(unsupported(jwe(&json)), Unsupported::Compression);
        assert!(jws(&format!(r#"{{"alg":"HS256","zip":{zip}}}"#)).is_ok());
    }
    assert!(matches!(defect(jws(r#"{"alg":"HS256","zip":"DEF","crit":["zip"]}"#)), Defect::Crit(_)));
}

#[test]
fn row_044_a_critical_parameter_must_be_understood() {
    let json = r#"{"alg":"HS256","enc":"A128GCM","crit":["bork"],"bork":1}"#;
    assert_eq!(unsupported(jwe(json)), Unsupported::Critical);
    assert_eq!(unsupported(jws(&json.replace("enc", "x"))), Unsupported::Critical);
    assert_eq!(unsupported(jws(r#"{"alg":"HS256","crit":["Exp"],"Exp":1}"#)), Unsupported::Critical);
}

#[test]
fn row_045_crit_has_its_own_rules() {
    let wrong = [
        "[]",
        "\"exp\"",
        "null",
        "{}",
        "true",
        "[1]",
        "[\"exp\",1]",
        "[null]",
        "[[\"exp\"]]",
        "[\"exp\",\"exp\"]",
        "[\"exp\",\"\\u0065xp\"]",
        "[\"absent\"]",
        "[\"exp\",\"absent\"]",
        "[\"\"]",
        "[\"crit\"]",
    ];
    let registered = REGISTERED.map(|name| format!("[\"{name}\"]"));
    let understood = ["exp", "absent", "", "alg", "crit", "b64"].map(String::from);
    for crit in wrong.into_iter().chain(registered.iter().map(String::as_str)) {
        for json in [
            format!(r#"{{"alg":"HS256","exp":1,"crit":{crit},"epk":{{}}}}"#),
            format!(r#"{{"crit":{crit},"exp":1,"alg":"HS256"}}"#),
        ] {
            let refused = Header::parse_jws(&json, &Limits::default(), &understood);
            assert!(matches!(defect(refused), Defect::Crit(_)), "{crit}");
            let json = json.replace("\"exp\":1", "\"enc\":\"x\",\"exp\":1");
            let refused = Header::parse_jwe(&json, &Limits::default(), &understood);
            assert!(matches!(defect(refused), Defect::Crit(_)), "{crit}");
        }
    }
    let repeated = r#"{"alg":"HS256","crit":["b64","b64"],"b64":true}"#;
    assert!(matches!(defect(jws(repeated)), Defect::Crit(_)));
}

#[test]
fn row_047_an_understood_critical_parameter_is_accepted() {
    for json in
        [r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, r#"{"\u0065xp":1,"alg":"HS256","crit":["\u0065xp"]}"#]
    {
        let understood = [String::from("nbf"), String::from("exp")];
        assert!(Header::parse_jws(json, &Limits::default(), &understood).is_ok());
        assert_eq!(unsupported(jws(json)), Unsupported::Critical);
    }
}

#[test]
fn rows_048_to_050_b64_is_true_or_refused() {
    assert!(jws(r#"{"alg":"HS256","b64":true}"#).is_ok());
    assert!(matches!(defect(jws(r#"{"alg":"HS256","b64":false}"#)), Defect::Crit(_)));
    let other = Header::parse_jws(
        r#"{"alg":"HS256","b64":false,"crit":["exp"],"exp":1}"#,
        &Limits::default(),
        &["exp".into()],
    );
    assert!(matches!(defect(other), Defect::Crit(_)));
    let named = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
    assert_eq!(unsupported(jws(named)), Unsupported::Critical);
    assert_eq!(
        unsupported(Header::parse_jws(named, &Limits::default(), &["b64".into()])),
        Unsupported::Critical
    );
    for b64 in ["\"false\"", "0", "null", "\"true\"", "[]"] {
        let expected = Defect::MemberType { name: "b64", expected: "a boolean" };
        assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","b64":{b64}}}"#))), expected);
        assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","crit":["b64"],"b64":{b64}}}"#))), expected);
    }
    // RFC 7797 defines it for JWS alone.
    assert!(jwe(r#"{"alg":"dir","enc":"A128GCM","b64":0}"#).is_ok());
    let critical = r#"{"alg":"dir","enc":"A128GCM","b64":true,"crit":["b64"]}"#;
    assert_eq!(unsupported(jwe(critical)), Unsupported::Critical);
}

#[test]
fn rows_055_and_062_the_header_is_one_object_without_duplicates() {
    assert_eq!(defect(jws(r#"{"alg":"none","alg":"HS256"}"#)), Defect::DuplicateMember);
    assert_eq!(defect(jws(r#"{"alg":"HS256","\u0061lg":"none"}"#)), Defect::DuplicateMember);
    assert_eq!(defect(jws("[\"alg\"]")), Defect::NotAnObject);
    assert_eq!(defect(jws("{\"alg\":\"HS256\"}x")), Defect::Json);
    assert_eq!(defect(jws("")), Defect::Json);
}

#[test]
fn a_header_segment_is_decoded_within_the_limit() {
    let mut buffer = b"old".to_vec();
    let limits = Limits::default().header_bytes(15);
    assert_eq!(decode_header("eyJhbGciOiJIUzI1NiJ9", &limits, &mut buffer), Ok(r#"{"alg":"HS256"}"#));
    let over = Err(Error::LimitExceeded { limit: Limit::HeaderBytes, max: 14 });
    assert_eq!(decode_header("eyJhbGciOiJIUzI1NiJ9", &limits.clone().header_bytes(14), &mut buffer), over);
    // Too large is found before it is decoded.
    assert_eq!(decode_header(&"!".repeat(1_000_000), &limits.clone().header_bytes(14), &mut buffer), over);
    assert_eq!(defect(decode_header("eyJhbGciOiJIUzI1NiJ9=", &limits, &mut buffer)), Defect::Base64url);
    assert_eq!(defect(decode_header("Bearer eyJ9", &limits, &mut buffer)), Defect::Base64url);
}

#[test]
fn row_063_a_header_is_utf_8() {
    let mut buffer = Vec::new();
    let segment = base64url::encode(b"{\"alg\":\"\xff\"}");
    assert_eq!(defect(decode_header(&segment, &Limits::default(), &mut buffer)), Defect::Utf8);
    let segment = base64url::encode("\u{feff}{\"alg\":\"HS256\"}".as_bytes());
    let json = decode_header(&segment, &Limits::default(), &mut buffer).unwrap();
    assert_eq!(defect(jws(json)), Defect::Json);
}

#[test]
fn row_121_media_types_are_equal_under_rfc_7515_section_4_1_9() {
    for same in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert!(media_type_eq(same, "at+jwt"), "{same}");
        assert!(media_type_eq("application/at+jwt", same), "{same}");
    }
    for other in [
        "",
        "JWT",
        "dpop+jwt",
        "at+JWT ",
        " at+jwt",
        "at+jwt;",
        "at+jwt; x=1",
        "text/at+jwt",
        "x/at+jwt",
        "/at+jwt",
        "application/",
        "application/application/at+jwt",
        "applicatioN at+jwt",
        "at\u{212a}jwt",
    ] {
        assert!(!media_type_eq(other, "at+jwt"), "{other}");
        assert!(!media_type_eq("application/at+jwt", other), "{other}");
    }
    assert!(media_type_eq("EXAMPLE;a=B", "application/example;a=B"));
    assert!(!media_type_eq("example;a=B", "example;a=b"));
    // RFC 7515 §4.1.9's own example of what can't be shortened.
    assert!(!media_type_eq("application/example;part=\"1/2\"", "example;part=\"1/2\""));
    assert!(media_type_eq("application/example;part=\"1/2\"", "Application/Example;part=\"1/2\""));
}

fn parts<'a>(protected: &'a str, shared: Option<&'a str>, unprotected: Option<&'a str>) -> HeaderText<'a> {
    HeaderText { protected: (!protected.is_empty()).then_some(protected), shared, unprotected }
}

#[test]
fn row_059_the_parts_of_a_header_are_disjoint() {
    let limits = Limits::default();
    let rules = HeaderRules::new(&limits, NOTHING);
    let jws = |protected, unprotected| Header::read_jws(parts(protected, None, Some(unprotected)), &rules);
    let header = jws(r#"{"alg":"ES256"}"#, r#"{"kid":"k","typ":"x"}"#).unwrap();
    assert_eq!((header.kid.as_deref(), header.typ.as_deref()), (Some("k"), Some("x")));
    for twice in [r#"{"alg":"HS256"}"#, r#"{"\u0061lg":"HS256"}"#, r#"{"x":1,"y":2,"x-":3,"other":4}"#] {
        let found = jws(r#"{"alg":"RS256","other":[]}"#, twice);
        assert_eq!(defect(found), Defect::DuplicateMember, "{twice}");
    }
    let shared = r#"{"kid":"k"}"#;
    let jwe = |own| Header::read_jwe(parts(r#"{"enc":"A128GCM"}"#, Some(shared), Some(own)), &rules);
    assert_eq!(jwe(r#"{"alg":"dir"}"#).unwrap().kid.as_deref(), Some("k"));
    assert_eq!(defect(jwe(r#"{"alg":"dir","kid":"k"}"#)), Defect::DuplicateMember);
    assert_eq!(defect(jwe(r#"{"alg":"dir","enc":"A128GCM"}"#)), Defect::DuplicateMember);
}

#[test]
fn rows_046_052_060_and_090_some_parameters_must_be_protected() {
    let limits = Limits::default();
    let understood = [String::from("exp")];
    let mut rules = HeaderRules::new(&limits, &understood);
    let protected = r#"{"alg":"HS256","exp":1}"#;
    for (unprotected, name) in [(r#"{"crit":["exp"]}"#, "crit"), (r#"{"b64":true}"#, "b64")] {
        let found = Header::read_jws(parts(protected, None, Some(unprotected)), &rules);
        assert_eq!(defect(found), Defect::UnprotectedMember(name));
    }
    let critical = parts(r#"{"alg":"HS256","crit":["exp"]}"#, None, Some(r#"{"exp":1}"#));
    assert!(matches!(defect(Header::read_jws(critical, &rules)), Defect::Crit(_)));
    let zip = parts(r#"{"alg":"dir","enc":"A128GCM"}"#, None, Some(r#"{"zip":"DEF"}"#));
    assert_eq!(defect(Header::read_jwe(zip, &rules)), Defect::UnprotectedMember("zip"));

    let unprotected = parts("", None, Some(r#"{"alg":"HS256"}"#));
    assert_eq!(defect(Header::read_jws(unprotected, &rules)), Defect::UnprotectedMember("alg"));
    rules.unprotected_algorithm = true;
    assert_eq!(Header::read_jws(unprotected, &rules).unwrap().alg, "HS256");
}

#[test]
fn what_was_asked_for_is_read() {
    let limits = Limits::default();
    let mut rules = HeaderRules::new(&limits, NOTHING);
    let unencoded = HeaderText::protected(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#);
    let compressed = HeaderText::protected(r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#);
    assert_eq!(unsupported(Header::read_jws(unencoded, &rules)), Unsupported::Critical);
    assert_eq!(unsupported(Header::read_jwe(compressed, &rules)), Unsupported::Compression);
    rules.unencoded_payload = true;
    rules.compression = true;
    assert!(Header::read_jws(unencoded, &rules).is_ok());
    assert_eq!(encodes_payload(unencoded, &limits), Ok(false));
    assert_eq!(encodes_payload(HeaderText::protected(r#"{"alg":"HS256"}"#), &limits), Ok(true));
    assert!(Header::read_jwe(compressed, &rules).unwrap().zip);
    for zip in ["\"def\"", "\"GZIP\"", "\"\"", "null", "1", "true"] {
        let json = format!(r#"{{"alg":"dir","enc":"A128GCM","zip":{zip}}}"#);
        let found = Header::read_jwe(HeaderText::protected(&json), &rules);
        assert_eq!(unsupported(found), Unsupported::Compression, "{zip}");
    }
}
