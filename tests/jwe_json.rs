//! JWE in JSON serialization, flattened and general (RFC 7516 §7.2): what is made is opened by each recipient, and
//! what stands next to it by nobody.
//!
//! Beside each message that is accepted stands one with one thing changed. What attackers are known to have tried
//! is in `attacks/`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use countersign::jwe::{DecryptedJwe, JweBuilder, JweDecrypter};
use countersign::{
    ContentEncryption, DecryptionKey, EncryptionKey, Error, JweAlgorithm, JwtVerifier, KeySet, Limits,
    NoClaims, UnverifiedToken, decrypt, encrypt,
};
use serde_json::{Value, json};
use support::{Scheme, base64url, from_base64url};

const PLAINTEXT: &[u8] = b"card 4242";

fn wrapping(algorithm: JweAlgorithm) -> DecryptionKey {
    DecryptionKey::generate(algorithm).unwrap()
}

fn to(key: &DecryptionKey) -> EncryptionKey {
    key.encryption_key().unwrap()
}

fn open(key: &DecryptionKey, json: &str) -> Result<DecryptedJwe, Error> {
    JweDecrypter::new([key]).decrypt_json(json)
}

/// The stable name of the error, or `accepted`.
fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// The same message with something changed.
fn with(json: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut message = read(json);
    let before = message.clone();
    change(&mut message);
    assert_ne!(message, before);
    message.to_string()
}

/// The same message with another value of a member, or a member more.
fn with_member(json: &str, name: &str, value: impl Into<Value>) -> String {
    with(json, |message| message[name] = value.into())
}

/// The same message without a member.
fn without(json: &str, name: &str) -> String {
    with(json, |message| drop(message.as_object_mut().unwrap().remove(name).unwrap()))
}

/// The base64url of other octets, as many.
fn changed(text: &Value) -> Value {
    let mut octets = from_base64url(text.as_str().unwrap());
    octets[0] ^= 1;
    base64url(octets).into()
}

/// The protected header of a message.
fn protected(json: &str) -> Value {
    serde_json::from_slice(&from_base64url(read(json)["protected"].as_str().unwrap())).unwrap()
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_algorithm_does_both_forms() {
    for scheme in Scheme::available() {
        let (key, public) = (scheme.decryption_key(), scheme.encryption_key());
        let builder = JweBuilder::new(&public).additional_authenticated_data("aad");
        let (flattened, general) =
            (builder.encrypt_json(PLAINTEXT).unwrap(), builder.encrypt_general(PLAINTEXT).unwrap());
        for json in [&flattened, &general] {
            let decrypted = open(&key, json).unwrap();
            assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT, "{scheme:?}");
            assert_eq!(
                (decrypted.algorithm(), decrypted.content_encryption()),
                (scheme.algorithm, scheme.enc)
            );
            assert_eq!(decrypted.additional_authenticated_data(), Some(&b"aad"[..]));
            for member in ["iv", "ciphertext", "tag", "aad"] {
                let json = with(json, |message| message[member] = changed(&message[member]));
                assert_eq!(code(open(&key, &json)), "decryption_failed", "{scheme:?} {member}");
            }
        }
        // One recipient's parameters are all protected, in the one form as in the other.
        assert_eq!(names(&protected(&general)), names(&protected(&flattened)));
        assert_eq!(protected(&flattened)["alg"], scheme.algorithm.name());
        assert!(names(&read(&flattened)).iter().all(|&name| name != "header" && name != "unprotected"));
        // `dir` and ECDH-ES have no encrypted key, and then no member for it.
        let has_key = read(&flattened).get("encrypted_key").is_some();
        assert_eq!(read(&general)["recipients"][0].get("encrypted_key").is_some(), has_key);
        assert_eq!(has_key, !matches!(scheme.algorithm, JweAlgorithm::Dir | JweAlgorithm::EcdhEs));
    }
}

/// A key for every algorithm that encrypts a content key, by its name. Passwords would take their time.
fn several() -> Vec<DecryptionKey> {
    let alone = |name: &str| name == "dir" || name == "ECDH-ES" || name.starts_with("PBES2");
    let algorithms = JweAlgorithm::ALL.iter().filter(|algorithm| !alone(algorithm.name()));
    let schemes = algorithms.filter_map(|&algorithm| {
        Scheme::available()
            .find(|scheme| scheme.algorithm == algorithm && scheme.enc == ContentEncryption::A256Gcm)
    });
    schemes.map(|scheme| scheme.decryption_key().with_key_id(scheme.algorithm.name())).collect()
}

