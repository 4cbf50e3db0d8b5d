//! RFC 7516: the examples of appendix A decrypt, in each serialization, nothing next to them does, and `RSA1_5`
//! doesn't exist.

mod vectors;

use countersign::jwe::JweDecrypter;
use countersign::{ContentEncryption, DecryptionKey, JweAlgorithm, KeySet, decrypt};
use serde_json::{Value, json};
use vectors::{Case, changed, code, header, with, with_header, with_part, without};

/// Whether this build has RSA-OAEP.
const HAS_RSA_OAEP: bool = cfg!(any(feature = "aws-lc-rs", feature = "rsa"));

/// What can be changed about an encrypted token with an encrypted key.
#[track_caller]
fn refuses_what_stands_next_to_it(key: &DecryptionKey, token: &str) {
    let code_of = |token: &str| code(decrypt(key, token));
    assert_eq!(code_of(token), "accepted");

    for place in 1..=4 {
        assert_eq!(code_of(&with_part(token, place, changed)), "decryption_failed", "part {place}");
    }
    // The header means the same with one space more, but it isn't the one that was authenticated.
    assert_eq!(code_of(&with_header(token, &format!("{} ", header(token)))), "decryption_failed");
    assert_eq!(code_of(&with_part(token, 3, |_| String::new())), "decryption_failed");
    // Four characters, three octets, out of their place.
    for place in [2, 4] {
        let longer = with_part(token, place, |part| format!("AAAA{part}"));
        assert_eq!(code_of(&longer), "length", "part {place}");
    }
    for place in [1, 2, 4] {
        assert_eq!(code_of(&with_part(token, place, |_| String::new())), "length", "part {place}");
    }
    assert_eq!(code_of(&format!("{token}=")), "base64url");
    assert_eq!(code_of(&format!("{token}.")), "segment_count");
    let (untagged, _) = token.rsplit_once('.').expect("there are dots");
    assert_eq!(code_of(untagged), "segment_count");
}

#[test]
#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
fn a_1_rsa_oaep_with_a256gcm() {
    let case = Case::of("RFC 7516 A.1");
    let jwk = case.jwk("jwk");
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &jwk).unwrap();
    assert_eq!(decrypt(&key, case.token()).unwrap().expose_secret(), case.text("plaintext").as_bytes());

    refuses_what_stands_next_to_it(&key, case.token());
    // The same key, bound to another hash.
    let sha256 = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep256, &jwk).unwrap();
    assert_eq!(code(decrypt(&sha256, case.token())), "algorithm_not_allowed");
    let relabelled = with_header(case.token(), r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
    assert_eq!(code(decrypt(&sha256, &relabelled)), "decryption_failed");
    // The key pair of another example.
    let other = Case::of("RFC 7516 A.2").jwk("jwk");
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &other).unwrap();
    assert_eq!(code(decrypt(&other, case.token())), "decryption_failed");
    let narrowed = key.allow_content_encryptions([ContentEncryption::A128CbcHs256]);
    assert_eq!(code(decrypt(&narrowed, case.token())), "content_encryption_not_allowed");
    // A private key that says nothing of its algorithm stands for the whole family.
    let keys = KeySet::decryption(&[jwk].into_iter().collect());
    assert_eq!(keys.decrypt(case.token()).unwrap().expose_secret(), case.text("plaintext").as_bytes());
}

#[test]
#[cfg(not(any(feature = "aws-lc-rs", feature = "rsa")))]
fn a_1_needs_a_feature() {
    let jwk = Case::of("RFC 7516 A.1").jwk("jwk");
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &jwk)), "unsupported_feature");
}

#[test]
fn a_2_rsa1_5_is_refused() {
    let case = Case::of("RFC 7516 A.2");
    assert_eq!(JweAlgorithm::from_name("RSA1_5"), None);
    let symmetric = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &Case::of("RFC 7516 A.3").jwk("jwk"));
    let symmetric = symmetric.unwrap();
    assert_eq!(code(decrypt(&symmetric, case.token())), "unsupported_algorithm");
    assert_eq!(code(KeySet::from(symmetric).decrypt(case.token())), "unsupported_algorithm");
    // The private key is in order, it only has nothing to do here.
    if HAS_RSA_OAEP {
        let key = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &case.jwk("jwk")).unwrap();
        assert_eq!(code(decrypt(&key, case.token())), "unsupported_algorithm");
        let relabelled = with_header(case.token(), r#"{"alg":"RSA-OAEP","enc":"A128CBC-HS256"}"#);
        assert_eq!(code(decrypt(&key, &relabelled)), "decryption_failed");
    }
    let named = with(case.value("jwk"), "alg", "RSA1_5");
    assert_eq!(code(DecryptionKey::from_jwk(&vectors::jwk(&named))), "unsupported_key");
}

#[test]
fn a_3_a128kw_with_a128cbc_hs256() {
    let case = Case::of("RFC 7516 A.3");
    let jwk = case.jwk("jwk");
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &jwk).unwrap();
    assert_eq!(decrypt(&key, case.token()).unwrap().expose_secret(), case.text("plaintext").as_bytes());

    refuses_what_stands_next_to_it(&key, case.token());
    // The same secret for another algorithm of its length, and another secret.
    let gcm = DecryptionKey::from_jwk_for(JweAlgorithm::A128Gcmkw, &jwk).unwrap();
    assert_eq!(code(decrypt(&gcm, case.token())), "algorithm_not_allowed");
    let other = with(case.value("jwk"), "k", changed(case.value("jwk")["k"].as_str().unwrap()));
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &vectors::jwk(&other)).unwrap();
    assert_eq!(code(decrypt(&other, case.token())), "decryption_failed");
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::A256Kw, &jwk)), "key_size");
    // Another content encryption with a key, an initialization vector and a tag of other lengths.
    let relabelled = with_header(case.token(), r#"{"alg":"A128KW","enc":"A256GCM"}"#);
    assert_eq!(code(decrypt(&key, &relabelled)), "length");
    let narrowed = key.allow_content_encryptions([ContentEncryption::A256Gcm]);
    assert_eq!(code(decrypt(&narrowed, case.token())), "content_encryption_not_allowed");
}

