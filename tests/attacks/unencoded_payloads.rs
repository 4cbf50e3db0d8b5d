//! Class H, where unencoded payloads are asked for: what may be unencoded, who says so, and how much of it
//! (RFC 7797). `critical` has what everyone else refuses.

use countersign::jws::{JwsBuilder, JwsVerifier};
use countersign::{Error, JwsAlgorithm, Limits, SecretBytes, SigningKey};

use crate::support::*;

const ENCODED: &str = r#"{"alg":"HS256"}"#;
const UNENCODED: &str = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;

fn verifier() -> JwsVerifier {
    JwsVerifier::new([&hs256_key()]).allow_unencoded_payload()
}

/// The protected header in base64url and the signature over the payload as it is, in base64url too.
fn signed(header: &str, payload: impl AsRef<[u8]>) -> (String, String) {
    let header = encode(header);
    let mac = hmac(256, &secret(), &[header.as_bytes(), b".", payload.as_ref()].concat());
    (header, encode(mac))
}

fn compact(header: &str, payload: &str) -> String {
    let (header, signature) = signed(header, payload);
    format!("{header}.{payload}.{signature}")
}

fn detached(header: &str, payload: impl AsRef<[u8]>) -> String {
    let (header, signature) = signed(header, payload);
    format!("{header}..{signature}")
}

/// The flattened serialization; `payload` stands in the JSON as it is.
fn json(header: &str, payload: &str) -> String {
    let (header, signature) = signed(header, payload);
    format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#)
}