#[test]
fn each_of_several_recipients_opens_the_message() {
    let keys = several();
    assert!(keys.len() >= 9);
    for &enc in ContentEncryption::ALL {
        let public: Vec<_> = keys.iter().map(|key| to(key).with_content_encryption(enc).unwrap()).collect();
        let (first, others) = public.split_first().unwrap();
        let builder = others.iter().fold(JweBuilder::new(first), JweBuilder::add_recipient);
        let json = builder.encrypt_general(PLAINTEXT).unwrap();
        assert_eq!(protected(&json), json!({"enc": enc.name()}));
        let recipients = read(&json)["recipients"].as_array().unwrap().clone();
        assert_eq!(recipients.len(), keys.len());
        for (index, key) in keys.iter().enumerate() {
            let decrypted = open(key, &json).unwrap();
            assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT, "{key:?}");
            assert_eq!((decrypted.recipient(), decrypted.algorithm()), (index, key.algorithm()));
            assert_eq!(decrypted.content_encryption(), enc);
            assert_eq!(recipients[index]["header"]["alg"], key.algorithm().name());
            assert_eq!(recipients[index]["header"]["kid"], key.algorithm().name());

            // Its own encrypted key changed, it is out; another's changed, it isn't.
            let spoilt = with(&json, |message| {
                let encrypted_key = &mut message["recipients"][index]["encrypted_key"];
                *encrypted_key = changed(encrypted_key);
            });
            assert_eq!(code(open(key, &spoilt)), "decryption_failed", "{key:?}");
            let other = &keys[(index + 1) % keys.len()];
            assert_eq!(code(open(other, &spoilt)), "accepted", "{other:?}");
        }
        // With all of the keys, the first recipient is taken.
        let limits = Limits::default().candidate_keys(keys.len());
        assert_eq!(JweDecrypter::new(&keys).limits(limits).decrypt_json(&json).unwrap().recipient(), 0);
        assert_eq!(code(JweDecrypter::new(&keys).decrypt_json(&json)), "limit_candidate_keys");
    }
}

#[test]
fn every_setting_comes_out() {
    let alice = wrapping(JweAlgorithm::EcdhEsA256Kw).with_key_id("alice");
    let bob = wrapping(JweAlgorithm::A256Kw).with_key_id("bob");
    let json = JweBuilder::new(&to(&alice))
        .token_type("order+jwe")
        .content_type("text/plain")
        .parameter("p", &json!({"n": [1, null]}))
        .critical_parameter("q", "critical")
        .shared_unprotected_parameter("s", &7)
        .recipient_parameter("r", "to alice")
        .agreement_info(b"Carol", b"Alice")
        .additional_authenticated_data(vec![0, 255])
        .add_recipient(&to(&bob))
        .recipient_parameter("r", "to bob")
        .encrypt_general(PLAINTEXT)
        .unwrap();

    let message = read(&json);
    assert_eq!(
        protected(&json),
        json!({"enc": "A256GCM", "typ": "order+jwe", "cty": "text/plain", "p": {"n": [1, null]},
            "q": "critical", "crit": ["q"]})
    );
    assert_eq!(message["unprotected"], json!({"s": 7}));
    assert_eq!(message["aad"], "AP8");
    let header = &message["recipients"][0]["header"];
    assert_eq!(names(header), ["alg", "apu", "apv", "epk", "kid", "r"]);
    assert_eq!((&header["apu"], &header["apv"]), (&json!("Q2Fyb2w"), &json!("QWxpY2U")));
    assert_eq!(message["recipients"][1]["header"], json!({"alg": "A256KW", "kid": "bob", "r": "to bob"}));

    let opened = |key| JweDecrypter::new([key]).understood_critical(["q"]).decrypt_json(&json).unwrap();
    let (by_alice, by_bob) = (opened(&alice), opened(&bob));
    for (decrypted, index, id, own) in [(&by_alice, 0, "alice", "to alice"), (&by_bob, 1, "bob", "to bob")] {
        assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT);
        assert_eq!((decrypted.recipient(), decrypted.key_id()), (index, Some(id)));
        assert_eq!(decrypted.token_type(), Some("order+jwe"));
        assert_eq!(decrypted.content_type(), Some("text/plain"));
        assert_eq!(decrypted.additional_authenticated_data(), Some(&[0, 255][..]));
        assert_eq!(decrypted.parameter("p").unwrap(), Some(json!({"n": [1, null]})));
        assert_eq!(decrypted.parameter::<String>("q").unwrap().as_deref(), Some("critical"));
        assert_eq!(decrypted.unprotected_parameter::<u8>("s").unwrap(), Some(7));
        assert_eq!(decrypted.unprotected_parameter::<String>("r").unwrap().as_deref(), Some(own));
        // Neither is given out as the other, and what isn't there is no error.
        for name in ["s", "r", "alg", "x"] {
            assert_eq!(decrypted.parameter::<Value>(name), Ok(None), "{name}");
        }
        for name in ["p", "enc", "x"] {
            assert_eq!(decrypted.unprotected_parameter::<Value>(name), Ok(None), "{name}");
        }
        assert_eq!(code(decrypted.parameter::<u8>("q")), "parameter_type");
        assert_eq!(code(decrypted.unprotected_parameter::<String>("s")), "parameter_type");
    }
    assert_eq!(by_alice.agreement_info(), (&b"Carol"[..], &b"Alice"[..]));
    assert_eq!(by_bob.agreement_info(), (&b""[..], &b""[..]));
    let shown = format!("{by_alice:?}");
    assert!(!shown.contains("4242") && !shown.contains("order+jwe") && shown.contains("9 bytes"), "{shown}");
    assert_eq!(by_bob.into_plaintext().expose_secret(), PLAINTEXT);
}

