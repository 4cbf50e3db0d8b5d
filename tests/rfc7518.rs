//! RFC 7518: the key agreement of appendix C, from a token's header to its plaintext.
//!
//! The content encryptions of appendix B and the derived key itself have nothing of their own in the public
//! API: they are held by unit tests in `src/jwe`.

mod vectors;

use countersign::{DecryptionKey, JweAlgorithm, decrypt};
use serde_json::Value;
use vectors::{Case, RFC7518_C as TOKEN, code, header, with, with_header, with_part};

#[test]
fn c_ecdh_es_with_a128gcm() {
    let case = Case::of("RFC 7518 C");
    let parsed: Value = serde_json::from_str(&header(TOKEN)).unwrap();
    assert_eq!(parsed, *case.value("header"));

    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &case.jwk("recipient_jwk")).unwrap();
    assert_eq!(decrypt(&key, TOKEN).unwrap().expose_secret(), b"Hello, Bob");

    // Other names of the parties, another ephemeral key, another recipient: another key is derived.
    let ephemeral = case.jwk("ephemeral_jwk");
    let recipient = without_private_part(case.value("recipient_jwk"));
    for (member, value) in [("apu", "QWxpY2Y".into()), ("apv", "Qm9j".into()), ("epk", recipient)] {
        let bent = with_header(TOKEN, &with(case.value("header"), member, value).to_string());
        assert_eq!(code(decrypt(&key, &bent)), "decryption_failed", "another {member}");
    }
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &ephemeral).unwrap();
    assert_eq!(code(decrypt(&other, TOKEN)), "decryption_failed");
    let wrapping =
        DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEsA128Kw, &case.jwk("recipient_jwk")).unwrap();
    assert_eq!(code(decrypt(&wrapping, TOKEN)), "algorithm_not_allowed");

    for place in [3, 4] {
        assert_eq!(code(decrypt(&key, &with_part(TOKEN, place, vectors::changed))), "decryption_failed");
    }
    // Direct key agreement has no encrypted key.
    assert_eq!(code(decrypt(&key, &with_part(TOKEN, 1, |_| String::from("AAAA")))), "length");
}

/// An ephemeral key that isn't a point of the recipient's curve is refused before the private key is used.
#[test]
fn c_with_another_kind_of_ephemeral_key() {
    let case = Case::of("RFC 7518 C");
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &case.jwk("recipient_jwk")).unwrap();
    let (point, given) = (&case.value("header")["epk"], |epk: Value| {
        let header = with(case.value("header"), "epk", epk);
        code(decrypt(&key, &with_header(TOKEN, &header.to_string())))
    });
    let off_the_curve = with(point, "y", vectors::changed(point["y"].as_str().unwrap()));
    assert_eq!(given(off_the_curve), "member_type");
    assert_eq!(given(case.value("ephemeral_jwk").clone()), "unexpected_member", "with its private part");
    let other_curve = Case::of("RFC 7515 A.4");
    assert_eq!(given(without_private_part(other_curve.value("jwk"))), "member_type", "on another curve");
    assert_eq!(given(point["x"].clone()), "member_type", "no key at all");
    let absent = vectors::without(case.value("header"), "epk");
    assert_eq!(code(decrypt(&key, &with_header(TOKEN, &absent.to_string()))), "missing_member");
}

fn without_private_part(jwk: &Value) -> Value {
    vectors::without(jwk, "d")
}
