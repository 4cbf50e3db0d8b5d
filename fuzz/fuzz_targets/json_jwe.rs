#![no_main]
//! Encrypted tokens in JSON, arbitrary or changed as attackers change them: nothing opens but what was sealed, with
//! what was sealed beside it.

use std::sync::LazyLock;

use countersign::jwe::{DecryptedJwe, JweDecrypter};
use countersign::{DecryptionKey, JwtVerifier, KeySet, Limits, NoClaims, UnverifiedToken};
use countersign_fuzz::fixtures::{AAD, ENCRYPTED_JSON, PLAINTEXT, decryption_keys, verifier};
use countersign_fuzz::{Script, check, is_one_in, mutate_jwe, strict};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

struct Decrypters {
    /// Of keys with IDs, and of the same keys without; those for RSA left out, which cost a hundred times as much.
    cheap: [JweDecrypter; 2],
    all: JweDecrypter,
    set: KeySet<DecryptionKey>,
    verifier: JwtVerifier,
}

static DECRYPTERS: LazyLock<Decrypters> = LazyLock::new(|| {
    let decrypter = |named: bool, rsa: bool| {
        let keys: Vec<_> = decryption_keys(named)
            .into_iter()
            .filter(|key| rsa || !key.algorithm().name().starts_with("RSA"))
            .collect();
        let limits = Limits::default().recipients(6).candidate_keys(12);
        JweDecrypter::new(&keys).understood_critical(["x"]).limits(limits)
    };
    let cheap = [decrypter(true, false), decrypter(false, false)];
    let all = decrypter(true, true);
    // Otherwise it would be no wonder that nothing opens.
    for json in &*ENCRYPTED_JSON {
        assert!(all.decrypt_json(json).is_ok(), "{json}");
    }
    Decrypters { cheap, all, set: decryption_keys(false).into_iter().collect(), verifier: verifier(true) }
});

fuzz_target!(|data: &[u8]| {
    // Text as it is, or a script.
    let token = match data {
        [b'{' | b' ', ..] => match std::str::from_utf8(data) {
            Ok(text) => text.to_owned(),
            Err(_) => return,
        },
        _ => mutate_jwe::token(&mut Script::new(data)),
    };
    let Decrypters { cheap, all, set, verifier } = &*DECRYPTERS;
    let secrets: [&[u8]; 2] = [token.as_bytes(), PLAINTEXT];
    let with_rsa = is_one_in(16, data).then_some(all);
    for decrypter in cheap.iter().chain(with_rsa) {
        if let Some(decrypted) = check::answer(decrypter.decrypt_json(&token), &secrets) {
            sealed(&token, &decrypted);
        }
        // A JSON text is no compact token, to anyone.
        assert!(check::answer(decrypter.decrypt(&token), &secrets).is_none());
    }
    assert!(set.decrypt(&token).is_err());
    assert!(verifier.verify::<NoClaims>(&token).is_err());
    assert!(UnverifiedToken::parse(&token).is_err());
});

/// What was opened is strict JSON to others too, and has the octets of one of the fixtures.
fn sealed(token: &str, decrypted: &DecryptedJwe) {
    let object = strict::object(token).expect("what is accepted is a JSON object without duplicates");
    assert!(!["payload", "signature", "signatures"].iter().any(|name| object.contains_key(*name)));
    let text = |name: &str| object.get(name).map(|value| value.as_str().expect("it is text"));
    let aad = text("aad").map(|aad| check::decoded(aad).expect("it is base64url"));
    assert_eq!(decrypted.additional_authenticated_data(), aad.as_deref());
    assert!(aad.is_none_or(|aad| aad == AAD));
    assert_eq!(decrypted.plaintext().expose_secret(), PLAINTEXT);

    let of_fixture = |fixture: &&&str| {
        let fixture: Map<String, Value> = strict::object(fixture).expect("a fixture is an object");
        // What the tag covers, and the tag.
        ["protected", "aad", "iv", "ciphertext", "tag"]
            .iter()
            .all(|name| fixture.get(*name) == object.get(*name))
    };
    assert_eq!(
        ENCRYPTED_JSON.iter().filter(of_fixture).count(),
        1,
        "another message than those that were made"
    );

    let recipient = match object.get("recipients") {
        Some(list) => {
            assert!(!object.contains_key("encrypted_key") && !object.contains_key("header"));
            let list = list.as_array().expect("it is a list");
            list[decrypted.recipient()].as_object().expect("it is a list of objects")
        }
        None => {
            assert_eq!(decrypted.recipient(), 0);
            &object
        }
    };
    // Each parameter stands in one part, and the key's algorithm is the header's.
    let protected = text("protected").map(|text| check::decoded(text).expect("it is base64url"));
    let protected = protected.map(|bytes| {
        let text = std::str::from_utf8(&bytes).expect("it is text");
        strict::object(text).expect("a protected header is an object")
    });
    let parts =
        [protected.as_ref(), object.get("unprotected").map(fields), recipient.get("header").map(fields)];
    let named =
        |name: &str| -> Vec<&Value> { parts.iter().flatten().filter_map(|part| part.get(name)).collect() };
    for part in parts.iter().flatten() {
        assert!(part.keys().all(|name| named(name).len() == 1), "a parameter stands twice");
    }
    assert_eq!(named("alg"), [&Value::from(decrypted.algorithm().name())]);
    assert_eq!(named("enc"), [&Value::from(decrypted.content_encryption().name())]);
    for part in &parts[1..] {
        assert!(part.is_none_or(|part| !part.contains_key("crit") && !part.contains_key("zip")));
    }
    let protected = |name: &str| protected.as_ref().and_then(|part| part.get(name)).and_then(Value::as_str);
    assert_eq!(decrypted.token_type(), protected("typ"));
    assert_eq!(decrypted.content_type(), protected("cty"));
}

fn fields(part: &Value) -> &Map<String, Value> {
    part.as_object().expect("a part of a header is an object")
}