/// What can be changed about a message in JSON whose protected header is `{"enc":"A128CBC-HS256"}`.
#[track_caller]
fn refuses_what_stands_next_to_it_in_json(key: &DecryptionKey, message: &Value, encrypted_key: &str) {
    let decrypter = JweDecrypter::new([key]);
    let code_of = |message: &Value| code(decrypter.decrypt_json(&message.to_string()));
    let at = |pointer: &str, change: &dyn Fn(&mut Value)| {
        let mut message = message.clone();
        change(message.pointer_mut(pointer).expect("the message has that member"));
        code_of(&message)
    };
    assert_eq!(code_of(message), "accepted");
    for pointer in [encrypted_key, "/iv", "/ciphertext", "/tag"] {
        let other =
            |member: &mut Value| *member = changed(member.as_str().expect("the member is text")).into();
        assert_eq!(at(pointer, &other), "decryption_failed", "{pointer}");
        assert_eq!(at(pointer, &|member| *member = Value::Null), "member_type", "{pointer}");
    }
    // `{"enc":"A128CBC-HS256","x":1}`
    let longer = with(message, "protected", "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwieCI6MX0");
    assert_eq!(code_of(&longer), "decryption_failed");
    assert_eq!(code_of(&with(message, "aad", "AA")), "decryption_failed");
    // Where the tag doesn't reach, anyone can write; but not what decides how the message is read.
    assert_eq!(code_of(&with(message, "unprotected", json!({"jku": "https://example.com"}))), "accepted");
    assert_eq!(code_of(&without(message, "unprotected")), "accepted");
    assert_eq!(code_of(&with(message, "unprotected", json!({"enc": "A128CBC-HS256"}))), "duplicate_member");
    assert_eq!(code_of(&with(message, "unprotected", json!({"crit": ["x"], "x": 1}))), "unprotected_member");
    for member in ["protected", "ciphertext"] {
        assert_eq!(code_of(&without(message, member)), "missing_member", "{member}");
    }
    for member in ["iv", "tag"] {
        assert_eq!(code_of(&without(message, member)), "length", "{member}");
    }
    assert_eq!(code_of(&with(message, "payload", "AA")), "unexpected_member");
}

#[test]
fn a_4_general_json_for_two_recipients() {
    let case = Case::of("RFC 7516 A.4");
    let key = || DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &case.jwk("jwk")).unwrap();
    let message = case.value("json");
    // The first recipient has RSA1_5, which isn't here; that is no reason to refuse the second.
    for key in [key(), key().with_key_id("7")] {
        let decrypted = JweDecrypter::new([&key]).decrypt_json(&message.to_string()).unwrap();
        assert_eq!(decrypted.plaintext().expose_secret(), case.text("plaintext").as_bytes());
        assert_eq!((decrypted.recipient(), decrypted.algorithm()), (1, JweAlgorithm::A128Kw));
        assert_eq!(decrypted.content_encryption(), ContentEncryption::A128CbcHs256);
        let jku = decrypted.unprotected_parameter::<String>("jku").unwrap();
        assert_eq!(jku.as_deref(), Some("https://server.example.com/keys.jwks"));
    }
    refuses_what_stands_next_to_it_in_json(&key(), message, "/recipients/1/encrypted_key");

    let code_of = |key: &DecryptionKey, message: &Value| {
        code(JweDecrypter::new([key]).decrypt_json(&message.to_string()))
    };
    assert_eq!(code_of(&key().with_key_id("2011-04-29"), message), "no_matching_key");
    let mut first_only = message.clone();
    first_only["recipients"].as_array_mut().unwrap().pop();
    assert_eq!(code_of(&key(), &first_only), "unsupported_algorithm");
    // Its header and its encrypted key must be in order all the same.
    let mut first_broken = message.clone();
    first_broken["recipients"][0]["encrypted_key"] = "AB".into();
    assert_eq!(code_of(&key(), &first_broken), "non_canonical_base64url");
    assert_eq!(code_of(&key(), &with(message, "encrypted_key", "AA")), "unexpected_member");
}

#[test]
fn a_5_flattened_json() {
    let case = Case::of("RFC 7516 A.5");
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &case.jwk("jwk")).unwrap();
    let message = case.value("json");
    let decrypted = JweDecrypter::new([&key]).decrypt_json(&message.to_string()).unwrap();
    assert_eq!(decrypted.plaintext().expose_secret(), case.text("plaintext").as_bytes());
    assert_eq!(decrypted.recipient(), 0);
    refuses_what_stands_next_to_it_in_json(&key, message, "/encrypted_key");

    let recipients = json!([{"header": {"alg": "A128KW"}, "encrypted_key": message["encrypted_key"]}]);
    let both = with(message, "recipients", recipients).to_string();
    assert_eq!(code(JweDecrypter::new([&key]).decrypt_json(&both)), "unexpected_member");
    // The values are those of A.3, and that token's tag is over another protected header.
    let a_3 = Case::of("RFC 7516 A.3");
    let tag = a_3.token().rsplit('.').next().unwrap();
    let mixed = with(message, "tag", tag).to_string();
    assert_eq!(code(JweDecrypter::new([&key]).decrypt_json(&mixed)), "decryption_failed");
}