#[test]
fn a_compact_token_has_the_same_to_say() {
    let key = wrapping(JweAlgorithm::EcdhEs).with_key_id("1");
    let public = to(&key);
    let builder = JweBuilder::new(&public)
        .token_type("t")
        .content_type("c")
        .parameter("p", &1)
        .critical_parameter("q", &2)
        .agreement_info(b"", b"v");
    let token = builder.encrypt(PLAINTEXT).unwrap();
    let decrypted = JweDecrypter::new([&key]).understood_critical(["q"]).decrypt(&token).unwrap();
    assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT);
    assert_eq!((decrypted.token_type(), decrypted.content_type()), (Some("t"), Some("c")));
    assert_eq!((decrypted.parameter("p"), decrypted.parameter("q")), (Ok(Some(1)), Ok(Some(2))));
    assert_eq!(decrypted.unprotected_parameter::<u8>("p"), Ok(None));
    assert_eq!((decrypted.recipient(), decrypted.key_id()), (0, Some("1")));
    assert_eq!(decrypted.additional_authenticated_data(), None);
    assert_eq!(decrypted.agreement_info(), (&b""[..], &b"v"[..]));
    // Whoever understands nothing refuses it.
    assert_eq!(code(JweDecrypter::new([&key]).decrypt(&token)), "unsupported_critical");
    assert_eq!(code(decrypt(&key, &token)), "unsupported_critical");
    // Neither form is the other.
    let decrypter = || JweDecrypter::new([&key]).understood_critical(["q"]);
    assert_eq!(code(decrypter().decrypt_json(&token)), "json");
    assert_eq!(code(decrypter().decrypt(&builder.encrypt_json(PLAINTEXT).unwrap())), "segment_count");
    // The key, its limits and its list count here as elsewhere.
    let other = wrapping(JweAlgorithm::EcdhEs);
    assert_eq!(
        code(JweDecrypter::new([&other]).understood_critical(["q"]).decrypt(&token)),
        "decryption_failed"
    );
    let other = wrapping(JweAlgorithm::A256Kw);
    assert_eq!(
        code(JweDecrypter::new([&other]).understood_critical(["q"]).decrypt(&token)),
        "algorithm_not_allowed"
    );
    let small = Limits::default().token_bytes(token.len() - 1);
    assert_eq!(code(decrypter().limits(small).decrypt(&token)), "limit_token_bytes");
    assert_eq!(
        code(decrypter().limits(Limits::default().token_bytes(token.len())).decrypt(&token)),
        "accepted"
    );
}

#[track_caller]
fn misuse(result: Result<String, Error>, word: &str) {
    match result {
        Err(error @ Error::Misuse { .. }) => {
            assert!(error.to_string().contains(word), "{error}");
        }
        other => panic!("{word}: {other:?}"),
    }
}

#[test]
fn a_form_without_room_for_a_setting_is_misuse() {
    let (one, two) = (to(&wrapping(JweAlgorithm::A256Kw)), to(&wrapping(JweAlgorithm::A128Kw)));
    let builder = || JweBuilder::new(&one);
    assert!(builder().encrypt(b"").is_ok());
    for (builder, flattened) in [
        (builder().add_recipient(&two), false),
        (builder().shared_unprotected_parameter("s", "x"), true),
        (builder().recipient_parameter("r", "x"), true),
        (builder().additional_authenticated_data("x"), true),
    ] {
        misuse(builder.encrypt(b""), "compact");
        misuse(builder.encrypt_claims(&BTreeMap::from([("a", 1)])), "compact");
        assert!(builder.encrypt_general(b"").is_ok());
        if flattened {
            assert!(builder.encrypt_json(b"").is_ok());
        } else {
            misuse(builder.encrypt_json(b""), "flattened");
        }
    }
    // No octets are no additional authenticated data.
    assert!(builder().additional_authenticated_data("").encrypt(b"").is_ok());
}

#[test]
fn recipients_that_cant_share_a_message_are_misuse() {
    let wraps = to(&wrapping(JweAlgorithm::A256Kw));
    let other_enc =
        to(&wrapping(JweAlgorithm::A128Kw)).with_content_encryption(ContentEncryption::A128Gcm).unwrap();
    misuse(JweBuilder::new(&wraps).add_recipient(&other_enc).encrypt_general(b""), "content encryption");
    let same = other_enc.with_content_encryption(ContentEncryption::A256Gcm).unwrap();
    assert!(JweBuilder::new(&wraps).add_recipient(&same).encrypt_general(b"").is_ok());

    for algorithm in [JweAlgorithm::Dir, JweAlgorithm::EcdhEs] {
        let alone = to(&wrapping(algorithm));
        assert!(JweBuilder::new(&alone).encrypt_general(b"").is_ok());
        misuse(JweBuilder::new(&alone).add_recipient(&wraps).encrypt_general(b""), "determines");
        misuse(JweBuilder::new(&wraps).add_recipient(&alone).encrypt_general(b""), "determines");
        misuse(JweBuilder::new(&alone).add_recipient(&alone).encrypt_general(b""), "determines");
    }
    // One key twice is odd and harmless.
    assert!(JweBuilder::new(&wraps).add_recipient(&wraps).encrypt_general(b"").is_ok());
}

