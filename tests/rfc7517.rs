//! RFC 7517: the keys of the appendices are read, written back, and refused when one member is bent.

mod vectors;

use countersign::jwk::KeyUse;
#[cfg(feature = "pbes2")]
use countersign::{DecryptionKey, SecretBytes, decrypt};
use countersign::{
    EncryptionKey, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, KeyKind, KeySet, VerifyingKey, jws,
};
use serde_json::{Value, json};
use vectors::{Case, changed, code, with, without};
#[cfg(feature = "pbes2")]
use vectors::{with_header, with_part};

fn set(case: &Case) -> JwkSet {
    JwkSet::from_json(&case.value("jwks").to_string()).expect("the set is the RFC's")
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).expect("the library writes JSON")
}

#[test]
fn a_1_public_keys() {
    let case = Case::of("RFC 7517 A.1");
    let set = set(&case);
    assert!(set.skipped().is_empty());
    let [ec, rsa] = set.iter().collect::<Vec<_>>()[..] else { panic!("another number of keys") };

    assert_eq!((ec.kind(), ec.is_private(), ec.is_secret()), (KeyKind::P256, false, false));
    assert_eq!((ec.key_id(), ec.algorithm(), ec.key_use()), (Some("1"), None, Some(&KeyUse::Encryption)));
    assert_eq!((rsa.kind(), rsa.is_private()), (KeyKind::Rsa { bits: 2048 }, false));
    assert_eq!((rsa.key_id(), rsa.algorithm(), rsa.key_use()), (Some("2011-04-29"), Some("RS256"), None));
    for (key, thumbprint) in set.iter().zip(case.value("thumbprints").as_array().unwrap()) {
        assert_eq!(key.thumbprint(), thumbprint.as_str().unwrap());
    }
    assert_eq!(parsed(&set.to_public_json().unwrap()), *case.value("jwks"));

    // The EC key is for encryption, by its own word; the RSA key is for RS256.
    let keys = KeySet::verification(&set);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys.skipped()[0].reason().code(), "key_use");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, ec)), "key_use");
    assert_eq!(code(VerifyingKey::from_jwk(rsa)), "accepted");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Ps256, rsa)), "key_algorithm");
}

#[test]
fn a_2_private_keys() {
    let case = Case::of("RFC 7517 A.2");
    let set = set(&case);
    assert!(set.skipped().is_empty());
    assert_eq!(set.len(), 2);
    assert!(set.iter().all(Jwk::is_private));
    for (key, thumbprint) in set.iter().zip(case.value("thumbprints").as_array().unwrap()) {
        assert_eq!(key.thumbprint(), thumbprint.as_str().unwrap());
    }
    // Nothing is lost, and the public part is A.1 to the member.
    assert_eq!(parsed(set.expose_json().expose_secret()), *case.value("jwks"));
    assert_eq!(parsed(&set.to_public_json().unwrap()), *Case::of("RFC 7517 A.1").value("jwks"));
    // Private keys don't verify: where a public key is due, one has leaked or is about to.
    assert!(KeySet::verification(&set).is_empty());
}

#[test]
fn a_3_symmetric_keys() {
    let case = Case::of("RFC 7517 A.3");
    let set = set(&case);
    assert!(set.skipped().is_empty());
    let [wrapping, mac] = set.iter().collect::<Vec<_>>()[..] else { panic!("another number of keys") };
    assert_eq!((wrapping.kind(), wrapping.algorithm()), (KeyKind::Oct { bits: 128 }, Some("A128KW")));
    assert_eq!(mac.kind(), KeyKind::Oct { bits: 512 });
    assert_eq!(mac.key_id(), Some("HMAC key used in JWS A.1 example"));
    assert!(set.iter().all(|key| key.is_secret() && !key.is_private()));
    assert_eq!(parsed(set.expose_json().expose_secret()), *case.value("jwks"));
    assert_eq!(code(set.to_public_json()), "key_not_public");

    // They are the keys of RFC 7515 A.1 and of RFC 7516 A.3, as the second one's `kid` says.
    let signed = Case::of("RFC 7515 A.1");
    let keys = KeySet::shared_secrets(&set);
    assert_eq!(keys.verify(signed.token()).unwrap().payload(), signed.text("payload").as_bytes());
    assert_eq!(keys.skipped().len(), 1);
    let encrypted = Case::of("RFC 7516 A.3");
    let keys = KeySet::decryption(&set);
    let plaintext = keys.decrypt(encrypted.token()).unwrap();
    assert_eq!(plaintext.expose_secret(), encrypted.text("plaintext").as_bytes());
    assert_eq!(keys.skipped()[0].reason().code(), "key_algorithm_unknown");
    // The key for wrapping is too short for a signature, and says itself that it isn't for one.
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, wrapping)), "key_algorithm");
    let unnamed = without(&case.value("jwks")["keys"][0], "alg");
    let unnamed = VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &vectors::jwk(&unnamed));
    assert_eq!(code(unnamed), "key_too_small");
}

