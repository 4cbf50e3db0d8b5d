//! RFC 7797: the examples of section 4 verify and are made anew, and the rules of sections 3, 5 and 7 hold.

mod vectors;

use countersign::jws::{JwsBuilder, JwsVerifier, sign_general, sign_general_detached};
use countersign::{JwsAlgorithm, KeySet, SigningKey, VerifyingKey, jws};
use serde_json::{Value, json};
use vectors::{Case, changed, code, with, with_header, with_part, without};

fn signing_key() -> SigningKey {
    SigningKey::from_jwk_for(JwsAlgorithm::Hs256, &Case::of("RFC 7797 4.1").jwk("jwk")).expect("it fits")
}

fn key() -> VerifyingKey {
    signing_key().verifying_key().expect("a secret verifies too")
}

/// Verifies as a recipient that agreed on unencoded payloads.
fn verifier() -> JwsVerifier {
    JwsVerifier::new([&key()]).allow_unencoded_payload()
}

#[test]
fn section_4_1_the_payload_in_base64url() {
    let case = Case::of("RFC 7797 4.1");
    let payload = case.text("payload").as_bytes();
    let json = case.value("json").to_string();
    for verifier in [verifier(), JwsVerifier::new([&key()])] {
        assert_eq!(verifier.verify(case.token()).unwrap().payload(), payload);
        assert_eq!(verifier.verify_json(&json).unwrap().payload(), payload);
        assert_eq!(code(verifier.verify(&with_part(case.token(), 1, changed))), "invalid_signature");
        let other = with(case.value("json"), "payload", "JC4wMw").to_string();
        assert_eq!(code(verifier.verify_json(&other)), "invalid_signature");
    }
    assert_eq!(jws::sign(&signing_key(), payload).unwrap(), case.token());
    let made: Value =
        serde_json::from_str(&JwsBuilder::new(&signing_key()).sign_json(payload).unwrap()).unwrap();
    assert_eq!(&made, case.value("json"));
}

