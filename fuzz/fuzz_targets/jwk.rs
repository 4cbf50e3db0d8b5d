#![no_main]
//! Arbitrary JSON for a key or a set of keys: what imports is exported to the same key, and its halves fit.

use countersign::{DecryptionKey, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, KeyKind, KeySet, SigningKey, jws};
use countersign_fuzz::{check, strict};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = check::answer(Jwk::from_json(text), &[data]);
    if let Some(key) = &key {
        assert!(strict::object(text).is_some(), "an accepted key is strict JSON");
        exported_and_imported(key);
        halves_fit(key);
        certified(key);
    }
    set(text);

    // What is a key alone is a key in a set, and what isn't doesn't spoil one.
    let Some(members) = strict::object(text).filter(|members| !members.contains_key("keys")) else { return };
    let with_others = format!("{{\"keys\":[null,{text}]}}");
    match JwkSet::from_json(&with_others) {
        Ok(set) => {
            assert_eq!(set.len(), usize::from(key.is_some()), "{members:?}");
            assert_eq!(set.len() + set.skipped().len(), 2);
        }
        // Only for what is no key either, or for arrays too deep.
        Err(error) => check::discreet(&error, &[data]),
    }
});

fn exported_and_imported(key: &Jwk) {
    let json = key.expose_json();
    let again = Jwk::from_json(json.expose_secret()).expect("what was exported can be imported");
    same(key, &again);
    assert_eq!(again.is_private(), key.is_private());
    assert!(again.expose_json() == json, "an export is stable");
    assert!(!format!("{key:?}").contains(&key.thumbprint()) || key.key_id() == Some(&*key.thumbprint()));

    match (key.to_public(), key.to_public_json()) {
        (Ok(public), Ok(json)) => {
            assert!(!key.is_secret());
            let members = strict::object(&json).expect("an export is strict JSON");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
                assert!(!members.contains_key(private), "a private part was published");
            }
            let again = Jwk::from_json(&json).expect("what was exported can be imported");
            assert!(!again.is_private() && !again.is_secret());
            same(&public, &again);
            assert_eq!(again.thumbprint(), key.thumbprint());
        }
        (Err(error), Err(_)) => {
            assert!(key.is_secret());
            check::discreet(&error, &[json.expose_secret().as_bytes()]);
        }
        _ => panic!("a key has a public half or it doesn't"),
    }
}

fn same(one: &Jwk, other: &Jwk) {
    assert_eq!(one.thumbprint(), other.thumbprint());
    assert_eq!(one.kind(), other.kind());
    assert_eq!(one.key_id(), other.key_id());
    assert_eq!(one.algorithm(), other.algorithm());
    assert_eq!(one.key_use(), other.key_use());
    assert_eq!(one.key_operations(), other.key_operations());
    assert_eq!(one.certificate_chain(), other.certificate_chain());
    assert_eq!(one.certificate_thumbprint(), other.certificate_thumbprint());
    assert_eq!(one.certificate_thumbprint_sha1(), other.certificate_thumbprint_sha1());
}

/// The certificate beside a key is its own, or at least none that another key could be taken from.
fn certified(key: &Jwk) {
    let Some(chain) = key.certificate_chain() else { return };
    assert!(!key.is_secret());
    match chain.trusted_key(|_| true) {
        Ok(certified) => assert_eq!(certified.thumbprint(), key.thumbprint()),
        // RSASSA-PSS: the same key by its numbers, and none that is read out of a certificate.
        Err(error) => assert_eq!(error.code(), "unsupported_key"),
    }
}

