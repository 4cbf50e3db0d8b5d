#![no_main]
//! Arbitrary headers behind a signature, or an authentication tag, that holds: what is accepted obeys every
//! rule.

use std::sync::LazyLock;

use countersign::{
    DecryptionKey, JweAlgorithm, JwsAlgorithm, JwtVerifier, UnverifiedToken, VerifyingKey, jws,
};
use countersign_fuzz::fixtures::{PLAINTEXT, decryption_keys, now, signing_key};
use countersign_fuzz::{check, forge};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static SIGNER: LazyLock<VerifyingKey> = LazyLock::new(|| {
    signing_key(JwsAlgorithm::Ed25519, "Ed25519").verifying_key().expect("it has a public half")
});

/// Whose application understands two extensions.
static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
    let builder = JwtVerifier::builder(SIGNER.clone_key()).any_issuer().any_audience().allow_missing_expiry();
    builder.understood_critical(UNDERSTOOD).clock(now).build().expect("all choices are made")
});

static RECIPIENT: LazyLock<DecryptionKey> = LazyLock::new(|| decryption_keys(false).swap_remove(0));

const UNDERSTOOD: [&str; 2] = ["exp", "http://example.com/UNDEFINED"];

fuzz_target!(|data: &[u8]| {
    let signing_input = format!("{}.{}", check::encoded(data), check::encoded(PLAINTEXT));
    let signature = forge::ed25519(&signing_input);
    let token = format!("{signing_input}.{}", check::encoded(signature));

    let read = check::answer(UnverifiedToken::parse(&token), &[data, token.as_bytes()]);
    let verified = check::answer(jws::verify(&SIGNER, &token), &[data, token.as_bytes(), PLAINTEXT]);
    // The key has no ID, and the signature holds: the header alone decides.
    let ours =
        |read: &UnverifiedToken| JwsAlgorithm::from_name(read.algorithm()) == Some(JwsAlgorithm::Ed25519);
    assert_eq!(verified.is_some(), read.as_ref().is_some_and(ours));
    if let Some(read) = &read {
        check::header(&token, read);
    }
    if let (Some(verified), Some(read)) = (&verified, &read) {
        assert!(matches!(read.algorithm(), "Ed25519" | "EdDSA"));
        assert_eq!(verified.algorithm(), JwsAlgorithm::Ed25519);
        assert_eq!(verified.token_type(), read.token_type());
        assert_eq!(verified.key_id(), None, "the ID is the key's, not the header's");
        assert_eq!(verified.payload(), PLAINTEXT);
    }

    let claims = VERIFIER.verify::<Map<String, Value>>(&token);
    if let Some(claims) = check::answer(claims, &[data, token.as_bytes(), PLAINTEXT]) {
        assert_eq!(claims.claims().len(), 2);
        let header = std::str::from_utf8(data).ok().and_then(countersign_fuzz::strict::object);
        let header = header.expect("an accepted header is a JSON object without duplicates");
        match header.get("crit") {
            None => assert!(verified.is_some(), "one verifier accepts what another refuses"),
            Some(Value::Array(names)) => {
                assert!(!names.is_empty());
                for name in names.iter().map(|name| name.as_str().expect("`crit` holds strings")) {
                    assert!(UNDERSTOOD.contains(&name) && header.contains_key(name), "`crit` was ignored");
                }
            }
            Some(_) => panic!("`crit` was no array"),
        }
    } else {
        assert!(verified.is_none(), "one verifier accepts what another refuses");
    }

    encrypted(data);
});

fn encrypted(header: &[u8]) {
    let token = forge::direct(header, PLAINTEXT);
    let read = check::answer(UnverifiedToken::parse(&token), &[header, token.as_bytes()]);
    let decrypted =
        check::answer(countersign::decrypt(&RECIPIENT, &token), &[header, token.as_bytes(), PLAINTEXT]);
    if let Some(read) = &read {
        check::header(&token, read);
    }
    let ours =
        |read: &UnverifiedToken| (read.algorithm(), read.content_encryption()) == ("dir", Some("A256GCM"));
    assert_eq!(decrypted.is_some(), read.as_ref().is_some_and(ours));
    if let Some(plaintext) = decrypted {
        assert_eq!(plaintext.expose_secret(), PLAINTEXT);
        assert_eq!(RECIPIENT.algorithm(), JweAlgorithm::Dir);
    }
}