#[test]
fn b_use_of_x5c() {
    let case = Case::of("RFC 7517 B");
    let key = case.jwk("jwk");
    assert_eq!((key.kind(), key.is_private()), (KeyKind::Rsa { bits: 2048 }, false));
    assert_eq!((key.key_id(), key.key_use()), (Some("1b94c"), Some(&KeyUse::Signature)));
    assert_eq!(key.thumbprint(), case.text("thumbprint"));
    let chain = key.certificate_chain().unwrap();
    assert_eq!(chain.certificates().count(), 1);
    assert_eq!(chain.thumbprint(), "pJm2BBpkB8y7tCqrWM0X37WOmQTO8zQw-VpxVgBb21I");
    assert_eq!(parsed(&key.to_public_json().unwrap()), *case.value("jwk"));

    // The certificate expired in 2018, and whether that matters is the application's to say.
    let certified = chain.trusted_key(|chain| chain.certificates().count() == 1).unwrap();
    assert_eq!(certified.thumbprint(), key.thumbprint());
    assert_eq!(code(chain.trusted_key(|_| false)), "certificate_not_trusted");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &key)), "accepted");
    assert_eq!(code(EncryptionKey::from_jwk_for(JweAlgorithm::RsaOaep256, &key)), "key_use");

    // Thumbprints, made by another implementation.
    let sha1 = with(case.value("jwk"), "x5t", "4pNenEBLv0JpLIdugWxQkOsZcK0");
    let both = with(&sha1, "x5t#S256", chain.thumbprint());
    assert_eq!(parsed(&vectors::jwk(&both).to_public_json().unwrap()), both);

    let of = |json: &Value| code(Jwk::from_json(&json.to_string()));
    for (member, value, expected) in [
        ("n", json!(changed(case.value("jwk")["n"].as_str().unwrap())), "key_inconsistent"),
        ("e", json!("AQAD"), "key_inconsistent"),
        ("x5t", json!(changed("4pNenEBLv0JpLIdugWxQkOsZcK0")), "key_inconsistent"),
        ("x5t#S256", json!(changed(&chain.thumbprint())), "key_inconsistent"),
        ("x5c", json!([]), "member_type"),
        ("x5c", case.value("jwk")["x5c"][0].clone(), "member_type"),
        ("x5c", json!([changed(case.value("jwk")["x5c"][0].as_str().unwrap())]), "encoding"),
    ] {
        assert_eq!(of(&with(&both, member, value)), expected, "another {member}");
    }
    // Another key's `x5c` is no reason to lose the others of a set.
    let bent = with(&both, "e", "AQAD");
    let set = JwkSet::from_json(&json!({"keys": [bent, both]}).to_string()).unwrap();
    assert_eq!((set.len(), set.skipped()[0].reason().code()), (1, "key_inconsistent"));
}

