//! The conformance example, line by line: each operation with a request that holds and one that doesn't, and lines
//! that no one should send.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Jwk, KeyKind};
use serde_json::{Value, json};

#[path = "../examples/conformance.rs"]
#[expect(dead_code, reason = "`main` is the example's own")]
mod conformance;

fn ask(request: &Value) -> Value {
    let answer: Value = serde_json::from_str(&conformance::answer(request.to_string().as_bytes())).unwrap();
    assert_eq!(answer["id"], request["id"], "{answer}");
    answer
}

/// The request with other members.
fn with(request: &Value, changes: Value) -> Value {
    let mut request = request.clone();
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

#[track_caller]
fn accepted(request: &Value) -> Value {
    let answer = ask(request);
    assert_eq!(answer["ok"], true, "{request} {answer}");
    assert_eq!(answer.get("kind"), None);
    answer
}

#[track_caller]
fn refused(request: &Value, kind: &str, code: &str) {
    let answer = ask(request);
    assert_eq!(
        (&answer["ok"], &answer["kind"], &answer["code"]),
        (&json!(false), &json!(kind), &json!(code)),
        "{request} {answer}"
    );
    assert!(answer["error"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 5);
}

fn generate(kind: KeyKind) -> (Value, Value) {
    let private = Jwk::generate(kind).unwrap();
    let value = |text: &str| serde_json::from_str(text).unwrap();
    let public = private.to_public_json().map_or(Value::Null, |text| value(&text));
    (value(private.expose_json().expose_secret()), public)
}

fn b64u(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn secret(bytes: usize) -> Value {
    json!({"kty": "oct", "k": b64u(vec![7; bytes])})
}

// ---- operations

#[test]
fn info_lists_what_this_build_does() {
    let answer = accepted(&json!({"id": 1, "op": "info"}));
    let lists = |list: &str, name: &str| answer[list].as_array().unwrap().contains(&json!(name));
    assert_eq!(
        (&answer["name"], &answer["version"]),
        (&json!("countersign"), &json!(env!("CARGO_PKG_VERSION")))
    );
    let backend = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "ring" };
    assert_eq!(answer["backends"], json!([backend]));
    for name in ["HS256", "RS256", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"] {
        assert!(lists("jws", name), "{name}");
    }
    for name in ["dir", "A128KW", "A256GCMKW", "ECDH-ES", "ECDH-ES+A256KW"] {
        assert!(lists("jwe_alg", name), "{name}");
    }
    assert_eq!(answer["jwe_enc"].as_array().unwrap().len(), 6);
    // What is behind a feature is there with it only.
    assert_eq!(lists("jws", "ES256K"), cfg!(feature = "es256k"));
    assert_eq!(lists("jwe_alg", "RSA-OAEP-512"), cfg!(any(feature = "rsa", feature = "aws-lc-rs")));
    assert_eq!(lists("jwe_alg", "PBES2-HS256+A128KW"), cfg!(feature = "pbes2"));
    assert!(!lists("jws", "none") && !lists("jwe_alg", "RSA1_5"));
}

#[test]
fn a_signature_goes_round_in_every_serialization() {
    let (private, public) = generate(KeyKind::P256);
    for serialization in ["compact", "flattened", "general"] {
        for (b64, detached) in [(true, false), (true, true), (false, false), (false, true)] {
            let sign = json!({"id": 2, "op": "jws_sign", "alg": "ES256", "key": private, "payload_b64u": b64u("paid"),
                "serialization": serialization, "b64": b64, "detached": detached, "header": {"typ": "a", "x": [1]}});
            let token = &accepted(&sign)["token"];
            assert_eq!(token.is_string(), serialization == "compact");
            let mut verify =
                json!({"id": 3, "op": "jws_verify", "alg": "ES256", "key": public, "token": token});
            if detached {
                verify["detached_payload_b64u"] = json!(b64u("paid"));
            }
            if !b64 {
                refused(&verify, "unsupported", "unsupported_critical");
                verify["crit"] = json!(["b64"]);
            }
            assert_eq!(accepted(&verify)["payload_b64u"], b64u("paid"), "{sign}");

            let (_, stranger) = generate(KeyKind::P256);
            refused(&with(&verify, json!({"key": stranger})), "invalid", "invalid_signature");
            refused(&with(&verify, json!({"alg": "ES384"})), "invalid", "key_type");
            refused(&with(&verify, json!({"alg": "none"})), "unsupported", "unsupported_algorithm");
        }
    }
}

#[test]
fn eddsa_has_the_name_that_is_asked_for() {
    let (private, public) = generate(KeyKind::Ed25519);
    for name in ["EdDSA", "Ed25519"] {
        let sign = json!({"id": 1, "op": "jws_sign", "alg": name, "key": private, "payload_b64u": "",
            "serialization": "compact"});
        let token = accepted(&sign)["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with(&b64u(format!(r#"{{"alg":"{name}""#))[..12]), "{token}");
        let verify = json!({"id": 1, "op": "jws_verify", "alg": "EdDSA", "key": public, "token": token});
        assert_eq!(accepted(&verify)["payload_b64u"], "");
        refused(&with(&verify, json!({"alg": "ES256"})), "invalid", "key_type");
    }
}

#[test]
fn what_a_key_says_of_itself_is_obeyed() {
    let sign = json!({"id": 1, "op": "jws_sign", "alg": "HS256", "key": secret(32), "payload_b64u": "",
        "serialization": "compact", "header": {"kid": "one"}});
    let token = accepted(&sign)["token"].clone();
    refused(&with(&sign, json!({"key": secret(31)})), "invalid", "key_too_small");
    refused(
        &with(&sign, json!({"key": {"kty": "oct", "k": b64u([7; 32]), "kid": "two"}})),
        "invalid",
        "request",
    );
    let verify = json!({"id": 1, "op": "jws_verify", "alg": "HS256", "key": secret(32), "token": token});
    let saying = |name: &str, value: Value| {
        let mut request = verify.clone();
        request["key"][name] = value;
        request
    };
    accepted(&verify);
    accepted(&saying("alg", json!("HS256")));
    refused(&saying("alg", json!("HS384")), "invalid", "key_algorithm");
    accepted(&saying("use", json!("sig")));
    refused(&saying("use", json!("enc")), "invalid", "key_use");
    accepted(&saying("key_ops", json!(["verify"])));
    refused(&saying("key_ops", json!(["sign"])), "invalid", "key_use");
    accepted(&saying("kid", json!("one")));
    refused(&saying("kid", json!("two")), "invalid", "no_matching_key");
}

#[test]
fn critical_parameters_are_those_that_the_request_understands() {
    let sign = json!({"id": 1, "op": "jws_sign", "alg": "HS256", "key": secret(32), "payload_b64u": "",
        "serialization": "flattened", "header": {"ext": 1, "crit": ["ext"]}});
    let verify = json!({"id": 1, "op": "jws_verify", "alg": "HS256", "key": secret(32), "token": accepted(&sign)["token"]});
    accepted(&with(&verify, json!({"crit": ["ext"]})));
    refused(&verify, "unsupported", "unsupported_critical");
    refused(&with(&verify, json!({"crit": ["b64"]})), "unsupported", "unsupported_critical");
    // What the RFCs define can't be critical, and what isn't there neither.
    refused(&with(&sign, json!({"header": {"typ": "a", "crit": ["typ"]}})), "invalid", "misuse");
    refused(&with(&sign, json!({"header": {"crit": ["ext"]}})), "invalid", "request");
    refused(&with(&sign, json!({"header": {"alg": "HS256"}})), "invalid", "misuse");
}

#[test]
fn encryption_goes_round_in_every_serialization() {
    let (private, public) = generate(KeyKind::X25519);
    let encrypt = json!({"id": 4, "op": "jwe_encrypt", "alg": "ECDH-ES+A128KW", "enc": "A128CBC-HS256", "key": public,
        "payload_b64u": b64u("secret"), "header": {"typ": "a", "apu": b64u("Alice"), "apv": b64u("Bob")}});
    let decrypt = json!({"id": 5, "op": "jwe_decrypt", "alg": "ECDH-ES+A128KW", "enc": "A128CBC-HS256", "key": private});
    for (serialization, aad) in
        [("compact", false), ("flattened", false), ("flattened", true), ("general", true)]
    {
        let mut request = with(&encrypt, json!({"serialization": serialization}));
        if aad {
            request["aad_b64u"] = json!(b64u("beside"));
        }
        let token = accepted(&request)["token"].clone();
        let decrypt = with(&decrypt, json!({"token": token}));
        assert_eq!(accepted(&decrypt)["payload_b64u"], b64u("secret"));

        let (stranger, _) = generate(KeyKind::X25519);
        refused(&with(&decrypt, json!({"key": stranger})), "invalid", "decryption_failed");
        refused(&with(&decrypt, json!({"alg": "ECDH-ES"})), "invalid", "algorithm_not_allowed");
        refused(&with(&decrypt, json!({"enc": "A256GCM"})), "invalid", "content_encryption_not_allowed");
        refused(&with(&decrypt, json!({"alg": "RSA1_5"})), "unsupported", "unsupported_algorithm");
        if aad {
            let mut other = token.clone();
            other["aad"] = json!(b64u("beyond"));
            refused(&with(&decrypt, json!({"token": other})), "invalid", "decryption_failed");
        }
    }
    refused(&with(&encrypt, json!({"serialization": "compact", "aad_b64u": "AA"})), "invalid", "misuse");
    refused(
        &with(&encrypt, json!({"serialization": "compact", "key": private})),
        "invalid",
        "key_not_public",
    );
}

#[test]
fn several_recipients_get_one_message() {
    let (private, public) = generate(KeyKind::P521);
    let encrypt = json!({"id": 1, "op": "jwe_encrypt", "alg": "A128KW", "enc": "A192GCM", "key": secret(16),
        "payload_b64u": b64u("all"), "serialization": "general",
        "recipients": [{"alg": "ECDH-ES+A192KW", "key": public}]});
    let token = &accepted(&encrypt)["token"];
    assert_eq!(token["recipients"].as_array().unwrap().len(), 2);
    for (alg, key) in [("A128KW", secret(16)), ("ECDH-ES+A192KW", private)] {
        let decrypt =
            json!({"id": 1, "op": "jwe_decrypt", "alg": alg, "enc": "A192GCM", "key": key, "token": token});
        assert_eq!(accepted(&decrypt)["payload_b64u"], b64u("all"));
        refused(
            &with(&decrypt, json!({"alg": "A192KW", "key": secret(24)})),
            "invalid",
            "algorithm_not_allowed",
        );
    }
    refused(&with(&encrypt, json!({"serialization": "compact"})), "invalid", "misuse");
    refused(&with(&encrypt, json!({"recipients": [{"alg": "dir", "key": secret(24)}]})), "invalid", "misuse");
    refused(&with(&encrypt, json!({"recipients": [1]})), "invalid", "request");
}

#[test]
fn a_direct_key_is_one_for_its_content_encryption() {
    for (enc, bytes) in [("A128GCM", 16), ("A256GCM", 32), ("A128CBC-HS256", 32), ("A256CBC-HS512", 64)] {
        let encrypt = json!({"id": 1, "op": "jwe_encrypt", "alg": "dir", "enc": enc, "key": secret(bytes),
            "payload_b64u": "", "serialization": "compact"});
        let token = accepted(&encrypt)["token"].clone();
        let decrypt = json!({"id": 1, "op": "jwe_decrypt", "alg": "dir", "enc": enc, "key": secret(bytes), "token": token});
        assert_eq!(accepted(&decrypt)["payload_b64u"], "");
        refused(&with(&encrypt, json!({"key": secret(bytes + 1)})), "invalid", "key_size");
        refused(&with(&decrypt, json!({"key": secret(bytes + 1)})), "invalid", "key_size");
    }
}

#[test]
fn passwords_and_compression_count_as_asked_for_by_a_request_that_names_them() {
    let password = json!({"id": 1, "op": "jwe_encrypt", "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "key": secret(9),
        "payload_b64u": b64u("a"), "serialization": "compact", "header": {"p2c": 1000}});
    if cfg!(feature = "pbes2") {
        let decrypt = json!({"id": 1, "op": "jwe_decrypt", "alg": "PBES2-HS256+A128KW", "enc": "A128GCM",
            "key": secret(9), "token": accepted(&password)["token"]});
        assert_eq!(accepted(&decrypt)["payload_b64u"], b64u("a"));
        refused(&with(&decrypt, json!({"key": secret(8)})), "invalid", "decryption_failed");
        refused(&with(&password, json!({"header": {"p2c": 999}})), "invalid", "misuse");
    } else {
        refused(&password, "unsupported", "unsupported_feature");
    }
    let zip = json!({"id": 1, "op": "jwe_encrypt", "alg": "A128KW", "enc": "A128GCM", "key": secret(16),
        "payload_b64u": b64u("aaaaaaaaaaaaaaaaaaaaaaaa"), "serialization": "compact", "zip": "DEF"});
    if cfg!(feature = "deflate") {
        let decrypt = json!({"id": 1, "op": "jwe_decrypt", "alg": "A128KW", "enc": "A128GCM", "key": secret(16),
            "zip": true, "token": accepted(&zip)["token"]});
        assert_eq!(accepted(&decrypt)["payload_b64u"], zip["payload_b64u"]);
        refused(&with(&decrypt, json!({"zip": false})), "unsupported", "unsupported_compression");
        refused(&with(&zip, json!({"zip": "LZ"})), "invalid", "request");
    } else {
        refused(&zip, "unsupported", "unsupported_compression");
        // One that another build made.
        let decrypt = json!({"id": 1, "op": "jwe_decrypt", "alg": "dir", "enc": "A128GCM", "key": secret(16),
            "zip": true, "token": format!("{}..{}.AA.{}", b64u(r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#),
                b64u([0; 12]), b64u([0; 16]))});
        refused(&decrypt, "unsupported", "unsupported_compression");
    }
}

/// The example key of RFC 7638 §3.1 and the thumbprint that the RFC gives for it; those with the longer hashes are of
/// the same input, made by an independent implementation.
#[test]
fn thumbprints() {
    let n = concat!(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok",
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu",
        "6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8a",
        "wapJzKnqDKgw",
    );
    let request =
        json!({"id": 6, "op": "jwk_thumbprint", "key": {"kty": "RSA", "e": "AQAB", "n": n}, "hash": "S256"});
    assert_eq!(accepted(&request)["thumbprint"], "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(accepted(&with(&request, json!({"hash": "S384"})))["thumbprint"].as_str().unwrap().len(), 64);
    assert_eq!(accepted(&with(&request, json!({"hash": "S512"})))["thumbprint"].as_str().unwrap().len(), 86);
    refused(&with(&request, json!({"hash": "S1"})), "invalid", "request");
    refused(&with(&request, json!({"key": {"kty": "RSA", "e": "AQAB"}})), "invalid", "missing_member");
    refused(
        &with(&request, json!({"key": {"kty": "OKP", "crv": "X448", "x": "AA"}})),
        "unsupported",
        "unsupported_key",
    );
}

fn signed_claims(key: &Value, alg: &str, claims: &Value) -> Value {
    let sign = json!({"id": 1, "op": "jws_sign", "alg": alg, "key": key, "payload_b64u": b64u(claims.to_string()),
        "serialization": "compact", "header": {"typ": "at+jwt"}});
    accepted(&sign)["token"].clone()
}

#[test]
fn claims_are_judged_by_what_the_request_expects() {
    let (private, public) = generate(KeyKind::P384);
    let claims =
        json!({"iss": "i", "aud": "a", "sub": "s", "iat": 90, "exp": 200, "big": 12345678901234567890_u64});
    let token = signed_claims(&private, "ES384", &claims);
    let request = json!({"id": 7, "op": "jwt_verify", "algs": ["ES384"], "keys": public, "token": token, "now": 100,
        "issuer": "i", "audience": "a", "subject": "s", "typ": "at+jwt", "leeway": 0, "max_age": 10,
        "required_claims": ["big"]});
    assert_eq!(accepted(&request)["claims"], claims);
    // What isn't given is waived; a fraction of a second counts.
    let bare = json!({"id": 7, "op": "jwt_verify", "algs": ["ES384", "a future one"], "keys": {"keys": [public]},
        "token": token, "now": 199.5});
    assert_eq!(accepted(&bare)["claims"], claims);
    for (changes, code) in [
        (json!({"issuer": "j"}), "claim_unexpected"),
        (json!({"audience": "b"}), "claim_unexpected"),
        (json!({"subject": "t"}), "claim_unexpected"),
        (json!({"typ": "JWT"}), "type_not_allowed"),
        (json!({"max_age": 9.5}), "too_old"),
        (json!({"required_claims": ["scope"]}), "claim_missing"),
        (json!({"now": 200, "max_age": 200}), "expired"),
        (json!({"algs": ["ES256", "ES512"]}), "key_type"),
        (json!({"leeway": 601}), "misuse"),
        (json!({"leeway": -1}), "request"),
        (json!({"algs": []}), "no_matching_key"),
    ] {
        refused(&with(&request, changes), "invalid", code);
    }
    refused(&with(&request, json!({"algs": ["none"]})), "unsupported", "unsupported_algorithm");
    refused(&with(&bare, json!({"now": null})), "invalid", "expired");
    // A JWT is compact.
    let json_form = json!({"payload": "e30", "signature": "AA", "protected": "e30"});
    refused(&with(&request, json!({"token": json_form})), "invalid", "segment_count");
}

/// A secret beside public keys was published with them.
#[test]
fn a_secret_verifies_out_of_a_set_of_secrets_only() {
    let (_, public) = generate(KeyKind::P256);
    let token = signed_claims(&secret(32), "HS256", &json!({"exp": 9}));
    let request = json!({"id": 1, "op": "jwt_verify", "algs": ["HS256", "ES256"], "now": 1, "token": token,
        "keys": {"keys": [secret(32), secret(48)]}});
    accepted(&request);
    refused(&with(&request, json!({"keys": {"keys": [secret(32), public]}})), "invalid", "no_matching_key");
    refused(&with(&request, json!({"keys": {"keys": []}})), "invalid", "no_matching_key");
}

#[test]
fn nested_tokens_are_decrypted_with_the_algorithms_of_the_request() {
    let token = signed_claims(&secret(32), "HS256", &json!({"exp": 9}));
    let encrypt = json!({"id": 1, "op": "jwe_encrypt", "alg": "A128KW", "enc": "A128GCM", "key": secret(16),
        "payload_b64u": b64u(token.as_str().unwrap()), "serialization": "compact", "header": {"cty": "JWT"}});
    let request = json!({"id": 1, "op": "jwt_verify", "algs": ["HS256"], "keys": secret(32), "now": 1,
        "token": accepted(&encrypt)["token"], "decrypt_keys": {"keys": [secret(16)]}, "jwe_algs": ["A128KW"],
        "jwe_encs": ["A128GCM"]});
    assert_eq!(accepted(&request)["claims"], json!({"exp": 9}));
    refused(&with(&request, json!({"jwe_encs": ["A256GCM"]})), "invalid", "content_encryption_not_allowed");
    refused(&with(&request, json!({"jwe_algs": ["A128GCMKW"]})), "invalid", "algorithm_not_allowed");
    refused(&with(&request, json!({"jwe_algs": ["RSA1_5"]})), "unsupported", "unsupported_algorithm");
    refused(&with(&request, json!({"token": token})), "invalid", "not_encrypted");
    refused(&with(&request, json!({"decrypt_keys": null})), "invalid", "encrypted");
}

#[test]
fn keys_are_checked_for_an_algorithm_and_a_use() {
    let (private, public) = generate(KeyKind::P256);
    let check = |key: &Value| json!({"id": 8, "op": "jwk_check", "key": key});
    accepted(&check(&public));
    accepted(&with(&check(&public), json!({"use": "verify"})));
    accepted(&with(&check(&public), json!({"use": "encrypt", "alg": "ECDH-ES"})));
    accepted(&with(&check(&private), json!({"use": "sign"})));
    accepted(&with(&check(&secret(32)), json!({"alg": "dir", "use": "decrypt"})));
    refused(&with(&check(&public), json!({"use": "sign"})), "invalid", "key_not_private");
    refused(&with(&check(&private), json!({"use": "verify", "alg": "ES256"})), "invalid", "key_not_public");
    refused(&with(&check(&public), json!({"alg": "ES384", "use": "verify"})), "invalid", "key_type");
    refused(&with(&check(&public), json!({"alg": "ES224"})), "unsupported", "unsupported_algorithm");
    refused(&with(&check(&public), json!({"use": "guess"})), "invalid", "request");
    refused(&with(&check(&secret(20)), json!({})), "invalid", "key_too_small");
    let marked = |name: &str, value: Value| with(&public, json!({name: value}));
    refused(&with(&check(&marked("use", json!("enc"))), json!({"use": "verify"})), "invalid", "key_use");
    refused(&with(&check(&marked("alg", json!("ES512"))), json!({})), "invalid", "key_type");
    // One bad key doesn't spoil a set; nothing but bad ones does.
    let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
    assert_eq!(accepted(&check(&json!({"keys": [unknown, public]})))["usable"], 1);
    refused(&check(&json!({"keys": [unknown]})), "unsupported", "unsupported_key");
    refused(&check(&json!({"keys": []})), "invalid", "request");
    refused(&check(&json!("key")), "invalid", "not_an_object");
}

// ---- the texts reach the library as they came

#[test]
fn what_stands_twice_is_refused_by_the_library() {
    let sign = |key: &str, header: &str| {
        format!(
            r#"{{"id":1,"op":"jws_sign","alg":"HS256","key":{key},"payload_b64u":"","serialization":"flattened","header":{header}}}"#
        )
    };
    let key = secret(32).to_string();
    let code = |line: &str| {
        let answer: Value = serde_json::from_str(&conformance::answer(line.as_bytes())).unwrap();
        answer.get("code").cloned()
    };
    assert_eq!(code(&sign(&key, "{}")), None);
    assert_eq!(
        code(&sign(&key.replace("\"kty\"", "\"kty\":\"oct\",\"kty\""), "{}")),
        Some(json!("duplicate_member"))
    );
    assert_eq!(code(&sign(&key, r#"{"x":1,"x":1}"#)), Some(json!("request")));

    let token: Value = serde_json::from_str(&conformance::answer(sign(&key, "{}").as_bytes())).unwrap();
    let token = token["token"].to_string();
    let verify =
        |token: &str| format!(r#"{{"id":1,"op":"jws_verify","alg":"HS256","key":{key},"token":{token}}}"#);
    assert_eq!(code(&verify(&token)), None);
    let twice = token.replacen('{', r#"{"payload":"AA","#, 1);
    assert_eq!(code(&verify(&twice)), Some(json!("duplicate_member")));
    let spelled = token.replacen('{', r#"{"\u0070ayload":"AA","#, 1);
    assert_eq!(code(&verify(&spelled)), Some(json!("duplicate_member")));
}

// ---- lines that no one should send

fn serve(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    conformance::serve(Cursor::new(input), &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_that_is_no_request_is_answered_and_the_next_one_too() {
    let info: &[u8] = br#"{"id":"last","op":"info"}"#;
    for line in [
        &b""[..],
        b" ",
        b"null",
        b"[]",
        b"1",
        b"{",
        b"{}}",
        b"\xff\xfe",
        b"{\"id\":1,\"op\":\"\xff\"}",
        b"{\"id\":1,\"op\":\"info\"}{\"id\":2}",
        b"\xef\xbb\xbf{\"id\":1,\"op\":\"info\"}",
        b"{\"id\":1,\"op\":\"info\",}",
        b"{'id':1}",
        b"\0",
    ] {
        let answers = serve(&[line, b"\n", info, b"\n"].concat());
        assert_eq!(answers.len(), 2, "{line:?}");
        assert_eq!(answers[0]["id"], Value::Null);
        assert_eq!((&answers[0]["ok"], &answers[0]["code"]), (&json!(false), &json!("request")), "{line:?}");
        assert_eq!((&answers[1]["id"], &answers[1]["ok"]), (&json!("last"), &json!(true)));
    }
    assert_eq!(serve(b""), [Value::Null; 0]);
    // The last line needs no end, and one may end as on Windows.
    assert_eq!(serve(info)[0]["ok"], true);
    assert_eq!(serve(&[info, b"\r\n"].concat())[0]["ok"], true);
}

#[test]
fn a_request_that_lacks_what_it_needs_is_refused_under_its_id() {
    for (line, id, kind) in [
        (r#"{"id":1}"#, json!(1), "invalid"),
        (r#"{"op":"info","id":1,"op":"info"}"#, json!(1), "invalid"),
        (r#"{"id":"a","op":7}"#, json!("a"), "invalid"),
        (r#"{"id":"a","op":"jws_forge"}"#, json!("a"), "unsupported"),
        (r#"{"op":"jws_sign"}"#, Value::Null, "invalid"),
        (r#"{"id":{"a":1},"op":"jws_verify"}"#, Value::Null, "invalid"),
        (r#"{"id":null,"op":"jws_verify","alg":"HS256","key":[]}"#, Value::Null, "invalid"),
        (r#"{"id":1.5,"op":"jwe_decrypt","alg":"dir","enc":"A1"}"#, json!(1.5), "unsupported"),
        (r#"{"id":1,"op":"jwt_verify","algs":["ES256",1]}"#, json!(1), "invalid"),
        (r#"{"id":1,"op":"jwk_thumbprint","hash":"S256","key":null}"#, json!(1), "invalid"),
    ] {
        let answer: Value = serde_json::from_str(&conformance::answer(line.as_bytes())).unwrap();
        assert_eq!(
            (&answer["id"], &answer["ok"], &answer["kind"]),
            (&id, &json!(false), &json!(kind)),
            "{line}"
        );
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for line in [
        format!(r#"{{"id":1,"op":"info","x":{deep}}}"#),
        format!(r#"{{"id":{deep},"op":"info"}}"#),
        format!(r#"{{"id":1,"op":"jwk_check","key":{deep}}}"#),
        format!(r#"{{"id":1,"op":"jwk_check","key":{{"kty":"oct","k":{deep}}}}}"#),
        format!(
            r#"{{"id":1,"op":"jws_verify","alg":"HS256","key":{},"token":{{"payload":{deep}}}}}"#,
            secret(32)
        ),
        format!(
            r#"{{"id":1,"op":"jws_sign","alg":"HS256","key":{},"payload_b64u":"","serialization":"compact","header":{{"x":{deep}}}}}"#,
            secret(32)
        ),
        deep.clone(),
    ] {
        let answers = serve(line.as_bytes());
        assert_eq!(answers.len(), 1);
        let harmless = answers[0]["ok"] == true && answers[0]["name"] == "countersign";
        assert!(harmless || answers[0]["ok"] == false, "{}", &line[..60]);
    }

    // What would be looked up name by name.
    let names: Vec<String> = (0..100_000).map(|number| format!("n{number}")).collect();
    let members: serde_json::Map<_, _> = names.iter().map(|name| (name.clone(), json!(1))).collect();
    let sign = json!({"id": 1, "op": "jws_sign", "alg": "HS256", "key": secret(32), "payload_b64u": "",
        "serialization": "compact", "header": {"n": 1, "crit": names}});
    refused(&sign, "invalid", "request");
    refused(&with(&sign, json!({"header": members})), "invalid", "request");
    let few: serde_json::Map<_, _> = members.clone().into_iter().take(100).collect();
    accepted(&with(&sign, json!({"header": few})));
    let answers = serve(with(&json!({"id": 1, "op": "info"}), json!(members)).to_string().as_bytes());
    assert_eq!(answers[0]["code"], "request");

    let long = format!(r#"{{"id":1,"op":"info","x":"{}"}}"#, "x".repeat(8 * 1024 * 1024));
    let answers = serve(format!("{long}\n{}", r#"{"id":2,"op":"info"}"#).as_bytes());
    assert_eq!(answers.len(), 2);
    assert_eq!(
        (&answers[0]["id"], &answers[0]["ok"], &answers[1]["id"]),
        (&Value::Null, &json!(false), &json!(2))
    );
    assert_eq!(answers[1]["ok"], true);
}

/// Payloads of 1 MiB are ordinary.
#[test]
fn large_payloads_go_round() {
    let payload = b64u(vec![1; 1024 * 1024]);
    let sign = json!({"id": 1, "op": "jws_sign", "alg": "HS256", "key": secret(32), "payload_b64u": payload,
        "serialization": "compact"});
    let verify = json!({"id": 1, "op": "jws_verify", "alg": "HS256", "key": secret(32), "token": accepted(&sign)["token"]});
    assert_eq!(accepted(&verify)["payload_b64u"], payload);
    let larger = with(&sign, json!({"payload_b64u": b64u(vec![1; 4 * 1024 * 1024])}));
    let token = &accepted(&larger)["token"];
    refused(&with(&verify, json!({"token": token})), "invalid", "limit_token_bytes");
}