#[test]
fn agreement_info_is_for_agreement() {
    for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA128Kw] {
        let key = wrapping(algorithm);
        let plain = JweBuilder::new(&to(&key)).encrypt_json(PLAINTEXT).unwrap();
        assert_eq!(names(&protected(&plain)), ["alg", "enc", "epk"]);
        for (apu, apv) in [(&b"Alice"[..], &b"Bob"[..]), (b"Alice", b""), (b"", b"Bob"), (b"", b"")] {
            let public = to(&key);
            let builder = JweBuilder::new(&public).agreement_info(apu, apv);
            let decrypted = open(&key, &builder.encrypt_json(PLAINTEXT).unwrap()).unwrap();
            assert_eq!(decrypted.agreement_info(), (apu, apv));
            let token = builder.encrypt(PLAINTEXT).unwrap();
            assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), PLAINTEXT);
        }
    }
    // In a recipient's own header anyone can change it: then the keys differ.
    let (one, two) = (wrapping(JweAlgorithm::EcdhEsA128Kw), wrapping(JweAlgorithm::A128Kw));
    let json = JweBuilder::new(&to(&one))
        .agreement_info(b"Alice", b"")
        .add_recipient(&to(&two))
        .encrypt_general(PLAINTEXT)
        .unwrap();
    assert_eq!(code(open(&one, &json)), "accepted");
    for (name, value) in [("apu", json!("QWxpYw")), ("apu", json!("")), ("apv", json!("QWxpY2U"))] {
        let json = with(&json, |message| message["recipients"][0]["header"][name] = value.clone());
        assert_eq!(code(open(&one, &json)), "decryption_failed", "{name} {value}");
        assert_eq!(code(open(&two, &json)), "accepted", "{name} {value}");
    }
    let json = with(&json, |message| message["recipients"][0]["header"]["apu"] = json!("QWxpY2U="));
    assert_eq!(code(open(&one, &json)), "base64url");
    // Others have no place for it.
    let others = [JweAlgorithm::Dir, JweAlgorithm::A128Kw, JweAlgorithm::A256Gcmkw];
    for key in others.map(wrapping) {
        for (apu, apv) in [(&b"u"[..], &b""[..]), (b"", b"v")] {
            let key = to(&key);
            let builder = JweBuilder::new(&key).agreement_info(apu, apv);
            misuse(builder.encrypt(b""), "agreement_info");
            misuse(builder.encrypt_json(b""), "agreement_info");
            misuse(builder.encrypt_general(b""), "agreement_info");
        }
        assert!(JweBuilder::new(&to(&key)).agreement_info(b"", b"").encrypt(b"").is_ok());
    }
    let two = to(&two);
    misuse(
        JweBuilder::new(&to(&one)).add_recipient(&two).agreement_info(b"u", b"").encrypt_general(b""),
        "agreement",
    );
}

#[test]
fn further_parameters_have_names_and_places_of_their_own() {
    let (one, two) = (to(&wrapping(JweAlgorithm::A256Kw)), to(&wrapping(JweAlgorithm::A128Kw)));
    let builder = || JweBuilder::new(&one).parameter("p", &1).shared_unprotected_parameter("s", &2);
    assert!(builder().encrypt_json(b"").is_ok());
    for name in
        ["alg", "enc", "zip", "kid", "typ", "cty", "crit", "jwk", "epk", "apu", "iv", "tag", "p2c", "b64"]
    {
        misuse(builder().parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().critical_parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().shared_unprotected_parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().recipient_parameter(name, "x").encrypt_general(b""), name);
    }
    misuse(builder().critical_parameter("x5t", "x").encrypt_json(b""), "x5t");
    assert!(builder().parameter("x5t", "x").encrypt(b"").is_err(), "`s` is unprotected");
    assert!(builder().parameter("x5t", "x").encrypt_json(b"").is_ok());

    for name in ["p", "s"] {
        misuse(builder().parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().critical_parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().shared_unprotected_parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().recipient_parameter(name, "x").encrypt_json(b""), name);
        misuse(builder().add_recipient(&two).recipient_parameter(name, "x").encrypt_general(b""), name);
    }
    // Two recipients may have the same one, and one recipient may not have it twice.
    let each = builder().recipient_parameter("r", "x").add_recipient(&two).recipient_parameter("r", "y");
    assert!(each.encrypt_general(b"").is_ok());
    misuse(each.recipient_parameter("r", "z").encrypt_general(b""), "`r`");
    // A value that has no JSON.
    let odd = BTreeMap::from([(vec![1], 1)]);
    misuse(builder().parameter("odd", &odd).encrypt_json(b""), "serialize");
    misuse(builder().recipient_parameter("odd", &odd).encrypt_json(b""), "serialize");
}

