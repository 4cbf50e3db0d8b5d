//! The audit trail: whoever sends a token writes nothing into it but escaped, bounded text, under names that
//! say that nobody vouches for it; and nobody learns a token from it.

use std::sync::Arc;

use countersign::gateway::audit::{Audit, JsonLines};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::{Guard, GuardRequest, Refused};
use countersign::{AccessToken, AccessTokenVerifier, NoClaims, SecretBytes};
use serde_json::{Value, json};

use crate::support::*;

/// Judges a token as a gateway does, and returns the reason and the line that was written of it.
fn judged(token: &str, scope: &str) -> (&'static str, String) {
    let verifier = AccessTokenVerifier::builder(hs256_key().with_key_id("key-1")).issuer(ISSUER);
    let verifier = verifier.audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    let lines = Arc::new(JsonLines::new(Vec::new()));
    let audit = Audit::builder(Arc::clone(&lines)).subject_key(SecretBytes::from(vec![7; 32]));
    let audit = audit.clock(at(NOW)).build().unwrap();
    let code = judge(&audit, &verifier, token, scope);
    drop(audit);
    let written = String::from_utf8(Arc::into_inner(lines).unwrap().into_inner()).unwrap();
    (code, written.strip_suffix('\n').unwrap().to_owned())
}

fn judge(audit: &Audit, verifier: &AccessTokenVerifier, token: &str, scope: &str) -> &'static str {
    let mut decision = audit.begin();
    decision.token(token);
    let verified: AccessToken<NoClaims> = match verifier.verify(token) {
        Ok(verified) => verified,
        Err(error) => {
            decision.refused(&error);
            return error.code();
        }
    };
    match Requirement::scope(scope).check_at(&verified, at(NOW)()) {
        Ok(()) => {
            decision.accepted(&verified);
            "accepted"
        }
        Err(denied) => {
            decision.verified(&verified);
            decision.denied(&denied);
            denied.code()
        }
    }
}

fn sent(key_id: &str, token_id: &str) -> String {
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": key_id });
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice@example.com", "exp": NOW + 60, "iat": NOW,
        "client_id": "client-4", "jti": token_id, "scope": "orders:read", "email": "alice@example.com",
    });
    hs256(header.to_string(), claims.to_string())
}

fn names(line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).unwrap();
    line.as_object().unwrap().keys().cloned().collect()
}

#[track_caller]
fn assert_says_nothing_more(token: &str, line: &str) {
    assert!(token.split('.').all(|part| !line.contains(part)), "{line}");
    assert!(!line.contains("alice"), "{line}");
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
}

#[test]
fn row_147_a_line_tells_key_issuer_subject_reason_and_which_token() {
    let token = sent("key-1", "token-1");
    let hash: String =
        sha256(&[token.as_bytes()]).iter().take(8).map(|octet| format!("{octet:02x}")).collect();
    for (scope, code) in [("orders:read", "accepted"), ("orders:write", "insufficient_scope")] {
        let (judged, line) = judged(&token, scope);
        assert_eq!(judged, code);
        assert_says_nothing_more(&token, &line);
        let read: Value = serde_json::from_str(&line).unwrap();
        for (name, expected) in [
            ("kid", "key-1"),
            ("alg", "HS256"),
            ("iss", ISSUER),
            ("jti", "token-1"),
            ("client_id", "client-4"),
            ("token_sha256", &hash),
        ] {
            assert_eq!(read[name], json!(expected), "{name}");
        }
        assert_eq!(read["sub_hash"].as_str().unwrap().len(), 22);
        assert_eq!(read["decision"], json!(if code == "accepted" { "accepted" } else { "refused" }));
        assert_eq!(read.get("code").and_then(Value::as_str), (code != "accepted").then_some(code));
    }
}