/// The general serialization with one signature for each header, made over the same characters.
fn general(headers: &[&str], payload: &str) -> String {
    let signature = |header: &&str| {
        let (header, signature) = signed(header, payload);
        format!(r#"{{"protected":"{header}","signature":"{signature}"}}"#)
    };
    let signatures: Vec<String> = headers.iter().map(signature).collect();
    format!(r#"{{"payload":"{payload}","signatures":[{}]}}"#, signatures.join(","))
}

/// The payload, verified under each rule for several signatures.
#[track_caller]
fn payload_of(json: &str) -> Result<Vec<u8>, Error> {
    let all = verifier().verify_json(json).map(|verified| verified.into_payload());
    let any = verifier().verify_json_any(json).map(|verified| verified.into_payload());
    assert_eq!(all, any, "{json:.200}");
    all
}

#[test]
fn row_048_asked_for_and_not_critical() {
    for header in [
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","b64":false,"crit":["exp"],"exp":1}"#,
        r#"{"alg":"HS256","b\u00364":false}"#,
    ] {
        assert_eq!(code(verifier().verify(&compact(header, "abcd"))), "crit", "{header}");
        assert_eq!(code(verifier().verify_detached(&detached(header, "abcd"), b"abcd")), "crit", "{header}");
        assert_eq!(code(payload_of(&json(header, "abcd"))), "crit", "{header}");
        // Nor among others that are in order.
        assert_eq!(code(payload_of(&general(&[UNENCODED, header], "abcd"))), "crit", "{header}");
    }
    for header in [UNENCODED, r#"{"\u00624":1,"b64":false,"crit":["\u0062\u0036\u0034"],"alg":"HS256"}"#] {
        assert_eq!(verifier().verify(&compact(header, "abcd")).unwrap().payload(), b"abcd", "{header}");
        assert_eq!(payload_of(&json(header, "abcd")).unwrap(), b"abcd", "{header}");
    }
    // To name it without a need is no harm; to name it without having it is.
    let needless = r#"{"alg":"HS256","b64":true,"crit":["b64"]}"#;
    assert_eq!(verifier().verify(&compact(needless, "YWJjZA")).unwrap().payload(), b"abcd");
    let absent = r#"{"alg":"HS256","crit":["b64"]}"#;
    assert_eq!(code(verifier().verify(&compact(absent, "YWJjZA"))), "crit");
}

#[test]
fn row_050_asked_for_and_of_another_type() {
    for value in [r#""false""#, "0", "1", "null", "[]", "{}"] {
        let header = format!(r#"{{"alg":"HS256","b64":{value},"crit":["b64"]}}"#);
        assert_eq!(code(verifier().verify(&compact(&header, "abcd"))), "member_type", "{value}");
        assert_eq!(code(verifier().verify_detached(&detached(&header, "a"), b"a")), "member_type", "{value}");
        assert_eq!(code(payload_of(&json(&header, "abcd"))), "member_type", "{value}");
        assert_eq!(code(payload_of(&general(&[UNENCODED, &header], "abcd"))), "member_type", "{value}");
    }
    assert!(verifier().verify(&compact(UNENCODED, "abcd")).is_ok());
}

/// Readers that each look at their own signature would verify two payloads.
#[test]
fn row_051_signatures_that_disagree() {
    // Characters that are base64url and so are a payload in both ways.
    assert_eq!(payload_of(&general(&[ENCODED, ENCODED], "YWJjZA")).unwrap(), b"abcd");
    assert_eq!(payload_of(&general(&[UNENCODED, UNENCODED], "YWJjZA")).unwrap(), b"YWJjZA");
    let true_too = r#"{"alg":"HS256","b64":true,"crit":["b64"]}"#;
    assert_eq!(payload_of(&general(&[ENCODED, true_too], "YWJjZA")).unwrap(), b"abcd");
    for headers in [[ENCODED, UNENCODED], [UNENCODED, ENCODED], [UNENCODED, true_too]] {
        let json = general(&headers, "YWJjZA");
        assert_eq!(code(payload_of(&json)), "member_type", "{headers:?}");
        // Nor does it matter who asked, or whether the other signature's key is known.
        let plain = JwsVerifier::new([&hs256_key()]);
        assert_eq!(code(plain.verify_json(&json)), "member_type");
        assert_eq!(code(plain.verify_json_any(&json)), "member_type");
        let foreign = general(
            &headers.map(|header| header.replace("HS256", "ES256")).each_ref().map(|x| &**x),
            "YWJjZA",
        );
        assert_eq!(code(plain.verify_json_any(&foreign)), "member_type");
        let beside = json.replacen(r#""payload":"YWJjZA","#, "", 1);
        assert_eq!(code(verifier().verify_json_detached(&beside, b"abcd")), "member_type");
        assert_eq!(code(verifier().verify_json_any_detached(&beside, b"abcd")), "member_type");
    }
    // One that another application's parameter would have refused is no way to hide it.
    let hidden = r#"{"alg":"HS256","b64":false,"crit":["b64","bork"],"bork":1}"#;
    assert_eq!(code(payload_of(&general(&[ENCODED, hidden], "YWJjZA"))), "member_type");
}

#[test]
fn row_052_b64_that_is_not_protected() {
    let (header, signature) = signed(ENCODED, "abcd");
    for unprotected in
        [r#"{"b64":false}"#, r#"{"b64":true}"#, r#"{"b64":false,"crit":["b64"]}"#, r#"{"b64":null}"#]
    {
        let json = format!(
            r#"{{"payload":"abcd","protected":"{header}","header":{unprotected},"signature":"{signature}"}}"#
        );
        assert_eq!(code(payload_of(&json)), "unprotected_member", "{unprotected}");
    }
    let (header, signature) = signed(r#"{"alg":"HS256","crit":["b64"]}"#, "abcd");
    let json = format!(
        r#"{{"payload":"abcd","protected":"{header}","header":{{"b64":false}},"signature":"{signature}"}}"#
    );
    assert_eq!(code(payload_of(&json)), "unprotected_member");
    let (header, signature) = signed(UNENCODED, "abcd");
    let json = format!(
        r#"{{"payload":"abcd","protected":"{header}","header":{{"B64":true}},"signature":"{signature}"}}"#
    );
    assert_eq!(payload_of(&json).unwrap(), b"abcd");
}

#[test]
fn row_053_a_payload_that_a_compact_token_cannot_carry() {
    for payload in ["$.02", ".", "a.b"] {
        assert_eq!(code(verifier().verify(&compact(UNENCODED, payload))), "segment_count", "{payload}");
        // RFC 7797 §4.2: beside the token, it is any bytes.
        let token = detached(UNENCODED, payload);
        assert_eq!(
            verifier().verify_detached(&token, payload.as_bytes()).unwrap().payload(),
            payload.as_bytes()
        );
    }
    for payload in ["\u{e9}", "a\nb", "\0", "\u{7f}", "\u{1f}", "\t", "\u{2028}", "\u{1f600}"] {
        assert_eq!(code(verifier().verify(&compact(UNENCODED, payload))), "unencoded_payload", "{payload:?}");
        let token = detached(UNENCODED, payload);
        assert!(verifier().verify_detached(&token, payload.as_bytes()).is_ok());
        assert_eq!(code(verifier().verify_detached(&token, b"x")), "invalid_signature");
    }
    for payload in ["hello", "a b", "~!@#$%^&*()_+=", "{}", "YWJjZA=="] {
        let verified = verifier().verify(&compact(UNENCODED, payload)).unwrap();
        assert_eq!(verified.payload(), payload.as_bytes());
    }
    // Beside a token that has one: which of the two was signed?
    let both = compact(UNENCODED, "hello");
    assert_eq!(code(verifier().verify_detached(&both, b"hello")), "unexpected_member");
    let both = json(UNENCODED, "hello");
    assert_eq!(code(verifier().verify_json_detached(&both, b"hello")), "unexpected_member");
    // Some signers write an empty one where they took it out. Alone, it isn't what was signed.
    let emptied = both.replacen("hello", "", 1);
    assert_eq!(verifier().verify_json_detached(&emptied, b"hello").unwrap().payload(), b"hello");
    assert_eq!(code(verifier().verify_json_detached(&emptied, b"hell")), "invalid_signature");
    assert_eq!(code(payload_of(&emptied)), "invalid_signature");
}

/// CVE-2026-48990: a payload that isn't decoded was not measured either.
#[test]
fn row_054_an_unencoded_payload_above_the_limit() {
    let size = |bytes: usize| Limits::default().token_bytes(bytes);
    let within = |bytes: usize| verifier().limits(size(bytes));
    let payload = "a".repeat(20_000);
    for (verify, exact) in [
        (compact(UNENCODED, &payload), compact(UNENCODED, &payload).len()),
        (json(UNENCODED, &payload), json(UNENCODED, &payload).len()),
    ] {
        let is_json = verify.starts_with('{');
        let judge = |verifier: JwsVerifier| {
            if is_json { verifier.verify_json(&verify).map(drop) } else { verifier.verify(&verify).map(drop) }
        };
        assert_eq!(code(judge(verifier())), "limit_token_bytes");
        assert_eq!(code(judge(within(exact - 1))), "limit_token_bytes");
        assert_eq!(judge(within(exact)), Ok(()));
    }
    // Beside the token, it counts too.
    for header in [UNENCODED, ENCODED] {
        let text = if header == ENCODED { encode(&payload) } else { payload.clone() };
        let token = detached(header, &text);
        let beside = json(header, &text).replacen(&format!(r#""payload":"{text}","#), "", 1);
        let exact = payload.len() + token.len();
        let judge = |verifier: JwsVerifier| verifier.verify_detached(&token, payload.as_bytes()).map(drop);
        assert_eq!(code(judge(verifier())), "limit_token_bytes");
        assert_eq!(code(judge(within(exact - 1))), "limit_token_bytes");
        assert_eq!(judge(within(exact)), Ok(()));
        let exact = payload.len() + beside.len();
        let judge =
            |verifier: JwsVerifier| verifier.verify_json_detached(&beside, payload.as_bytes()).map(drop);
        assert_eq!(code(judge(verifier())), "limit_token_bytes");
        assert_eq!(code(judge(within(exact - 1))), "limit_token_bytes");
        assert_eq!(judge(within(exact)), Ok(()));
    }
}

/// A mebibyte is an ordinary payload where the limit is raised, in each form and under several signatures.
#[test]
fn a_payload_of_a_mebibyte() {
    let payload: Vec<u8> = b" \"\\\n{}a0".repeat((1 << 20) / 8);
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    let limits = Limits::default().token_bytes(4 << 20);
    let verifier = || verifier().limits(limits.clone());
    for builder in [JwsBuilder::new(&key), JwsBuilder::new(&key).unencoded_payload()] {
        let json = builder.sign_json(&payload).unwrap();
        assert!(verifier().verify_json(&json).unwrap().payload() == payload);
        let general = countersign::jws::sign_general(&vec![builder.clone(); 16], &payload).unwrap();
        let verified = verifier().verify_json(&general).unwrap();
        assert!(verified.payload() == payload && verified.signatures().count() == 16);
        let token = builder.sign_detached(&payload).unwrap();
        assert!(verifier().verify_detached(&token, &payload).unwrap().payload() == payload);
        assert_eq!(code(verifier().verify_detached(&token, &payload[1..])), "invalid_signature");
        assert_eq!(code(JwsVerifier::new([&hs256_key()]).verify_json(&json)), "limit_token_bytes");
    }
    let token = JwsBuilder::new(&key).sign(&payload).unwrap();
    assert!(verifier().verify(&token).unwrap().payload() == payload);
}