#[test]
fn additional_authenticated_data_can_be_changed_by_no_one() {
    for algorithm in [JweAlgorithm::A256Kw, JweAlgorithm::EcdhEs] {
        let key = wrapping(algorithm);
        let public = to(&key);
        let json = JweBuilder::new(&public)
            .additional_authenticated_data("order 17")
            .encrypt_json(PLAINTEXT)
            .unwrap();
        assert_eq!(read(&json)["aad"], base64url("order 17"));
        assert_eq!(code(open(&key, &json)), "accepted");
        for aad in ["order 18", "order 1", "order 170", "\0"] {
            let json = with_member(&json, "aad", base64url(aad));
            assert_eq!(code(open(&key, &json)), "decryption_failed", "{aad}");
        }
        assert_eq!(code(open(&key, &without(&json, "aad"))), "decryption_failed");
        for (aad, reason) in [
            (json!(""), "member_type"),
            (json!(null), "member_type"),
            (json!(["b3JkZXIgMTc"]), "member_type"),
            (json!("b3JkZXIgMTc="), "base64url"),
            (json!("b3JkZXIgMTd"), "non_canonical_base64url"),
        ] {
            assert_eq!(code(open(&key, &with_member(&json, "aad", aad))), reason);
        }
        // The dot between header and data can't be moved: it is in neither's alphabet.
        let protected = read(&json)["protected"].as_str().unwrap().to_owned();
        let joined = format!("{protected}.{}", base64url("order 17"));
        let moved = with_member(&without(&json, "aad"), "protected", joined);
        assert_eq!(code(open(&key, &moved)), "base64url");

        let plain =
            JweBuilder::new(&public).additional_authenticated_data("").encrypt_json(PLAINTEXT).unwrap();
        assert_eq!(read(&plain).get("aad"), None);
        assert_eq!(open(&key, &plain).unwrap().additional_authenticated_data(), None);
        assert_eq!(code(open(&key, &with_member(&plain, "aad", "AA"))), "decryption_failed");
    }
}

#[test]
fn the_protected_header_can_be_changed_by_no_one() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A128Kw));
    let (public_one, public_two) = (to(&one), to(&two));
    let builder =
        JweBuilder::new(&public_one).content_type("c").parameter("p", &1).add_recipient(&public_two);
    let json = builder.encrypt_general(PLAINTEXT).unwrap();
    let rewritten = |header: Value| with_member(&json, "protected", base64url(header.to_string()));
    let whole = protected(&json);
    assert_eq!(whole, json!({"enc": "A256GCM", "cty": "c", "p": 1}));
    for header in [
        json!({"enc": "A256GCM", "cty": "c", "p": 2}),
        json!({"enc": "A256GCM", "cty": "c"}),
        json!({"enc": "A256GCM", "p": 1}),
        json!({"enc": "A256GCM", "cty": "c", "p": 1, "x": 1}),
    ] {
        for key in [&one, &two] {
            assert_eq!(code(open(key, &rewritten(header.clone()))), "decryption_failed", "{header}");
        }
    }
    // A parameter that wanders into an unprotected header is missing from the protected one.
    let wandered = with(&rewritten(json!({"enc": "A256GCM", "p": 1})), |message| {
        message["unprotected"]["cty"] = json!("c")
    });
    assert_eq!(code(open(&one, &wandered)), "decryption_failed");
    let unprotected = with(&without(&json, "protected"), |message| message["unprotected"] = whole.clone());
    assert_eq!(code(open(&one, &unprotected)), "decryption_failed");
    assert_eq!(code(open(&one, &without(&json, "protected"))), "missing_member");
    // And the other way: what was one recipient's can't be made everyone's.
    let everyones = with(&json, |message| {
        message["recipients"].as_array_mut().unwrap().pop();
        message["recipients"][0].as_object_mut().unwrap().remove("header");
        let header = json!({"alg": "A256KW", "enc": "A256GCM", "cty": "c", "p": 1});
        message["protected"] = base64url(header.to_string()).into();
    });
    assert_eq!(code(open(&one, &everyones)), "decryption_failed");
}

#[test]
fn an_unprotected_header_is_anyones_and_says_so() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A128Kw));
    let json = JweBuilder::new(&to(&one))
        .shared_unprotected_parameter("s", "sent")
        .add_recipient(&to(&two))
        .encrypt_general(PLAINTEXT)
        .unwrap();
    let forged = with(&json, |message| {
        message["unprotected"] = json!({"s": "forged", "typ": "JWT", "cty": "text/html"});
        message["recipients"][0]["header"]["admin"] = json!(true);
    });
    let decrypted = open(&one, &forged).unwrap();
    assert_eq!(decrypted.unprotected_parameter::<String>("s").unwrap().as_deref(), Some("forged"));
    assert_eq!(decrypted.unprotected_parameter("admin"), Ok(Some(true)));
    assert_eq!(decrypted.unprotected_parameter::<String>("cty").unwrap().as_deref(), Some("text/html"));
    // What is taken for the sender's word isn't taken from there.
    assert_eq!((decrypted.token_type(), decrypted.content_type()), (None, None));
    assert_eq!(
        (decrypted.parameter::<Value>("s"), decrypted.parameter::<Value>("admin")),
        (Ok(None), Ok(None))
    );
    assert_eq!(code(open(&two, &forged)), "accepted");
    // Nor does it hold what must be protected.
    for (name, value) in [("crit", json!(["s"])), ("zip", json!("DEF"))] {
        for place in [&["unprotected"][..], &["recipients", "1", "header"]] {
            let json = with(&json, |message| {
                let at = place.iter().fold(message, |value, step| match step.parse::<usize>() {
                    Ok(index) => &mut value[index],
                    Err(_) => &mut value[*step],
                });
                at[name] = value.clone();
            });
            let decrypter = JweDecrypter::new([&one]).understood_critical(["s"]);
            assert_eq!(code(decrypter.decrypt_json(&json)), "unprotected_member", "{name} {place:?}");
        }
    }
}