/// What the private half does, the public half undoes.
fn halves_fit(key: &Jwk) {
    if !key.is_private() {
        return;
    }
    // DER holds no metadata that could forbid the use.
    let der = key.expose_pkcs8_der().expect("a private key has a PKCS#8 form");
    let private = Jwk::from_pkcs8_der(der.expose_secret()).expect("what was exported can be imported");
    assert_eq!(private.thumbprint(), key.thumbprint());
    let der = key.to_spki_der().expect("a private key has a public half");
    let public = Jwk::from_spki_der(&der).expect("what was exported can be imported");
    assert_eq!(public.thumbprint(), key.thumbprint());

    let algorithm = match key.kind() {
        KeyKind::Rsa { .. } => JwsAlgorithm::Rs256,
        KeyKind::P256 => JwsAlgorithm::Es256,
        KeyKind::P384 => JwsAlgorithm::Es384,
        KeyKind::P521 => JwsAlgorithm::Es512,
        KeyKind::Secp256k1 => JwsAlgorithm::Es256k,
        KeyKind::Ed25519 => JwsAlgorithm::Ed25519,
        KeyKind::X25519 => {
            let algorithm = JweAlgorithm::EcdhEs;
            let sender = countersign::EncryptionKey::from_jwk_for(algorithm, &public);
            let recipient = DecryptionKey::from_jwk_for(algorithm, &private).expect("the kind decides");
            let token = sender.and_then(|sender| countersign::encrypt(&sender, b"fits"));
            let opened = token.and_then(|token| countersign::decrypt(&recipient, &token));
            assert_eq!(opened.expect("the halves fit").expose_secret(), b"fits");
            return;
        }
        other => panic!("{other} has no halves"),
    };
    let signer = SigningKey::from_jwk_for(algorithm, &private).expect("the kind decides");
    let verifier = countersign::VerifyingKey::from_jwk_for(algorithm, &public).expect("the kind decides");
    let token = jws::sign(&signer, b"fits").expect("there is randomness");
    jws::verify(&verifier, &token).expect("the halves fit");
}

fn set(text: &str) {
    let Some(set) = check::answer(JwkSet::from_json(text), &[text.as_bytes()]) else { return };
    // A name may stand twice inside a key, which is skipped then.
    let members: serde_json::Map<String, Value> =
        serde_json::from_str(text).expect("an accepted set is JSON");
    let may_have = ["duplicate_member", "limit_json_depth", "limit_json_members"];
    let spoilt = set.skipped().iter().any(|skipped| may_have.contains(&skipped.reason().code()));
    assert!(spoilt || strict::object(text).is_some(), "what stands outside a skipped key is strict JSON");
    let elements = members["keys"].as_array().expect("an accepted set has keys");
    assert_eq!(set.len() + set.skipped().len(), elements.len());
    let mut keys = set.iter();
    let mut skipped = set.skipped().iter().peekable();
    for (index, element) in elements.iter().enumerate() {
        if let Some(skipped) = skipped.next_if(|skipped| skipped.index() == index) {
            check::discreet(skipped.reason(), &[text.as_bytes()]);
            let named = element.get("kid").and_then(Value::as_str);
            assert!(skipped.key_id().is_none() || skipped.key_id() == named);
        } else {
            let key = keys.next().expect("each element is a key or skipped");
            let alone = Jwk::from_json(&element.to_string()).expect("a key in a set is a key alone");
            same(key, &alone);
        }
    }
    assert_eq!(set.find("no such key").map(Jwk::kind), None);

    let json = set.expose_json();
    let again = JwkSet::from_json(json.expose_secret()).expect("what was exported can be imported");
    assert!(again.skipped().is_empty());
    assert!(set.iter().map(Jwk::thumbprint).eq(again.iter().map(Jwk::thumbprint)));

    // Compiling a set takes what it can and says what it can't.
    let verification = KeySet::verification(&set);
    let shared = KeySet::shared_secrets(&set);
    let decryption = KeySet::decryption(&set);
    let reasons = [verification.skipped(), shared.skipped(), decryption.skipped()];
    for skipped in reasons.into_iter().flatten() {
        check::discreet(skipped.reason(), &[text.as_bytes()]);
        assert!(skipped.index() < elements.len());
    }
    if set.iter().all(|key| key.is_secret() || key.is_private()) {
        assert!(verification.is_empty(), "a secret became a public key");
    }
    if !set.iter().any(Jwk::is_secret) {
        assert!(shared.is_empty(), "a public key became a secret");
    }
}