/// RFC 7517 §4.3: "If applications wish to use both, the information they convey MUST be consistent", and no
/// operation may stand twice; §4.2 and §4.3 leave the values open, and what isn't known permits nothing.
#[test]
fn use_and_key_ops_are_held_against_each_other_and_the_operation() {
    let public = Case::of("RFC 7517 B").value("jwk").clone();
    let public = without(&without(&public, "x5c"), "use");
    let of = |key_use: Option<&str>, operations: Option<Value>| {
        let mut json = public.clone();
        let members = [("use", key_use.map(Value::from)), ("key_ops", operations)];
        for (name, value) in members.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            json = with(&json, name, value);
        }
        let key = match Jwk::from_json(&json.to_string()) {
            Ok(key) => key,
            Err(error) => return (error.code(), error.code()),
        };
        let set: JwkSet = [key.clone_key().with_algorithm("RS256")].into_iter().collect();
        let verifying = code(VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &key));
        assert_eq!(KeySet::verification(&set).len() == 1, verifying == "accepted", "a set obeys like a key");
        let encrypting = code(EncryptionKey::from_jwk_for(JweAlgorithm::RsaOaep256, &key));
        (verifying, if encrypting == "unsupported_feature" { "accepted" } else { encrypting })
    };
    let (yes, no, bad) = ("accepted", "key_use", "key_inconsistent");
    for (key_use, operations, expected) in [
        (None, None, (yes, yes)),
        (Some("sig"), None, (yes, no)),
        (Some("enc"), None, (no, yes)),
        (Some("Sig"), None, (no, no)),
        (None, Some(json!(["verify"])), (yes, no)),
        (None, Some(json!(["wrapKey"])), (no, yes)),
        (None, Some(json!(["encrypt", "verify"])), (yes, yes)),
        (None, Some(json!(["sign"])), (no, no)),
        (None, Some(json!([])), (no, no)),
        (None, Some(json!(["Verify"])), (no, no)),
        (Some("sig"), Some(json!(["verify"])), (yes, no)),
        (Some("enc"), Some(json!(["wrapKey", "encrypt"])), (no, yes)),
        (Some("sig"), Some(json!([])), (no, no)),
        (Some("tls"), Some(json!(["verify"])), (no, no)),
        (Some("sig"), Some(json!(["encrypt"])), (bad, bad)),
        (Some("sig"), Some(json!(["verify", "wrapKey"])), (bad, bad)),
        (Some("enc"), Some(json!(["verify"])), (bad, bad)),
        (Some("enc"), Some(json!(["deriveKey", "sign"])), (bad, bad)),
        (None, Some(json!(["verify", "verify"])), ("member_type", "member_type")),
        (None, Some(json!("verify")), ("member_type", "member_type")),
    ] {
        assert_eq!(of(key_use, operations.clone()), expected, "{key_use:?} {operations:?}");
    }
}

#[test]
fn c_1_private_key_for_encryption() {
    let case = Case::of("RFC 7517 C.1");
    let key = case.jwk("jwk");
    assert_eq!((key.kind(), key.is_private()), (KeyKind::Rsa { bits: 2048 }, true));
    assert_eq!((key.key_id(), key.key_use()), (Some("juliet@capulet.lit"), Some(&KeyUse::Encryption)));
    assert_eq!(parsed(key.expose_json().expose_secret()), *case.value("jwk"));
    let public = key.to_public().unwrap();
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &public)), "key_use");
    let for_signatures = vectors::jwk(&with(case.value("jwk"), "use", "sig")).to_public().unwrap();
    let for_signatures = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &for_signatures).unwrap();
    assert_eq!(code(jws::verify(&for_signatures, Case::of("RFC 7515 A.2").token())), "invalid_signature");
}