#[test]
fn section_4_2_the_payload_as_it_is() {
    let case = Case::of("RFC 7797 4.2");
    let payload = case.text("payload").as_bytes();
    let json = case.value("json");
    let detached = without(json, "payload");

    assert_eq!(verifier().verify_detached(case.token(), payload).unwrap().payload(), payload);
    assert_eq!(verifier().verify_json(&json.to_string()).unwrap().payload(), payload);
    assert_eq!(verifier().verify_json_detached(&detached.to_string(), payload).unwrap().payload(), payload);

    // Another payload, among them what a reader signs who encodes after all.
    for other in ["$.03", "$.0", "$.02\n", "", "JC4wMg"] {
        assert_eq!(code(verifier().verify_detached(case.token(), other.as_bytes())), "invalid_signature");
        let bent = with(json, "payload", other).to_string();
        assert_eq!(code(verifier().verify_json(&bent)), "invalid_signature");
        let bent = verifier().verify_json_detached(&detached.to_string(), other.as_bytes());
        assert_eq!(code(bent), "invalid_signature");
    }
    // The header that says so is covered by the signature.
    let said_otherwise = with_header(case.token(), r#"{"alg":"HS256"}"#);
    assert_eq!(code(verifier().verify_detached(&said_otherwise, payload)), "invalid_signature");
}

#[test]
fn section_4_2_made_anew_is_the_same_token() {
    let case = Case::of("RFC 7797 4.2");
    let key = signing_key();
    let payload = case.text("payload").as_bytes();
    let builder = JwsBuilder::new(&key).unencoded_payload();
    assert_eq!(builder.sign_detached(payload).unwrap(), case.token());
    let made: Value = serde_json::from_str(&builder.sign_json(payload).unwrap()).unwrap();
    assert_eq!(&made, case.value("json"));
    let made: Value = serde_json::from_str(&builder.sign_json_detached(payload).unwrap()).unwrap();
    assert_eq!(made, without(case.value("json"), "payload"));
    // §5.2: with its dot, it can't be attached.
    assert_eq!(code(builder.sign(payload)), "misuse");
}

/// "asked for per object": nobody who didn't ask takes an unencoded payload.
#[test]
fn who_did_not_agree_refuses() {
    let case = Case::of("RFC 7797 4.2");
    let payload = case.text("payload").as_bytes();
    let json = case.value("json").to_string();
    let detached = without(case.value("json"), "payload").to_string();
    let plain = JwsBuilder::new(&signing_key()).unencoded_payload().sign(b"hello").unwrap();
    assert_eq!(verifier().verify(&plain).unwrap().payload(), b"hello");

    // Nor does it help to declare `b64` as one of the application's own.
    for verifier in [JwsVerifier::new([&key()]), JwsVerifier::new([&key()]).understood_critical(["b64"])] {
        assert_eq!(code(verifier.verify(&plain)), "unsupported_critical");
        assert_eq!(code(verifier.verify_detached(case.token(), payload)), "unsupported_critical");
        assert_eq!(code(verifier.verify_json(&json)), "unsupported_critical");
        assert_eq!(code(verifier.verify_json_any(&json)), "unsupported_critical");
        assert_eq!(code(verifier.verify_json_detached(&detached, payload)), "unsupported_critical");
        assert_eq!(code(verifier.verify_json_any_detached(&detached, payload)), "unsupported_critical");
    }
    // "hello" isn't canonical base64url, so those who always decode say that first.
    let encoded = JwsBuilder::new(&signing_key()).unencoded_payload().sign(b"hellohel").unwrap();
    assert!(verifier().verify(&encoded).is_ok());
    assert_eq!(code(jws::verify(&key(), &encoded)), "unsupported_critical");
    assert_eq!(code(KeySet::from(key()).verify(&encoded)), "unsupported_critical");
}

/// §5.2: in a compact serialization, printable ASCII without dots.
#[test]
fn section_5_2_unencoded_in_a_compact_serialization() {
    let key = signing_key();
    let builder = JwsBuilder::new(&key).unencoded_payload();
    let all: String = (' '..='~').filter(|&character| character != '.').collect();
    for payload in ["", "hello", " ", "~", &all] {
        let token = builder.sign(payload.as_bytes()).unwrap();
        assert_eq!(token.split('.').nth(1), Some(payload));
        assert_eq!(verifier().verify(&token).unwrap().payload(), payload.as_bytes());
    }
    for payload in [&b"$.02"[..], b".", b"a\nb", b"\0", b"\x7f", b"\x1f", "\u{e9}".as_bytes(), b"\xff"] {
        assert_eq!(code(builder.sign(payload)), "misuse", "{payload:?}");
        // What can't be attached can stand beside the token.
        let token = builder.sign_detached(payload).unwrap();
        assert_eq!(verifier().verify_detached(&token, payload).unwrap().payload(), payload);
        assert_eq!(code(verifier().verify_detached(&token, b"else")), "invalid_signature");
    }
}

/// §5.3: in JSON, any UTF-8, with what JSON escapes escaped; the signature is over the text itself.
#[test]
fn section_5_3_unencoded_in_a_json_serialization() {
    let key = signing_key();
    let builder = JwsBuilder::new(&key).unencoded_payload();
    for payload in ["", "$.02", "{\"a\":\"\\\"\"}", "tab\tline\r\n", "\0\u{1f}\u{7f}", "\u{e9}\u{1f600}", "."]
    {
        let json = builder.sign_json(payload.as_bytes()).unwrap();
        assert_eq!(verifier().verify_json(&json).unwrap().payload(), payload.as_bytes());
        let text: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(text["payload"], payload);
        // However the text is escaped, it is the same text.
        let escaped: String = payload.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let respelled = json.replacen(&text["payload"].to_string(), &format!("\"{escaped}\""), 1);
        assert_eq!(verifier().verify_json(&respelled).unwrap().payload(), payload.as_bytes());
        let other = with(&text, "payload", format!("{payload} ")).to_string();
        assert_eq!(code(verifier().verify_json(&other)), "invalid_signature");
    }
    assert_eq!(code(builder.sign_json(b"\xff")), "misuse");
    assert_eq!(code(sign_general(std::slice::from_ref(&builder), b"\xff")), "misuse");
    let detached = sign_general_detached(std::slice::from_ref(&builder), b"\xff").unwrap();
    assert_eq!(verifier().verify_json_detached(&detached, b"\xff").unwrap().payload(), b"\xff");
    assert_eq!(code(verifier().verify_json_detached(&detached, b"\xfe")), "invalid_signature");
}

/// §3: "the "b64" Header Parameter value MUST be the same for all of them".
#[test]
fn section_3_all_signatures_agree() {
    let key = signing_key();
    let (encoded, unencoded) = (JwsBuilder::new(&key), JwsBuilder::new(&key).unencoded_payload());
    for mixed in [[encoded.clone(), unencoded.clone()], [unencoded.clone(), encoded.clone()]] {
        assert_eq!(code(sign_general(&mixed, b"x")), "misuse");
        assert_eq!(code(sign_general_detached(&mixed, b"x")), "misuse");
    }
    let both = sign_general(&[unencoded.clone(), unencoded.clone()], b"abcd").unwrap();
    assert_eq!(verifier().verify_json(&both).unwrap().signatures().count(), 2);
    let mut both: Value = serde_json::from_str(&both).unwrap();
    // The second signature made over the same characters as base64url.
    let other = jws::sign(&key, &[0x69, 0xb7, 0x1d]).unwrap();
    let [protected, "abcd", signature] = other.split('.').collect::<Vec<_>>()[..] else { panic!("{other}") };
    both["signatures"][1] = json!({"protected": protected, "signature": signature});
    for result in [
        verifier().verify_json(&both.to_string()).map(drop),
        verifier().verify_json_any(&both.to_string()).map(drop),
    ] {
        assert_eq!(code(result), "member_type");
    }
}