#[test]
fn who_the_message_is_for_is_told_by_algorithm_and_key_id() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A256Kw));
    let (named_one, named_two) = (one.clone_key().with_key_id("1"), two.clone_key().with_key_id("2"));
    let json =
        JweBuilder::new(&to(&named_one)).add_recipient(&to(&named_two)).encrypt_general(PLAINTEXT).unwrap();
    for (key, expected) in [(&named_one, 0), (&named_two, 1), (&one, 0), (&two, 1)] {
        let decrypted = open(key, &json).unwrap();
        assert_eq!((decrypted.recipient(), decrypted.key_id()), (expected, key.key_id()));
    }
    assert_eq!(code(open(&one.clone_key().with_key_id("3"), &json)), "no_matching_key");
    assert_eq!(code(open(&one.clone_key().with_key_id("2"), &json)), "decryption_failed");
    for other in [JweAlgorithm::A128Kw, JweAlgorithm::Dir, JweAlgorithm::EcdhEs, JweAlgorithm::A256Gcmkw] {
        assert_eq!(code(open(&wrapping(other), &json)), "algorithm_not_allowed", "{other}");
    }
    assert_eq!(code(JweDecrypter::new([]).decrypt_json(&json)), "misuse");

    // Of several keys those of the very ID go first, and then the others aren't asked.
    let limits = Limits::default().candidate_keys(2);
    let keys = [&one, &two, &named_one, &named_two];
    let decrypter = JweDecrypter::new(keys).limits(limits);
    assert_eq!(decrypter.decrypt_json(&json).unwrap().key_id(), Some("1"));
    let wrong_one = two.clone_key().with_key_id("1");
    let decrypted = JweDecrypter::new([&wrong_one, &named_two]).decrypt_json(&json).unwrap();
    assert_eq!((decrypted.recipient(), decrypted.key_id()), (1, Some("2")));
    assert_eq!(code(JweDecrypter::new([&wrong_one, &one]).decrypt_json(&json)), "decryption_failed");
    // A set serves as well.
    let set: KeySet<DecryptionKey> = [one, named_two].into_iter().collect();
    assert_eq!(JweDecrypter::new(&set).decrypt_json(&json).unwrap().recipient(), 0);
}

#[test]
fn candidates_are_counted_over_recipients_and_keys() {
    let keys: Vec<_> = (0..4).map(|_| wrapping(JweAlgorithm::A256Kw)).collect();
    let public: Vec<_> = keys.iter().map(to).collect();
    let json = JweBuilder::new(&public[0]).add_recipient(&public[1]).encrypt_general(PLAINTEXT).unwrap();
    let with_limit = |keys: &[&DecryptionKey], limit: usize| {
        let limits = Limits::default().candidate_keys(limit);
        code(JweDecrypter::new(keys.iter().copied()).limits(limits).decrypt_json(&json))
    };
    assert_eq!(with_limit(&[&keys[0], &keys[2], &keys[3]], 6), "accepted");
    // The first pair would open it, but the bound is on what a message could ask for.
    assert_eq!(with_limit(&[&keys[0], &keys[2], &keys[3]], 5), "limit_candidate_keys");
    assert_eq!(with_limit(&[&keys[2], &keys[3]], 4), "decryption_failed");
    assert_eq!(with_limit(&[&keys[2], &keys[3]], 3), "limit_candidate_keys");
    // Keys and recipients that don't fit each other don't count.
    let other = wrapping(JweAlgorithm::A128Kw);
    assert_eq!(with_limit(&[&other, &keys[1], &other], 2), "accepted");
    let named = keys[2].clone_key().with_key_id("x");
    let to_named = to(&named);
    let json = JweBuilder::new(&public[0].clone_key().with_key_id("y"))
        .add_recipient(&to_named)
        .encrypt_general(b"")
        .unwrap();
    let limits = Limits::default().candidate_keys(1);
    assert_eq!(code(JweDecrypter::new([&named]).limits(limits).decrypt_json(&json)), "accepted");
}