/// What a guard writes of its requests, one line each, whatever came of them.
#[test]
fn row_147_a_guard_writes_one_line_of_each_request_and_no_token() {
    let verifier = AccessTokenVerifier::builder(hs256_key().with_key_id("key-1")).issuer(ISSUER);
    let verifier = verifier.audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    let lines = Arc::new(JsonLines::new(Vec::new()));
    let audit = Audit::builder(Arc::clone(&lines)).subject_key(SecretBytes::from(vec![7; 32]));
    let guard = Guard::builder(verifier)
        .require(Requirement::scope("orders:read"))
        .without_revocation()
        .audit(audit.clock(at(NOW)).build().unwrap())
        .build()
        .unwrap();
    let good = sent("key-1", "token-1");
    let forged = with_part(&good, 2, &encode([7; 32]));
    let hostile = with_part(&sent("k\r\n{\"decision\":\"accepted\"}\u{1b}[2K", "1"), 2, &encode([7; 32]));
    let (field, forged_field, hostile_field) =
        (format!("Bearer {good}"), format!("Bearer {forged}"), format!("Bearer {hostile}"));
    let stricter = Requirement::scope("orders:write");
    let requests = [
        (GuardRequest::new([&field]), None, None),
        (GuardRequest::new([&field]).require(&stricter), Some("insufficient_scope"), Some(403)),
        (GuardRequest::new([&forged_field]), Some("invalid_signature"), Some(401)),
        (GuardRequest::new([&hostile_field]), Some("no_matching_key"), Some(401)),
        (GuardRequest::new([&field, &field]), Some("credentials_repeated"), Some(400)),
        (GuardRequest::new([&good]), Some("credentials_of_other_scheme"), Some(401)),
        (GuardRequest::new([""; 0]), Some("credentials_missing"), Some(401)),
    ];
    let mut expected = Vec::new();
    for (number, (request, code, status)) in requests.into_iter().enumerate() {
        let request_id = format!("request-{number}\n");
        let verdict = block_on(guard.admit::<NoClaims>(request.request_id(&request_id)));
        assert_eq!(verdict.as_ref().err().map(Refused::code), code);
        assert_eq!(verdict.err().map(|refused| refused.http_status()), status);
        expected.push((request_id, code, status));
    }
    drop(guard);
    let written = String::from_utf8(Arc::into_inner(lines).unwrap().into_inner()).unwrap();
    let written: Vec<&str> = written.lines().collect();
    assert_eq!(written.len(), expected.len(), "{written:?}");
    let (verified, unverified) = (["kid", "iss", "sub_hash", "jti"], ["unverified_kid", "unverified_alg"]);
    for (number, (line, (request_id, code, status))) in written.iter().zip(&expected).enumerate() {
        for token in [&good, &forged, &hostile] {
            assert_says_nothing_more(token, line);
        }
        let read: Value = serde_json::from_str(line).unwrap();
        let decision = if code.is_none() { "accepted" } else { "refused" };
        assert_eq!((&read["decision"], &read["request_id"]), (&json!(decision), &json!(request_id)));
        assert_eq!(read.get("code").and_then(Value::as_str), *code);
        assert_eq!(read.get("status").and_then(Value::as_u64), status.map(u64::from));
        // Verified, but for the first two, is nothing; said, but for the next two, is nothing either.
        assert!(verified.iter().all(|name| read.get(name).is_some() == (number < 2)), "{line}");
        assert!(unverified.iter().all(|name| read.get(name).is_some() == (2..4).contains(&number)), "{line}");
        assert_eq!(read.get("token_sha256").is_some(), number < 4, "{line}");
    }
}

/// What wasn't verified has another name, so that nobody finds a forged token among those of the client
/// that it claims to be of.
#[test]
fn row_147_a_forged_token_writes_nothing_under_the_names_of_what_is_verified() {
    let good = sent("key-1", "token-1");
    for forged in [with_part(&good, 2, &encode([7; 32])), with_part(&good, 1, &encode(P0))] {
        let (code, line) = judged(&forged, "orders:read");
        assert_eq!(code, "invalid_signature");
        assert_says_nothing_more(&forged, &line);
        let mut expected = [
            "time",
            "decision",
            "code",
            "status",
            "unverified_kid",
            "unverified_alg",
            "took_ns",
            "token_sha256",
        ];
        let mut found = names(&line);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn row_147_control_characters_and_lookalikes_are_escaped_and_long_text_is_cut() {
    let forgery = "k\r\n{\"decision\":\"accepted\",\"sub\":\"root\"}\u{1b}[2K\u{202e}\u{2028}\0";
    let forged = with_part(&sent(forgery, "1"), 2, &encode([7; 32]));
    let (code, line) = judged(&forged, "orders:read");
    assert_eq!(code, "no_matching_key");
    assert_says_nothing_more(&forged, &line);
    let read: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&read["decision"], &read["unverified_kid"]), (&json!("refused"), &json!(forgery)));
    assert!(read.get("sub").is_none());
    // An authentic one may say such things too.
    let (code, line) = judged(&sent("key-1", forgery), "orders:read");
    assert_eq!(code, "accepted");
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["jti"], json!(forgery));
    // No flood.
    let (code, line) = judged(&sent(&"k".repeat(3000), "1"), "orders:read");
    assert_eq!(code, "no_matching_key");
    assert!(line.len() < 1024 && names(&line).contains(&"truncated".to_owned()), "{line}");
}
