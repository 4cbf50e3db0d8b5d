//! RFC 8037: Ed25519 and X25519, by the examples of appendix A.

mod vectors;

use countersign::{
    DecryptionKey, JweAlgorithm, Jwk, JwsAlgorithm, KeyKind, SigningKey, VerifyingKey, decrypt, jws,
};
use serde_json::Value;
use vectors::{Case, RFC8037_A_6 as TOKEN, changed, code, header, with, with_header, with_part};

#[test]
fn a_1_and_a_2_keys() {
    let private = Case::of("RFC 8037 A.1");
    let public = Case::of("RFC 8037 A.2");
    let parsed = |json: &str| serde_json::from_str::<Value>(json).unwrap();

    let key = private.jwk("jwk");
    assert_eq!((key.kind(), key.is_private()), (KeyKind::Ed25519, true));
    assert_eq!(parsed(key.expose_json().expose_secret()), *private.value("jwk"));
    assert_eq!(parsed(&key.to_public_json().unwrap()), *public.value("jwk"));
    let key = public.jwk("jwk");
    assert_eq!((key.kind(), key.is_private()), (KeyKind::Ed25519, false));
    assert_eq!(code(SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &key)), "key_not_private");

    let of = |json: Value| code(Jwk::from_json(&json.to_string()));
    let (private, public) = (private.value("jwk"), public.value("jwk"));
    for member in ["x", "d"] {
        let bent = with(private, member, changed(private[member].as_str().unwrap()));
        assert_eq!(of(bent), "key_inconsistent", "another {member}");
    }
    assert_eq!(of(with(private, "crv", "X25519")), "key_inconsistent", "another curve");
    assert_eq!(of(with(public, "crv", "Ed448")), "unsupported_key");
    assert_eq!(of(with(public, "kty", "EC")), "unsupported_key");
    assert_eq!(of(vectors::without(private, "x")), "missing_member");
    // The neutral element: under it, one signature fits every message.
    assert_eq!(of(with(public, "x", format!("AQ{}", "A".repeat(41)))), "key_inconsistent");
}

#[test]
fn a_3_thumbprint() {
    let case = Case::of("RFC 8037 A.3");
    assert_eq!(case.jwk("jwk").thumbprint(), case.text("thumbprint"));
    assert_eq!(case.jwk("jwk").to_public_json().unwrap(), case.text("canonical"));
    assert_eq!(Case::of("RFC 8037 A.1").jwk("jwk").thumbprint(), case.text("thumbprint"));
    // The same octets as a key of the other curve are another key.
    let x25519 = vectors::jwk(&with(case.value("jwk"), "crv", "X25519"));
    assert_ne!(x25519.thumbprint(), case.text("thumbprint"));
}

/// Ed25519 is deterministic, and the header is the one that this library writes if asked for the older name.
#[test]
fn a_4_signing() {
    let case = Case::of("RFC 8037 A.4");
    let payload = case.text("payload").as_bytes();
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &case.jwk("jwk")).unwrap();
    let current = jws::sign(&key, payload).unwrap();
    assert_eq!(jws::sign(&key.with_eddsa_name(), payload).unwrap(), case.token());
    assert_eq!(header(&current), r#"{"alg":"Ed25519"}"#);

    // Both names are read as one algorithm; the signature covers the name that was signed.
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &case.public_jwk("jwk")).unwrap();
    assert_eq!(jws::verify(&key, case.token()).unwrap().payload(), payload);
    assert_eq!(jws::verify(&key, &current).unwrap().payload(), payload);
    let renamed = with_header(case.token(), &header(&current));
    assert_eq!(code(jws::verify(&key, &renamed)), "invalid_signature");
}

#[test]
fn a_5_validation() {
    let case = Case::of("RFC 8037 A.5");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &case.jwk("jwk")).unwrap();
    let verified = jws::verify(&key, case.token()).unwrap();
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    assert_eq!(verified.algorithm(), JwsAlgorithm::Ed25519);

    for place in [1, 2] {
        assert_eq!(code(jws::verify(&key, &with_part(case.token(), place, changed))), "invalid_signature");
    }
    for alg in ["ES256", "HS256"] {
        let relabelled = with_header(case.token(), &format!(r#"{{"alg":"{alg}"}}"#));
        assert_eq!(code(jws::verify(&key, &relabelled)), "algorithm_not_allowed", "{alg}");
    }
    for alg in ["eddsa", "Ed448"] {
        let relabelled = with_header(case.token(), &format!(r#"{{"alg":"{alg}"}}"#));
        assert_eq!(code(jws::verify(&key, &relabelled)), "unsupported_algorithm", "{alg}");
    }
    let other = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().verifying_key().unwrap();
    assert_eq!(code(jws::verify(&other, case.token())), "invalid_signature");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &case.jwk("jwk"))), "key_type");
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &case.jwk("jwk"))), "key_type");
}