/// The whole message is judged before a key is used, what it says to others too.
#[test]
fn another_recipients_part_must_be_in_order() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::EcdhEsA128Kw));
    let json = JweBuilder::new(&to(&one)).add_recipient(&to(&two)).encrypt_general(PLAINTEXT).unwrap();
    let second = |change: fn(&mut Value)| with(&json, |message| change(&mut message["recipients"][1]));
    assert_eq!(code(open(&one, &json)), "accepted");
    for (json, reason) in [
        (
            second(|recipient| drop(recipient["header"].as_object_mut().unwrap().remove("alg"))),
            "missing_member",
        ),
        (second(|recipient| recipient["header"]["alg"] = json!(1)), "member_type"),
        (second(|recipient| recipient["header"]["kid"] = json!(["x"])), "member_type"),
        (second(|recipient| recipient["header"]["epk"] = json!("x")), "member_type"),
        (second(|recipient| recipient["header"]["enc"] = json!("A256GCM")), "duplicate_member"),
        (second(|recipient| recipient["header"]["crit"] = json!(["x"])), "unprotected_member"),
        (second(|recipient| recipient["header"] = json!({})), "member_type"),
        (second(|recipient| recipient["header"] = json!(null)), "member_type"),
        (second(|recipient| recipient["encrypted_key"] = json!("====")), "base64url"),
        (second(|recipient| recipient["encrypted_key"] = json!(null)), "member_type"),
        (second(|recipient| recipient["encrypted_key"] = json!("")), "member_type"),
        (second(|recipient| recipient["ciphertext"] = json!("AAAA")), "unexpected_member"),
        (second(|recipient| *recipient = json!(null)), "member_type"),
        (second(|recipient| *recipient = json!({})), "missing_member"),
    ] {
        for key in [&one, &two] {
            assert_eq!(code(open(key, &json)), reason, "{json}");
        }
    }
    // Only its algorithm may be unknown: then it is someone else's.
    for algorithm in ["RSA1_5", "none", "X-Kyber", ""] {
        let json = with(&json, |message| message["recipients"][1]["header"]["alg"] = algorithm.into());
        assert_eq!(open(&one, &json).unwrap().recipient(), 0);
        assert_eq!(code(open(&two, &json)), "algorithm_not_allowed");
        let neither = with(&json, |message| message["recipients"][0]["header"]["alg"] = algorithm.into());
        assert_eq!(code(open(&one, &neither)), "unsupported_algorithm");
    }
    // What only its key's algorithm can judge is for who has such a key.
    let no_epk = second(|recipient| drop(recipient["header"].as_object_mut().unwrap().remove("epk")));
    assert_eq!(code(open(&one, &no_epk)), "accepted");
    assert_eq!(code(open(&two, &no_epk)), "missing_member");
    assert_eq!(open(&one, &no_epk).unwrap().recipient(), 0);
    let decrypted = JweDecrypter::new([&two, &one]).decrypt_json(&no_epk).unwrap();
    assert_eq!(decrypted.algorithm(), JweAlgorithm::A256Kw);
}

#[test]
fn the_content_encryption_is_one_for_all() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A128Kw));
    let json = JweBuilder::new(&to(&one)).add_recipient(&to(&two)).encrypt_general(PLAINTEXT).unwrap();
    let each = |first: &str, second: &str| {
        with(&without(&json, "protected"), |message| {
            message["recipients"][0]["header"]["enc"] = first.into();
            message["recipients"][1]["header"]["enc"] = second.into();
        })
    };
    // Read, and then not what the tag covers.
    assert_eq!(code(open(&one, &each("A256GCM", "A256GCM"))), "decryption_failed");
    for (first, second) in
        [("A256GCM", "A128GCM"), ("A128GCM", "A256GCM"), ("A256GCM", "x"), ("x", "A256GCM")]
    {
        for key in [&one, &two] {
            assert_eq!(code(open(key, &each(first, second))), "member_type", "{first} {second}");
        }
    }
    assert_eq!(code(open(&one, &each("x", "x"))), "unsupported_content_encryption");
    let none = with(&without(&json, "protected"), |message| {
        message["recipients"][0]["header"]["enc"] = json!("A256GCM")
    });
    assert_eq!(code(open(&one, &none)), "missing_member");
    // A key's own list counts.
    let narrowed = one.clone_key().allow_content_encryptions([ContentEncryption::A128Gcm]);
    assert_eq!(code(open(&narrowed, &json)), "content_encryption_not_allowed");
    assert_eq!(code(JweDecrypter::new([&narrowed, &two]).decrypt_json(&json)), "accepted");
}

#[test]
fn lengths_that_the_sender_can_see_have_their_own_error() {
    for &enc in ContentEncryption::ALL {
        let key = wrapping(JweAlgorithm::A256Kw);
        let public = to(&key).with_content_encryption(enc).unwrap();
        let json = JweBuilder::new(&public).encrypt_general(b"").unwrap();
        assert_eq!(code(open(&key, &json)), "accepted");
        for member in ["iv", "tag"] {
            let octets = from_base64url(read(&json)[member].as_str().unwrap());
            for wrong in [&octets[1..], &octets[..8], &[&octets[..], &[0]].concat()] {
                assert_eq!(
                    code(open(&key, &with_member(&json, member, base64url(wrong)))),
                    "length",
                    "{enc}"
                );
            }
            assert_eq!(code(open(&key, &without(&json, member))), "length", "{enc} {member}");
        }
        let keyless = with(&json, |message| {
            drop(message["recipients"][0].as_object_mut().unwrap().remove("encrypted_key"))
        });
        assert_eq!(code(open(&key, &keyless)), "length");
    }
    for algorithm in [JweAlgorithm::Dir, JweAlgorithm::EcdhEs] {
        let key = wrapping(algorithm);
        let json = JweBuilder::new(&to(&key)).encrypt_json(b"").unwrap();
        assert_eq!(code(open(&key, &json)), "accepted");
        assert_eq!(code(open(&key, &with_member(&json, "encrypted_key", "AAAA"))), "length", "{algorithm}");
        for (value, reason) in
            [(json!(null), "member_type"), (json!(""), "member_type"), (json!(1), "member_type")]
        {
            assert_eq!(code(open(&key, &with_member(&json, "encrypted_key", value))), reason, "{algorithm}");
        }
    }
}