/// RFC 7517 §C.2 to §C.9: the key of §C.1 under a password.
#[cfg(feature = "pbes2")]
#[test]
fn c_private_key_under_a_password() {
    let case = Case::of("RFC 7517 C");
    let algorithm: JweAlgorithm = case.text("algorithm").parse().unwrap();
    let recipient = |password: &str| {
        DecryptionKey::password(algorithm, SecretBytes::from(password.as_bytes().to_vec())).unwrap()
    };
    let key = recipient(case.text("password"));
    let plaintext = decrypt(&key, case.token()).unwrap();
    assert_eq!(plaintext.expose_secret(), case.text("plaintext").as_bytes());
    let text = std::str::from_utf8(plaintext.expose_secret()).unwrap();
    let jwk = Jwk::from_json(text).unwrap();
    assert_eq!(jwk.thumbprint(), Case::of("RFC 7517 C.1").jwk("jwk").thumbprint());

    // One thing changed: the password, a parameter, a bit of what stands in the token.
    assert_eq!(code(decrypt(&recipient("Thus from my lips"), case.token())), "decryption_failed");
    for (from, to, expected) in [
        ("\"p2c\":4096", "\"p2c\":4097", "decryption_failed"),
        ("\"p2c\":4096", "\"p2c\":999", "member_type"),
        ("2WCTcJZ1Rvd_CJuJripQ1w", "3WCTcJZ1Rvd_CJuJripQ1w", "decryption_failed"),
        ("jwk+json", "jwk+jso", "decryption_failed"),
        ("HS256+A128KW", "HS512+A256KW", "algorithm_not_allowed"),
    ] {
        let bent = with_header(case.token(), &case.text("header").replace(from, to));
        assert_eq!(code(decrypt(&key, &bent)), expected, "{to}");
    }
    for place in 1..5 {
        assert_eq!(
            code(decrypt(&key, &with_part(case.token(), place, changed))),
            "decryption_failed",
            "{place}"
        );
    }
}

/// Each key with one member taken out or changed, and why it is refused then.
#[test]
fn bent_keys_are_refused() {
    let of = |json: &Value| code(Jwk::from_json(&json.to_string()));
    let private = Case::of("RFC 7517 A.2");
    let [ec, rsa] = [0, 1].map(|index| private.value("jwks")["keys"][index].clone());
    let secret = Case::of("RFC 7517 A.3").value("jwks")["keys"][1].clone();
    for (key, required) in [
        (&ec, &["kty", "crv", "x", "y"][..]),
        (&rsa, &["kty", "n", "e", "p", "q", "dp", "dq", "qi"]),
        (&secret, &["kty", "k"]),
    ] {
        assert_eq!(of(key), "accepted");
        for &member in required {
            assert_eq!(of(&without(key, member)), "missing_member", "{} without {member}", key["kty"]);
            assert_eq!(of(&with(key, member, 1)), "member_type", "{} with a number as {member}", key["kty"]);
        }
        assert_eq!(of(&with(key, "kty", "UNKNOWN")), "unsupported_key");
        assert_eq!(of(&with(key, "kid", 1)), "member_type");
        // RFC 7517 §4: "Additional members can be present in the JWK; if not understood by implementations
        // encountering them, they MUST be ignored."
        assert_eq!(of(&with(key, "unknown", json!({"a": [null]}))), "accepted");
    }
    for (key, members) in [(&ec, &["x", "y", "d"][..]), (&rsa, &["n", "d", "p", "q", "dp", "dq", "qi"])] {
        for &member in members {
            let bent = with(key, member, changed(key[member].as_str().unwrap()));
            assert_eq!(of(&bent), "key_inconsistent", "another {member}");
        }
    }
    assert_eq!(of(&with(&ec, "crv", "P-384")), "member_type");
    assert_eq!(of(&with(&ec, "crv", "P-224")), "unsupported_key");
}

/// RFC 7517 §5: keys that can't be used are left out, and the others stay.
#[test]
fn one_bent_key_doesn_t_spoil_the_set() {
    let case = Case::of("RFC 7517 A.1");
    let keys = &case.value("jwks")["keys"];
    let bent = json!({"keys": [with(&keys[0], "crv", "P-224"), keys[1], without(&keys[0], "x")]});
    let set = JwkSet::from_json(&bent.to_string()).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(set.iter().next().unwrap().key_id(), Some("2011-04-29"));
    let skipped: Vec<_> =
        set.skipped().iter().map(|key| (key.index(), key.key_id(), key.reason().code())).collect();
    assert_eq!(skipped, [(0, Some("1"), "unsupported_key"), (2, Some("1"), "missing_member")]);
    // The set itself must be one.
    for (text, expected) in [
        (json!({"keys": {}}), "member_type"),
        (json!({}), "missing_member"),
        (keys.clone(), "not_an_object"),
        (keys[0].clone(), "missing_member"),
    ] {
        assert_eq!(code(JwkSet::from_json(&text.to_string())), expected);
    }
}