#[test]
fn a_6_key_agreement() {
    let case = Case::of("RFC 8037 A.6");
    let parsed: Value = serde_json::from_str(&header(TOKEN)).unwrap();
    assert_eq!(parsed, with(case.value("header"), "enc", "A128GCM"));

    let bob = with(case.value("recipient_jwk"), "d", case.hex_as_base64url("recipient_secret_hex"));
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEsA128Kw, &vectors::jwk(&bob)).unwrap();
    assert_eq!(key.key_id(), Some("Bob"));
    assert_eq!(decrypt(&key, TOKEN).unwrap().expose_secret(), b"Hello, Bob");

    for place in 1..=4 {
        assert_eq!(
            code(decrypt(&key, &with_part(TOKEN, place, changed))),
            "decryption_failed",
            "part {place}"
        );
    }
    let given = |header: &Value| code(decrypt(&key, &with_header(TOKEN, &header.to_string())));
    assert_eq!(given(&with(&parsed, "apu", "QWxpY2U")), "decryption_failed");
    assert_eq!(given(&with(&parsed, "kid", "Alice")), "no_matching_key");
    assert_eq!(given(&with(&parsed, "alg", "ECDH-ES+A256KW")), "algorithm_not_allowed");
    assert_eq!(given(&vectors::without(&parsed, "epk")), "missing_member");
    let epk = &parsed["epk"];
    let bent = |member: &str, value: &str| with(&parsed, "epk", with(epk, member, value));
    assert_eq!(given(&bent("x", &changed(epk["x"].as_str().unwrap()))), "decryption_failed");
    assert_eq!(given(&bent("d", "AAAA")), "unexpected_member");
    assert_eq!(given(&bent("crv", "Ed25519")), "member_type");
    // RFC 8037 §5: a point of small order agrees on zero with everyone.
    assert_eq!(given(&bent("x", &"A".repeat(43))), "decryption_failed");

    let alice = with(epk, "d", case.hex_as_base64url("ephemeral_secret_hex"));
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEsA128Kw, &vectors::jwk(&alice)).unwrap();
    assert_eq!(code(decrypt(&other, TOKEN)), "decryption_failed");
    let swapped = with(&bob, "d", case.hex_as_base64url("ephemeral_secret_hex"));
    assert_eq!(code(Jwk::from_json(&swapped.to_string())), "key_inconsistent");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &vectors::jwk(epk))), "key_type");
}

/// X448 isn't here. Its keys say so, and as ephemeral keys they aren't what the recipient's curve asks for.
#[test]
fn a_7_x448_is_refused() {
    let case = Case::of("RFC 8037 A.7");
    let recipient = case.value("recipient_jwk");
    assert_eq!(code(Jwk::from_json(&recipient.to_string())), "unsupported_key");
    let private = with(recipient, "d", case.hex_as_base64url("ephemeral_secret_hex"));
    assert_eq!(code(Jwk::from_json(&private.to_string())), "unsupported_key");
    assert_eq!(code(Jwk::from_json(&with(recipient, "crv", "Ed448").to_string())), "unsupported_key");

    // Under a key of X25519 that has the ID and the algorithm of the RFC's recipient.
    let key = DecryptionKey::from_jwk_for(
        JweAlgorithm::EcdhEsA256Kw,
        &Jwk::generate(KeyKind::X25519).unwrap().with_key_id("Dave"),
    )
    .unwrap();
    let token = countersign::encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
    assert_eq!(code(decrypt(&key, &token)), "accepted");
    let epk = &case.value("header")["epk"];
    assert_eq!(epk["crv"], "X448");
    let bent = with_header(&token, &case.value("header").to_string());
    assert_eq!(code(decrypt(&key, &bent)), "member_type");
}