#[test]
fn each_part_of_the_header_has_the_limit() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A128Kw));
    let (public_one, public_two) = (to(&one), to(&two));
    let (small, large) = ("x".repeat(3_900), "x".repeat(4_100));
    let part = |part: usize, value: &str| {
        let builder = JweBuilder::new(&public_one).add_recipient(&public_two);
        let builder = match part {
            0 => builder.parameter("p", value),
            1 => builder.shared_unprotected_parameter("p", value),
            _ => builder.recipient_parameter("p", value),
        };
        builder.encrypt_general(PLAINTEXT).unwrap()
    };
    for place in 0..3 {
        assert_eq!(code(open(&one, &part(place, &small))), "accepted", "{place}");
        assert_eq!(code(open(&one, &part(place, &large))), "limit_header_bytes", "{place}");
        let raised = JweDecrypter::new([&one]).limits(Limits::default().header_bytes(8 * 1024));
        assert_eq!(code(raised.decrypt_json(&part(place, &large))), "accepted", "{place}");
    }
}

#[test]
fn a_large_message_needs_a_larger_limit() {
    let key = wrapping(JweAlgorithm::A256Kw);
    let plaintext = vec![7; 1024 * 1024];
    let json = JweBuilder::new(&to(&key)).encrypt_json(&plaintext).unwrap();
    assert_eq!(code(open(&key, &json)), "limit_token_bytes");
    let raised = JweDecrypter::new([&key]).limits(Limits::default().token_bytes(json.len()));
    assert_eq!(raised.decrypt_json(&json).unwrap().plaintext().expose_secret(), plaintext);
    assert_eq!(code(raised.decrypt_json(&format!("{json} "))), "limit_token_bytes");
}

#[test]
fn parts_of_two_messages_dont_mix() {
    let (one, two) = (wrapping(JweAlgorithm::A256Kw), wrapping(JweAlgorithm::A128Gcmkw));
    let (public_one, public_two) = (to(&one), to(&two));
    let message = |aad: &str| {
        let builder = JweBuilder::new(&public_one).add_recipient(&public_two);
        builder.additional_authenticated_data(aad).encrypt_general(PLAINTEXT).unwrap()
    };
    let (json, other) = (message("same"), message("same"));
    for name in ["recipients", "iv", "ciphertext", "tag"] {
        let mixed = with_member(&json, name, read(&other)[name].clone());
        for key in [&one, &two] {
            assert_eq!(code(open(key, &mixed)), "decryption_failed", "{name}");
        }
    }
    let mixed = with_member(&json, "aad", read(&message("other"))["aad"].clone());
    assert_eq!(code(open(&one, &mixed)), "decryption_failed");
    // A recipient of both finds its own part, and a recipient more is nobody's business.
    let added = with(&json, |message| {
        let foreign = read(&other)["recipients"][0].clone();
        message["recipients"].as_array_mut().unwrap().insert(0, foreign);
    });
    assert_eq!(open(&one, &added).unwrap().recipient(), 1);
    assert_eq!(open(&two, &added).unwrap().recipient(), 2);
}

#[test]
fn a_flattened_message_is_a_general_one_of_one_recipient() {
    let key = wrapping(JweAlgorithm::EcdhEsA256Kw);
    let public = to(&key);
    let builder = JweBuilder::new(&public).recipient_parameter("r", &1).shared_unprotected_parameter("s", &2);
    let flattened = builder.encrypt_json(PLAINTEXT).unwrap();
    let general = with(&flattened, |message| {
        let members = message.as_object_mut().unwrap();
        let recipient =
            ["header", "encrypted_key"].map(|name| (name.to_owned(), members.remove(name).unwrap()));
        members.insert("recipients".to_owned(), json!([recipient.into_iter().collect::<Value>()]));
    });
    for json in [&flattened, &general] {
        let decrypted = open(&key, json).unwrap();
        assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT);
        assert_eq!(decrypted.unprotected_parameter("r"), Ok(Some(1)));
    }
    // The same again as compact token: what isn't protected has no room there.
    let bare = JweBuilder::new(&public).encrypt_json(PLAINTEXT).unwrap();
    let message = read(&bare);
    let part = |name: &str| message[name].as_str().unwrap().to_owned();
    let compact = ["protected", "encrypted_key", "iv", "ciphertext", "tag"].map(part).join(".");
    assert_eq!(decrypt(&key, &compact).unwrap().expose_secret(), PLAINTEXT);
    let token = encrypt(&public, PLAINTEXT).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let json = json!({"protected": parts[0], "encrypted_key": parts[1], "iv": parts[2], "ciphertext": parts[3], "tag": parts[4]});
    assert_eq!(code(open(&key, &json.to_string())), "accepted");
}

#[test]
fn a_jwt_is_compact() {
    let key = wrapping(JweAlgorithm::A256Kw);
    let json = JweBuilder::new(&to(&key)).content_type("JWT").encrypt_json(b"{}").unwrap();
    let verifier =
        JwtVerifier::builder(support::hmac_key()).any_issuer().any_audience().decrypt_with(key.clone_key());
    assert_eq!(code(verifier.build().unwrap().verify::<NoClaims>(&json)), "segment_count");
    assert_eq!(code(UnverifiedToken::parse(&json)), "segment_count");
    assert_eq!(code(decrypt(&key, &json)), "segment_count");
    assert_eq!(code(KeySet::from(key).decrypt(&json)), "segment_count");
}
