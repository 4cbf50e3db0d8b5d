#![no_main]
//! Changes valid encrypted tokens, outside and inside: none decrypts, and none is verified.

use std::sync::LazyLock;

use countersign::jwe::JweBuilder;
use countersign::{DecryptionKey, EncryptionKey, JweAlgorithm, JwtVerifier, KeySet, NoClaims, decrypt};
use countersign_fuzz::fixtures::{
    ACCEPTABLE, ENCRYPTED, NESTED, PLAINTEXT, RECIPIENTS, SIGNED, decryption_keys, recipient_id, verifier,
};
use countersign_fuzz::{Script, check, mutate};
use libfuzzer_sys::fuzz_target;

struct Recipient {
    keys: Vec<DecryptionKey>,
    /// Of keys with IDs, and of the same keys without.
    sets: [KeySet<DecryptionKey>; 2],
    verifier: JwtVerifier,
    /// What every sender has, or shares.
    senders: Vec<EncryptionKey>,
}

static RECIPIENT: LazyLock<Recipient> = LazyLock::new(|| {
    let senders = decryption_keys(true);
    let senders = senders.iter().filter(|key| {
        matches!(key.algorithm(), JweAlgorithm::Dir | JweAlgorithm::A256Kw | JweAlgorithm::A128Gcmkw)
            || key.key_id() == Some(&recipient_id(JweAlgorithm::EcdhEsA128Kw, "X25519"))
    });
    let recipient = Recipient {
        keys: decryption_keys(false),
        sets: [true, false].map(|named| decryption_keys(named).into_iter().collect()),
        verifier: verifier(true),
        senders: senders.map(|key| key.encryption_key().expect("it encrypts too")).collect(),
    };
    // Otherwise it would be no wonder that nothing is accepted.
    for token in &*ENCRYPTED {
        for set in &recipient.sets {
            assert_eq!(set.decrypt(token).expect("the fixture is valid").expose_secret(), PLAINTEXT);
        }
    }
    for token in &*NESTED {
        recipient.verifier.verify::<NoClaims>(token).expect("the fixture is valid");
    }
    recipient
});

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    match script.below(3) {
        0 => outside(&mut script),
        1 => nested_outside(&mut script),
        _ => nested_inside(&mut script),
    }
});

/// The encrypted token is changed.
fn outside(script: &mut Script<'_>) {
    let original = cheap_first(&ENCRYPTED, script);
    let token = mutate::token(original, &ENCRYPTED, script);
    let Recipient { keys, sets, .. } = &*RECIPIENT;

    let secrets = check::secrets_of(&token);
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).chain([PLAINTEXT]).collect();
    let sets = sets.iter().filter_map(|set| check::answer(set.decrypt(&token), &secrets));
    let mut accepted = false;
    for plaintext in sets.chain(keys.iter().filter_map(|key| decrypt(key, &token).ok())) {
        accepted = true;
        assert_eq!(plaintext.expose_secret(), PLAINTEXT);
    }
    assert!(!accepted || ENCRYPTED.contains(&&*token), "decrypted {token}");
}

/// Picks a token. Those of the two recipients that come last are costly, and so they are rare.
fn cheap_first<'t>(tokens: &[&'t str], script: &mut Script<'_>) -> &'t str {
    let per_key = tokens.len() / RECIPIENTS.len();
    let (cheap, costly) = tokens.split_at(tokens.len() - 2 * per_key);
    let choice = script.below(256);
    if choice < 252 { cheap[choice % cheap.len()] } else { costly[choice % costly.len()] }
}

/// The encrypted token around a signed one is changed.
fn nested_outside(script: &mut Script<'_>) {
    let donors: Vec<&str> = NESTED.iter().chain(&*ENCRYPTED).copied().collect();
    let token = mutate::token(cheap_first(&NESTED, script), &donors, script);
    let accepted = verified(&token, &[]);
    assert!(!accepted || NESTED.contains(&&*token), "accepted {token}");
}

/// The signed token is changed, and then encrypted as any sender can.
fn nested_inside(script: &mut Script<'_>) {
    const CONTENT_TYPES: [Option<&str>; 6] =
        [Some("JWT"), Some("application/jwt"), None, Some(""), Some("JWS"), Some("application/json")];
    let senders = &RECIPIENT.senders;
    let sender = &senders[script.below(senders.len())];
    let content_type = script.pick(&CONTENT_TYPES);
    let inner = match script.below(8) {
        0 => script.text(255),
        1 => String::from_utf8_lossy(PLAINTEXT).into_owned(),
        2 => script.pick(&NESTED[..]).to_owned(),
        _ => mutate::token(script.pick(&SIGNED[..]), &SIGNED, script),
    };
    let builder = JweBuilder::new(sender);
    let builder =
        if let Some(content_type) = content_type { builder.content_type(content_type) } else { builder };
    let token = builder.encrypt(inner.as_bytes()).expect("anything can be encrypted");

    if verified(&token, inner.as_bytes()) {
        assert!(ACCEPTABLE.contains(&inner), "accepted {inner}");
        let is_jwt =
            content_type.is_some_and(|cty| matches!(&*cty.to_ascii_lowercase(), "jwt" | "application/jwt"));
        assert!(is_jwt, "accepted {content_type:?}");
    }
}

fn verified(token: &str, inner: &[u8]) -> bool {
    let secrets = check::secrets_of(token);
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).chain([inner]).collect();
    check::answer(RECIPIENT.verifier.verify::<NoClaims>(token), &secrets).is_some()
}
